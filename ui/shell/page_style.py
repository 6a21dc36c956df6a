"""The few rules of style that Streamlit has no argument for."""

from pathlib import Path

import streamlit as st

from core.figures.colours import STYLES
from ui.shell import session

_RULES = Path(__file__).with_name("page.css")
# Streamlit writes what is chosen in a list in white on the primary colour, which is light in the dark theme.
_CHOSEN = f'[data-testid="stMultiSelect"] span:has(> span[title]) * {{ color: {STYLES["dark"].paper} !important; }}'


def apply() -> None:
    """Keep still for those who ask for it, show the maps first in a narrow window, and keep words dark on light colours."""
    st.html(_RULES)
    if session.theme() == "dark":
        st.html(f"<style>{_CHOSEN}</style>")
