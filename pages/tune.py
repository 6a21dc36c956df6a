"""The workbench: turn the knobs of the method and see predicted domains beside annotated layers."""

import streamlit as st

from ui.data import compute
from ui.shell import forms, guards, sample_picker
from ui.tune import cards, finding, header, knobs, maps, story, training, views
from ui.tune.shown import ShownResult

summary = sample_picker.sample_picker()
with guards.shown_as_message():
    sample = compute.sample(summary)
    with st.sidebar:
        forms.preset_picker()
        knobs.early(sample)
        training.control(sample, forms.params(sample))
        knobs.late(sample)
    top = st.container()  # filled last, so that the maps appear first
    with top, st.spinner("Finding domains", show_time=True):
        shown = finding.find(sample, forms.params(sample), summary.path.name)
    selected = maps.predicted_beside_annotated(shown)
    with top:
        header.header(shown)
        cards.cards(shown)
        story.story(shown, story.chapters(sample))
    maps.selection(shown, selected)
    if isinstance(shown, ShownResult):
        views.advice(shown)
        views.charts(shown)
    training.report(shown)
