"""Show version, queue, memory, and whether storage can be reached. The queue links here; the navigation does not."""

import streamlit as st

from ui.health import view as health
from ui.shell import navigation

navigation.only_through_app()
st.title("Health", anchor=False)
health.checks()
