"""What this session remembers of drawing: the region that is drawn, by annotation, and the edits that were taken."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.annotation import Annotation
from core.recent import with_latest
from ui.shell import session

_ACTIVE, _TAKEN, _LISTS = "active region", "taken edits", "lists of regions"
MAX_REMEMBERED = 200
"""Most samples and annotations of which a session remembers something."""

ANNOTATE, GUIDE = session.widget_key("annotate"), session.widget_key("guide")
"""Keys of the maps that are drawn on, on either page."""


def active(annotation: Annotation) -> int:
    """Look up the region that shapes change, by its index; -1 where there is none."""
    name = of(_ACTIVE).get(annotation.id)
    return annotation.names.index(name) if name in annotation.names else len(annotation.regions[:1]) - 1


def activate(id: str, region: str) -> None:
    """Draw another region of an annotation."""
    remember(_ACTIVE, id, region)


def activate_for_user(id: str, region: str) -> None:
    """Draw a region that an act chose: the list of regions is then another widget.

    Otherwise a request that was on its way meanwhile, with the list as it was, would count as a choice.
    """
    activate(id, region)
    remember(_LISTS, id, n_lists(id) + 1)


def n_lists(id: str) -> int:
    """Count how often acts chose a region of an annotation."""
    return int(of(_LISTS).get(id, 0))


def taken() -> dict[tuple[str, str], int]:
    """Look up the last edit that was applied or refused, by annotation and tab."""
    return dict(of(_TAKEN))


def take(annotation: str, tab: str, number: int) -> None:
    """Remember that a tab's edits of an annotation are applied, or refused, up to a number."""
    remember(_TAKEN, (annotation, tab), max(number, taken().get((annotation, tab), 0)))


def taken_of(id: str) -> Sequence[tuple[str, str, int]]:
    """List what was taken of an annotation, for the browser."""
    return [(annotation, tab, number) for (annotation, tab), number in taken().items() if annotation == id]


def of(name: str) -> dict[Any, Any]:
    """Look up all that is remembered under a name."""
    stored: dict[Any, Any] = st.session_state.get(name, {})
    return stored


def remember(name: str, key: object, value: object) -> None:
    """Remember a value under a name and a key; the oldest are forgotten."""
    st.session_state[name] = with_latest(of(name), key, value, MAX_REMEMBERED)
