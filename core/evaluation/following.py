"""The inner loops of ways across the layers, and of lengths along them, as machine code."""

from typing import NamedTuple, TypeVar

import numpy as np

from core.compiling import compiled, part_of_loops

_TINY = 1e-300
Whole = TypeVar("Whole", int, np.ndarray)


class Tissue(NamedTuple):
    """Spots sorted by square cells, so that the nearest one is found among few, however far apart they lie.

    Positions are micrometres from the corner of the tissue.

    Parameters
    ----------
    spots : ndarray of shape (n_spots, 2)
        x and y, in an order fixed by position.
    numbers : ndarray of shape (n_spots + 1,), int
        Of these spots in their file, and last `n_spots`, which stands for no spot.
    held : ndarray of shape (n_spots,), int
        Spots, bucket by bucket: a cell's lie in one, which may hold those of other cells, too.
    ends : ndarray of shape (n_buckets + 1,), int
        Where the spots of each bucket begin and end in `held`; the number of buckets is a power of 2.
    side : float
        Of a cell.
    reach : float
        Farther from all spots there is no tissue.
    """

    spots: np.ndarray
    numbers: np.ndarray
    held: np.ndarray
    ends: np.ndarray
    side: float
    reach: float


class Slope(NamedTuple):
    """The gradient of depth.

    Parameters
    ----------
    coefficients : ndarray of shape (n_powers, n_powers, 2)
        Of x^i y^j.
    x, y : float
        Where both are zero, in micrometres from the corner of the tissue.
    scale : float
        Micrometres of one unit of the polynomial's coordinates.
    """

    coefficients: np.ndarray
    x: float
    y: float
    scale: float


def bucket_of(row: Whole, column: Whole, n_buckets: int) -> Whole:
    """Find the bucket of a cell: neighbours have different ones, as in Teschner and others 2003 (Optimized spatial hashing).

    Parameters
    ----------
    row, column : int, or ndarray of int
        Of cells.
    n_buckets : int
        A power of 2.

    Returns
    -------
    int, or ndarray of int
    """
    return ((row * 73_856_093) ^ (column * 19_349_663)) & (n_buckets - 1)


_bucket = part_of_loops(bucket_of)


@part_of_loops
def _heading(slope: Slope, x: float, y: float) -> tuple[float, float]:
    """Direction in which depth grows, of length 1."""
    x, y, n_powers = (x - slope.x) / slope.scale, (y - slope.y) / slope.scale, len(slope.coefficients)
    along_x, along_y = 0.0, 0.0
    for of_x in range(n_powers - 1, -1, -1):
        row_x, row_y = 0.0, 0.0
        for of_y in range(n_powers - 1, -1, -1):
            row_x = row_x * y + slope.coefficients[of_x, of_y, 0]
            row_y = row_y * y + slope.coefficients[of_x, of_y, 1]
        along_x, along_y = along_x * x + row_x, along_y * x + row_y
    length = max(np.sqrt(along_x * along_x + along_y * along_y), _TINY)
    return along_x / length, along_y / length


@part_of_loops
def _squared(tissue: Tissue, spot: int, x: float, y: float) -> float:
    """Squared distance from a spot."""
    apart_x, apart_y = tissue.spots[spot, 0] - x, tissue.spots[spot, 1] - y
    return apart_x * apart_x + apart_y * apart_y


@part_of_loops
def _nearest(tissue: Tissue, x: float, y: float, near: int) -> int:
    """Find the nearest spot, the first of several, or `n_spots` where there is no tissue; `near` lies near by, unless it is `n_spots`."""
    n_spots = len(tissue.spots)
    if not (np.isfinite(x) and np.isfinite(y)):  # depth grows beyond all numbers there
        return n_spots
    best, nearest = n_spots, tissue.reach * tissue.reach
    if near < n_spots and _squared(tissue, near, x, y) <= nearest:
        best, nearest = near, _squared(tissue, near, x, y)
    radius = np.sqrt(nearest)
    first, last = int(np.floor((x - radius) / tissue.side)), int(np.floor((x + radius) / tissue.side))
    top, bottom = int(np.floor((y - radius) / tissue.side)), int(np.floor((y + radius) / tissue.side))
    for row in range(top, bottom + 1):
        for column in range(first, last + 1):
            bucket = _bucket(row, column, len(tissue.ends) - 1)
            for index in range(tissue.ends[bucket], tissue.ends[bucket + 1]):
                spot = tissue.held[index]
                squared = _squared(tissue, spot, x, y)
                if squared < nearest or (squared == nearest and spot < best):
                    best, nearest = spot, squared
    return best


