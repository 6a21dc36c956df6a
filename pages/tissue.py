"""A sample as it is: annotation, genes, counts, the stained image, and what a choice of spots is made of."""

import streamlit as st

from ui import compute, guards, panels, tissue_panels

summary = panels.sample_picker(with_view=True)
with guards.shown_as_message():
    sample = compute.sample(summary)
    tissue_panels.header(sample)
    with st.sidebar:
        tissue_panels.value_pickers(sample)
    picture, facts = st.columns([1.7, 1], gap="medium")
    with picture:
        spots = tissue_panels.picture(sample)
    with facts:
        tissue_panels.card(sample)
        tissue_panels.selection(sample, spots)
