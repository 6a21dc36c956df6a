"""The address of the Runs page: the chosen runs in their order, what samples are compared with, and filters not at their defaults."""

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from core.text import counted
from ui.data import truth
from ui.data.kept_runs import KeptRun
from ui.data.record import record
from ui.runs import state
from ui.shell import address as page_address
from ui.shell import camera, maps

_CHOSEN = "chosen"
_WRITTEN, _REFUSED = "runs address written", "runs address refused"
_MOST_CHOSEN = 50

Query = Mapping[str, Sequence[str]]


def follow() -> None:
    """Apply the address to the session: at its start, and after the browser's Back or Forward."""
    asked = page_address.without_cameras(page_address.asked())
    written, present = st.session_state.get(_WRITTEN, (None, None))
    # A link in the navigation has no query; and what was chosen in this run overrides the address.
    if asked and asked != written and present in (None, _state()):
        filters = page_address.without_truths(asked)
        state.take_filters({name: texts[-1] for name, texts in filters.items() if name != _CHOSEN})
        sentences = page_address.take_truths(asked, truth.everything())
        sentences += _choose(asked.get(_CHOSEN, []))
        st.session_state[_REFUSED] = (_told_of(), sentences)


def write(files: Iterable[str]) -> None:
    """Put the chosen runs, what their samples' `files` are compared with, and the filters into the address."""
    query, present = _query() | page_address.truths_of(files), page_address.asked()
    before, _ = st.session_state.get(_WRITTEN, (query, None))
    with_cameras = query | (page_address.cameras_of(present) if before.get(_CHOSEN) == query.get(_CHOSEN) else {})
    if present != with_cameras:
        st.query_params.from_dict(with_cameras)
    st.session_state[_WRITTEN] = (query, _state())


def ignored() -> str:
    """Say what of the address was ignored, until something else is chosen; empty where nothing was."""
    of, sentences = st.session_state.get(_REFUSED, (None, []))
    return " ".join(sentences) if of == _told_of() else ""


def refused_cameras(chosen: Iterable[KeptRun]) -> list[str]:
    """Take the cameras that no map of these runs can have out of the address, with a sentence for each."""
    samples = {kept.sample.name: kept.sample for kept in chosen if kept.sample is not None and kept.result is not None}
    return [
        sentence for name, sample in samples.items() for sentence in camera.refused(sample, maps.camera_entry(name))
    ]


def _told_of() -> object:
    return state.chosen_runs(), truth.everything()


def _state() -> object:
    return _query(), truth.everything()


def _choose(ids: Sequence[str]) -> list[str]:
    known = {run.id for deleted in (False, True) for run in record().runs(deleted=deleted)}
    there = [run for run in ids if run in known][:_MOST_CHOSEN]
    state.choose_runs(there)
    n_missing = len(set(ids) - known)
    are = "is" if n_missing == 1 else "are"
    return [f"{counted(n_missing, 'run')} that the address asks for {are} not kept here."] if n_missing else []


def _query() -> dict[str, list[str]]:
    chosen = list(state.chosen_runs())[:_MOST_CHOSEN]
    return ({_CHOSEN: chosen} if chosen else {}) | {name: [text] for name, text in state.filters().items()}
