"""Keep guided domains as a run, with their strokes, and show the link that opens it."""

import streamlit as st

from core.people import called
from core.text import sentence_case
from core.work.runs import Run
from core.work.runs.run import MAX_NAME, MAX_NOTE
from ui.data import guided, user
from ui.data.record import record
from ui.guide import exports, state
from ui.guide.found import Found
from ui.shell import address as page_address
from ui.shell import guards, known_runs, run_links, session
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown

_MAX_BADGE = 30


def badge(shown: Found) -> None:
    """Name the kept run that is shown, inside a row of badges."""
    if (run := _run(shown)) is not None:
        title = run.title if len(run.title) <= _MAX_BADGE else f"{run.title[: _MAX_BADGE - 1].rstrip()}…"
        st.badge(f"Kept: {as_markdown(title)}", color="green", help=as_markdown(f"{run.title}, {run.guided}."))


def _run(shown: Found) -> Run | None:
    """Look up the kept run that is shown as it was kept."""
    return None if shown.painted.result is None else shown.painted.run


def popover(shown: Found) -> None:
    """Offer to keep what follows the strokes, inside a row of buttons."""
    with st.popover(
        "Keep",
        key=session.widget_key("guide", "keep"),
        icon=":material/bookmark_added:" if _run(shown) else ":material/bookmark_add:",
        type="tertiary",
        disabled=shown.result is None,
        help="Keep these domains and their strokes in the record of runs. A link opens them again.",
    ):
        if (run := _run(shown)) is not None:
            _link(run)
        elif shown.guidance is not None:
            _form(shown)


def _link(run: Run) -> None:
    st.caption("This link opens the run for everyone who can reach this server:")
    st.code(run_links.link_to(run), language=None, wrap_lines=True)
    st.page_link("pages/runs.py", label="All kept runs", icon=":material/table_rows:")


@st.fragment
def _form(shown: Found) -> None:
    assert shown.guidance is not None  # noqa: S101 - the popover has looked
    with st.form(session.widget_key("guide", "keep form", shown.guidance.digest), border=False):
        suggested = sentence_case(shown.guidance.in_words())
        name = st.text_input("Name", suggested[:MAX_NAME], max_chars=MAX_NAME, help="The name of the run in lists.")
        note = st.text_area("Note", max_chars=MAX_NOTE, height=68, help="For yourself and for others on this server.")
        st.caption(f"Kept by {as_markdown(called(user.who()))}")
        starred = st.toggle("Star", help="Starred runs are easy to find.")
        if st.form_submit_button(on_primary("Keep"), type="primary"):
            with guards.shown_as_message():
                _save(shown, name, note, starred)


def _save(shown: Found, name: str, note: str, starred: bool) -> None:
    with st.spinner("Keeping the run", show_time=True):
        result, file = exports.full(shown), page_address.shown_file()
        made = record().keep(
            shown.sample, result, who=user.who(), name=name, note=note, starred=starred,
            domains=guided.domains(shown.sample, result),
        )  # fmt: skip
        known_runs.remember(file, session.settings(), made)
        state.open_run(file, made.id)
    st.rerun()
