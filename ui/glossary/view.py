"""The terms of the other pages, one below the other, each with a link of its own."""

import streamlit as st

from ui.shell.terms import TERMS, anchor


def terms() -> None:
    """Show every term in the order of the alphabet."""
    st.markdown(" · ".join(f"[{term}](#{anchor(term)})" for term in TERMS))
    for term, meaning in TERMS.items():
        st.subheader(term, anchor=anchor(term))
        st.markdown(meaning)
