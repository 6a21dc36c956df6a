"""Show a sample itself: annotation, genes, counts, the stained image, and the layers of selected spots."""

import streamlit as st

from ui.data import compute
from ui.shell import address as page_address
from ui.shell import camera, guards, maps, sample_picker, sample_view
from ui.tissue import address, genes, pickers, selection
from ui.tissue import view as tissue

summary = sample_picker.sample_picker(address.PART, compared=True)
with guards.shown_as_message():
    sample = compute.sample(summary)
    page_address.ignore(camera.refused(sample))
    shown = pickers.find(sample)
    tissue.header(shown)
    with st.sidebar:
        pickers.value_pickers(shown)
    picture, facts = st.columns([1.7, 1], gap="medium")
    with picture:
        spots = sample_view.picture(shown, maps.CAMERA)
        genes.legend(shown)
    with facts:
        sample_view.card(shown.sample)
        selection.selection(shown, spots)
    selection.ask(shown, spots)
