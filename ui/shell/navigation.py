"""Navigation: pages run only through `app.py`, and one page can open another."""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from ui.shell import address

SHOW, GENE, GENES = "show", "gene", "several"
"""Names in the address of the Tissue page of what the map shows, of the gene, and of several genes."""


def only_through_app() -> None:
    """Run `app.py` instead, if Streamlit runs a page without it.

    Until the server first calls `st.navigation`, Streamlit treats the files in `pages/` as its own pages: a link to one that is
    opened first after a start would run the page without `app.py`, and so would all later ones.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def without_folder_of_pages() -> None:
    """Keep Streamlit from listing the files in `pages/` in the sidebar before `st.navigation` is first called."""
    PagesManager.uses_pages_directory = False


def open_gene(gene: str) -> None:
    """Open the Tissue page with a gene of the present sample."""
    st.switch_page("pages/tissue.py", query_params={**address.query_of_present(), SHOW: "gene", GENE: gene})


def open_genes(genes: Sequence[str]) -> None:
    """Open the Tissue page with genes of the present sample: one, or several."""
    if len(genes) == 1:
        open_gene(genes[0])
    chosen = {SHOW: "several", GENES: ",".join(genes)}
    st.switch_page("pages/tissue.py", query_params={**address.query_of_present(), **chosen})
