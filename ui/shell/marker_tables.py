"""Which table of marker genes: one that is shipped, one that somebody pastes, or one in a file."""

import streamlit as st

from core import marker_table
from core.known_markers import KNOWN
from core.marker_table import MarkerTable
from core.text import shown
from ui.shell import session

_OWN, _FILE = "own", "file"
_CALLED = {_OWN: "A table of your own", _FILE: "A file"}
_EXAMPLE = "Layer 4, RORB VAMP1\nWhite matter, MBP MOBP"


def ask(page: str, now: str = "") -> str:
    """Ask for a table: the name of one that is shipped, or a table as text, which says its file; nothing while there is none yet.

    Parameters
    ----------
    page : str
        For the keys of the widgets.
    now : str
        What is chosen already.

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        If a file is empty or no text.
    """
    kinds = [*KNOWN, *_CALLED]
    kind = st.selectbox(
        "Marker genes",
        kinds,
        index=kinds.index(now) if now in KNOWN else kinds.index(_OWN) if now else 0,
        format_func=lambda name: _CALLED.get(name) or name.replace("-", " ").capitalize(),
        key=session.widget_key(page, "table"),
    )
    if kind == _FILE:
        return _of_file(page)
    return _pasted(page, "" if now in KNOWN else now) if kind == _OWN else str(kind)


def named(table: str) -> MarkerTable:
    """Look up the table that is shipped under this name, or read it from the text."""
    return KNOWN[table] if table in KNOWN else marker_table.parse(table)


def source(table: MarkerTable) -> list[str]:
    """Say where a table is from, as one sentence; none where it does not say."""
    return [f"Source: {table.source}"] if table.source else []


def _pasted(page: str, now: str) -> str:
    text = st.text_area(
        "Domains and genes",
        value=now,
        placeholder=_EXAMPLE,
        key=session.widget_key(page, "own table"),
        help="A line for each domain: its name, then its genes. Paste a CSV or TSV table.",
    )
    return text if text.strip() else ""


def _of_file(page: str) -> str:
    given = st.file_uploader(
        "Table of marker genes",
        type=["csv", "tsv", "txt"],
        key=session.widget_key(page, "table file"),
        help="A line for each domain: its name, then its genes, with a comma, a semicolon or a tab between them.",
    )
    if given is None:
        return ""
    name = shown(given.name)
    return marker_table.sourced(marker_table.text_of(given.getvalue()[: marker_table.MAX_BYTES + 1], name), name)
