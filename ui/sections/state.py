"""What the Sections page clusters as one, in this session."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.knobs import KnobPath
from core.work.runs import Run

_TOGETHER, _KEPT = "together", "sections kept"


@dataclass(frozen=True, slots=True)
class Together:
    """What the Sections page clusters as one.

    Parameters
    ----------
    files : tuple of str
        Names of the sections' files, without their folder; the files need not exist.
    changes : dict of KnobPath to object
        Values of `core.knobs.joint` that are not at their defaults.
    live : tuple of str
        The files for which the user started a clustering; while they are chosen, knobs act at once.
    """

    files: tuple[str, ...] = ()
    changes: dict[KnobPath, Any] = field(default_factory=dict)
    live: tuple[str, ...] = ()


def together() -> Together:
    """Look up the sections and knobs of the page."""
    stored: Together = st.session_state.get(_TOGETHER, Together())
    return stored


def take_together(new: Together) -> None:
    """Replace the sections and knobs of the page."""
    st.session_state[_TOGETHER] = new


def change_together(**changes: Any) -> None:
    """Change some of the sections and knobs of the page."""
    take_together(dataclasses.replace(together(), **changes))


def kept() -> tuple[Run, ...]:
    """Look up the runs that were kept of these sections and knobs."""
    of, runs = st.session_state.get(_KEPT, (None, ()))
    return tuple(runs) if of == together() else ()


def remember_kept(runs: Sequence[Run]) -> None:
    """Remember which runs were kept of these sections and knobs."""
    st.session_state[_KEPT] = together(), tuple(runs)
