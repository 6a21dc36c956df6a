"""Cluster several sections as one, so that a label means the same in all of them."""

import streamlit as st

from ui.sections import maps
from ui.sections import view as joint_view
from ui.shell import guards, session

summaries = joint_view.picker()
with guards.shown_as_message():
    samples, theme = joint_view.read(summaries), session.theme()
    with st.sidebar:
        joint_view.knobs(samples)
    shown = joint_view.header(samples, theme)
    maps.maps_of(samples, shown.results, shown.named, theme, shown.awaited)
    joint_view.scores(samples, shown.results)
