"""Charts on a page: drawn without a mode bar, described in text, and offered as files."""

import functools
import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from typing import Literal

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.figures import export
from core.figures.origin import Origin
from ui.shell import session
from ui.shell.guards import as_markdown

Chart = tuple[go.Figure, str]
"""A figure, and a sentence that describes it."""

_CONFIG = {"displayModeBar": False, "scrollZoom": False}


_FEW_PANELS, _FEW_COLUMNS = 2, 5
"""More panels or columns of a table side by side scroll sideways where page.css finds too little room for their headings or texts."""


def show(figure: go.Figure, description: str, *, fits: bool = False) -> None:
    """Draw a chart; `fits` says that a telephone has room for its panels."""
    n_panels = sum(name.startswith("xaxis") for name in figure.layout)
    written = [trace.z for trace in figure.data if isinstance(trace, go.Heatmap) and trace.texttemplate]
    n_columns = max((len(z[0]) for z in written if len(z)), default=0)
    has_room = n_columns <= _FEW_COLUMNS and (fits or n_panels <= _FEW_PANELS)
    with nullcontext() if has_room else wide(description):
        st.plotly_chart(figure, theme=None, config=_CONFIG, alt=description)


def wide(description: str) -> DeltaGenerator:
    """Make room for a chart that scrolls sideways where page.css finds too little room for it."""
    return st.container(key=f"wide-chart-{hashlib.blake2b(description.encode(), digest_size=6).hexdigest()}")


def show_selectable(
    figure: go.Figure, description: str, key: str, by: Literal["points", "lasso"], on_select: Callable[[], None]
) -> None:
    """Draw a chart whose points can be clicked or drawn around; its state holds those that were, by their `customdata`."""
    st.plotly_chart(
        figure, theme=None, config=_CONFIG, alt=description, key=key, on_select=on_select, selection_mode=by
    )


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
