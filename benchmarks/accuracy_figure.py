"""The figure of accuracy: a dot for each method on each case, group by group."""

from collections.abc import Sequence

import plotly.graph_objects as go

from benchmarks.accuracy_table import Accuracy
from core.figures import charts
from core.figures.colours import STYLES, Theme

_ROW_PX, _MARGIN_PX, _LEFT_PX = 40, 90, 260


def accuracy_figure(rows: Sequence[Accuracy], *, theme: Theme = "light") -> go.Figure:
    """Draw the ARI of each method on each case.

    Parameters
    ----------
    rows : sequence of Accuracy
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A dot for the mean over the seeds, a line for the standard deviation to each side; cases grouped by their kind.
    """
    style, figure = STYLES[theme], go.Figure()
    names = list(dict.fromkeys(row.preset for row in rows))
    shades = dict(zip(names, charts.scale_colours(theme, len(names) + 2)[1:-1], strict=True))
    for name in names:
        _add_dots(figure, [row for row in rows if row.preset == name], name, shades[name])
    n_cases = len({(row.kind, row.sample) for row in rows})
    figure.update_layout(**charts.chart_style(theme, _MARGIN_PX + _ROW_PX * n_cases))
    figure.update_layout(
        xaxis=charts.axis(style, range=[min(0.0, *(row.ari for row in rows)), 1], title_text="ARI on annotated spots"),
        yaxis=charts.axis(style, type="multicategory", autorange="reversed", dividercolor=style.border),
        margin={"l": _LEFT_PX, "r": 16, "t": 36, "b": 48},
    )
    charts.write_above(figure, "   ".join(charts.swatch(name, shades[name]) for name in names), 0.0, style)
    return figure


def _add_dots(figure: go.Figure, rows: Sequence[Accuracy], name: str, colour: str) -> None:
    figure.add_scatter(
        x=[row.ari for row in rows], y=[[row.kind for row in rows], [row.sample for row in rows]], name=name,
        mode="markers", marker={"size": 12, "color": colour},
        error_x={"type": "data", "array": [row.ari_sd for row in rows], "color": colour, "thickness": 2},
        customdata=[row.sample for row in rows], hovertemplate=f"{name}, %{{customdata}}: ARI %{{x:.3f}}<extra></extra>",
    )  # fmt: skip
