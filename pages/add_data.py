"""Bring in a sample: choose a file, review what was found, preview it and save it; or fetch public sections."""

import streamlit as st

from ui.add_data import sources, state
from ui.add_data import view as add_data
from ui.shell import guards, navigation
from ui.tissue import view as tissue

navigation.only_through_app()
st.title("Add data", anchor=False)
with guards.shown_as_message():
    incoming = state.incoming()
    if incoming is None:
        sources.choose()
    else:
        add_data.source(incoming, tissue.preview)
