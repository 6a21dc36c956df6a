"""Parts of the Tissue page: its header, and the preview of a sample that is not saved yet."""

import streamlit as st

from core.sample import Sample
from ui.shell import sample_view
from ui.shell.sample_view import Shown
from ui.tissue import pickers


def header(shown: Shown) -> None:
    """Show the title and the sample, and ask what the map shows."""
    sample = shown.sample
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Tissue", anchor=False, width="content")
        sample_view.badges(sample)
        st.space("stretch")
        pickers.kind_picker(sample, shown.kind)


def preview(sample: Sample) -> None:
    """Show a sample that is not saved yet, as this page would."""
    shown = pickers.find(sample, without=sample_view.OF_SEVERAL)
    pickers.kind_picker(sample, shown.kind, without=sample_view.OF_SEVERAL)
    sample_view.picture(shown)
    sample_view.card(sample)
