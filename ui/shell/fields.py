"""Fields for numbers. One that is not taken is said below its field, and the field goes back to the value in use.

Streamlit's own limits would leave the number in its field and tell the server nothing of it; so the server checks them.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.shell import session

_REFUSED = "refused number"

Number = Any
"""int or float, as the step of the field is."""


def number(
    label: str, key: str, in_use: Number, low: Number, high: Number, take: Callable[[], None], **options: Any
) -> None:
    """Ask for a number that the caller keeps; `take` reads the field, which is None where somebody emptied it."""
    session.show_unless_shown(key, in_use)
    act = functools.partial(_entered, label.split(" (")[0], key, in_use, low, high, take)
    st.number_input(label, value=None, key=key, on_change=act, **options)


def own_number(label: str, key: str, default: Number, low: Number, high: Number, **options: Any) -> Number:
    """Ask for a number that only this field keeps, also while another page is shown; say below it what is not taken."""
    kept = f"{key} in use"

    def take() -> None:
        if (value := session.shown(key)) is not None:
            st.session_state[kept] = value

    in_use = st.session_state.setdefault(kept, default)
    number(label, key, in_use, low, high, take, **options)
    refusal(key)
    return in_use


def refusal(key: str) -> None:
    """Say below a field which number it did not take."""
    of, sentence, settings = st.session_state.get(_REFUSED, ("", "", None))
    if of == key and settings == session.settings():
        st.caption(f":material/error: {sentence}")


def refused() -> str:
    """Look up which field says that it did not take a number."""
    return str(st.session_state.get(_REFUSED, ("",))[0])


def _entered(name: str, key: str, in_use: Number, low: Number, high: Number, take: Callable[[], None]) -> None:
    value = session.shown(key)
    st.session_state.pop(_REFUSED, None)
    if value is None or low <= value <= high:
        take()
        return
    session.show(key, in_use)
    st.session_state[_REFUSED] = key, _why_not(name, value, in_use, low, high), session.settings()


def _why_not(name: str, value: Number, in_use: Number, low: Number, high: Number) -> str:
    allowed = f"{_written(low)} to {_written(high)}"
    if math.isinf(high):
        allowed = f"{_written(low)} or more"
    elif math.isinf(low):
        allowed = f"{_written(high)} or less"
    still = "" if in_use is None else f" {_written(in_use)} is still used."
    return f"{_written(value)} was not taken: {name} may be {allowed}.{still}"


def _written(value: Number) -> str:
    text = f"{value:,.10f}" if isinstance(value, float) else f"{value:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text
