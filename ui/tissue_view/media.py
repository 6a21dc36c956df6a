"""Bytes that the browser fetches by their URL, from Streamlit's store of media."""

import streamlit as st
from streamlit import runtime


def address(content: bytes, mimetype: str, name: str) -> str:
    """Serve content to the browser until the end of the next run, under a URL that stays the same while it does; empty without a server.

    Two contents of one page need two names, or the second takes the place of the first.
    """
    if not runtime.exists():
        return ""
    url = runtime.get_instance().media_file_mgr.add(content, mimetype, name)
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}{url}" if base else url
