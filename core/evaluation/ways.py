"""Ways across the layers: the curves that follow the gradient of depth through the tissue, and lengths along them.

A bending depth says which spots are equally deep, not how far apart they are: its slope differs from place to place. Lengths are
taken along the ways, so that any other depth with the same lines of equal depth gives the same ones.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import polynomial

from core.coordinates import Coordinates, canonical_order
from core.depth import Bend, FoundDirection, across_layers_um
from core.evaluation.following import Slope, Tissue, bucket_of, follow

MOST_WAYS = 1500
"""Ways that a section is measured along, at most."""

_STEPS_TO_LEVEL = 24
_FLAT = 0.02  # of the mean slope: below it depth has no direction
_MISSED = 0.02  # of the range of depth: a way that ends farther from the middle level never met it
_STEPS_PER_SPOT = 3  # points of a way between two spots
_REACH = {True: 1.2, False: 3.0}  # spacings: farther from all spots there is no tissue
_MOST_COLUMNS = 1_000_000_000  # and rows of cells that spots are sorted by: few enough to be multiplied
_USUAL_STEPS = 1024  # that there is room for at first
_SHARPEST_TURN = 0.5  # cosine: a way that turns more in one step has come to a peak of depth
_SPREAD = np.array([0.7548776662466927, 0.5698402909980532])  # the plane's golden ratio: Roberts' R2 sequence

OfPoints = Callable[[np.ndarray], np.ndarray]
"""Of points of shape (2, n); their gradients, of shape (2, n)."""


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
    slopes, centre = _slopes(bend), np.array(bend.centre_um)[:, None]

    def gradient(points: np.ndarray) -> np.ndarray:
        x, y = (points - centre) / bend.scale_um
        return np.asarray(polynomial.polyval(y, polynomial.polyval(x, slopes), tensor=False))

    return gradient


def _slopes(bend: Bend) -> np.ndarray:
    """Coefficients of x^i y^j of the gradient, in the polynomial's own coordinates: (n_powers, n_powers, 2)."""
    size = bend.degree + 1
    powers = np.zeros((size, size))
    terms = [(total - of_y, of_y) for total in range(1, size) for of_y in range(total + 1)]
    powers[tuple(np.array(terms).T)] = bend.coefficients
    along_x = np.zeros_like(powers)
    along_y = np.zeros_like(powers)
    along_x[:-1] = polynomial.polyder(powers, axis=0)
    along_y[:, :-1] = polynomial.polyder(powers, axis=1)
    n_powers = max(size - 1, 1)
    return np.asarray(np.stack([along_x, along_y], axis=-1)[:n_powers, :n_powers] / bend.scale_um)


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
    tissue : ndarray of shape (n_spots + 1, 2)
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
    origin = coordinates.tissue_um.min(axis=0)
    order = canonical_order(coordinates.positions)  # else which of two equally near spots is met depends on the file
    in_frame = coordinates.tissue_um - origin
    tissue = _in_cells(in_frame, order, spacing, _REACH[coordinates.on_lattice] * spacing)
    step, starts = spacing / _STEPS_PER_SPOT, _starts(tissue.spots, spacing)
    spots, points = _followed(tissue, _slope(found, coordinates, origin), starts, step)
    return Ways(spots, points, np.vstack([in_frame, np.zeros(2)]), step, spacing)


def _slope(found: FoundDirection, coordinates: Coordinates, origin: np.ndarray) -> Slope:
    if found.bend is None:
        return Slope(across_layers_um(found.angle, coordinates.unit_um)[None, None], 0.0, 0.0, 1.0)
    x, y = (np.array(found.bend.centre_um) - origin).tolist()
    return Slope(_slopes(found.bend), x, y, float(found.bend.scale_um))


def _starts(tissue: np.ndarray, spacing: float) -> np.ndarray:
    chosen = np.linspace(0, len(tissue) - 1, min(len(tissue), MOST_WAYS)).astype(int)
    offsets = (np.arange(len(chosen))[:, None] * _SPREAD) % 1 - 0.5
    return np.asarray(tissue[chosen] + spacing * offsets)


def _in_cells(spots: np.ndarray, order: np.ndarray, spacing: float, reach: float) -> Tissue:
    spots = spots[order]
    side = max(spacing, float(spots.max()) / _MOST_COLUMNS)
    column, row = (spots / side).astype(np.int64).T
    n_buckets = 1 << len(spots).bit_length()
    buckets = bucket_of(row, column, n_buckets)
    return Tissue(
        spots=spots,
        numbers=np.append(order, len(order)),
        held=np.argsort(buckets, kind="stable"),
        ends=np.concatenate([[0], np.cumsum(np.bincount(buckets, minlength=n_buckets))]),
        side=side,
        reach=float(reach),
    )


def _followed(tissue: Tissue, slope: Slope, starts: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Follow the gradient both ways, until all ways have left the tissue; against it first."""
    n_ways, n_spots = len(starts), len(tissue.spots)
    n_steps, most_steps = np.zeros((2, n_ways), np.int64), 4 * n_spots + 4  # no way passes a spot more often than that

    def keep(n_points: int) -> tuple[np.ndarray, np.ndarray]:
        spots = np.full((n_ways, 2, n_points), n_spots, np.int32)
        points = np.zeros((n_ways, 2, n_points, 2), np.float32)
        for side, sign in enumerate((-1.0, 1.0)):
            room = spots[:, side], points[:, side]
            follow(tissue, slope, starts, sign, step, _SHARPEST_TURN, most_steps, n_steps[side], *room)
        return spots, points

    # Few ways are longer than the tissue is wide; where it is in pieces far apart, none is nearly so long.
    across = int(np.hypot(*tissue.spots.max(axis=0)) / step) + 2
    spots, points = keep(min(across, most_steps + 1, _USUAL_STEPS))
    needed = int(n_steps.max()) + 1
    return keep(needed) if needed > spots.shape[2] else (spots[:, :, :needed], points[:, :, :needed])
