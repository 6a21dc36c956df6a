"""Version, queue, memory, and whether storage can be reached; not in the navigation, a link in the queue leads here."""

import streamlit as st

from ui.health import view as health
from ui.shell import navigation

navigation.only_through_app()
st.title("Health", anchor=False)
health.checks()
