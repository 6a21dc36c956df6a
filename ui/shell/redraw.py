"""Asks for the whole page to be drawn again, by widgets of a part whose act shows outside it."""

from collections.abc import Callable
from typing import Any

import streamlit as st


def whole_page(act: Callable[..., Any]) -> Callable[..., None]:
    """Have a widget of a part draw the whole page again after its act."""

    def acted(*args: Any) -> None:
        act(*args)
        st.rerun()

    return acted
