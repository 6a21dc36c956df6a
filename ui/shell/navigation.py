"""Ways to pages: through `app.py` alone, and from one page to another."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from ui.shell import address

SHOW, GENE = "show", "gene"
"""What the address of the Tissue page calls the kind of its colours, and the gene."""


def only_through_app() -> None:
    """Start over through `app.py` where Streamlit runs a page by itself.

    Until `st.navigation` was called once in a server's life, Streamlit takes `pages/` for pages of its own: a link to one,
    opened first after a start, would run it bare, and so would all that follow.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def open_gene(gene: str) -> None:
    """Go to the Tissue page, which shows a gene on the present sample."""
    st.switch_page("pages/tissue.py", query_params={**address.query_of_present(), SHOW: "gene", GENE: gene})
