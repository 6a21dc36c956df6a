"""Ids of the runs that this session has chosen, deleted or imported on the Runs page."""

from collections.abc import Iterable

import streamlit as st

_CHOSEN, _DELETED, _UPLOAD = "chosen runs", "deleted runs", "run of upload"


def chosen_runs() -> tuple[str, ...]:
    """Look up the chosen runs in the order of choosing; some may be deleted by now."""
    stored: tuple[str, ...] = st.session_state.get(_CHOSEN, ())
    return stored


def choose_runs(ids: Iterable[str]) -> None:
    """Choose runs; the choice lasts when the user changes pages."""
    st.session_state[_CHOSEN] = tuple(dict.fromkeys(ids))


def deleted_runs() -> tuple[str, ...]:
    """Look up the runs that were deleted last and are not restored."""
    stored: tuple[str, ...] = st.session_state.get(_DELETED, ())
    return stored


def remember_deleted(ids: Iterable[str]) -> None:
    """Remember which runs Undo restores."""
    st.session_state[_DELETED] = tuple(ids)


def run_of_upload(file_id: str) -> str | None:
    """Look up the run imported from an upload, by Streamlit's id of it; None if it was not imported yet."""
    of, run = st.session_state.get(_UPLOAD, ("", None))
    return run if of == file_id else None


def remember_upload(file_id: str, run_id: str) -> None:
    """Remember the run imported from the last upload."""
    st.session_state[_UPLOAD] = file_id, run_id
