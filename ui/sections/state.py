"""What the Sections page clusters as one, in this session."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.knobs import KnobPath

_TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Together:
    """What the Sections page clusters as one.

    Parameters
    ----------
    files : tuple of str
        Files of the sections, without their folder; they need not exist.
    changes : dict of KnobPath to object
        Values of `core.knobs.joint` that are not at their defaults.
    live : tuple of str
        The files for which the user asked for a clustering; while they are chosen, knobs act at once.
    """

    files: tuple[str, ...] = ()
    changes: dict[KnobPath, Any] = field(default_factory=dict)
    live: tuple[str, ...] = ()


def together() -> Together:
    """Look up what the page clusters as one."""
    stored: Together = st.session_state.get(_TOGETHER, Together())
    return stored


def take_together(new: Together) -> None:
    """Cluster other sections as one, or in another way."""
    st.session_state[_TOGETHER] = new


def change_together(**changes: Any) -> None:
    """Change fields of what the page clusters as one."""
    take_together(dataclasses.replace(together(), **changes))
