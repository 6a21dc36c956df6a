"""Maps of tissue: spots as hexagons, or off the lattice as squares, in micrometres; a scale bar; the direction of depth.

Pieces that `core.figures.comparison` puts together. Spots of one label are drawn as one outline: the picture is small,
fills the tissue at any zoom, and leaves as true vectors.
"""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.coordinates import COL_PITCH_UM, ROW_PITCH_UM, Coordinates
from core.depth import FoundDirection, across_layers_um
from core.figures.colours import Style
from core.figures.depth_lines import depth_lines

# Corners of a spot's hexagon, clockwise on a picture with y down, in half columns (50 um) and thirds of a row (28.9 um):
# whole numbers, so that neighbours' corners meet exactly.
_CORNERS = ((0, -2), (1, -1), (1, 1), (0, 2), (-1, 1), (-1, -1))
_CORNER_UM = np.array([COL_PITCH_UM, ROW_PITCH_UM / 3])

# An arrow of length 1 about the origin: along it, and to its side.
_ARROW = np.array(
    [[-0.5, -0.012], [0.4, -0.012], [0.4, -0.05], [0.5, 0.0], [0.4, 0.05], [0.4, 0.012], [-0.5, 0.012]], dtype=float
)


MOST_SQUARES = 100_000
"""Spots that a figure draws at most; of more, one in each square of a raster stands for its neighbours."""


def thinned(coordinates: Coordinates) -> tuple[np.ndarray, Coordinates]:
    """Choose the spots that a figure draws: all, or one for each square of a raster that has about :data:`MOST_SQUARES`.

    Parameters
    ----------
    coordinates : Coordinates

    Returns
    -------
    spots : ndarray of int
        Indices. In each square the first spot of the sample, wherever in the square it lies.
    coordinates : Coordinates
        Theirs; of a raster, the middles of its squares, each of which has the tissue of the spots that it stands for.
    """
    if len(coordinates) <= MOST_SQUARES:
        return np.arange(len(coordinates)), coordinates
    side_um = float(np.sqrt(coordinates.spot_um2 * len(coordinates) / MOST_SQUARES))
    squares = np.floor(coordinates.tissue_um / side_um).astype(np.int64)
    squares -= squares.min(axis=0)
    found, spots = np.unique(squares[:, 1] * (squares[:, 0].max() + 1) + squares[:, 0], return_index=True)
    unit = side_um / float(np.sqrt(2))  # of which a spot takes two square ones
    corner = np.floor(coordinates.tissue_um.min(axis=0) / side_um)
    middles_um = (np.column_stack(np.divmod(found, squares[:, 0].max() + 1)) + corner[::-1] + 0.5) * side_um
    raster = Coordinates(
        positions=middles_um / unit, unit_um=(unit, unit), on_lattice=False, unit_known=coordinates.unit_known
    )
    return spots, raster


def thinned_in_words(n_spots: int) -> str:
    """Say that a map stands for more spots than it draws; empty where it draws all."""
    return "" if n_spots <= MOST_SQUARES else f", each square one of about {n_spots / MOST_SQUARES:.0f} spots"


def outlines(coordinates: Coordinates) -> tuple[np.ndarray, np.ndarray]:
    """Outline the area that spots cover.

    Parameters
    ----------
    coordinates : Coordinates
        Of the spots. On the lattice each is a hexagon that touches its neighbours, off it a square of a spot's area, its
        corners moved by up to a quarter of its side so that neighbours join.

    Returns
    -------
    x_um, y_um : ndarray of float
        Corners of all outlines one after another, each closed, NaN between them. Holes run the other way round, so that
        they stay open under SVG's non-zero rule.

    Notes
    -----
    Edges shared by two of the hexagons run in both directions and cancel. On the Visium lattice at most three hexagons meet
    at a corner, so one edge at most goes on from each corner. Squares are drawn as the lines of a raster: as many corners as
    the label has borders, however many its cells.
    """
    if not coordinates.on_lattice:
        return _raster_lines(coordinates)
    lattice = coordinates.positions.astype(np.int64)
    loops = _boundary(lattice) if len({int(parity) for parity in lattice.sum(axis=1) % 2}) < 2 else _hexagons(lattice)
    gap = np.full((1, 2), np.nan)
    pieces = [piece for loop in loops for piece in (np.array([*loop, loop[0]]) * _CORNER_UM, gap)]
    points = np.concatenate([*pieces, np.empty((0, 2))])
    return points[:-1, 0], points[:-1, 1]


