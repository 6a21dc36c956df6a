"""Charts on a page: placed without a mode bar, described in words, and offered as files."""

import functools

import plotly.graph_objects as go
import streamlit as st

from core.figures import export
from ui.shell import session
from ui.shell.guards import as_markdown

Chart = tuple[go.Figure, str]
"""A figure, and what it shows in words."""

_CONFIG = {"displayModeBar": False, "scrollZoom": False}


def show(figure: go.Figure, words: str) -> None:
    """Place a chart."""
    st.plotly_chart(figure, theme=None, config=_CONFIG, alt=words)


def downloads(figure: go.Figure, name: str) -> None:
    """Offer a figure as a file; it is made when a button is pressed, not before."""
    with st.popover("Download", icon=":material/download:", type="tertiary", help="This chart as a file"):
        refused = refused_kinds()
        for kind in ("png", "svg", "html"):
            figure_button(kind.upper(), figure, name, kind, disabled=kind in refused)


def figure_button(label: str, figure: go.Figure, name: str, kind: str, *, disabled: bool) -> None:
    """Offer a figure as one kind of file."""
    st.download_button(
        label,
        functools.partial(export.as_bytes, figure, kind),
        file_name=f"{name}.{kind}",
        key=session.widget_key("download", name, kind),
        type="tertiary",
        disabled=disabled,
        on_click="ignore",
    )


def refused_kinds() -> tuple[str, ...]:
    """Look up which files cannot be made here, and say why: a download that fails on the click could not say it."""
    words = export.why_no_pictures()
    if words:
        st.warning(as_markdown(words))
    return export.PICTURES if words else ()
