"""A depth that bends: the coordinate across layers that are curved, found without an annotation.

The paper's direction is one angle for the whole tissue. Here depth d is a polynomial over the tissue, and expression is taken to
be a smooth function g of depth alone. Both are found together, so that g(d) comes as near to the spatial factors as it can: a
single-index model (Ichimura 1993, doi 10.1016/0304-4076(93)90114-K) whose index is curved, by rounds of Gauss and Newton.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.interpolate import BSpline

from core.coordinates import Coordinates, canonical_order
from core.depth import Bend, FoundDirection, across_layers_um, bending_terms, depth
from core.method.neighbours import averaged_by, in_order, mean_over_neighbours, neighbour_graph
from core.method.threads import one_thread
from core.side_by_side import by_blocks

_ANGLES = np.arange(60) * np.pi / 60
_STARTING_FACTORS = 3  # the strongest: each is tried as a first guess of depth
_KNOTS = 12  # of the curve g, at quantiles of depth
_CURVE_RIDGE = 1e-3  # of the spots between two knots
_MAX_ROUNDS = 40
_STEPS = (1.0, 0.5, 0.25, 0.1, 0.03)  # shares of a step, tried in turn until one gains
_LEAST_GAIN = 1e-5
_STRUCTURE_HOPS = 4  # what is left after averaging so often counts as structure of the tissue
_N_FITTED = 20_000  # spots that the bend is learnt from
_N_CHECKED = 3000  # spots that it is learnt from without those left out
_BLOCKS, _FOLDS = 8, 4  # blocks along the longer side of the tissue; in how many parts they are left out
_FEWEST_BY_TERM = 5  # spots: with fewer nothing is learnt that could be checked elsewhere


@dataclass(frozen=True, slots=True)
class _Fit:
    """A depth of unit variance, with the curve that it explains expression by."""

    coefficients: np.ndarray
    explained: float
    residuals: np.ndarray
    slopes: np.ndarray


def find_bend(
    factors: np.ndarray, coordinates: Coordinates, degree: int = 3, graph: sparse.csr_array | None = None
) -> FoundDirection:
    """Find the curved depth that explains most of what expression shows over the tissue.

    Parameters
    ----------
    factors : ndarray of shape (n_spots, n_factors)
        From :func:`core.method.factors.spatial_factors`, strongest first. Not modified.
    coordinates : Coordinates
    degree : int
        Of the polynomial: 1 is straight, 2 bends once, 3 lets the bend differ from end to end.
    graph : csr_array of shape (n_spots, n_spots), optional
        From :func:`core.method.neighbours.neighbour_graph`, where it is known already.

    Returns
    -------
    FoundDirection
        With a `bend`. `support` is the share of the spatial structure of the factors (what is left of their variance after
        averaging over neighbours four times) that depth explains on blocks of tissue that it was not learnt from; `angle` is the
        mean direction of depth.

    Notes
    -----
    Starts from the best straight direction and from each of the three strongest factors, these both straight first and bent at
    once, as rings ask for; the best end wins. Above 20,000 spots it learns from 20,000 spread evenly over an order fixed by
    position. One thread and that order make it independent of the order of a file and of the number of processors.

    Support in the spots that a depth is learnt from says little: on 282 spots with round domains a polynomial of degree 3
    explained 74% of the structure there, and 11% of it elsewhere. So the tissue is cut into blocks, an eighth of its longer side
    wide, a quarter of which is left out by turns.
    """
    order = canonical_order(coordinates.positions)
    graph = in_order(neighbour_graph(coordinates) if graph is None else graph, order)
    factors, coordinates = factors[order], coordinates[order]
    factors = factors - factors.mean(axis=0)
    learnt = np.linspace(0, len(order) - 1, min(len(order), _N_FITTED)).astype(int)
    with one_thread():
        centre, scale = _frame(coordinates.tissue_um)
        terms = _terms((coordinates.tissue_um - centre) / scale, degree)
        terms -= terms[learnt].mean(axis=0)
        coefficients = _best_fit(factors[learnt], terms[learnt], coordinates[learnt])
        support = _support(factors, terms, coordinates, graph)
    return _direction(coefficients, centre, scale, coordinates, support)


def _terms(points: np.ndarray, degree: int) -> np.ndarray:
    """:func:`core.depth.bending_terms`, blocks of spots side by side: powers take long."""
    terms = np.empty((len(points), bending_terms(points[:1], degree).shape[1]))

    def fill(rows: slice) -> None:
        terms[rows] = bending_terms(points[rows], degree)

    by_blocks(fill, len(points))
    return terms


def _frame(tissue_um: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre and half the longer side of the tissue, so that the terms of the polynomial are of like size."""
    low, high = tissue_um.min(axis=0), tissue_um.max(axis=0)
    return (low + high) / 2, max(float((high - low).max()) / 2, 1e-9)


