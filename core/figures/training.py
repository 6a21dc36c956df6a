"""The loss of a training, epoch by epoch."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.figures.colours import STYLES, Theme
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
    style = STYLES[theme]
    last = n_epochs or len(losses)
    figure = go.Figure(
        go.Scatter(
            x=list(range(1, len(losses) + 1)),
            y=list(losses),
            mode="lines+markers" if len(losses) < 2 else "lines",
            line={"color": style.accent, "width": 2},
            hovertemplate="Epoch %{x}<br>Loss %{y:.4g}<extra></extra>",
        )
    )
    axis = {"gridcolor": style.border, "zeroline": False, "linecolor": style.border, "tickfont": {"color": style.muted}}
    figure.update_layout(
        xaxis={**axis, "title": "Epoch", "range": [0.5, last + 0.5], "showgrid": False},
        yaxis={**axis, "title": "Loss", "type": "log" if _differ_much(losses) else "linear", "exponentformat": "power"},
        paper_bgcolor=style.paper,
        plot_bgcolor=style.paper,
        font={"family": FONT, "size": 13, "color": style.text},
        hoverlabel={"bgcolor": style.paper, "bordercolor": style.border, "font": {"color": style.text, "family": FONT}},
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
        Options of Apache ECharts. Long trainings show every n-th epoch, and always the last.
    """
    style = STYLES[theme]
    stride = max(1, len(losses) // _POINTS)
    epochs = sorted({*range(1, len(losses) + 1, stride), len(losses)} - {0})
    axis = {
        "nameLocation": "middle",
        "nameTextStyle": {"color": style.text, "fontSize": 13},
        "axisLabel": {"color": style.muted},
        "axisLine": {"lineStyle": {"color": style.border}},
        "splitLine": {"lineStyle": {"color": style.border}},
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
                "lineStyle": {"color": style.accent, "width": 2},
                "itemStyle": {"color": style.accent},
            }
        ],
    }


def _differ_much(losses: Sequence[float]) -> bool:
    return len(losses) > 1 and min(losses) > 0 and max(losses) > _MANY_FOLD * min(losses)
