"""Ask the browser to keep a word. The server reads it from the cookies of the next session (`st.context.cookies`)."""

from pathlib import Path

import streamlit as st

_mount = st.components.v2.component(
    "browser_memory", js=(Path(__file__).parent / "remember.js").read_text(encoding="utf-8")
)


def remember(name: str, value: str) -> None:
    """Ask the browser to keep a word of letters, digits and `%` for a year, as the cookie `name`."""
    _mount(data={"name": name, "value": value}, key=f"remember {name}", height="content")
