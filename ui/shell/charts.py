"""Charts on a page: drawn without a mode bar, described in text, and offered as files."""

import functools

import plotly.graph_objects as go
import streamlit as st

from core.figures import export
from core.figures.origin import Origin
from ui.shell import session
from ui.shell.guards import as_markdown

Chart = tuple[go.Figure, str]
"""A figure, and a sentence that describes it."""

_CONFIG = {"displayModeBar": False, "scrollZoom": False}


def show(figure: go.Figure, description: str) -> None:
    """Draw a chart."""
    st.plotly_chart(figure, theme=None, config=_CONFIG, alt=description)


def downloads(figure: go.Figure, name: str, origin: Origin, what: str = "") -> None:
    """Offer a figure as a file, which is made when a button is pressed; `what` tells it from others of the page."""
    with st.popover(
        f"Download {what}".strip(), icon=":material/download:", type="tertiary", help="Download this chart as a file"
    ):
        refused = refused_kinds()
        for kind in ("png", "svg", "html"):
            figure_button(kind.upper(), figure, name, kind, origin, disabled=kind in refused)


def figure_button(label: str, figure: go.Figure, name: str, kind: str, origin: Origin, *, disabled: bool) -> None:
    """Offer a figure as one kind of file."""
    st.download_button(
        label,
        functools.partial(export.as_bytes, figure, kind, origin),
        file_name=f"{name}.{kind}",
        key=session.widget_key("download", name, kind),
        type="tertiary",
        disabled=disabled,
        on_click="ignore",
    )


def refused_kinds() -> tuple[str, ...]:
    """Look up which kinds of file cannot be made here, and say why, since a failing download could not."""
    reason = export.why_no_pictures()
    if reason:
        st.warning(as_markdown(reason))
    return export.PICTURES if reason else ()
