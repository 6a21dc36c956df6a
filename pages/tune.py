"""The workbench: turn the knobs of the method and see predicted domains beside annotated layers."""

import streamlit as st

from ui.data import compute
from ui.shell import address as page_address
from ui.shell import camera, forms, guards, sample_picker
from ui.tune import address, finding, knobs, parts, training, view

_PROGRESS_PX = 24

parts.forget_form()
summary = sample_picker.sample_picker(address.PART, compared=True)
with guards.shown_as_message():
    sample = compute.sample(summary)
    page_address.ignore(camera.refused(sample))
    with st.sidebar:
        forms.preset_picker(sample, told_apart=True)
        knobs.moved(sample)
        found_window = knobs.early(sample)
        training.control(sample, forms.params(sample))
        knobs.late(sample)
        knobs.clear_those_left_over()
    top = st.container(key="tune-head", gap="xxsmall")  # filled after the maps
    with st.container(
        key="tune-finding", horizontal=True, height=_PROGRESS_PX, border=False, vertical_alignment="center"
    ):
        progress = st.container(width="content")  # the row is as high without them: nothing jumps
        words = st.empty()
        finding.buttons()
    view.picture(sample, summary.path.name, top, progress, words)
    knobs.say_found_window(sample, found_window)
    view.telling(top)
    parts.remember_form(knobs.form(sample))
    # The form says it when it is drawn next: drawing the whole page once more for it would delay who turns a knob at once.
    finding.find_default_angle(sample)
