"""What the map of the Tissue page shows, in this session."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ui.shell import session

_VIEW = "view"

VIEW_KINDS = ("annotation", "gene", "counts", "genes", "several", "set")
"""What the map can show; `counts` and `genes` are numbers per spot."""


@dataclass(frozen=True, slots=True)
class View:
    """What the map shows: one of `VIEW_KINDS`, the chosen gene (`raw`: counts as they are), and the limits of the colour scale (None: the default).

    `several` are genes in one map, or `beside` each other; `pasted` are the names of a set, of which the sample may lack some.
    """

    kind: str = "annotation"
    gene: str | None = None
    raw: bool = False
    limits: tuple[float, float] | None = None
    several: tuple[str, ...] = ()
    beside: bool = False
    pasted: tuple[str, ...] = ()


def view() -> View:
    """Look up what the map shows; the limits of the colour scale last until another sample is chosen."""
    stored, n_changes = st.session_state.get(_VIEW, (View(), 0))
    return stored if n_changes == session.n_sample_changes() else dataclasses.replace(stored, limits=None)


def take_view(new: View) -> None:
    """Show another view."""
    st.session_state[_VIEW] = new, session.n_sample_changes()


def change_view(**changes: Any) -> None:
    """Change fields of the view; this resets the limits of the colour scale unless they are changed."""
    take_view(dataclasses.replace(view(), **{"limits": None, **changes}))
