"""The address of the Runs page: the chosen runs in their order, and the filters of the list that are not at their defaults."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.text import counted
from ui.data.record import record
from ui.runs import state
from ui.shell import address as page_address

_CHOSEN = "chosen"
_WRITTEN, _REFUSED = "runs address written", "runs address refused"
_MOST_CHOSEN = 50

Query = Mapping[str, Sequence[str]]


def follow() -> None:
    """Apply the address to the session: at its start, and after the browser's Back or Forward."""
    asked = page_address.asked()
    written, present = st.session_state.get(_WRITTEN, (None, None))
    # A link in the navigation has no query; and what was chosen in this run overrides the address.
    if asked and asked != written and present in (None, _query()):
        state.take_filters({name: texts[-1] for name, texts in asked.items() if name != _CHOSEN})
        _choose(asked.get(_CHOSEN, []))


def write() -> None:
    """Put the chosen runs and the filters into the address."""
    query = _query()
    if page_address.asked() != query:
        st.query_params.from_dict(query)
    st.session_state[_WRITTEN] = (query, query)


def ignored() -> str:
    """Say which runs of the address are not here, until others are chosen; empty where all are."""
    of, sentence = st.session_state.get(_REFUSED, (None, ""))
    return str(sentence) if of == state.chosen_runs() else ""


def _choose(ids: Sequence[str]) -> None:
    known = {run.id for deleted in (False, True) for run in record().runs(deleted=deleted)}
    there = [run for run in ids if run in known][:_MOST_CHOSEN]
    state.choose_runs(there)
    n_missing = len(set(ids) - known)
    are = "is" if n_missing == 1 else "are"
    sentence = f"{counted(n_missing, 'run')} that the address asks for {are} not kept here." if n_missing else ""
    st.session_state[_REFUSED] = (state.chosen_runs(), sentence)


def _query() -> dict[str, list[str]]:
    chosen = list(state.chosen_runs())[:_MOST_CHOSEN]
    return ({_CHOSEN: chosen} if chosen else {}) | {name: [text] for name, text in state.filters().items()}
