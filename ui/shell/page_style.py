"""The few rules of style that Streamlit has no argument for."""

from pathlib import Path

import streamlit as st

_RULES = Path(__file__).with_name("page.css")


def apply() -> None:
    """Keep still for those who ask for it, and show the maps first in a narrow window."""
    st.html(_RULES)