def _raster_lines(coordinates: Coordinates) -> tuple[np.ndarray, np.ndarray]:
    """Outline squares by rectangles that are half a square high and as long as squares join."""
    pixel_um = coordinates.spot_um2**0.5 / 2
    column, row = np.rint(coordinates.tissue_um / pixel_um).astype(np.int64).T
    pixels = np.unique(
        np.concatenate([np.column_stack((row + r, column + c)) for r in (-1, 0) for c in (-1, 0)]), axis=0
    )
    joined = (np.diff(pixels[:, 0], prepend=np.nan) == 0) & (np.diff(pixels[:, 1], prepend=np.nan) == 1)
    starts = np.flatnonzero(~joined)
    ends = np.append(starts[1:], len(pixels))[: len(starts)] - 1
    top, left, right = pixels[starts, 0], pixels[starts, 1], pixels[ends, 1] + 1
    gap = np.full(len(starts), np.nan)
    x = np.column_stack((left, right, right, left, left, gap)).ravel()[:-1]
    y = np.column_stack((top, top, top + 1, top + 1, top, gap)).ravel()[:-1]
    return x * pixel_um, y * pixel_um


def _hexagons(lattice: np.ndarray) -> list[list[tuple[int, int]]]:
    return [[(int(col) + dx, 3 * int(row) + dy) for dx, dy in _CORNERS] for row, col in lattice]


def _boundary(lattice: np.ndarray) -> list[list[tuple[int, int]]]:
    hexagons = _hexagons(lattice)
    edges = {edge for corners in hexagons for edge in zip(corners, corners[1:] + corners[:1], strict=True)}
    onward = dict(edge for edge in edges if edge[::-1] not in edges)
    loops = []
    while onward:
        first, corner = onward.popitem()
        loop = [first]
        while corner != first:
            loop.append(corner)
            corner = onward.pop(corner)
        loops.append(loop)
    return loops


def area(coordinates: Coordinates, name: str, colour: str, panel: int, *, group: str) -> go.Scatter:
    """Fill the area of the spots of one label.

    Parameters
    ----------
    coordinates : Coordinates
        The spots of that label.
    name, colour : str
    panel : int
        1 for the left map, 2 for the right one.
    group : str
        Areas of one group are switched on and off together, by their :func:`legend_key`.

    Returns
    -------
    plotly.graph_objects.Scatter
    """
    x_um, y_um = outlines(coordinates)
    return go.Scatter(
        x=x_um.astype(np.float32),
        y=y_um.astype(np.float32),
        xaxis=f"x{panel}",
        yaxis=f"y{panel}",
        mode="lines",
        # The line closes the hairline that antialiasing leaves between two areas.
        line={"width": 0.7, "color": colour},
        fill="toself",
        fillcolor=colour,
        hoverinfo="skip",
        name=name,
        legendgroup=group,
        showlegend=False,
    )


def legend_key(name: str, colour: str, group: str, *, rank: int) -> go.Scatter:
    """Make a square entry in the legend for a group of areas.

    Parameters
    ----------
    name, colour, group : str
    rank : int
        Entries stand in the order of their ranks.

    Returns
    -------
    plotly.graph_objects.Scatter
        A trace without points.
    """
    return go.Scatter(
        x=[None],
        y=[None],
        mode="markers",
        marker={"symbol": "square", "size": 12, "color": colour},
        name=name,
        legendgroup=group,
        legendrank=rank,
        hoverinfo="skip",
    )


def hover(coordinates: Coordinates, names: Sequence[str], texts: Sequence[str], panel: int) -> go.Scatter:
    """Show text when the pointer is over a spot, without drawing anything.

    Parameters
    ----------
    coordinates : Coordinates
    names : sequence of str
        Barcode, or another name, of each spot.
    texts : sequence of str
        What else to say of each spot, in HTML.
    panel : int

    Returns
    -------
    plotly.graph_objects.Scatter
    """
    centres_um = coordinates.tissue_um
    where = (
        "Array row %{customdata[0]}, column %{customdata[1]}"
        if coordinates.on_lattice
        else f"x %{{x:,.1f}} {coordinates.length_unit}, y %{{y:,.1f}} {coordinates.length_unit}"
    )
    return go.Scatter(
        x=centres_um[:, 0].astype(np.float32),
        y=centres_um[:, 1].astype(np.float32),
        xaxis=f"x{panel}",
        yaxis=f"y{panel}",
        mode="markers",
        marker={"opacity": 0, "size": 6},
        text=names,
        hovertext=texts,
        customdata=coordinates.positions.astype(np.int32) if coordinates.on_lattice else None,
        hovertemplate=f"<b>%{{text}}</b><br>%{{hovertext}}<br>{where}<extra></extra>",
        showlegend=False,
    )


