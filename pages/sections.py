"""Several sections clustered as one: labels that mean the same in all of them."""

import streamlit as st

from ui import guards, sections

summaries = sections.picker()
with guards.shown_as_message():
    samples = sections.read(summaries)
    with st.sidebar:
        sections.knobs(samples)
    results = sections.header(samples)
    sections.maps(samples, results)
    sections.scores(samples, results)
