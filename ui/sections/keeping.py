"""Keep what sections clustered as one gave: a run for each section, which knows the others."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core import presets
from core.evaluation.matching import Matching
from core.people import called
from core.result import Result
from core.sample import Sample
from core.text import counted
from core.work.runs import Run
from core.work.runs.run import MAX_NAME, MAX_NOTE
from ui.data import user
from ui.data.record import record
from ui.sections import state
from ui.shell import guards, session
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown


def popover(samples: Sequence[Sample], results: Mapping[str, Result], found: Matching | None) -> None:
    """Offer to keep the results in the record of runs, inside a row of buttons."""
    with st.popover(
        "Keep",
        icon=":material/bookmark_add:",
        key=session.widget_key("sections", "keep"),
        type="tertiary",
        disabled=found is None,
        help="Keep a run for each section in the record of runs, with its labels, a name and a note.",
    ):
        if found is not None:
            _form(samples, results, found)


def _form(samples: Sequence[Sample], results: Mapping[str, Result], found: Matching) -> None:
    params = results[samples[0].name].params
    with st.form(session.widget_key("sections", "keep form"), border=False):
        name = st.text_input("Name", f"Together: {presets.in_words(params)}"[:MAX_NAME], max_chars=MAX_NAME)
        note = st.text_area(
            "Note", "", max_chars=MAX_NOTE, height=68, help="For yourself and for others on this server."
        )
        starred = st.toggle("Star", False, help="Starred runs are easy to find.")
        st.caption(f"Kept by {as_markdown(called(user.who()))}: {counted(len(samples), 'run')}, one for each section.")
        wanted = st.form_submit_button(on_primary("Keep"), type="primary")
    if wanted:
        with guards.shown_as_message(), st.spinner("Keeping the runs", show_time=True):
            _keep(samples, results, found, name, note, starred)
            st.rerun()  # the names of the domains, below, then are those of these runs, too
    if kept := state.kept():
        st.success(f"Kept: {counted(len(kept), 'run')}.")
        st.page_link("pages/runs.py", label="All kept runs", icon=":material/table_rows:")


def _keep(
    samples: Sequence[Sample], results: Mapping[str, Result], found: Matching, name: str, note: str, starred: bool
) -> None:
    about = {"who": user.who(), "name": name, "note": note, "starred": starred}
    state.remember_kept([_kept(sample, samples, results[sample.name], found, about) for sample in samples])


def _kept(sample: Sample, samples: Sequence[Sample], result: Result, found: Matching, about: Mapping[str, Any]) -> Run:
    others = tuple(other.name for other in samples if other is not sample)
    return record().keep(sample, result, domains=found.in_section(result.labels), together=others, **about)
