"""The help of Tune, behind the question mark of its header: five sentences and a picture."""

from pathlib import Path

import streamlit as st

_PICTURE = Path(__file__).with_suffix(".svg").read_text(encoding="utf-8")
_NAME, _WIDTH_PX = "What this page is for", 34
_ABOUT_PICTURE = "Three drawings of tissue: expression as measured, averaged with an arrow along depth, and as domains."
_SENTENCES = (
    "Tune finds **domains** in a section of tissue: groups of neighbouring spots with similar expression, such as the layers of cortex.",
    "In the sidebar are the **knobs** of the method, in the order of its steps; the maps follow as you turn them.",
    "The left map shows the predicted domains. Beside it are the layers that experts drew, if the file has them, in the same colours.",
    "**ARI** measures their agreement: 1 is full agreement, 0 is chance. The experts' layers are used for scores, never to find domains.",
    "**Pin** a result to compare others with it, **Keep** it for the Runs page, or **Export** it. Copy the address to show anyone the same page.",
)


def about() -> None:
    """Offer the help of the page."""
    # As wide as its icon and its arrow: the label beside them is cut off on the screen, and is still the button's name.
    with st.popover(_NAME, icon=":material/help:", type="tertiary", help=_NAME, key="widget:about", width=_WIDTH_PX):
        st.image(_PICTURE, width=480, alt=_ABOUT_PICTURE)
        for sentence in _SENTENCES:
            st.markdown(sentence)
