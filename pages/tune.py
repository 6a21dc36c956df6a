"""The workbench: turn the knobs of the method and see predicted domains beside annotated layers."""

import streamlit as st

from ui.data import compute
from ui.shell import forms, guards, sample_picker
from ui.tune import knobs, parts, training, view

parts.forget_form()
summary = sample_picker.sample_picker()
with guards.shown_as_message():
    sample = compute.sample(summary)
    with st.sidebar:
        forms.preset_picker()
        knobs.early(sample)
        training.control(sample, forms.params(sample))
        knobs.late(sample)
    top = st.container()  # filled last, so that the maps appear first
    view.picture(sample, summary.path.name, top)
    view.telling(top)
    parts.remember_form(knobs.form(sample))
