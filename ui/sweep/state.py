"""Which results of a sweep the Sweep page shows, in this session."""

import dataclasses
from dataclasses import dataclass

import streamlit as st

from ui.shell import session

_VIEW, _FORM = "sweep view", "sweep form is open"


@dataclass(frozen=True, slots=True)
class View:
    """One of the page's views of results, the name of a sample, and a score that ranks; each empty for the page's default."""

    name: str = ""
    sample: str = ""
    score: str = ""


def view() -> View:
    """Look up what the page shows."""
    stored: View = st.session_state.get(_VIEW, View())
    return stored


def take_view(new: View) -> None:
    """Show another view."""
    st.session_state[_VIEW] = new


def choose_sweep(sweep_id: str | None) -> None:
    """Choose a sweep; the sample of another may not be among its own."""
    session.choose_sweep(sweep_id)
    change_view(sample="")


def change_view(**changes: str) -> None:
    """Change a part of what the page shows."""
    take_view(dataclasses.replace(view(), **changes))


def form_is_open(at_first: bool) -> bool:
    """Whether the form of a new sweep is drawn open: as at first, since another's sweep must not fold it while it is filled in."""
    return bool(st.session_state.setdefault(_FORM, at_first))


def fold_form() -> None:
    """Draw the form folded from now on: its sweep has started."""
    st.session_state[_FORM] = False
