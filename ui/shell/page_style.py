"""The few rules of style that Streamlit has no argument for."""

from pathlib import Path

import streamlit as st

from core.figures.colours import STYLES
from ui.shell import session

_RULES = Path(__file__).with_name("page.css")
# Streamlit writes what is chosen in a list in white on the primary colour, which is light in the dark theme.
_CHOSEN = f'[data-testid="stMultiSelect"] span:has(> span[title]) * {{ color: {STYLES["dark"].paper} !important; }}'
# It makes the button of what is open darker than the primary colour, and so too dark for a dark page.
_OPEN = f'button[kind="tertiary"]:is([aria-expanded="true"], :active) {{ color: {STYLES["dark"].accent} !important; }}'


def _captions_with_links() -> str:
    """Streamlit shows captions at 60%, and so their links too faint to read: these have a fainter colour instead."""
    of, faint = '[data-testid="stCaptionContainer"]:has(a)', STYLES[session.theme()].muted
    return f"<style>{of} {{ opacity: 1; }} {of} :not(a) {{ color: {faint}; }}</style>"


def title(text: str) -> None:
    """Write the title of a page that has nothing beside it, as high as those that have."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(text, anchor=False, width="content")


def apply() -> None:
    """Keep still for those who ask for it, show the maps first in a narrow window, and keep words dark on light colours."""
    st.html(_RULES)
    st.html(_captions_with_links())
    if session.theme() == "dark":
        st.html(f"<style>{_CHOSEN} {_OPEN}</style>")
