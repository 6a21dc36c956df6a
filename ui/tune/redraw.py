"""Asks for parts of Tune, or for the whole page, to be drawn again."""

import contextlib

import streamlit as st
from streamlit.errors import StreamlitAPIException

from ui.shell.redraw import whole_page as whole_page
from ui.tune import parts

PICTURE, TELLING = "tune picture", "tune telling"


def alone(*names: str) -> None:
    """Draw only these parts again, from inside a callback; the whole page where they are not there yet.

    The whole page once, too, after the opening: the head that the picture drew then would go with the picture, and Streamlit
    keeps no place above the maps for what did not write there when the whole page was drawn.
    """
    if parts.head() is not None or not parts.are_there():
        st.rerun()
    with contextlib.suppress(StreamlitAPIException):
        st.rerun(names)
