"""How much the start of k-means matters: scores of many starts, and where on the tissue they differ."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.coordinates import Coordinates
from core.evaluation.stability import agreement_with_others, kept_share
from core.figures import charts, small_maps, tissue
from core.figures.colours import STYLES, Theme
from core.result import Result
from core.sample import Sample

_HEIGHT_PX = 400
_DOTS_END, _MAP_BEGINS = 0.5, 0.56


def repeats(sample: Sample, runs: Sequence[Result], *, theme: Theme = "light") -> go.Figure:
    """Draw the spread of the scores beside a map of how often each spot keeps its label.

    Parameters
    ----------
    sample : Sample
    runs : sequence of Result
        Two or more, the run shown first.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A dot for each start and a line at the median: ARI and NMI where there is an annotation, and the mean ARI between
        each start and the others.
    """
    figure = go.Figure()
    kept = kept_share([run.labels for run in runs])
    low = 1 / len(runs)
    _add_kept(figure, sample.coordinates, kept, low, theme)
    columns = scores_of_starts(runs)
    for index, values in enumerate(columns.values()):
        _add_dots(figure, index, values, [run.params.clustering.random_state for run in runs], theme)
    _lay_out(figure, sample.coordinates, list(columns), theme)
    style, share = STYLES[theme], float(np.mean(kept == 1))
    charts.write_above(figure, f"<b>Scores of {len(runs)} starts</b>", 0.0, style)
    title = f"<b>How often each spot keeps its label</b>, {share:.0%} always{tissue.thinned_in_words(len(kept))}"
    charts.write_above(figure, title, _MAP_BEGINS, style)
    return figure


def scores_of_starts(runs: Sequence[Result]) -> dict[str, list[float]]:
    """Collect the scores of each start.

    Parameters
    ----------
    runs : sequence of Result

    Returns
    -------
    dict of str to list of float
        By the name of the score, one value per start; scores that need an annotation are left out without one.
    """
    columns = {"ARI": [run.scores.ari for run in runs], "NMI": [run.scores.nmi for run in runs]}
    known = {name: [v for v in values if v is not None] for name, values in columns.items() if None not in values}
    return known | {"Between starts": agreement_with_others([run.labels for run in runs])}


def _add_kept(figure: go.Figure, coordinates: Coordinates, kept: np.ndarray, low: float, theme: Theme) -> None:
    drawn, at = tissue.thinned(coordinates)
    for name, shade, spots in small_maps.of_values("", "", kept[drawn], (low, 1.0), theme).areas:
        figure.add_trace(tissue.area(at[spots], name, shade, 2, group=name))
    bar = {
        "title": {"text": ""}, "thickness": 10, "len": 0.6, "outlinewidth": 0, "tickformat": ".0%", "x": 1.0,
        "tickfont": {"color": STYLES[theme].muted},
    }  # fmt: skip
    marker = {"color": [low], "cmin": low, "cmax": 1, "colorscale": charts.colour_scale(theme), "colorbar": bar}
    figure.add_scatter(x=[None], y=[None], xaxis="x2", yaxis="y2", mode="markers", marker={**marker, "showscale": True})


def _add_dots(figure: go.Figure, index: int, values: list[float], seeds: list[int], theme: Theme) -> None:
    style, spread = STYLES[theme], np.linspace(-0.22, 0.22, len(values))
    figure.add_scatter(
        x=index + spread, y=values, mode="markers", customdata=seeds,
        marker={"size": 9, "color": style.accent, "opacity": 0.85, "line": {"width": 1, "color": style.paper}},
        hovertemplate="Seed %{customdata}: %{y:.3f}<extra></extra>",
    )  # fmt: skip
    median = float(np.median(values))
    line = {"color": style.text, "width": 2}
    figure.add_shape(type="line", x0=index - 0.3, x1=index + 0.3, y0=median, y1=median, line=line, layer="below")
    figure.add_annotation(
        x=index + 0.32, y=median, text=f"{median:.3f}", showarrow=False, xanchor="left", font={"color": style.text}
    )


def _lay_out(figure: go.Figure, coordinates: Coordinates, names: list[str], theme: Theme) -> None:
    style = STYLES[theme]
    left, right, top, bottom = tissue.extent_um(coordinates)
    margin = 0.03 * (right - left)
    ticks = {"tickvals": list(range(len(names))), "ticktext": names, "tickfont": {"color": style.text}}
    map_axis = {"visible": False, "constrain": "domain", "fixedrange": True}
    figure.update_layout(**charts.chart_style(theme, _HEIGHT_PX))
    figure.update_layout(
        xaxis=charts.axis(style, **ticks, domain=[0, _DOTS_END], range=[-0.5, len(names) - 0.3], showgrid=False),
        yaxis=charts.axis(style, rangemode="tozero", range=None, nticks=6),
        xaxis2={**map_axis, "domain": [_MAP_BEGINS, 1], "range": [left - margin, right + margin], "anchor": "y2"},
        yaxis2={**map_axis, "range": [bottom + margin, top - margin], "scaleanchor": "x2", "anchor": "x2"},
        margin={"l": 40, "r": 8, "t": 34, "b": 30},
    )
