"""Asks for parts of Tune, or for the whole page, to be drawn again."""

import contextlib
import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitAPIException

from ui.shell.redraw import whole_page as whole_page
from ui.tune import parts

PICTURE, TELLING, MOVED = "tune picture", "tune telling", "tune moved knobs"
_MAPS_FIRST_SECONDS, _WAITS = 1.0, 5


def let_maps_be_drawn(place: DeltaGenerator) -> None:
    """Wait, when a page opens, until the browser has drawn the maps, before it is sent charts: their library takes it most of a second.

    A redraw that the maps ask for, once they are drawn, would do it, too, but closes what somebody opened meanwhile.
    """
    for _ in range(_WAITS):
        time.sleep(_MAPS_FIRST_SECONDS / _WAITS)
        place.empty()  # where something is written, Streamlit ends this run if another is asked for


def alone(*names: str) -> None:
    """Draw only these parts again, from inside a callback; the whole page where they are not there yet.

    The whole page once, too, after the opening: the head that the picture drew then would go with the picture, and Streamlit
    keeps no place above the maps for what did not write there when the whole page was drawn.
    """
    if parts.head() is not None or not parts.are_there():
        st.rerun()
    with contextlib.suppress(StreamlitAPIException):
        st.rerun(names)