def _best_fit(factors: np.ndarray, terms: np.ndarray, coordinates: Coordinates) -> np.ndarray:
    straight = _straight(factors, coordinates)
    starts = [straight, *(factors[:, index] for index in range(min(_STARTING_FACTORS, factors.shape[1])))]
    fits = [_bent(factors, terms, start) for start in starts]
    fits += [_bent_at_once(factors, terms, start) for start in starts[1:]]
    return max(fits, key=lambda fit: fit.explained).coefficients


def _bent_at_once(factors: np.ndarray, terms: np.ndarray, start: np.ndarray) -> _Fit:
    first = np.linalg.lstsq(terms, start, rcond=None)[0]
    return _refined(factors, terms, first, np.ones(terms.shape[1], dtype=bool))


def _straight(factors: np.ndarray, coordinates: Coordinates) -> np.ndarray:
    depths = [depth(coordinates.positions, angle) for angle in _ANGLES]
    return max(depths, key=lambda u: _curve(factors, _standard(u)[0])[0])


def _bent(factors: np.ndarray, terms: np.ndarray, start: np.ndarray) -> _Fit:
    """Let a first guess of depth be straight, bend once, and so on: sent to the highest degree at once it would catch on the way."""
    degrees, u = _degrees(terms.shape[1]), start
    for degree in range(1, int(degrees[-1]) + 1):
        allowed = degrees <= degree
        first = np.zeros(len(degrees))
        first[allowed] = np.linalg.lstsq(terms[:, allowed], u, rcond=None)[0]
        fit = _refined(factors, terms, first, allowed)
        u = terms @ fit.coefficients
    return fit


def _degrees(n_terms: int) -> np.ndarray:
    degrees = (degree for degree in itertools.count(1) for _ in range(degree + 1))
    return np.fromiter(itertools.islice(degrees, n_terms), dtype=int)


def _refined(factors: np.ndarray, terms: np.ndarray, coefficients: np.ndarray, allowed: np.ndarray) -> _Fit:
    fit = _fitted(factors, terms, coefficients)
    for _ in range(_MAX_ROUNDS):
        step = np.zeros_like(coefficients)
        step[allowed] = _step(fit, terms[:, allowed])
        tried = (_fitted(factors, terms, fit.coefficients + share * step) for share in _STEPS)
        better = next((new for new in tried if new.explained > fit.explained + _LEAST_GAIN), None)
        if better is None:
            break
        fit = better
    return fit


def _fitted(factors: np.ndarray, terms: np.ndarray, coefficients: np.ndarray) -> _Fit:
    u, scale = _standard(terms @ coefficients)
    explained, residuals, slopes = _curve(factors, u)
    return _Fit(coefficients / scale, explained, residuals, slopes)


def _step(fit: _Fit, terms: np.ndarray) -> np.ndarray:
    """Change of coefficients after which, to first order, depth explains most: a weighted least-squares problem.

    At spot i the residual r_i changes by -g'(u_i) du_i, so du_i ought to be (g'_i r_i) / (g'_i g'_i), with weight g'_i g'_i.
    """
    weights = np.square(fit.slopes).sum(axis=1)
    wanted = (fit.slopes * fit.residuals).sum(axis=1)
    normal = (terms.T * weights) @ terms
    normal[np.diag_indices_from(normal)] += 1e-6 * np.trace(normal) / len(normal)
    return np.asarray(np.linalg.solve(normal, terms.T @ wanted))


def _standard(u: np.ndarray) -> tuple[np.ndarray, float]:
    scale = max(float(u.std()), 1e-12)
    return (u - u.mean()) / scale, scale


