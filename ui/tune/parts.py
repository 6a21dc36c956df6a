"""What a session remembers of the parts of Tune: the form that is on the page whole, and how many moves were drawn."""

from dataclasses import dataclass

import streamlit as st

_FORM, _MOVE, _HEAD = "form drawn", "moves drawn", "head drawn"


@dataclass(frozen=True, slots=True)
class Form:
    """All that the form of Tune shows besides the values of its knobs, to be compared.

    A move that changes `kind` draws the whole page at once. One that changes only `notes` draws the maps first, and the whole page
    once they rest.
    """

    kind: tuple[object, ...]
    notes: tuple[object, ...]


def count_move() -> None:
    """Count a moved knob whose picture is drawn alone: the browser asks for the rest of the page after it."""
    st.session_state[_MOVE] = move() + 1


def move() -> int:
    """Look up how many moves had their picture drawn alone."""
    return int(st.session_state.get(_MOVE, 0))


def forget_form() -> None:
    """Begin to draw the whole page: until it is done, no part may be drawn alone."""
    st.session_state.pop(_FORM, None)


def remember_form(form: "Form") -> None:
    """End drawing the whole page, with what its form shows besides values."""
    st.session_state[_FORM] = form


def drawn_form() -> "Form | None":
    """Look up the form on the page; None while the page is not drawn to its end."""
    drawn: Form | None = st.session_state.get(_FORM)
    return drawn


def remember_head(shown: object) -> None:
    """Remember what the head of the page, above the maps, was drawn for before them; None where it comes after them."""
    st.session_state[_HEAD] = shown


def head() -> object:
    """Look up what the head was drawn for before the maps."""
    return st.session_state.get(_HEAD)
