"""Asks for parts of Tune, or for the whole page, to be drawn again."""

import contextlib
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from ui.tune import parts

PICTURE, TELLING = "tune picture", "tune telling"


def alone(*names: str) -> None:
    """Draw only these parts again, from inside a callback; the whole page where they are not there yet.

    The whole page once, too, after the opening: the head that the picture drew then would go with the picture, and Streamlit
    keeps no place above the maps for what did not write there when the whole page was drawn.
    """
    if parts.head() is not None or parts.drawn_form() is None:
        st.rerun()
    with contextlib.suppress(StreamlitAPIException):
        st.rerun(names)


def whole_page(act: Callable[..., None]) -> Callable[..., None]:
    """Have a widget of a part draw the whole page again after its act."""

    def acted(*args: Any) -> None:
        act(*args)
        st.rerun()

    return acted
