"""What a session remembers of the parts of Tune: the form that is on the page whole, and how many moves were drawn."""

import streamlit as st

_FORM, _MOVE, _HEAD, _MOVED = "form drawn", "moves drawn", "head drawn", "moved knobs drawn"


def count_move() -> None:
    """Count a moved knob whose picture is drawn alone: the browser asks for the rest of the page after it."""
    st.session_state[_MOVE] = move() + 1


def move() -> int:
    """Look up how many moves had their picture drawn alone."""
    return int(st.session_state.get(_MOVE, 0))


def forget_form() -> None:
    """Begin to draw the whole page: until it is done, no part may be drawn alone."""
    st.session_state.pop(_FORM, None)


def remember_form(form: object) -> None:
    """End drawing the whole page, with what its form shows besides values."""
    st.session_state[_FORM] = form


def form_is(form: object) -> bool:
    """Whether the form on the page, all of which is drawn, is this one."""
    return bool(st.session_state.get(_FORM) == form)


def are_there() -> bool:
    """Whether the whole page was drawn to its end, so that its parts can be drawn alone."""
    return _FORM in st.session_state


def remember_head(shown: object) -> None:
    """Remember what the head of the page, above the maps, was drawn for before them; None where it comes after them."""
    st.session_state[_HEAD] = shown


def head() -> object:
    """Look up what the head was drawn for before the maps."""
    return st.session_state.get(_HEAD)


def remember_moved(told: object) -> None:
    """Remember what the form tells of moved knobs."""
    st.session_state[_MOVED] = told


def moved() -> object:
    """Look up what the form tells of moved knobs; not what it should, where a newer move kept that from being drawn."""
    return st.session_state.get(_MOVED)
