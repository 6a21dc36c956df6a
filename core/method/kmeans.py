"""Lloyd's k-means on position and expression, exact and quick on spots with thousands of genes.

Distances are first bounded in a sketch: a few directions of expression, and how far each spot lies outside of them. Most spots are
nearest to their centre whatever the rest says; only the others are measured in full, and only spots that change their cluster are added
to the full sums. After a few rounds that is next to nothing, while scikit-learn reads the whole matrix in every round. The labels are
the same: a test compares.
"""

from dataclasses import dataclass

import numpy as np

from core.method.compiled import move_spots, nearest_by_bounds

_ROWS = 256  # rows gathered at once: a copy this small costs no memory worth naming
_COLUMNS = 1 << 15  # spots bounded at once
_SKETCHED_FROM = 384  # spots that the directions are taken from
_DIRECTIONS = 32
_SLACK = 1e-7  # of the largest squared norm: above what rounding does to a bound


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """Expression along a few orthonormal directions, and how much of each spot lies outside of them.

    Parameters
    ----------
    coordinates : ndarray of shape (n_spots, n_directions)
        About the mean.
    residuals : ndarray of shape (n_spots,)
        Norm of what the coordinates leave out.
    mean : ndarray of shape (n_features,)
    """

    coordinates: np.ndarray
    residuals: np.ndarray
    mean: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory of all arrays, in bytes."""
        return self.coordinates.nbytes + self.residuals.nbytes + self.mean.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """What is clustered: position beside weighted expression, without a copy of either.

    Parameters
    ----------
    position : ndarray of shape (n_spots, n_coordinates), float
        Best centred about 0, for the accuracy of distances.
    expression : ndarray of shape (n_spots, n_features)
    weight : float
        Multiplies expression.
    sketch : Sketch
        Of that expression.
    order : ndarray of shape (n_spots,), int
        Order in which spots are worked through: it decides the last digits of sums.
    """

    position: np.ndarray
    expression: np.ndarray
    weight: float
    sketch: Sketch
    order: np.ndarray

    def coordinates(self) -> np.ndarray:
        """Position beside the weighted sketch, in the order of work; shape (n_spots, n_coordinates + n_directions)."""
        return np.hstack([self.position, self.weight * self.sketch.coordinates])[self.order]

    def residuals(self) -> np.ndarray:
        """Weighted norms of what the coordinates leave out, in the order of work; shape (n_spots,)."""
        return np.asarray(self.weight * self.sketch.residuals[self.order])


def sketch(expression: np.ndarray, order: np.ndarray) -> Sketch:
    """Find directions along which spots differ, and measure what they leave out.

    Parameters
    ----------
    expression : ndarray of shape (n_spots, n_features)
        Not modified.
    order : ndarray of shape (n_spots,), int
        Decides which spots the directions are taken from: evenly spaced ones.

    Returns
    -------
    Sketch
        Complete, with residuals of zero, where there are few features.

    Notes
    -----
    The directions need not be the best ones: bounds hold for any, and poor ones only make k-means slower.
    """
    mean = expression.mean(axis=0)
    if expression.shape[1] <= _DIRECTIONS:
        return Sketch(expression - mean, np.zeros(len(expression)), mean)
    directions = _directions(expression, mean, order)
    coordinates, squares = np.empty((len(expression), directions.shape[1])), np.empty(len(expression))
    for first in range(0, len(expression), _ROWS):
        rows = slice(first, first + _ROWS)
        centred = expression[rows] - mean
        np.matmul(centred, directions, out=coordinates[rows])
        np.einsum("ij,ij->i", centred, centred, out=squares[rows])
    squares -= np.square(coordinates).sum(axis=1)
    return Sketch(coordinates, np.sqrt(np.maximum(squares, 0.0)), mean)


def _directions(expression: np.ndarray, mean: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Principal directions of evenly spaced spots; fewer than `_DIRECTIONS` where those vary along fewer."""
    indices = np.linspace(0, len(order) - 1, min(len(order), _SKETCHED_FROM)).astype(int)
    some = expression[order[indices]] - mean
    variances, turned = np.linalg.eigh(some @ some.T)
    leading = variances > 1e-9 * max(variances[-1], np.finfo(float).tiny)
    orthonormal: np.ndarray = np.linalg.qr(some.T @ turned[:, leading][:, -_DIRECTIONS:])[0]
    return orthonormal


def lloyd(spots: Spots, first: np.ndarray, max_iter: int) -> tuple[np.ndarray, float]:
    """Assign spots to the nearest centre and move centres to their means, until no label changes.

    Parameters
    ----------
    spots : Spots
    first : ndarray of shape (n_clusters,), int
        Spots that are the first centres, as indices into `spots.order`.
    max_iter : int
        Most rounds in which centres move.

    Returns
    -------
    labels : ndarray of shape (n_spots,), int
        0 .. n_clusters - 1, in the order of `spots.order`; of two centres equally near, the first.
    inertia : float
        Sum of squared distances to the means of the clusters.

    Notes
    -----
    A cluster that loses all its spots takes the spot farthest from its centre, as in scikit-learn; where no spot is away from its
    centre, it stays empty.
    """
    fit = _Fit(spots, first)
    for _ in range(max_iter):
        fit.move_centres()
        if not fit.assign():
            break
    return fit.labels, fit.inertia()


