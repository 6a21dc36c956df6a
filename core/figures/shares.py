"""Position against expression in the distance, as a bar."""

from typing import Any

import plotly.graph_objects as go

from core.evaluation.share import Shares, share_in_words
from core.figures import charts
from core.figures.colours import STYLES, Theme

_HEIGHT_PX = 70


def share_bar(shares: Shares, *, theme: Theme = "light") -> go.Figure:
    """Draw one bar, split into position and expression.

    Parameters
    ----------
    shares : Shares
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
    """
    style = STYLES[theme]
    parts = [("Position", shares.position, style.muted), ("Expression", shares.expression, style.accent)]
    hidden = charts.axis(style, visible=False)
    position, expression = (
        charts.heading(charts.swatch(f"{name} {share_in_words(share)}", colour), 0.0, style)
        for name, share, colour in parts
    )
    # Below the bar: side by side the two would overlap in a narrow column.
    expression |= {"x": 1, "y": 0, "xanchor": "right", "yanchor": "top", "yshift": -5}
    layout = {
        **charts.chart_style(theme, _HEIGHT_PX),
        "barmode": "stack",
        "xaxis": {**hidden, "range": [0, 1]},
        "yaxis": hidden,
        "bargap": 0,
        "margin": {"l": 0, "r": 0, "t": 26, "b": 26},
        "annotations": [position, expression],
    }
    return go.Figure([_bar(*part) for part in parts], layout)  # in one go, which plotly is quick at


def _bar(name: str, share: float, colour: str) -> dict[str, Any]:
    return {
        "type": "bar", "x": [share], "y": [""], "orientation": "h", "name": name,
        "marker": {"color": colour, "line": {"width": 0}},
        "hovertemplate": f"{name}: %{{x:.1%}} of the squared distance<extra></extra>",
    }  # fmt: skip
