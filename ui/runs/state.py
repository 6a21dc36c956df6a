"""What this session remembers of the Runs page: the filters, and ids of the runs that it has chosen, deleted or imported."""

from collections.abc import Iterable, Mapping

import streamlit as st

from ui.shell import session

_CHOSEN, _DELETED, _UPLOAD = "chosen runs", "deleted runs", "run of upload"


def chosen_runs() -> tuple[str, ...]:
    """Look up the chosen runs in the order of choosing; some may be deleted by now."""
    stored: tuple[str, ...] = st.session_state.get(_CHOSEN, ())
    return stored


def choose_runs(ids: Iterable[str]) -> None:
    """Choose runs; the choice lasts when the user changes pages."""
    st.session_state[_CHOSEN] = tuple(dict.fromkeys(ids))


ALL, ALL_SAMPLES, FOLDED = "All", "All samples", "One row each"
_DEFAULTS = {"show": ALL, "sample": ALL_SAMPLES, "sweep": FOLDED, "find": ""}
"""What each filter shows by default."""


def filter_key(name: str) -> str:
    """Make the key of the widget of a filter."""
    return session.widget_key("runs", name)


def filters() -> dict[str, str]:
    """Look up the filters that are not at their defaults."""
    values = {name: st.session_state.get(filter_key(name)) or default for name, default in _DEFAULTS.items()}
    return {name: str(value) for name, value in values.items() if value != _DEFAULTS[name]}


def take_filters(wanted: Mapping[str, str]) -> None:
    """Set all filters, before they are drawn; those that are not given are at their defaults."""
    for name, default in _DEFAULTS.items():
        session.show(filter_key(name), wanted.get(name, default))


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
