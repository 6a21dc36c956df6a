"""Which labels lie at which depth, which shows at a glance whether the direction is right."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.evaluation.matching import Matching
from core.figures import charts, colours
from core.figures.colours import STYLES, Theme
from core.layer_names import display_name
from core.text import in_figure

_HEIGHT_PX = 220
_N_BINS = 40
_GAP = 0.1
_DIGITS = {"µm": ",.0f", "units": ",.4~r"}  # of a distance, by its unit; never with an exponent


def depth_profile(
    depth_um: np.ndarray,
    labels_true: np.ndarray | None,
    matching: Matching,
    *,
    positions_um: np.ndarray | None = None,
    unit: str = "µm",
    theme: Theme = "light",
) -> go.Figure:
    """Draw the share of each label along the depth, predicted beside annotated.

    Parameters
    ----------
    depth_um : ndarray of shape (n_spots,)
        Across the layers, from any zero: which spots are equally deep.
    labels_true : ndarray of shape (n_spots,), str, or None
        Without it the predicted profile stands alone.
    matching : Matching
    positions_um : ndarray of shape (n_spots,), optional
        How far along its way each spot lies, from `core.evaluation.ways.positions_um`: the axis is their mean over the spots of
        one depth. Without them it is the depth, which is right where that is straight.
    unit : str
        Of these positions, as `Coordinates.length_unit` says.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        Stacked areas. With the right direction, layers follow each other with steep borders.
    """
    distance_um = depth_um - depth_um.min() if positions_um is None else distances(depth_um, positions_um)
    of_cluster = charts.colours_of_clusters(matching, labels_true, theme)
    called = charts.domain_names(matching)
    predicted = [
        (matching.labels == cluster, called[cluster], of_cluster[cluster])
        for cluster in charts.ordered_clusters(matching)
    ]
    annotated = [
        (np.asarray(labels_true == layer), in_figure(display_name(layer)), colour)
        for layer, colour in colours.layer_colours(charts.layers_of(labels_true), theme, matching.colours).items()
    ]
    areas = [*_areas(distance_um, predicted, 1, unit), *_areas(distance_um, annotated, 2, unit)]
    # All at once: plotly checks the whole figure again after each later change, at several times the cost.
    return go.Figure(areas, _layout(float(distance_um.max()), 1 if labels_true is None else 2, unit, theme))


def shares_along(
    depth: np.ndarray, chosen: Sequence[np.ndarray], n_bins: int = _N_BINS
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the share of chosen spots at each depth.

    Parameters
    ----------
    depth : ndarray of shape (n_spots,)
    chosen : sequence of ndarray of shape (n_spots,), bool
        One or more choices.
    n_bins : int
        Bins of equally many spots, as far as spots of equal depth allow.

    Returns
    -------
    middles : ndarray of shape (at most n_bins,)
        Mean depth of the spots of each bin.
    shares : ndarray of shape (n_choices, at most n_bins)
        From 0 to 1.
    """
    edges = np.unique(np.quantile(depth, np.linspace(0, 1, n_bins + 1)))
    bins = np.searchsorted(edges[1:-1], depth, side="right")
    counts = np.bincount(bins)
    filled = counts > 0
    sums = np.array([np.bincount(bins, weights=values) for values in (depth, *chosen)])[:, filled] / counts[filled]
    return sums[0], sums[1:]


def distances(depth: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Give each depth one distance: the mean position of the spots about that deep, which never falls with depth.

    Parameters
    ----------
    depth : ndarray of shape (n_spots,)
    positions : ndarray of shape (n_spots,)
        NaN where they are not known.

    Returns
    -------
    ndarray of shape (n_spots,)
        0 for the shallowest spot. Layers that are not parallel have spots of one depth at several positions, but in one order.
    """
    known = np.isfinite(positions)
    if not known.any():
        return np.asarray(depth - depth.min())
    order = np.argsort(depth[known], kind="stable")
    levels, along = depth[known][order], positions[known][order]
    edges = np.unique(np.linspace(0, len(order), min(_N_BINS, len(order)) + 1).astype(int))
    counts = np.diff(edges)
    means = [np.add.reduceat(values, edges[:-1]) / counts for values in (levels, along)]
    ends = [
        np.concatenate(([values[0]], mean, [values[-1]])) for values, mean in zip((levels, along), means, strict=True)
    ]
    # An end is one spot, and may lie on a way that is longer or shorter than its neighbours'.
    ends[1][[0, -1]] = min(ends[1][0], ends[1][1]), max(ends[1][-1], ends[1][-2])
    found = np.interp(depth, ends[0], np.maximum.accumulate(ends[1]))
    return np.asarray(found - found.min())


def _areas(
    distance_um: np.ndarray, labelled: list[tuple[np.ndarray, str, str]], panel: int, unit: str
) -> list[dict[str, Any]]:
    """Stack the shares of labels; each is given by its spots (bool), its name and its colour."""
    if not labelled:
        return []
    middles, shares = shares_along(distance_um, [chosen for chosen, _, _ in labelled])
    # The first and last bin reach to the ends of the tissue. Arrays: plotly checks each number of a list.
    x, ends = np.concatenate([[0.0], middles, [distance_um.max()]]), [0, *range(len(middles)), -1]
    return [
        {
            "type": "scatter", "x": x, "y": along[ends],
            "xaxis": f"x{panel}", "yaxis": f"y{panel}", "stackgroup": f"panel {panel}", "name": name, "mode": "lines",
            "line": {"width": 0, "color": colour}, "fillcolor": colour,
            "hovertemplate": f"{name}: %{{y:.0%}} at %{{x:{_DIGITS[unit]}}} {unit}<extra></extra>",
        }
        for along, (_, name, colour) in zip(shares, labelled, strict=True)
    ]  # fmt: skip


def _layout(deepest_um: float, n_panels: int, unit: str, theme: Theme) -> dict[str, Any]:
    style, side = STYLES[theme], 0.5 - _GAP / 2 if n_panels == 2 else 1.0
    x = charts.axis(
        style,
        range=[0, deepest_um],
        showgrid=False,
        ticksuffix=f" {unit}",
        showticksuffix="first",
        tickformat=_DIGITS[unit],
        nticks=5,
        tickangle=0,
    )
    y = charts.axis(style, range=[0, 1], tickvals=[0, 0.5, 1], tickformat=".0%")
    layout = {
        **charts.chart_style(theme, _HEIGHT_PX),
        "margin": {"l": 44, "r": 8, "t": 30, "b": 26},
        "xaxis": {**x, "domain": [0, side]},
        "yaxis": y,
        "annotations": [charts.heading("<b>Predicted along depth</b>", 0.0, style)],
    }
    if n_panels == 2:
        layout["xaxis2"] = {**x, "domain": [1 - side, 1], "anchor": "y2"}
        layout["yaxis2"] = {**y, "anchor": "x2", "showticklabels": False}
        layout["annotations"].append(charts.heading("<b>Annotated along depth</b>", 1 - side, style))
    return layout