def extent_um(coordinates: Coordinates) -> tuple[float, float, float, float]:
    """Give the box around all hexagons or squares.

    Parameters
    ----------
    coordinates : Coordinates

    Returns
    -------
    left, right, top, bottom : float
        Micrometres; y grows downwards.
    """
    centres_um = coordinates.tissue_um
    (left, top), (right, bottom) = centres_um.min(axis=0), centres_um.max(axis=0)
    half_side = coordinates.spot_um2**0.5 / 2
    half_width, half_height = (COL_PITCH_UM, ROW_PITCH_UM * 2 / 3) if coordinates.on_lattice else (half_side, half_side)
    return float(left) - half_width, float(right) + half_width, float(top) - half_height, float(bottom) + half_height


def scale_bar_um(width_um: float) -> float:
    """Choose a round length (1, 2 or 5 times a power of ten) of at most a quarter of the width.

    Parameters
    ----------
    width_um : float

    Returns
    -------
    float

    Examples
    --------
    >>> scale_bar_um(6400.0)
    1000.0
    """
    power = 10.0 ** math.floor(math.log10(width_um / 4))
    return max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= width_um / 4)


def length_name(length_um: float, unit: str = "µm") -> str:
    """Write a length as people read it.

    Parameters
    ----------
    length_um : float
    unit : str
        As :attr:`core.coordinates.Coordinates.length_unit` gives it.

    Returns
    -------
    str
        Such as `1 mm`, `500 µm` or `500 units`.
    """
    return f"{length_um / 1000:g} mm" if unit == "µm" and length_um >= 1000 else f"{length_um:,g} {unit}"


def add_scale_bar(figure: go.Figure, coordinates: Coordinates, style: Style) -> None:
    """Draw a scale bar below the tissue's left edge, on the left map.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Changed in place.
    coordinates : Coordinates
    style : Style
    """
    left, right, top, bottom = extent_um(coordinates)
    length, y = scale_bar_um(right - left), bottom + 0.035 * (bottom - top)
    line = {"color": style.text, "width": 2.5}
    figure.add_shape(type="line", x0=left, x1=left + length, y0=y, y1=y, xref="x", yref="y", line=line)
    figure.add_annotation(
        x=left + length, y=y, xref="x", yref="y", text=length_name(length, coordinates.length_unit), showarrow=False, xanchor="left", xshift=6,
        font={"size": 12, "color": style.text},
    )  # fmt: skip


def add_depth(
    figure: go.Figure, coordinates: Coordinates, found: FoundDirection | None, style: Style, *, panel: int = 1
) -> None:
    """Draw the depth that a run used: an arrow across the layers, or lines of equal depth where it bends; none where it took no part.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Changed in place.
    coordinates : Coordinates
    found : FoundDirection or None
    style : Style
    panel : int
        Which map, counted from 1 on the left.
    """
    if found is None or not found.takes_part:
        return
    if found.bend is None:
        add_direction(figure, coordinates, found.angle, style, panel=panel)
        return
    ends = [np.vstack((line, [[np.nan, np.nan]])) for line in depth_lines(coordinates, found.bend)]
    x_um, y_um = np.concatenate(ends).T if ends else ([], [])
    for colour, width in ((style.paper, 2.5), (style.text, 1.0)):
        line = {"color": colour, "width": width}
        figure.add_scatter(
            x=x_um,
            y=y_um,
            xaxis=f"x{panel}",
            yaxis=f"y{panel}",
            mode="lines",
            line=line,
            hoverinfo="skip",
            showlegend=False,
        )


def add_direction(figure: go.Figure, coordinates: Coordinates, angle: float, style: Style, *, panel: int = 1) -> None:
    """Draw the direction of increasing depth as an arrow through the middle of a map.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Changed in place.
    coordinates : Coordinates
    angle : float
        Radians, in the coordinates of the positions.
    style : Style
    panel : int
        Which map, counted from 1 on the left.
    """
    left, right, top, bottom = extent_um(coordinates)
    middle, length = np.array([left + right, top + bottom]) / 2, 0.4 * min(right - left, bottom - top)
    along = across_layers_um(angle, coordinates.unit_um)
    corners = middle + length * (_ARROW @ np.array([along, [-along[1], along[0]]]))
    path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in corners) + "Z"
    # The rim in the paper's colour keeps the arrow visible on every layer's colour.
    figure.add_shape(
        type="path",
        path=path,
        xref="x" if panel == 1 else f"x{panel}",
        yref="y" if panel == 1 else f"y{panel}",
        fillcolor=style.text,
        line={"color": style.paper, "width": 1.5},
    )
