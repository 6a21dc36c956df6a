"""Keep what sections clustered as one gave: a run for each section, which knows the others."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core import presets
from core.result import Result
from core.sample import Sample
from core.text import counted
from core.work.runs.run import MAX_NAME, MAX_NOTE
from ui.data.record import record
from ui.data.user import who
from ui.sections import state
from ui.shell import guards, session
from ui.shell.guards import as_markdown


def popover(samples: Sequence[Sample], results: Mapping[str, Result] | None) -> None:
    """Offer to keep the results in the record of runs, inside a row of buttons."""
    with st.popover(
        "Keep",
        icon=":material/bookmark_add:",
        key=session.widget_key("sections", "keep"),
        type="tertiary",
        disabled=results is None,
        help="Keep a run for each section in the record of runs, with its labels, a name and a note.",
    ):
        if results is not None:
            _form(samples, results)


def _form(samples: Sequence[Sample], results: Mapping[str, Result]) -> None:
    params = results[samples[0].name].params
    with st.form(session.widget_key("sections", "keep form"), border=False):
        name = st.text_input("Name", f"Together: {presets.in_words(params)}"[:MAX_NAME], max_chars=MAX_NAME)
        note = st.text_area(
            "Note", "", max_chars=MAX_NOTE, height=68, help="For yourself and for others on this server."
        )
        starred = st.toggle("Star", False, help="Starred runs are easy to find.")
        st.caption(f"Kept by {as_markdown(who())}: {counted(len(samples), 'run')}, one for each section.")
        wanted = st.form_submit_button("Keep", type="primary")
    if wanted:
        with guards.shown_as_message(), st.spinner("Keeping the runs", show_time=True):
            _keep(samples, results, name, note, starred)
    if (n_kept := state.n_kept()) > 0:
        st.success(f"Kept: {counted(n_kept, 'run')}.")
        st.page_link("pages/runs.py", label="All kept runs", icon=":material/table_rows:")


def _keep(samples: Sequence[Sample], results: Mapping[str, Result], name: str, note: str, starred: bool) -> None:
    for sample in samples:
        others = tuple(other.name for other in samples if other is not sample)
        record().keep(sample, results[sample.name], who=who(), name=name, note=note, starred=starred, together=others)
    state.remember_kept(len(samples))
