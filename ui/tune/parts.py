"""Which parts of Tune a click draws again: the picture and what is told of it, or the whole page."""

import contextlib
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

PICTURE, TELLING = "tune picture", "tune telling"

_FORM, _MOVE = "form drawn", "moves drawn"


def alone(*names: str) -> None:
    """Draw only these parts again, from inside a callback; the whole page where they are not there yet."""
    with contextlib.suppress(StreamlitAPIException):
        st.rerun(names)


def move() -> int:
    """Count the pictures that were drawn alone: after each, the browser asks for what is told of it."""
    if _FORM in st.session_state:
        st.session_state[_MOVE] = st.session_state.get(_MOVE, 0) + 1
    return int(st.session_state.get(_MOVE, 0))


def whole_page(act: Callable[..., None]) -> Callable[..., None]:
    """Have a widget of a part draw the whole page again after its act."""

    def acted(*args: Any) -> None:
        act(*args)
        st.rerun()

    return acted


def forget_form() -> None:
    """Begin to draw the whole page: until it is done, no part may be drawn alone."""
    st.session_state.pop(_FORM, None)


def remember_form(form: object) -> None:
    """End drawing the whole page, with what its form shows besides values."""
    st.session_state[_FORM] = form


def form_is(form: object) -> bool:
    """Whether the form on the page, all of which is drawn, is this one."""
    return bool(st.session_state.get(_FORM) == form)
