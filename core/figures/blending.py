"""Two or three genes in one map: a colour for each mixture of them.

Colours between the corners (none, each gene alone, each pair, all) are mixed linearly. The corners were searched for so that every two
of them differ by a CIEDE2000 of more than 20 to eyes without and with each kind of colour-blindness, as tests hold them to: two genes
are blue and orange, and every gene that is added makes a spot darker on light and lighter on dark, which needs no colour vision. Red
and green, the usual pair, look alike to many.
"""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core.errors import FigureError
from core.figures import charts
from core.figures.colours import STYLES, Style, Theme
from core.text import in_figure

MOST_GENES = 3
"""Mixtures of four could not be told apart."""

# By number of genes and theme: which genes are at their most, and the colour there.
_CORNERS: Mapping[tuple[int, Theme], Mapping[tuple[int, ...], str]] = {
    (2, "light"): {(0, 0): "#E3E9F3", (1, 0): "#2F7BD9", (0, 1): "#E8A013", (1, 1): "#2A1F3D"},
    (2, "dark"): {(0, 0): "#212C3D", (1, 0): "#4C6FFF", (0, 1): "#D98200", (1, 1): "#FFFFFF"},
    (3, "light"): {
        (0, 0, 0): "#E3E9F3", (1, 0, 0): "#429CFF", (0, 1, 0): "#FFDB66", (0, 0, 1): "#A26F84",
        (1, 1, 0): "#788703", (1, 0, 1): "#2928C4", (0, 1, 1): "#6B1900", (1, 1, 1): "#140A1E",
    },
    (3, "dark"): {
        (0, 0, 0): "#212C3D", (1, 0, 0): "#7735D1", (0, 1, 0): "#166D3C", (0, 0, 1): "#759B18",
        (1, 1, 0): "#C06E89", (1, 0, 1): "#BF9BEE", (0, 1, 1): "#85FF6B", (1, 1, 1): "#FFFFFF",
    },
}  # fmt: skip
_LEVELS = {2: 16, 3: 8}
_SQUARE_PX, _TILES = 190, 12
# Gene across, gene up, and a third gene held at its least (0) or most (1).
_SQUARES: Mapping[int, Sequence[tuple[int, int, tuple[int, int] | None]]] = {
    2: [(0, 1, None)],
    3: [(0, 1, (2, 0)), (0, 2, (1, 0)), (1, 2, (0, 0)), (0, 1, (2, 1))],
}


def corners(n_genes: int, theme: Theme) -> Mapping[tuple[int, ...], str]:
    """Look up the colours of genes at their least and their most.

    Parameters
    ----------
    n_genes : int
        Two or three.
    theme : {"light", "dark"}

    Returns
    -------
    mapping of tuple of int to str
        By 0 (least) or 1 (most) of each gene, in hexadecimal.

    Raises
    ------
    FigureError
        If the number is another.
    """
    if (n_genes, theme) not in _CORNERS:
        raise FigureError(f"{n_genes} genes cannot be blended: choose two or three, or show them side by side.")
    return _CORNERS[n_genes, theme]


