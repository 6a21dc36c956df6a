"""Bring a sample in: drop or choose it, see what was found, look at it, keep it; or fetch public sections."""

import streamlit as st

from ui import adding, guards, navigation, state, ways_in

navigation.only_through_app()
st.title("Add data", anchor=False)
with guards.shown_as_message():
    incoming = state.incoming()
    if incoming is None:
        ways_in.choose()
    else:
        adding.source(incoming)
