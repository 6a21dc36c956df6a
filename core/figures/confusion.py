"""Which layers went into which clusters, as a table."""

import numpy as np
import plotly.graph_objects as go

from core.evaluation.matching import Matching, common_spots
from core.figures import charts, colours
from core.figures.colours import STYLES, Theme
from core.layer_names import display_name
from core.text import in_figure

_ROW_PX = 34
_LONGEST_ABOVE = 16  # characters: they stand at a slope where there is little room


def confusion(labels_true: np.ndarray, matching: Matching, *, theme: Theme = "light") -> go.Figure:
    """Draw the table of layers by clusters.

    Parameters
    ----------
    labels_true : ndarray of shape (n_spots,), str
    matching : Matching
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A row for each layer, the unannotated last, a column for each cluster in the order of the layers. Cells say how
        many spots of the layer went there, and are shaded by their share of the layer.
    """
    layers, clusters = charts.layers_of(labels_true), charts.ordered_clusters(matching)
    counts = common_spots(matching.labels, labels_true, clusters, layers).T
    shares = counts / counts.sum(axis=1, keepdims=True)
    texts = [[_cell(n, s) for n, s in zip(*row, strict=True)] for row in zip(counts, shares, strict=True)]
    called = charts.domain_names(matching)
    facts = [
        [
            (int(count), f"{in_figure(display_name(layer))} in {called[cluster]}")
            for count, cluster in zip(row, clusters, strict=True)
        ]
        for row, layer in zip(counts, layers, strict=True)
    ]
    heat = go.Heatmap(
        z=shares, text=charts.on_scale(texts, shares, theme), texttemplate="%{text}", customdata=facts, zmin=0, zmax=1, xgap=2, ygap=2,
        colorscale=charts.colour_scale(theme), showscale=False, textfont={"size": 13},
        hovertemplate="%{customdata[1]}<br>%{customdata[0]} spots, %{z:.1%} of the layer<extra></extra>",
    )  # fmt: skip
    figure = go.Figure(heat)
    _lay_out(figure, layers, clusters, labels_true, matching, theme)
    return figure


def _cell(count: int, share: float) -> str:
    return f"{count} ({share:.0%})" if count else ""


def _lay_out(
    figure: go.Figure, layers: list[str], clusters: list[int], labels_true: np.ndarray, matching: Matching, theme: Theme
) -> None:
    style, of_layer = STYLES[theme], colours.layer_colours(layers, theme, matching.colours)
    of_cluster = charts.colours_of_clusters(matching, labels_true, theme)
    rows = [charts.swatch(charts.beside(display_name(layer)), of_layer[layer]) + "  " for layer in layers]
    called = matching.told_apart
    columns = [
        charts.swatch(charts.beside(called[cluster], _LONGEST_ABOVE), of_cluster[cluster]) for cluster in clusters
    ]
    ticks = {"showgrid": False, "showline": False, "tickfont": {"color": style.text}, "ticks": ""}
    figure.update_layout(**charts.chart_style(theme, _ROW_PX * len(layers) + 68))
    figure.update_xaxes(charts.axis(style, **ticks, side="top", tickvals=list(range(len(clusters))), ticktext=columns))
    figure.update_yaxes(
        charts.axis(
            style, **ticks, autorange="reversed", tickvals=list(range(len(layers))), ticktext=rows, automargin=True
        )
    )
    figure.update_layout(margin={"t": 56})
