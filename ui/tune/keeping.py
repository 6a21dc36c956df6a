"""Keep a result as a run with a name, a note and a star, and show the link that opens it."""

import streamlit as st

from core import presets
from core.evaluation.matching import Matching
from core.method.version import same_method
from core.params import MethodParams, params_key
from core.people import called
from core.result import Result
from core.sample import Sample
from core.work.runs import Run
from core.work.runs.run import MAX_NAME, MAX_NOTE
from ui.data import user
from ui.data.record import record
from ui.shell import address as page_address
from ui.shell import guards, known_runs, run_links, session
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown
from ui.tune.shown import Shown, ShownResult

_MAX_BADGE = 30  # characters; the help has the whole name


def button(shown: Shown) -> None:
    """Offer to keep a result in the record of runs, inside a row of buttons."""
    help_text = "Keep this result in the record of runs, with its labels, a name and a note. A link opens it again."
    with st.popover(
        "Keep",
        icon=":material/bookmark_added:" if shown.run else ":material/bookmark_add:",
        key=session.widget_key("keep"),
        type="tertiary",
        disabled=shown.result is None,
        help=help_text,
    ):
        if isinstance(shown, ShownResult):
            _form(shown.sample, shown.result, shown.matching, shown.run)


def badge(shown: Shown) -> None:
    """Name the kept run that is shown, inside a row of badges."""
    if (run := shown.run) is not None:
        star = ":material/star: " if run.starred else ""
        st.badge(f"{star}Kept: {as_markdown(_short(run.title))}", color="green", help=_details(run))


def _short(name: str) -> str:
    return name if len(name) <= _MAX_BADGE else f"{name[: _MAX_BADGE - 1].rstrip()}…"


def _details(run: Run) -> str:
    by = f" by {as_markdown(called(run.who))}" if run.who else ""
    when = as_markdown(f"{run.created:%d %B %Y at %H:%M} UTC")
    sentences = [f"{as_markdown(run.name)}", f"Kept{by} on {when}."] if run.name else [f"Kept{by} on {when}."]
    if run.imported:
        sentences.append("Imported: its scores were not computed here. Check it on Runs.")
    if not same_method(run.code_version):
        sentences.append("Another version of the method made this run. The same settings may now give other labels.")
    if run.together:
        sentences.append(
            as_markdown(f"Clustered as one with {', '.join(run.together)}: other settings cluster this section alone.")
        )
    if run.note:
        sentences.append(as_markdown(run.note))
    return "\n\n".join(sentences)


@st.fragment
def _form(sample: Sample, result: Result, found: Matching, run: Run | None) -> None:
    # After a knob is moved, the form starts again with another name.
    known, fixed = run.id if run else params_key(result.params), run is not None and not user.may_describe(run)
    with st.form(session.widget_key("keep form", known), border=False):
        name = st.text_input(
            "Name",
            run.name if run else _suggested_name(result.params),
            max_chars=MAX_NAME,
            help="The name of the run in lists.",
            disabled=fixed,
        )
        note = st.text_area(
            "Note",
            run.note if run else "",
            max_chars=MAX_NOTE,
            height=68,
            placeholder="What is good about it?",
            help="For yourself and for others on this server.",
            disabled=fixed,
        )
        st.caption(f"Kept by {as_markdown(called(run.who) or 'nobody' if run else called(user.who()))}")
        starred = st.toggle("Star", run.starred if run else False, help="Starred runs are easy to find.")
        if st.form_submit_button("Save changes" if run else on_primary("Keep"), type="secondary" if run else "primary"):
            with guards.shown_as_message():
                _save(sample, result, found, run, name, note, starred)
    if run is not None:
        st.caption("This link opens the run for everyone who can reach this server:")
        st.code(run_links.link_to(run), language=None, wrap_lines=True)
        st.page_link("pages/runs.py", label="All kept runs", icon=":material/table_rows:")


def _save(
    sample: Sample,
    result: Result,
    found: Matching,
    run: Run | None,
    name: str,
    note: str,
    starred: bool,
) -> None:
    with st.spinner("Keeping the run", show_time=True):
        if run is not None:
            words = {"name": name, "note": note} if user.may_describe(run) else {}
            known_runs.change(record().change(run.id, starred=starred, **words))
        else:
            made = record().keep(sample, result, who=user.who(), name=name, note=note, starred=starred, domains=found)
            known_runs.remember(page_address.shown_file(), session.settings(), made)
    st.rerun()


def _suggested_name(params: MethodParams) -> str:
    return presets.in_words(params)[:MAX_NAME]
