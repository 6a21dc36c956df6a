"""The workbench: turn the knobs of the method, see predicted domains beside annotated layers."""

import streamlit as st

from ui.data import compute, record
from ui.shell import forms, guards, maps, panels
from ui.tune import training, views

summary = panels.sample_picker()
with guards.shown_as_message():
    sample = compute.sample(summary)
    with st.sidebar:
        forms.preset_picker()
        forms.early_knobs(sample)
        training.control(sample, forms.params(sample))
        forms.late_knobs(sample)
    params = forms.params(sample)
    top = st.container()  # filled last: eyes wait for the maps
    with top, st.spinner("Finding domains", show_time=True):
        result = record.kept_result(sample, params, summary.path.name)
        if result is None and compute.ready(sample, params):
            result = compute.cluster(sample, params)
    selected = maps.predicted_beside_annotated(sample, result, training.what_is_missing(sample, params))
    with top:
        panels.header(sample, result)
        panels.scores(sample, result)
    maps.selection(sample, result, selected)
    views.advice(sample, result)
    views.charts(sample, result)
    training.report(sample, params, result)
