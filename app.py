"""The dashboard: `streamlit run app.py`. The server imports this file once, and runs it as a script for each redraw."""

import streamlit as st

from ui.annotate import address as annotate_address
from ui.data import turns
from ui.data.seats import Person
from ui.guide import address as guide_address
from ui.shell import address, door, guards, identity, navigation, page_style, process, queue
from ui.shell.asking import address as asking_address
from ui.sweep import address as sweep_address
from ui.tissue import address as tissue_address
from ui.tune import address as tune_address
from ui.tune import warm_up


def _draw() -> None:
    st.set_page_config(page_title="Spatial domains", layout="wide")
    page = st.navigation(
        [
            st.Page("pages/tune.py", title="Tune", default=True),
            st.Page("pages/sweep.py", title="Sweep"),
            st.Page("pages/tissue.py", title="Tissue"),
            st.Page("pages/annotate.py", title="Annotate"),
            st.Page("pages/guide.py", title="Guide"),
            st.Page("pages/sections.py", title="Sections"),
            st.Page("pages/runs.py", title="Runs"),
            st.Page("pages/method.py", title="Method"),
            st.Page("pages/add_data.py", title="Add data"),
            st.Page("pages/glossary.py", title="Glossary"),
            st.Page("pages/health.py", title="Health", visibility="hidden"),
        ]
    )
    process.set_up()
    page_style.apply()
    address.register(
        asking_address.PART,
        tune_address.PART,
        tissue_address.PART,
        sweep_address.PART,
        annotate_address.PART,
        guide_address.PART,
    )
    identity.let_in()
    queue.head()
    guards.show_refusal()
    with turns.of_redraws().taken(Person.here()):
        page.run()


if __name__ == "app":
    navigation.without_folder_of_pages()
    app = st.App(__file__, lifespan=warm_up.beside_the_server, middleware=door.keepers())
else:
    _draw()
