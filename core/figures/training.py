"""How a training went."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.figures.colours import SURROUNDINGS, Theme
from core.figures.comparison import FONT

_MANY_FOLD = 20
_POINTS = 400  # of a curve that is sent again and again


def loss_curve(losses: Sequence[float], *, n_epochs: int | None = None, theme: Theme = "light") -> go.Figure:
    """Draw the loss of each epoch.

    Parameters
    ----------
    losses : sequence of float
        Mean squared error of the epochs so far, in the squared units of the pooled counts.
    n_epochs : int, optional
        Where the axis ends, while training goes on.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        The loss axis is logarithmic where the losses differ more than twentyfold.
    """
    look = SURROUNDINGS[theme]
    last = n_epochs or len(losses)
    figure = go.Figure(
        go.Scatter(
            x=list(range(1, len(losses) + 1)),
            y=list(losses),
            mode="lines+markers" if len(losses) < 2 else "lines",
            line={"color": look.accent, "width": 2},
            hovertemplate="Epoch %{x}<br>Loss %{y:.4g}<extra></extra>",
        )
    )
    axis = {"gridcolor": look.border, "zeroline": False, "linecolor": look.border, "tickfont": {"color": look.muted}}
    figure.update_layout(
        xaxis={**axis, "title": "Epoch", "range": [0.5, last + 0.5], "showgrid": False},
        yaxis={**axis, "title": "Loss", "type": "log" if _differ_much(losses) else "linear", "exponentformat": "power"},
        paper_bgcolor=look.paper,
        plot_bgcolor=look.paper,
        font={"family": FONT, "size": 13, "color": look.text},
        hoverlabel={"bgcolor": look.paper, "bordercolor": look.border, "font": {"color": look.text, "family": FONT}},
        margin={"l": 64, "r": 8, "t": 8, "b": 44},
        height=240,
        showlegend=False,
    )
    return figure


def live_loss(losses: Sequence[float], *, n_epochs: int, theme: Theme = "light") -> dict[str, Any]:
    """Draw the loss while training goes on: the same picture as :func:`loss_curve`, for a chart that updates in place.

    Parameters
    ----------
    losses : sequence of float
        Mean squared error of the epochs so far, in the squared units of the pooled counts.
    n_epochs : int
        Where the axis ends.
    theme : {"light", "dark"}

    Returns
    -------
    dict
        Options of Apache ECharts. Of long trainings every n-th epoch, and always the last.
    """
    look = SURROUNDINGS[theme]
    stride = max(1, len(losses) // _POINTS)
    epochs = sorted({*range(1, len(losses) + 1, stride), len(losses)} - {0})
    axis = {
        "nameLocation": "middle",
        "nameTextStyle": {"color": look.text, "fontSize": 13},
        "axisLabel": {"color": look.muted},
        "axisLine": {"lineStyle": {"color": look.border}},
        "splitLine": {"lineStyle": {"color": look.border}},
    }
    return {
        "animation": False,
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 64, "right": 8, "top": 8, "bottom": 44},
        "xAxis": {**axis, "type": "value", "name": "Epoch", "nameGap": 26, "min": 1, "max": max(2, n_epochs)},
        "yAxis": {
            **axis,
            "scale": True,
            "type": "log" if _differ_much(losses) else "value",
            "name": "Loss",
            "nameGap": 44,
        },
        "series": [
            {
                "type": "line",
                "data": [[epoch, losses[epoch - 1]] for epoch in epochs],
                "symbol": "circle" if len(epochs) < 2 else "none",
                "lineStyle": {"color": look.accent, "width": 2},
                "itemStyle": {"color": look.accent},
            }
        ],
    }


def _differ_much(losses: Sequence[float]) -> bool:
    return len(losses) > 1 and min(losses) > 0 and max(losses) > _MANY_FOLD * min(losses)