def blended(shares: np.ndarray, theme: Theme) -> np.ndarray:
    """Mix the colours of genes.

    Parameters
    ----------
    shares : ndarray of shape (n, n_genes), float
        Of each gene, from 0 (its least) to 1 (its most).
    theme : {"light", "dark"}

    Returns
    -------
    ndarray of shape (n, 3), float
        Red, green and blue from 0 to 255.
    """
    mixed = np.zeros((len(shares), 3))
    for corner, colour in corners(shares.shape[1], theme).items():
        weight = np.where(corner, shares, 1 - shares).prod(axis=1)
        mixed += weight[:, None] * [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return mixed


def coded(
    values: Sequence[np.ndarray], limits: Sequence[tuple[float, float]], theme: Theme
) -> tuple[np.ndarray, list[str]]:
    """Give each spot one of a few colours, so that a map draws many spots at once.

    Parameters
    ----------
    values : sequence of ndarray of shape (n_spots,), float
        Of two or three genes.
    limits : sequence of (float, float)
        Values of each gene at the ends of its scale; beyond them it has the colours of the ends.
    theme : {"light", "dark"}

    Returns
    -------
    codes : ndarray of shape (n_spots,), int
        Indices into the colours.
    colours : list of str
        Hexadecimal: of 16 levels of each of two genes, or 8 of each of three.
    """
    n_genes = len(values)
    corners(n_genes, theme)
    levels = _LEVELS[n_genes]
    codes = np.zeros(len(values[0]), dtype=np.int64)
    for of_gene, (low, high) in zip(values, limits, strict=True):
        share = np.clip((of_gene - low) / ((high - low) or 1.0), 0, 1)
        codes = codes * levels + np.minimum(np.floor(share * levels), levels - 1).astype(np.int64)
    grid = np.array(list(itertools.product(np.linspace(0, 1, levels), repeat=n_genes)))
    mixed = np.rint(blended(grid, theme)).astype(int)
    return codes, ["#{:02X}{:02X}{:02X}".format(*colour) for colour in mixed.tolist()]


def legend(genes: Sequence[str], limits: Sequence[tuple[float, float]], *, theme: Theme = "light") -> go.Figure:
    """Draw what the colours of a blend mean.

    Parameters
    ----------
    genes : sequence of str
        Two or three.
    limits : sequence of (float, float)
        Values at the ends of each gene's scale.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A square for each two genes, one along each side; a third is at its least there. With three genes, a last square has the
        third at its most.
    """
    figure, style = go.Figure(), STYLES[theme]
    squares = _SQUARES[len(genes)]
    n_columns = n_rows = math.isqrt(len(squares))
    figure.update_layout(**charts.chart_style(theme, _SQUARE_PX * n_rows))
    figure.update_layout(margin={"t": 26})
    for place, (across, up, held) in enumerate(squares):
        row, column = divmod(place, n_columns)
        left, top = column / n_columns, 1 - row / n_rows
        figure.add_image(
            z=_pixels(len(genes), across, up, held, theme),
            xaxis=f"x{place + 1}",
            yaxis=f"y{place + 1}",
            hoverinfo="skip",
        )
        _add_axis(figure, f"xaxis{place + 1}", genes[across], limits[across], (left, left + 0.8 / n_columns), style)
        _add_axis(figure, f"yaxis{place + 1}", genes[up], limits[up], (top - 0.62 / n_rows, top), style)
        if held is not None:
            words = f"{in_figure(genes[held[0]])} at its {'most' if held[1] else 'least'}"
            charts.write_above(figure, words, left, style, y=top)
    return figure


def _pixels(n_genes: int, across: int, up: int, held: tuple[int, int] | None, theme: Theme) -> np.ndarray:
    ramp, shares = np.linspace(0, 1, _TILES), np.zeros((_TILES**2, n_genes))
    shares[:, across], shares[:, up] = np.tile(ramp, _TILES), np.repeat(ramp, _TILES)
    if held is not None:
        shares[:, held[0]] = held[1]
    return np.rint(blended(shares, theme)).reshape(_TILES, _TILES, 3)


def _add_axis(
    figure: go.Figure, name: str, gene: str, limits: tuple[float, float], domain: tuple[float, float], style: Style
) -> None:
    letter, number = name[0], name.removeprefix(f"{name[0]}axis")
    figure.layout[name] = charts.axis(
        style, domain=[max(0.0, domain[0]), min(1.0, domain[1])], showgrid=False, tickvals=[0, _TILES - 1], range=[-0.5, _TILES - 0.5],
        ticktext=[f"{value:.3g}" for value in limits], automargin=True, constrain="domain", anchor=f"{'y' if letter == 'x' else 'x'}{number}",
        title={"text": in_figure(gene), "standoff": 2, "font": {"color": style.text, "size": 13}}, ticks="",
        **({"scaleanchor": f"x{number}", "constraintoward": "top"} if letter == "y" else {"constraintoward": "left"}),
    )  # fmt: skip
