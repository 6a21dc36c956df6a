"""Ask the browser to keep a value. The server reads it from the cookies of the next session (`st.context.cookies`)."""

from pathlib import Path

import streamlit as st

_mount = st.components.v2.component(
    "browser_memory", js=(Path(__file__).parent / "remember.js").read_text(encoding="utf-8")
)


def remember(name: str, value: str) -> None:
    """Ask the browser to keep a value for a year in the cookie `name`; letters, digits and `%` are safe in it."""
    _mount(data={"name": name, "value": value}, key=f"remember {name}", height="content")
