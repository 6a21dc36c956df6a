"""What the Sections page clusters as one, in this session."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.knobs import KnobPath
from core.result import Result
from core.sample import Sample
from core.work.runs import Run

_TOGETHER, _KEPT, _FOUND = "together", "sections kept", "sections found"


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


def last_found(samples: Sequence[Sample]) -> dict[str, Result] | None:
    """Look up what was shown last of these sections, by name."""
    of, found = st.session_state.get(_FOUND, (None, None))
    return found if of == _which(samples) else None


def remember_found(samples: Sequence[Sample], found: Mapping[str, Result]) -> None:
    """Remember what is shown of these sections."""
    st.session_state[_FOUND] = _which(samples), dict(found)


def _which(samples: Sequence[Sample]) -> frozenset[tuple[str, str, str]]:
    return frozenset((sample.name, sample.content_hash, sample.annotation_hash) for sample in samples)
