"""What all charts below the maps share: their style, the names and colours of labels, their order."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.evaluation.matching import Matching
from core.figures import colours
from core.figures.colours import STYLES, Style, Theme
from core.figures.comparison import FONT
from core.sample import UNANNOTATED
from core.text import in_figure, shortened

# One hue from low to high values: only lightness differs, so colour-blind readers lose nothing.
_SCALE: Mapping[Theme, tuple[str, ...]] = {
    "light": ("#E3E9F3", "#A9BFE6", "#6E8FD0", "#3B5BA9", "#223A7A", "#101C42"),
    "dark": ("#212C3D", "#2C4878", "#4269B4", "#7FA2F0", "#B4CAFA", "#EDF3FF"),
}

_AS_FAR_FROM_BLACK_AS_FROM_WHITE = 0.179
"""Luminance that has one contrast, 4.6:1, with both (WCAG 2.2)."""


def chart_style(theme: Theme, height_px: int) -> dict[str, Any]:
    """Give the layout that charts start from.

    Parameters
    ----------
    theme : {"light", "dark"}
    height_px : int

    Returns
    -------
    dict
        For `plotly.graph_objects.Figure.update_layout`.
    """
    style = STYLES[theme]
    return {
        "paper_bgcolor": style.paper,
        "plot_bgcolor": style.paper,
        "font": {"family": FONT, "size": 13, "color": style.text},
        "hoverlabel": {
            "bgcolor": style.paper,
            "bordercolor": style.border,
            "font": {"color": style.text, "family": FONT},
        },
        "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
        "height": height_px,
        "showlegend": False,
    }


def axis(style: Style, **more: Any) -> dict[str, Any]:
    """Give an axis that charts start from.

    Parameters
    ----------
    style : Style
    **more : object
        Further properties of this axis.

    Returns
    -------
    dict
    """
    quiet = {
        "gridcolor": style.border,
        "linecolor": style.border,
        "zeroline": False,
        "tickfont": {"color": style.muted},
    }
    return {**quiet, "title": {"font": {"color": style.muted, "size": 13}}, "fixedrange": True, **more}


def heading(text: str, x: float, style: Style, *, y: float = 1.0) -> dict[str, Any]:
    """Give a heading above a part of a figure.

    Parameters
    ----------
    text : str
    x, y : float
        Its lower left corner, in parts of the plot's width and height.
    style : Style

    Returns
    -------
    dict
        One of a layout's `annotations`.
    """
    return {
        "text": text, "x": x, "y": y, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 5,
        "showarrow": False, "align": "left", "font": {"size": 14, "color": style.text},
    }  # fmt: skip


def write_above(figure: go.Figure, text: str, x: float, style: Style, *, y: float = 1.0) -> None:
    """Write a heading above a part of a figure.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Changed in place.
    text : str
    x, y : float
        Its lower left corner, in parts of the plot's width and height.
    style : Style
    """
    figure.add_annotation(heading(text, x, style, y=y))


def swatch(name: str, colour: str) -> str:
    """Write a label with a square of its colour before it, for ticks and headings.

    Parameters
    ----------
    name, colour : str

    Returns
    -------
    str
    """
    return f'<span style="color:{colour}">■</span> {name}'


def beside(name: str, limit: int = 28) -> str:
    """Write a name beside an axis, where a long one would take the room of the chart; what the pointer tells has all of it.

    Parameters
    ----------
    name : str
    limit : int
        Characters.

    Returns
    -------
    str
        As plotly reads it.
    """
    return in_figure(shortened(name, limit))


def domain_names(matching: Matching) -> dict[int, str]:
    """Name domains for plotly, which reads some HTML in all texts.

    Parameters
    ----------
    matching : Matching

    Returns
    -------
    dict of int to str
        By cluster, such as `Layer 1`, or `Domain 3` where it has no layer; each name once.
    """
    return {cluster: in_figure(name) for cluster, name in matching.told_apart.items()}


def ordered_clusters(matching: Matching) -> list[int]:
    """Sort clusters as their layers are sorted, those without a layer last and by the numbers of their names.

    Parameters
    ----------
    matching : Matching

    Returns
    -------
    list of int
    """
    order = colours.in_order(layer for layer in matching.layers.values() if layer is not None)
    return sorted(
        matching.layers,
        key=lambda cluster: (_place(matching.layers[cluster], order), matching.further.get(cluster, 0), cluster),
    )


def _place(layer: str | None, order: list[str]) -> int:
    return len(order) if layer is None else order.index(layer)


def layers_of(labels_true: np.ndarray | None, *, unannotated: bool = True) -> list[str]:
    """List the annotated layers in their order.

    Parameters
    ----------
    labels_true : ndarray of shape (n_spots,), str, or None
    unannotated : bool
        Whether the unannotated count as one, the last.

    Returns
    -------
    list of str
    """
    names = [] if labels_true is None else [str(name) for name in np.unique(labels_true)]
    return colours.in_order(name for name in names if unannotated or name != UNANNOTATED)


def colours_of_clusters(matching: Matching, labels_true: np.ndarray | None, theme: Theme) -> dict[int, str]:
    """Give each cluster its colour, as the matching keeps it.

    Parameters
    ----------
    matching : Matching
    labels_true : ndarray of shape (n_spots,), str, or None
    theme : {"light", "dark"}

    Returns
    -------
    dict of int to str
    """
    return colours.domain_colours(matching, layers_of(labels_true), theme)


def scale_colours(theme: Theme, n_colours: int) -> list[str]:
    """Sample the scale for values, from low to high.

    Parameters
    ----------
    theme : {"light", "dark"}
    n_colours : int

    Returns
    -------
    list of str
        `rgb(r, g, b)`.
    """
    return [f"rgb({r:.0f}, {g:.0f}, {b:.0f})" for r, g, b in _at(theme, np.linspace(0, 1, n_colours))]


def _at(theme: Theme, shares: np.ndarray) -> np.ndarray:
    """Red, green and blue, from 0 to 255, at places of the scale for values; ndarray of shape (..., 3)."""
    stops = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in _SCALE[theme]])
    places = shares * (len(stops) - 1)
    return np.stack([np.interp(places, np.arange(len(stops)), channel) for channel in stops.T], axis=-1)


def on_scale(texts: Iterable[Iterable[str]], shares: np.ndarray, theme: Theme) -> list[list[str]]:
    """Write the texts of a heat map's cells in black or white, whichever stands out more from the cell.

    Parameters
    ----------
    texts : iterable of iterable of str
        A row of cells each, as plotly reads it.
    shares : ndarray of shape (n_rows, n_columns)
        Where each cell lies on the scale for values, from 0 to 1; NaN where it has no colour.
    theme : {"light", "dark"}

    Returns
    -------
    list of list of str

    Notes
    -----
    plotly's own dark text is a grey that is hard to read on the middle of the scale.
    """
    channels = _at(theme, np.nan_to_num(shares)) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    inks = np.where(luminance > _AS_FAR_FROM_BLACK_AS_FROM_WHITE, "#000000", "#FFFFFF")
    return [
        [f'<span style="color:{ink}">{text}</span>' if text else "" for text, ink in zip(row, beside, strict=True)]
        for row, beside in zip(texts, inks, strict=True)
    ]


def colour_scale(theme: Theme) -> list[tuple[float, str]]:
    """Give the scale for values as plotly takes it.

    Parameters
    ----------
    theme : {"light", "dark"}

    Returns
    -------
    list of (float, str)
        From exactly 0 to exactly 1: plotly.js falls back to another scale if the ends are not exact.
    """
    stops: Iterable[str] = _SCALE[theme]
    last = len(_SCALE[theme]) - 1
    return [(index / last, stop) for index, stop in enumerate(stops)]
