"""Version, queue, memory, and whether storage can be reached; not in the navigation, a link in the queue leads here."""

import streamlit as st

from ui import navigation, server_health

navigation.only_through_app()
st.title("Health", anchor=False)
server_health.checks()
