"""Ways across the layers: the curves that follow the gradient of depth through the tissue, and lengths along them.

A bending depth says which spots are equally deep, not how far apart they are: its slope differs from place to place. Lengths are
taken along the ways, so that any other depth with the same lines of equal depth gives the same ones.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import polynomial
from scipy.spatial import cKDTree

from core.coordinates import Coordinates, canonical_order
from core.depth import Bend, FoundDirection, across_layers_um

MOST_WAYS = 1500
"""Ways that a section is measured along, at most."""

_STEPS_TO_LEVEL = 24
_FLAT = 0.02  # of the mean slope: below it depth has no direction
_MISSED = 0.02  # of the range of depth: a way that ends farther from the middle level never met it
_STEPS_PER_SPOT = 3  # points of a way, and cells of the map of nearest spots, between two spots
_REACH = {True: 1.2, False: 3.0}  # spacings: farther from all spots there is no tissue
_MOST_CELLS = 4_000_000  # of the map of nearest spots; cells far apart are looked up one by one
_SHARPEST_TURN = 0.5  # cosine: a way that turns more in one step has come to a peak of depth
_SPREAD = np.array([0.7548776662466927, 0.5698402909980532])  # the plane's golden ratio: Roberts' R2 sequence

OfPoints = Callable[[np.ndarray], np.ndarray]
"""Of points of shape (2, n); their gradients or headings, of shape (2, n), or their nearest spots, of shape (n,)."""


def positions_um(found: FoundDirection, coordinates: Coordinates) -> np.ndarray:
    """Measure how far along its way across the layers each spot lies.

    Parameters
    ----------
    found : FoundDirection
    coordinates : Coordinates

    Returns
    -------
    ndarray of shape (n_spots,)
        Micrometres, or units of the file where the sample's unit is not known; 0 at the shallowest spot. NaN where a spot's way
        never meets the middle level, as beyond a saddle of depth.

    Notes
    -----
    The position is the length of the way from the spot to the middle level of depth (that of the median spot), with the sign of
    the depth between them: the solution of grad T . grad d = norm(grad d) with T = 0 on that level. Two spots of one way are
    therefore exactly as far apart as the way between them is long, and T does not change if depth is replaced by any rising
    function of it. Where layers are not parallel, ways of different length join the same two levels, so that only one level can
    lie at one position everywhere: the middle one, as the sign of depth is arbitrary and neither end is known to be the surface.
    It lies in the midst of the tissue, so that ways to it are short and seldom have to be followed beyond the tissue's edge.
    Along a straight direction it is the depth itself, to the last bit. Runge and Kutta's method of fourth order, with depth as
    time.
    """
    depth = found.depth_um(coordinates)
    if found.bend is None:
        return np.asarray(depth - depth.min())
    along = _length_from_level(found.bend, coordinates.tissue_um, depth)
    return along - (np.nanmin(along) if np.isfinite(along).any() else 0.0)


def _length_from_level(bend: Bend, tissue_um: np.ndarray, depth: np.ndarray) -> np.ndarray:
    gradient = _gradient(bend)
    level, at, length = np.median(depth), tissue_um.T, np.zeros(len(depth))
    step = (level - depth) / _STEPS_TO_LEVEL
    least = (_FLAT * np.linalg.norm(gradient(at), axis=0).mean()) ** 2

    def rates(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slope = gradient(point)
        squared = np.maximum((slope * slope).sum(axis=0), max(least, 1e-300))
        return slope / squared, 1 / np.sqrt(squared)

    for _ in range(_STEPS_TO_LEVEL):
        move, first = rates(at)
        moves, lengths = [move], [first]
        for share in (0.5, 0.5, 1.0):
            move, rate = rates(at + share * step * move)
            moves, lengths = [*moves, move], [*lengths, rate]
        at = at + step / 6 * (moves[0] + 2 * moves[1] + 2 * moves[2] + moves[3])
        length = length - step / 6 * (lengths[0] + 2 * lengths[1] + 2 * lengths[2] + lengths[3])
    missed = np.abs(bend.depth_um(at.T) - level) > _MISSED * np.ptp(depth)
    return np.where(missed, np.nan, length)


def _gradient(bend: Bend) -> OfPoints:
    """Differentiate the polynomial: a function of points of shape (2, n) that gives gradients of shape (2, n)."""
    size = bend.degree + 1
    powers = np.zeros((size, size))
    terms = [(total - of_y, of_y) for total in range(1, size) for of_y in range(total + 1)]
    powers[tuple(np.array(terms).T)] = bend.coefficients
    along_x = np.zeros_like(powers)
    along_y = np.zeros_like(powers)
    along_x[:-1] = polynomial.polyder(powers, axis=0)
    along_y[:, :-1] = polynomial.polyder(powers, axis=1)
    both = np.stack([along_x, along_y], axis=-1)[: max(size - 1, 1), : max(size - 1, 1)] / bend.scale_um
    centre = np.array(bend.centre_um)[:, None]

    def gradient(points: np.ndarray) -> np.ndarray:
        x, y = (points - centre) / bend.scale_um
        return np.asarray(polynomial.polyval(y, polynomial.polyval(x, both), tensor=False))

    return gradient


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Ways across the layers through points spread evenly over the tissue.

    Parameters
    ----------
    spots : ndarray of shape (n_ways, 2, n_steps), int32
        The spot nearest to each point of a way, from its start against the gradient of depth and then along it; `n_spots` from
        where the way has left the tissue, or depth has come to its peak. The last is always `n_spots`.
    points : ndarray of shape (n_ways, 2, n_steps, 2), float32
        x and y of these points, in micrometres from the corner of the tissue.
    tissue : ndarray of shape (n_spots + 1, 2), float32
        Spots in the same frame.
    step_um, spacing_um : float
        Between two points, and between two spots.
    """

    spots: np.ndarray
    points: np.ndarray
    tissue: np.ndarray
    step_um: float
    spacing_um: float