@compiled
def follow(
    tissue: Tissue,
    slope: Slope,
    starts: np.ndarray,
    sign: float,
    step: float,
    sharpest_turn: float,
    most_steps: int,
    n_steps: np.ndarray,
    spots: np.ndarray,
    points: np.ndarray,
) -> None:
    """Follow the gradient of depth from each start by the midpoint rule, until it has left the tissue or turns back.

    Parameters
    ----------
    tissue : Tissue
    slope : Slope
    starts : ndarray of shape (n_ways, 2)
        In micrometres from the corner of the tissue.
    sign : float
        1 along the gradient, -1 against it.
    step : float
        Micrometres between two points.
    sharpest_turn : float
        Cosine: a way that turns more in one step ends.
    most_steps : int
        Of one way.
    n_steps : ndarray of shape (n_ways,), int
        Filled in: how many points a way has, with its start and the one where it ends.
    spots : ndarray of shape (n_ways, n_points)
        Filled in as far as there is room: the spot nearest to each point, `n_spots` at the end.
    points : ndarray of shape (n_ways, n_points, 2)
        Filled in likewise.
    """
    n_spots, n_points = len(tissue.spots), spots.shape[1]
    for way in range(len(starts)):
        x, y = starts[way]
        last_x, last_y = _heading(slope, x, y)
        here, count = _nearest(tissue, x, y, n_spots), 0
        while True:
            if count < n_points:
                spots[way, count] = tissue.numbers[here]
                points[way, count, 0], points[way, count, 1] = x, y
            count += 1
            if here == n_spots or count == most_steps:
                break
            middle_x, middle_y = _heading(slope, x + sign * step / 2 * last_x, y + sign * step / 2 * last_y)
            x, y = x + sign * step * middle_x, y + sign * step * middle_y
            turns = middle_x * last_x + middle_y * last_y < sharpest_turn
            here = n_spots if turns else _nearest(tissue, x, y, here)
            last_x, last_y = middle_x, middle_y
        n_steps[way] = count


@part_of_loops
def _nearer(point: np.ndarray, own: np.ndarray, other: np.ndarray) -> float:
    """How much nearer a point is to its own spot than to another: the difference of squared distances."""
    return (point[0] - other[0]) ** 2 + (point[1] - other[1]) ** 2 - (point[0] - own[0]) ** 2 - (point[1] - own[1]) ** 2


@compiled
def measure_stretches(
    codes: np.ndarray,
    stray: int,
    spots: np.ndarray,
    points: np.ndarray,
    tissue: np.ndarray,
    lengths: np.ndarray,
    ends: np.ndarray,
) -> None:
    """Measure how long the stretch of each way around its start is that lies in one domain.

    Parameters
    ----------
    codes : ndarray of shape (n_spots + 1,), int
        Domains of the spots, below 0 for strays and for none, as the last: that of no spot.
    stray : int
        Code of strays, which end no stretch.
    spots, points, tissue : ndarray
        As of :class:`core.evaluation.ways.Ways`.
    lengths : ndarray of shape (n_ways,)
        Filled in, in steps between two points; 0 where a way starts in no domain. Of the last step on each side, the share up to
        where the next spot is as near as its own, which is exact on a straight step.
    ends : ndarray of shape (n_ways, 2), int
        Filled in: codes beyond both ends, or that of the start where it is in no domain.
    """
    for way in range(len(spots)):
        own, lengths[way] = codes[spots[way, 0, 0]], 0.0
        if own < 0:  # no domain, or a stray
            ends[way] = own
            continue
        for side in range(2):
            last, at = 0, 1
            while codes[spots[way, side, at]] == own or codes[spots[way, side, at]] == stray:
                if codes[spots[way, side, at]] == own:
                    last = at
                at += 1
            ends[way, side] = codes[spots[way, side, at]]
            here, there = tissue[spots[way, side, last]], tissue[spots[way, side, last + 1]]
            before = _nearer(points[way, side, last], here, there)
            after = _nearer(points[way, side, last + 1], here, there)
            share = before / (before - after) if before != after else 0.0
            lengths[way] += last + min(max(share, 0.0), 1.0)
