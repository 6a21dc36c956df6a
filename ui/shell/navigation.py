"""Pages are reached through `app.py` alone."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def only_through_app() -> None:
    """Start over through `app.py` where Streamlit runs a page by itself.

    Until `st.navigation` was called once in a server's life, Streamlit takes `pages/` for pages of its own: a link to one,
    opened first after a start, would run it bare, and so would all that follow.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
