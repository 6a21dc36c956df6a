"""Spots placed by expression, in the colours of their domains."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures import charts
from core.figures.colours import STYLES, Theme
from core.figures.contrast import rim
from core.figures.nested import Named
from core.text import in_figure

_HEIGHT_PX = 460
_LINE_PX = 0.75  # around dots of 5 pixels
_MOST_SVG = 10_000  # spots; more are drawn by the graphics processor
MOST_POINTS = 100_000
"""Spots that are drawn at most; of more, as many are chosen evenly by the order of the sample."""


def expression_space(
    at: np.ndarray,
    labels: np.ndarray,
    domains: Mapping[int, Named],
    titles: Sequence[str],
    *,
    lit: np.ndarray | None = None,
    theme: Theme = "light",
) -> go.Figure:
    """Draw spots in two directions of expression.

    Parameters
    ----------
    at : ndarray of shape (n_spots, 2)
    labels : ndarray of shape (n_spots,), int
    domains : mapping of int to Named
        By label, in the order of the traces.
    titles : sequence of two str
        Of the axes.
    lit : ndarray of int, optional
        Spots that have their colour; all others are grey, below them. By default all.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A trace for the grey spots, then one for each domain; `customdata` are the spots. At most :data:`MOST_POINTS` of them.
    """
    drawn = np.zeros(len(at), dtype=bool)
    drawn[np.linspace(0, len(at) - 1, min(len(at), MOST_POINTS)).astype(int)] = True
    style, shown = STYLES[theme], np.ones(len(at), dtype=bool)
    if lit is not None:
        shown[:] = False
        shown[lit] = True
    groups = [(np.flatnonzero(drawn & ~shown), "Not selected", style.muted, 0.25)]
    groups += [
        (np.flatnonzero(drawn & shown & (labels == label)), item.name, item.colour, 0.85)
        for label, item in domains.items()
    ]
    traces = [
        _points(at, *group, line=rim(group[2], theme), gl=len(at) > _MOST_SVG) for group in groups if len(group[0])
    ]
    axes = [
        charts.axis(
            style, showticklabels=False, nticks=6, title={"text": title, "font": {"color": style.muted, "size": 13}}
        )
        for title in titles
    ]
    layout = charts.chart_style(theme, _HEIGHT_PX)
    return go.Figure(
        traces,
        {
            **layout,
            "margin": {"l": 28, "r": 8, "t": 8, "b": 32},
            "xaxis": axes[0],
            "yaxis": axes[1],
            "dragmode": "lasso",
        },
    )


def _points(
    at: np.ndarray, spots: np.ndarray, name: str, colour: str, opacity: float, *, line: str, gl: bool
) -> dict[str, object]:
    # What a lasso holds is drawn anew with `lit`, so that spots lit elsewhere look the same.
    alike = {"marker": {"opacity": opacity}}
    return {
        "type": "scattergl" if gl else "scatter", "mode": "markers", "name": in_figure(name),
        "x": at[spots, 0].astype(np.float32), "y": at[spots, 1].astype(np.float32), "customdata": spots.astype(np.int32),
        "marker": {"size": 5, "color": colour, "opacity": opacity, "line": {"width": _LINE_PX, "color": line}}, "selected": alike, "unselected": alike,
        "hovertemplate": f"{in_figure(name)}<extra></extra>",
    }  # fmt: skip
