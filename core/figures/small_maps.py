"""Small maps side by side in one figure: for the paper's figures, which compare settings on one tissue."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go

from core.coordinates import Coordinates
from core.depth import FoundDirection
from core.evaluation.matching import Matching
from core.figures import charts, colours, tissue
from core.figures.colours import STYLES, Theme
from core.layer_names import display_name
from core.sample import Sample
from core.text import in_figure, shortened

_GAP = 0.012
_HEADING_PX = 52
_LEGEND_PX = 40
_LEVELS = 24

Area = tuple[str, str, np.ndarray]
"""Name, colour and spots (bool) of one label."""


@dataclass(frozen=True, slots=True, eq=False)
class SmallMap:
    """One map.

    Parameters
    ----------
    title, subtitle : str
    areas : tuple of Area
    in_legend : bool
        Whether its labels are explained below the figure.
    direction : FoundDirection or None
        Of a run; drawn as :func:`core.figures.tissue.add_depth` draws it.
    coordinates : Coordinates or None
        Given where it shows another tissue than the maps beside it.
    """

    title: str
    subtitle: str
    areas: tuple[Area, ...]
    in_legend: bool = True
    direction: FoundDirection | None = None
    coordinates: Coordinates | None = None


def annotated(sample: Sample, theme: Theme) -> SmallMap:
    """Make the map of the annotation.

    Parameters
    ----------
    sample : Sample
        Annotated.
    theme : {"light", "dark"}

    Returns
    -------
    SmallMap
        Below its title stands what the annotation is called; of the file's own, nobody knows who drew it.
    """
    truth = np.asarray(sample.labels_true)
    shades = colours.layer_colours(charts.layers_of(truth), theme, sample.class_colours)
    areas = tuple((in_figure(display_name(name)), shade, truth == name) for name, shade in shades.items())
    return SmallMap("Annotated", in_figure(shortened(sample.annotation_name)) or "file's annotation", areas)


def of_clusters(
    title: str,
    subtitle: str,
    matching: Matching,
    labels_true: np.ndarray | None,
    theme: Theme,
    *,
    direction: FoundDirection | None = None,
) -> SmallMap:
    """Make the map of a run, in matched colours.

    Parameters
    ----------
    title, subtitle : str
    matching : Matching
    labels_true : ndarray of shape (n_spots,), str, or None
    theme : {"light", "dark"}
    direction : FoundDirection, optional

    Returns
    -------
    SmallMap
    """
    shades, called = charts.colours_of_clusters(matching, labels_true, theme), matching.names
    areas = [
        (in_figure(called[cluster]), shades[cluster], matching.labels == cluster)
        for cluster in charts.ordered_clusters(matching)
    ]
    return SmallMap(title, subtitle, tuple(areas), direction=direction)


def of_values(title: str, subtitle: str, values: np.ndarray, limits: tuple[float, float], theme: Theme) -> SmallMap:
    """Make the map of a value.

    Parameters
    ----------
    title, subtitle : str
    values : ndarray of shape (n_spots,)
    limits : (float, float)
        Values that have the lowest and the highest colour; values beyond them look the same.
    theme : {"light", "dark"}

    Returns
    -------
    SmallMap
    """
    low, high = limits
    reach = np.clip((values - low) / (high - low), 0, 1) if high > low else np.zeros(len(values))
    levels = np.minimum((reach * _LEVELS).astype(int), _LEVELS - 1)
    shades = charts.scale_colours(theme, _LEVELS)
    areas = tuple((f"level {level}", shades[level], levels == level) for level in np.unique(levels))
    return SmallMap(title, subtitle, areas, in_legend=False)


def side_by_side(
    coordinates: Coordinates,
    maps: Sequence[SmallMap],
    *,
    theme: Theme = "light",
    height_px: int = 360,
    n_columns: int = 4,
) -> go.Figure:
    """Draw small maps on one scale.

    Parameters
    ----------
    coordinates : Coordinates
    maps : sequence of SmallMap
    theme : {"light", "dark"}
    height_px : int
        Of one row of maps with its headings.
    n_columns : int
        Maps in a row.

    Returns
    -------
    plotly.graph_objects.Figure
        To scale, y down, one legend for all labels.
    """
    style, n_rows = STYLES[theme], math.ceil(len(maps) / n_columns)
    figure = go.Figure()
    figure.update_layout(**charts.chart_style(theme, n_rows * height_px + _LEGEND_PX))
    figure.update_layout(
        plot_bgcolor=style.panel,
        showlegend=True,
        margin={"l": 0, "r": 0, "t": _HEADING_PX, "b": _LEGEND_PX},
        legend={"orientation": "h", "x": 0, "y": 0, "yanchor": "top", "traceorder": "normal", "itemsizing": "trace",
                "itemclick": False, "itemdoubleclick": False, "bgcolor": "rgba(0,0,0,0)"},
    )  # fmt: skip
    heading = _HEADING_PX / (n_rows * height_px - _HEADING_PX)
    size_um = _size_um([small.coordinates or coordinates for small in maps])
    for index, small in enumerate(maps):
        row, column = divmod(index, n_columns)
        width, height = (1 + _GAP) / min(n_columns, len(maps)), (1 + heading) / n_rows
        x = column * width, (column + 1) * width - _GAP
        y = 1 - (row + 1) * height + heading, 1 - row * height
        box = (x[0], min(1.0, x[1])), (max(0.0, y[0]), y[1])
        _add_map(figure, small.coordinates or coordinates, small, index + 1, *box, size_um, theme)
    _add_legend(figure, maps)
    return figure


def _size_um(tissues: Sequence[Coordinates]) -> tuple[float, float]:
    """Width and height that hold each tissue: all are drawn on one scale."""
    extents = [tissue.extent_um(coordinates) for coordinates in tissues]
    return max(right - left for left, right, _, _ in extents), max(bottom - top for _, _, top, bottom in extents)


def _frame_um(coordinates: Coordinates, size_um: tuple[float, float]) -> tuple[float, float, float, float]:
    """Put a frame of that size around the tissue: left, right, top, bottom."""
    left, right, top, bottom = tissue.extent_um(coordinates)
    beside, above = (size_um[0] - (right - left)) / 2, (size_um[1] - (bottom - top)) / 2
    return left - beside, right + beside, top - above, bottom + above


def _add_map(
    figure: go.Figure,
    coordinates: Coordinates,
    small: SmallMap,
    panel: int,
    x: tuple[float, float],
    y: tuple[float, float],
    size_um: tuple[float, float],
    theme: Theme,
) -> None:
    style = STYLES[theme]
    drawn, at = tissue.thinned(coordinates)
    for name, shade, spots in small.areas:
        figure.add_trace(tissue.area(at[spots[drawn]], name, shade, panel, group=name))
    left, right, top, bottom = _frame_um(coordinates, size_um)
    margin = 0.03 * (right - left)
    hidden = {"visible": False, "constrain": "range", "fixedrange": True}
    number = "" if panel == 1 else str(panel)
    axes = {
        f"xaxis{number}": {**hidden, "domain": x, "anchor": f"y{number}", "range": [left - margin, right + margin]},
        f"yaxis{number}": {
            **hidden, "domain": y, "anchor": f"x{number}", "range": [bottom + margin, top - margin], "scaleanchor": f"x{number}",
        },
    }  # fmt: skip
    figure.update_layout(axes)
    under = f"{small.subtitle}{tissue.thinned_in_words(len(coordinates))}".removeprefix(", ")
    title = f'<b>{in_figure(small.title)}</b><br><span style="font-size:12px;color:{style.muted}">{under}</span>'
    charts.write_above(figure, title, x[0], style, y=y[1])
    tissue.add_depth(figure, coordinates, small.direction, style, panel=panel)


def _add_legend(figure: go.Figure, maps: Sequence[SmallMap]) -> None:
    explained = {name: shade for small in maps if small.in_legend for name, shade, _ in small.areas}
    for rank, (name, shade) in enumerate(explained.items()):
        figure.add_trace(tissue.legend_key(name, shade, name, rank=rank))


def told_apart(maps: Sequence[SmallMap], marks: Sequence[str]) -> list[SmallMap]:
    """Mark names that mean other domains in maps before, since all maps share one legend.

    Parameters
    ----------
    maps : sequence of SmallMap
    marks : sequence of str
        Of each map, such as its number; a name that has another colour in a map before becomes `Domain 5 (2)`.

    Returns
    -------
    list of SmallMap
    """
    colour_of: dict[str, str] = {}
    marked = []
    for small, mark in zip(maps, marks, strict=True):
        before = dict(colour_of)
        areas = [
            (f"{name} ({mark})" if before.get(name, shade) != shade else name, shade, spots)
            for name, shade, spots in small.areas
        ]
        colour_of |= {name: before.get(name, shade) for name, shade, _ in areas}
        marked.append(replace(small, areas=tuple(areas)))
    return marked
