"""What the map of the Tissue page shows, in this session."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ui.shell import session

_VIEW = "view"

VIEW_KINDS = ("annotation", "gene", "counts", "genes")
"""What the map can show; the last two are counts per spot and genes per spot."""


@dataclass(frozen=True, slots=True)
class View:
    """What the map shows: one of `VIEW_KINDS`, the gene once one was chosen, and the ends of the colour scale (None: those of the values)."""

    kind: str = "annotation"
    gene: str | None = None
    limits: tuple[float, float] | None = None


def view() -> View:
    """Look up what the map shows; the ends of the colour scale hold until another sample is chosen."""
    stored, n_changes = st.session_state.get(_VIEW, (View(), 0))
    return stored if n_changes == session.n_sample_changes() else dataclasses.replace(stored, limits=None)


def take_view(new: View) -> None:
    """Show another view."""
    st.session_state[_VIEW] = new, session.n_sample_changes()


def change_view(**changes: Any) -> None:
    """Change fields of the view; the colour scale goes back to the ends of the values, unless its ends are what changed."""
    take_view(dataclasses.replace(view(), **{"limits": None, **changes}))
