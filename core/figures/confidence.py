"""How often each spot keeps its domain over resampled fits: on the tissue, and for each domain."""

import numpy as np
import plotly.graph_objects as go

from core.coordinates import Coordinates
from core.evaluation.matching import Matching
from core.figures import charts, small_maps, tissue
from core.figures.colours import STYLES, Theme
from core.figures.contrast import rim

_HEIGHT_PX = 400
_BARS_END, _MAP_BEGINS = 0.44, 0.5


def confidence_map(
    coordinates: Coordinates,
    confidence: np.ndarray,
    matching: Matching,
    labels_true: np.ndarray | None,
    *,
    theme: Theme = "light",
) -> go.Figure:
    """Draw the mean confidence of each domain beside a map of the confidence of each spot.

    Parameters
    ----------
    coordinates : Coordinates
    confidence : ndarray of shape (n_spots,), float
        From 0 to 1, as `core.result.Result` has it.
    matching : Matching
        Of the run.
    labels_true : ndarray of shape (n_spots,), str, or None
        Gives the domains their colours.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure, style = go.Figure(), STYLES[theme]
    _add_map(figure, coordinates, confidence, theme)
    _add_bars(figure, confidence, matching, labels_true, theme)
    _lay_out(figure, coordinates, theme)
    charts.write_above(figure, "<b>Mean confidence of each domain</b>", 0.0, style)
    title = f"<b>How often each spot keeps its domain</b>, {np.mean(confidence == 1):.0%} always{tissue.thinned_in_words(len(confidence))}"
    charts.write_above(figure, title, _MAP_BEGINS, style)
    return figure


def _add_map(figure: go.Figure, coordinates: Coordinates, confidence: np.ndarray, theme: Theme) -> None:
    drawn, at = tissue.thinned(coordinates)
    for name, shade, spots in small_maps.of_values("", "", confidence[drawn], (0.0, 1.0), theme).areas:
        figure.add_trace(tissue.area(at[spots], name, shade, 2, group=name))
    bar = {
        "title": {"text": ""}, "thickness": 10, "len": 0.6, "outlinewidth": 0, "tickformat": ".0%", "x": 1.0,
        "tickfont": {"color": STYLES[theme].muted},
    }  # fmt: skip
    marker = {"color": [0], "cmin": 0, "cmax": 1, "colorscale": charts.colour_scale(theme), "colorbar": bar}
    figure.add_scatter(x=[None], y=[None], xaxis="x2", yaxis="y2", mode="markers", marker={**marker, "showscale": True})


def _add_bars(
    figure: go.Figure, confidence: np.ndarray, matching: Matching, labels_true: np.ndarray | None, theme: Theme
) -> None:
    shades = charts.colours_of_clusters(matching, labels_true, theme)
    clusters = charts.ordered_clusters(matching)
    means = [float(confidence[matching.labels == cluster].mean()) for cluster in clusters]
    called = charts.domain_names(matching)
    names = [called[cluster] for cluster in clusters]
    colours = [shades[cluster] for cluster in clusters]
    figure.add_bar(
        x=means, y=names, orientation="h",
        marker={"color": colours, "line": {"width": 1, "color": [rim(colour, theme) for colour in colours]}},
        text=[f"{mean:.0%}" for mean in means], textposition="outside", cliponaxis=False,
        textfont={"color": STYLES[theme].text}, hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
    told_apart = [matching.told_apart[cluster] for cluster in clusters]
    figure.update_layout(yaxis={"tickvals": names, "ticktext": list(map(charts.beside, told_apart))})


def _lay_out(figure: go.Figure, coordinates: Coordinates, theme: Theme) -> None:
    style = STYLES[theme]
    left, right, top, bottom = tissue.extent_um(coordinates)
    margin = 0.03 * (right - left)
    hidden = {"visible": False, "constrain": "domain", "fixedrange": True}
    figure.update_layout(**charts.chart_style(theme, _HEIGHT_PX))
    figure.update_layout(
        xaxis=charts.axis(style, domain=[0, _BARS_END], range=[0, 1.1], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1]),
        yaxis=charts.axis(style, autorange="reversed", automargin=True, showgrid=False, tickfont={"color": style.text}),
        xaxis2={**hidden, "domain": [_MAP_BEGINS, 1], "range": [left - margin, right + margin], "anchor": "y2"},
        yaxis2={**hidden, "range": [bottom + margin, top - margin], "scaleanchor": "x2", "anchor": "x2"},
        margin={"l": 8, "r": 8, "t": 34, "b": 30},
        bargap=0.35,
    )  # fmt: skip
