"""What Tune is for, in five sentences and a picture, behind the question mark of its header."""

from pathlib import Path

import streamlit as st

_PICTURE = Path(__file__).with_suffix(".svg").read_text(encoding="utf-8")
_SENTENCES = (
    "Tune finds **domains** in a section of tissue: groups of neighbouring spots that express alike, such as the layers of cortex.",
    "On the left are the **knobs** of the method, in the order of its steps; the maps follow as you turn them.",
    "The left map shows what was found; beside it are the layers that experts drew, where the file has them, in the same colours.",
    "**ARI** says how far both agree: 1 is full agreement, 0 is chance. The experts' layers score, but never choose.",
    "**Pin** a result to compare others with it, **Keep** it for the Runs page, or **Export** it; the address bar shows anyone the same.",
)


def about() -> None:
    """Offer what the page is for."""
    with st.popover(":material/help:", type="tertiary", help="What this page is for", key="widget:about"):
        st.image(_PICTURE, width=480)
        for sentence in _SENTENCES:
            st.markdown(sentence)
