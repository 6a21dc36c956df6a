"""Which layers went into which clusters, as streams."""

import numpy as np
import plotly.graph_objects as go

from core.evaluation.matching import Matching, common_spots
from core.figures import charts, colours
from core.figures.colours import STYLES, Theme
from core.layer_names import display_name
from core.text import in_figure

_HEIGHT_PX = 420


def flow(labels_true: np.ndarray, matching: Matching, *, theme: Theme = "light") -> go.Figure:
    """Draw the spots of each layer as a stream into the clusters.

    Parameters
    ----------
    labels_true : ndarray of shape (n_spots,), str
    matching : Matching
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        Layers on the left, clusters on the right, both from the surface inwards; streams have their layer's colour.
    """
    layers, clusters = charts.layers_of(labels_true), charts.ordered_clusters(matching)
    counts = common_spots(matching.labels, labels_true, clusters, layers).T
    of_layer = colours.layer_colours(layers, theme, matching.colours)
    of_cluster = charts.colours_of_clusters(matching, labels_true, theme)
    names = [in_figure(display_name(layer)) for layer in layers]
    called = charts.domain_names(matching)
    names += [called[cluster] for cluster in clusters]
    beside = [charts.beside(display_name(layer)) for layer in layers]
    beside += [charts.beside(matching.told_apart[cluster]) for cluster in clusters]
    figure = go.Figure(
        go.Sankey(
            arrangement="fixed",
            node={
                "label": beside, "customdata": names, "color": [*of_layer.values(), *(of_cluster[cluster] for cluster in clusters)],
                "x": [0.001] * len(layers) + [0.999] * len(clusters),
                "y": [*_middles(counts.sum(axis=1)), *_middles(counts.sum(axis=0))],
                "pad": 8, "thickness": 16, "line": {"width": 0},
                "hovertemplate": "%{customdata}<br>%{value:,.0f} spots<extra></extra>",
            },
            link=_streams(counts, names, [_translucent(colour) for colour in of_layer.values()]),
            textfont={"color": STYLES[theme].text, "size": 13},
        )
    )  # fmt: skip
    return figure.update_layout(**charts.chart_style(theme, _HEIGHT_PX), margin_t=8)


def _middles(sizes: np.ndarray) -> list[float]:
    """Place nodes one below the other; plotly keeps an order only for positions strictly between 0 and 1."""
    middles = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    return [float(index) for index in np.clip(middles, 0.001, 0.999)]


def _streams(counts: np.ndarray, names: list[str], shades: list[str]) -> dict[str, object]:
    rows, columns = np.nonzero(counts)
    return {
        "source": rows.tolist(),
        "target": (columns + len(counts)).tolist(),
        "value": counts[rows, columns].tolist(),
        "color": [shades[row] for row in rows],
        "customdata": [
            f"{names[row]} in {names[column + len(counts)]}" for row, column in zip(rows, columns, strict=True)
        ],
        "hovertemplate": "%{customdata}<br>%{value:,.0f} spots<extra></extra>",
    }


def _translucent(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.45)"
