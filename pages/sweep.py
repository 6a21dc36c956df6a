"""Many settings at once: choose what to turn, watch the maps come in, open the best in Tune."""

import streamlit as st

from ui import compute, guards, panels, sweeping, sweeping_forms, sweeping_results

summary = panels.sample_picker(with_sweep=True)
st.title("Sweep", anchor=False)
with guards.shown_as_message():
    sample = compute.sample(summary)
    with st.sidebar:
        sweeping_forms.starting_point(sample)
    with st.expander("New sweep", expanded=not sweeping.any_sweeps()), guards.shown_as_message():
        sweeping_forms.new_sweep(summary)
    sweeping_results.results()
