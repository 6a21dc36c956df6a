"""Which annotation each sample is compared with in this session: that of its file, none, or one that was drawn or brought in."""

import streamlit as st

from core.annotation import is_id
from core.recent import with_latest

OWN, NONE = "", "none"
"""The file's own annotation, and no annotation."""

OF_FILE = "File's annotation"
"""What every page calls the annotation of a sample's file."""

_CHOSEN = "compared with"
MAX_SAMPLES = 200
"""Most samples whose choice a session remembers."""


def chosen(file: str) -> str:
    """Look up what the sample in a file is compared with: `OWN`, `NONE`, or the id of an annotation, which may not exist."""
    return _all().get(file, OWN)


def choose(file: str, wanted: str) -> None:
    """Compare a sample with another annotation."""
    st.session_state[_CHOSEN] = with_latest(_all(), file, wanted, MAX_SAMPLES)


def everything() -> dict[str, str]:
    """Look up the choices of all samples, by file."""
    return dict(_all())


def is_possible(text: str) -> bool:
    """Whether a text from outside can be such a choice."""
    return text == NONE or is_id(text)


def _all() -> dict[str, str]:
    stored: dict[str, str] = st.session_state.get(_CHOSEN, {})
    return stored
