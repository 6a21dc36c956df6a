"""Bring a sample in: drop or choose it, see what was found, look at it, keep it; or fetch public sections."""

import streamlit as st

from ui.add_data import view as add_data
from ui.add_data import ways_in
from ui.shell import guards, navigation, session

navigation.only_through_app()
st.title("Add data", anchor=False)
with guards.shown_as_message():
    incoming = session.incoming()
    if incoming is None:
        ways_in.choose()
    else:
        add_data.source(incoming)