def _curve(factors: np.ndarray, u: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Fit factors by a smooth curve along depth: the share of variance explained, the residuals, and the slopes of the curve."""
    curve = smooth_curve(factors, u)
    residuals = factors - curve(u)
    explained = 1 - np.square(residuals).sum() / max(np.square(factors).sum(), 1e-300)
    return float(explained), residuals, curve.derivative()(u)


def smooth_curve(factors: np.ndarray, u: np.ndarray) -> BSpline:
    """Fit factors by a smooth curve along depth: a cubic spline with knots at quantiles of depth.

    Parameters
    ----------
    factors : ndarray of shape (n_spots, n_factors)
        Centred: a small ridge draws the curve to zero.
    u : ndarray of shape (n_spots,)
        Depth, in any unit.

    Returns
    -------
    BSpline
        From depths between the least and the greatest to factors.
    """
    between = np.quantile(u, np.linspace(0, 1, _KNOTS)[1:-1])
    inner = np.unique([u.min() - 1e-6, *between, u.max() + 1e-6])
    knots = np.concatenate(([inner[0]] * 3, inner, [inner[-1]] * 3))
    splines = BSpline.design_matrix(u, knots, 3).toarray()
    normal = splines.T @ splines
    normal[np.diag_indices_from(normal)] += _CURVE_RIDGE * len(u) / _KNOTS
    return BSpline(knots, np.linalg.solve(normal, splines.T @ factors), 3)


def _support(factors: np.ndarray, terms: np.ndarray, coordinates: Coordinates, graph: sparse.csr_array) -> float:
    """Share of the structure that depth explains where it was not learnt; 0 where spots are too few to leave any out."""
    if len(factors) < _FEWEST_BY_TERM * terms.shape[1]:
        return 0.0
    left, folds = np.zeros_like(factors), _folds(coordinates.tissue_um)
    for fold in range(_FOLDS):
        seen, unseen = np.flatnonzero(folds != fold), folds == fold
        seen = seen[np.linspace(0, len(seen) - 1, min(len(seen), _N_CHECKED)).astype(int)]
        if unseen.any():
            left[unseen] = _unexplained(factors, terms, coordinates, seen, unseen)
    smooth, averaged = mean_over_neighbours(graph, own_weight=1.0), np.empty_like(factors)
    structure, unexplained = (
        np.square(averaged_by(smooth, values, _STRUCTURE_HOPS, out=averaged), out=averaged).sum()
        for values in (factors, left)
    )
    return float(np.clip(1 - unexplained / max(structure, 1e-300), 0, 1))


def _folds(tissue_um: np.ndarray) -> np.ndarray:
    """Deal blocks of the tissue out to be left out by turns."""
    low, sides = tissue_um.min(axis=0), np.ptp(tissue_um, axis=0)
    cells = np.minimum((tissue_um - low) / max(float(sides.max()), 1e-9) * _BLOCKS, _BLOCKS - 1).astype(int)
    dealt = np.random.default_rng(0).permuted(np.arange(_BLOCKS**2) % _FOLDS).reshape(_BLOCKS, _BLOCKS)
    return np.asarray(dealt[cells[:, 0], cells[:, 1]])


def _unexplained(
    factors: np.ndarray, terms: np.ndarray, coordinates: Coordinates, seen: np.ndarray, unseen: np.ndarray
) -> np.ndarray:
    """Compute what a depth and a curve learnt from the spots seen leave of the factors of the others.

    Learnt from nowhere: a depth that learns on from where all spots led it remembers those left out.
    """
    if len(seen) < _FEWEST_BY_TERM * terms.shape[1]:
        return factors[unseen]
    mean = factors[seen].mean(axis=0)
    centred, moved = factors[seen] - mean, terms - terms[seen].mean(axis=0)
    u = moved @ _best_fit(centred, moved[seen], coordinates[seen])
    curve = smooth_curve(centred, u[seen])
    return np.asarray(factors[unseen] - mean - curve(np.clip(u[unseen], u[seen].min(), u[seen].max())))


def _direction(
    coefficients: np.ndarray, centre: np.ndarray, scale: float, coordinates: Coordinates, support: float
) -> FoundDirection:
    """Write the depth in micrometres (a mean slope of 1), growing along its own mean direction."""
    bend = Bend(centre_um=tuple(centre.tolist()), scale_um=scale, coefficients=tuple(coefficients.tolist()))
    slopes = _slopes(bend, coordinates.tissue_um)
    mean, steepness = slopes.mean(axis=0), max(float(np.linalg.norm(slopes, axis=1).mean()), 1e-12)
    down_um, across_um = coordinates.unit_um
    angle = round(float(np.arctan2(-mean[0] * across_um, mean[1] * down_um) % np.pi), 6) % np.pi
    sign = 1.0 if mean @ across_layers_um(angle, coordinates.unit_um) >= 0 else -1.0
    in_um = tuple((sign * coefficients / steepness).tolist())
    return FoundDirection(
        angle=angle,
        method="bending",
        support=support,
        bend=Bend(centre_um=bend.centre_um, scale_um=scale, coefficients=in_um),
    )


def _slopes(bend: Bend, tissue_um: np.ndarray) -> np.ndarray:
    slopes = np.empty_like(tissue_um)

    def fill(rows: slice) -> None:
        slopes[rows] = bend.slopes(tissue_um[rows])

    by_blocks(fill, len(tissue_um))
    return slopes
