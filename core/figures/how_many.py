"""How far runs agree at each number of clusters, and what their domains are like."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.figures import charts
from core.figures.colours import STYLES, Theme
from core.method.how_many import Curve

_HEIGHT_PX = 320
_LEFT, _RIGHT = (0.0, 0.46), (0.56, 1.0)


def how_many(curve: Curve, *, shown: int | None = None, theme: Theme = "light") -> go.Figure:
    """Draw the agreement of runs beside PAS and the smallest domain, over the number of clusters.

    Parameters
    ----------
    curve : Curve
    shown : int, optional
        Number of clusters of the run shown, marked on the axis.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A vertical line stands at the number that is suggested.
    """
    figure, style = go.Figure(), STYLES[theme]
    numbers = [point.n_clusters for point in curve.points]
    _line(figure, numbers, [p.stability for p in curve.points], "With K ± 1", 1, theme)
    _line(figure, numbers, [p.agreement for p in curve.points], "Same K (ARI)", 1, theme, dashed=True)
    _line(figure, numbers, [p.pas for p in curve.points], "PAS", 2, theme)
    _line(figure, numbers, [p.smallest_share for p in curve.points], "Smallest domain", 2, theme, dashed=True)
    _lay_out(figure, numbers, shown, theme)
    if curve.suggested is not None:
        for axis in ("x", "x2"):
            _mark(figure, curve.suggested, axis, theme)
    charts.write_above(figure, f"<b>Agreement of {curve.n_starts} starts</b>, higher is better", _LEFT[0], style)
    charts.write_above(figure, "<b>Share of the spots</b>", _RIGHT[0], style)
    return figure


def _line(
    figure: go.Figure,
    numbers: Sequence[int],
    values: Sequence[float],
    name: str,
    panel: int,
    theme: Theme,
    *,
    dashed: bool = False,
) -> None:
    style = STYLES[theme]
    colour = style.muted if dashed else style.accent
    digits = ".1%" if panel == 2 else ".3f"
    axis = "" if panel == 1 else str(panel)
    figure.add_scatter(
        x=list(numbers), y=list(values), name=name, mode="lines+markers", xaxis=f"x{axis}", yaxis=f"y{axis}",
        line={"color": colour, "width": 2, "dash": "dot" if dashed else "solid"}, marker={"size": 7, "color": colour},
        hovertemplate=f"%{{x}} clusters: %{{y:{digits}}}<extra>{name}</extra>", legend=f"legend{axis}",
    )  # fmt: skip


def _mark(figure: go.Figure, number: int, axis: str, theme: Theme) -> None:
    line = {"color": STYLES[theme].text, "width": 1, "dash": "dash"}
    y_axis = f"{axis.replace('x', 'y')} domain"
    figure.add_shape(type="line", x0=number, x1=number, y0=0, y1=1, xref=axis, yref=y_axis, line=line, layer="below")


def _lay_out(figure: go.Figure, numbers: Sequence[int], shown: int | None, theme: Theme) -> None:
    style = STYLES[theme]
    texts = [f"<b>{number}</b>" if number == shown else str(number) for number in numbers]
    ticks = {
        "tickvals": list(numbers),
        "ticktext": texts,
        "showgrid": False,
        "range": [numbers[0] - 0.5, numbers[-1] + 0.5],
    }
    key = {
        "orientation": "h",
        "yanchor": "top",
        "y": -0.16,
        "bgcolor": "rgba(0,0,0,0)",
        "itemclick": False,
        "itemdoubleclick": False,
    }
    figure.update_layout(**charts.chart_style(theme, _HEIGHT_PX))
    figure.update_layout(
        xaxis=charts.axis(style, **ticks, domain=_LEFT),
        yaxis=charts.axis(style, nticks=6, tickformat=".2f"),
        xaxis2=charts.axis(style, **ticks, domain=_RIGHT, anchor="y2"),
        yaxis2=charts.axis(style, nticks=6, tickformat=".0%", rangemode="tozero", anchor="x2"),
        margin={"l": 44, "r": 8, "t": 34, "b": 64},
        showlegend=True, legend={**key, "x": _LEFT[0]}, legend2={**key, "x": _RIGHT[0]},
    )  # fmt: skip
