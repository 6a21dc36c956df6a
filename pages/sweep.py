"""Try many settings at once: choose which knobs to turn, watch the maps arrive, and open the best in Tune."""

import streamlit as st

from ui.data import compute
from ui.shell import guards, page_style, sample_picker, session
from ui.sweep import address, state, sweeps
from ui.sweep import forms as sweep_forms
from ui.sweep import results as sweep_results

summary = sample_picker.sample_picker(address.PART, compared=True)
page_style.title("Sweep")
with guards.shown_as_message():
    sample = compute.sample(summary)
    with st.sidebar:
        sweep_forms.starting_point(sample)
    is_open = state.form_is_open(at_first=not sweeps.any_sweeps())
    with st.expander("New sweep", expanded=is_open), guards.shown_as_message():
        sweep_forms.new_sweep(summary)
    if (chosen := sweep_results.picker()) is not None:
        sweep_results.results(chosen, session.theme())
