"""Runs that this session has chosen, deleted or brought in on the Runs page, by their ids."""

from collections.abc import Iterable

import streamlit as st

_CHOSEN, _DELETED, _UPLOAD = "chosen runs", "deleted runs", "run of upload"


def chosen_runs() -> tuple[str, ...]:
    """Look up the chosen runs, in the order in which they were chosen; some may be gone since."""
    stored: tuple[str, ...] = st.session_state.get(_CHOSEN, ())
    return stored


def choose_runs(ids: Iterable[str]) -> None:
    """Choose runs, over pages."""
    st.session_state[_CHOSEN] = tuple(dict.fromkeys(ids))


def deleted_runs() -> tuple[str, ...]:
    """Look up the runs that were deleted last and not restored."""
    stored: tuple[str, ...] = st.session_state.get(_DELETED, ())
    return stored


def remember_deleted(ids: Iterable[str]) -> None:
    """Remember which runs can be restored at once."""
    st.session_state[_DELETED] = tuple(ids)


def run_of_upload(file_id: str) -> str | None:
    """Look up which run came in with Streamlit's upload of that id; None before it was brought in."""
    of, run = st.session_state.get(_UPLOAD, ("", None))
    return run if of == file_id else None


def remember_upload(file_id: str, run_id: str) -> None:
    """Remember which run came in with the last upload."""
    st.session_state[_UPLOAD] = file_id, run_id
