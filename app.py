"""The dashboard: `streamlit run app.py`."""

import streamlit as st

from ui.shell import identity, process, queue, turns

st.set_page_config(page_title="Spatial domains", layout="wide")
page = st.navigation(
    [
        st.Page("pages/tune.py", title="Tune", default=True),
        st.Page("pages/sweep.py", title="Sweep"),
        st.Page("pages/tissue.py", title="Tissue"),
        st.Page("pages/sections.py", title="Sections"),
        st.Page("pages/runs.py", title="Runs"),
        st.Page("pages/method.py", title="Method"),
        st.Page("pages/add_data.py", title="Add data"),
        st.Page("pages/health.py", title="Health", visibility="hidden"),
    ]
)
process.set_up()
identity.let_in()
queue.head()
with turns.of_this_server().taken():
    page.run()
