"""A sample as it is: annotation, genes, counts, the stained image, and what a choice of spots is made of."""

import streamlit as st

from ui.data import compute
from ui.shell import guards, panels
from ui.tissue import view as tissue

summary = panels.sample_picker(with_view=True)
with guards.shown_as_message():
    sample = compute.sample(summary)
    tissue.header(sample)
    with st.sidebar:
        tissue.value_pickers(sample)
    picture, facts = st.columns([1.7, 1], gap="medium")
    with picture:
        spots = tissue.picture(sample)
    with facts:
        tissue.card(sample)
        tissue.selection(sample, spots)