def trace_ways(found: FoundDirection, coordinates: Coordinates) -> Ways:
    """Follow the gradient of depth both ways from points all over the tissue, to its edges.

    Parameters
    ----------
    found : FoundDirection
    coordinates : Coordinates

    Returns
    -------
    Ways
        At most :data:`MOST_WAYS`, through spots spread evenly over an order fixed by position. Each starts anywhere within half
        a spacing of its spot (a fixed sequence that fills the plane evenly), since rows of spots would all meet the zigzag of a
        border at one place.
    """
    spacing = float(np.sqrt(2 / np.sqrt(3) * coordinates.spot_um2))  # of hexagons of that area
    heading, step = _heading(found, coordinates), spacing / _STEPS_PER_SPOT
    order = canonical_order(coordinates.positions)  # else which of two equally near spots is met depends on the file
    tissue = (coordinates.tissue_um - coordinates.tissue_um.min(axis=0))[order]
    nearest = _nearest_spot(tissue, step, _REACH[coordinates.on_lattice] * spacing)
    starts = _starts(tissue, spacing)
    origin = coordinates.tissue_um.min(axis=0)[:, None]

    def turned(sign: int, points: np.ndarray) -> np.ndarray:
        return sign * heading(points + origin)

    halves = [_followed(starts, functools.partial(turned, sign), nearest, step, len(tissue)) for sign in (-1, 1)]
    n_steps = max(spots.shape[1] for spots, _ in halves)
    numbers = np.append(order, len(order)).astype(np.int32)
    return Ways(
        numbers[np.stack([_widened(spots, n_steps, len(tissue)) for spots, _ in halves], axis=1)],
        np.stack([_widened(points, n_steps, 0) for _, points in halves], axis=1),
        np.vstack([tissue[np.argsort(order)], np.zeros(2)]).astype(np.float32),
        step,
        spacing,
    )


def _heading(found: FoundDirection, coordinates: Coordinates) -> OfPoints:
    if found.bend is None:
        across = across_layers_um(found.angle, coordinates.unit_um)[:, None]
        return lambda points: np.broadcast_to(across, points.shape)
    gradient = _gradient(found.bend)

    def heading(points: np.ndarray) -> np.ndarray:
        slope = gradient(points)
        return slope / np.maximum(np.sqrt((slope * slope).sum(axis=0)), 1e-300)

    return heading


def _starts(tissue: np.ndarray, spacing: float) -> np.ndarray:
    chosen = np.linspace(0, len(tissue) - 1, min(len(tissue), MOST_WAYS)).astype(int)
    offsets = (np.arange(len(chosen))[:, None] * _SPREAD) % 1 - 0.5
    return np.ascontiguousarray((tissue[chosen] + spacing * offsets).T)


def _nearest_spot(tissue: np.ndarray, cell: float, reach: float) -> OfPoints:
    """Draw the map of nearest spots once: looking one up is then a matter of rounding."""
    tree, margin = cKDTree(tissue), int(np.ceil(reach / cell)) + 2
    columns, rows = (int(cells) + 2 * margin for cells in np.ceil(tissue.max(axis=0) / cell))
    if columns * rows > _MOST_CELLS:
        return lambda points: np.asarray(tree.query(points.T, distance_upper_bound=reach)[1], dtype=np.int32)
    y, x = np.mgrid[:rows, :columns]
    corners = np.column_stack([x.ravel(), y.ravel()]) * cell - margin * cell
    nearest = np.asarray(tree.query(corners, distance_upper_bound=reach)[1], dtype=np.int32)

    def look_up(points: np.ndarray) -> np.ndarray:
        column, row = np.rint(points / cell).astype(np.intp) + margin
        return np.asarray(nearest[np.clip(row, 0, rows - 1) * columns + np.clip(column, 0, columns - 1)])

    return look_up


def _followed(
    starts: np.ndarray, heading: OfPoints, nearest: OfPoints, step: float, outside: int
) -> tuple[np.ndarray, np.ndarray]:
    """Follow a heading by the midpoint rule until all ways have left the tissue."""
    at, here = starts, nearest(starts)
    last, alive = heading(at), np.arange(starts.shape[1])
    spots, points = [here], [at.T.astype(np.float32)]
    extent = 4 * outside + 4  # no way passes a spot more often than that
    while alive.size and len(spots) < extent:
        middle = heading(at + step / 2 * last)
        at = at + step * middle
        here = np.where((middle * last).sum(axis=0) < _SHARPEST_TURN, outside, nearest(at))
        row, place = np.full(starts.shape[1], outside, np.int32), np.zeros((starts.shape[1], 2), np.float32)
        row[alive], place[alive] = here, at.T
        spots, points = [*spots, row], [*points, place]
        stays = here < outside
        at, last, alive = at[:, stays], middle[:, stays], alive[stays]
    closed = np.full(starts.shape[1], outside, np.int32)
    return np.stack([*spots, closed], axis=1), np.stack([*points, points[-1]], axis=1)


def _widened(of_ways: np.ndarray, n_steps: int, filling: int) -> np.ndarray:
    missing = n_steps - of_ways.shape[1]
    return np.pad(of_ways, [(0, 0), (0, missing)] + [(0, 0)] * (of_ways.ndim - 2), constant_values=filling)