class _Fit:
    """State between rounds. "Known" is position and sketch, weighted; expression itself is kept as it came."""

    def __init__(self, spots: Spots, first: np.ndarray) -> None:
        self._spots, self._n_coordinates = spots, spots.position.shape[1]
        coordinates = spots.coordinates()
        self._known = np.ascontiguousarray(coordinates.T)
        self._residuals = spots.residuals()
        self._norms = np.square(self._known).sum(axis=0) + np.square(self._residuals)
        self._slack = _SLACK * float(self._norms.max())
        self._place_centres(self._expression(first) - spots.sketch.mean, coordinates[first])
        self._sums, self._known_sums = np.zeros_like(self._centres), np.zeros_like(self._known_centres)
        self._counts, self._in_order = np.zeros(len(first)), np.arange(len(coordinates))
        self.labels = np.full(len(coordinates), -1)
        self.assign()

    def move_centres(self) -> None:
        self._fill_empty()
        self._to_means()

    def assign(self) -> bool:
        """Give every spot to its nearest centre; whether any changed its label."""
        before, self.labels = self.labels, self.labels.copy()
        for first in range(0, len(before), _COLUMNS):
            block = slice(first, first + _COLUMNS)
            self.labels[block], unsure = self._nearest(block)
            for indices in _blocks(first + unsure):
                self.labels[indices] = self._measured(indices).argmin(axis=1)
        changed = np.flatnonzero(self.labels != before)
        self._add(changed, before)
        return len(changed) > 0

    def inertia(self) -> float:
        self._to_means()
        return float(self._norms.sum() - self._counts @ self._centre_norms)

    def _to_means(self) -> None:
        filled, counts = (self._counts > 0)[:, None], np.maximum(self._counts, 1)[:, None]
        self._place_centres(
            np.where(filled, self._sums / counts - self._spots.sketch.mean, self._centres),
            np.where(filled, self._known_sums / counts, self._known_centres),
        )

    def _place_centres(self, centres: np.ndarray, known: np.ndarray) -> None:
        self._centres, self._known_centres = centres, known
        in_expression = self._spots.weight**2 * np.square(centres).sum(axis=1)
        self._centre_norms = in_expression + np.square(self._positions(known)).sum(axis=1)
        outside = self._centre_norms - np.square(known).sum(axis=1)
        self._centre_residuals = np.sqrt(np.maximum(outside, 0.0))

    def _positions(self, known: np.ndarray) -> np.ndarray:
        return known[:, : self._n_coordinates]

    def _expression(self, indices: np.ndarray) -> np.ndarray:
        return self._spots.expression[self._spots.order[indices]]

    def _nearest(self, block: slice) -> tuple[np.ndarray, np.ndarray]:
        """Nearest centres by their upper bounds, and the indices within the block where another centre may be nearer.

        What a spot and a centre have outside the sketch contributes at least -|r||c| and at most |r||c| to their product.
        """
        middle = (-2.0 * self._known_centres) @ self._known[:, block]
        middle += self._centre_norms[:, None]
        nearest, unsure = np.empty(middle.shape[1], dtype=int), np.empty(middle.shape[1], dtype=bool)
        spread, residuals = 2.0 * self._centre_residuals, self._residuals[block]
        nearest_by_bounds(middle, spread, residuals, self._slack, nearest, unsure)
        return nearest, np.flatnonzero(unsure)

    def _measured(self, indices: np.ndarray) -> np.ndarray:
        """Squared distances to all centres, less the spots' own squared norms."""
        spots, mean = self._spots, self._spots.sketch.mean
        products = spots.weight**2 * (self._expression(indices) @ self._centres.T - self._centres @ mean)
        products += self._positions(self._known[:, indices].T) @ self._positions(self._known_centres).T
        return np.asarray(self._centre_norms - 2.0 * products)

    def _add(self, changed: np.ndarray, before: np.ndarray) -> None:
        """Add spots to the sums of their clusters, and take them from those where they were before."""
        order, known, counts = self._spots.order, self._known.T, np.zeros_like(self._counts)
        move_spots(self._known_sums, counts, known, self._in_order, self.labels, before, changed)
        move_spots(self._sums, self._counts, self._spots.expression, order, self.labels, before, changed)

    def _fill_empty(self) -> None:
        for cluster in np.flatnonzero(self._counts == 0):
            spot, square = self._farthest()
            if square <= self._slack:
                return
            before = self.labels.copy()
            self.labels[spot] = cluster
            self._add(np.array([spot]), before)

    def _farthest(self) -> tuple[int, float]:
        """Spot farthest from its centre, of those that are not alone in their cluster, and its squared distance."""
        squares = np.zeros(len(self.labels))
        for indices in _blocks(np.flatnonzero(self._counts[self.labels] > 1)):
            own = self._measured(indices)[np.arange(len(indices)), self.labels[indices]]
            squares[indices] = own + self._norms[indices]
        spot = int(squares.argmax())
        return spot, float(squares[spot])


def _blocks(indices: np.ndarray) -> list[np.ndarray]:
    return [indices[first : first + _ROWS] for first in range(0, len(indices), _ROWS)]
