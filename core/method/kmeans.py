"""Lloyd's k-means on position and expression, exact and quick on spots with thousands of genes.

Distances are first bounded in a sketch: a few directions of expression, and how far each spot lies outside of them. Most spots are
nearest to their centre whatever the rest says; only the others are measured in full, and only spots that change their cluster are added
to the full sums. After a few rounds that is next to nothing, while scikit-learn reads the whole matrix in every round. The labels are
the same: a test compares.
"""

from dataclasses import dataclass

import numpy as np

from core.method import rounds
from core.method.rounds import Fit

_ROWS = 256  # rows gathered at once: a copy this small costs no memory worth naming
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
    fit, left = _begun(spots, first), max_iter
    rounds.begin(fit)
    while left:
        _fill_empty(fit)
        done = np.zeros(2, np.int64)
        rounds.go_on(fit, left, done)
        n_rounds, n_moved = done.tolist()
        if not n_moved:
            break
        left -= n_rounds
    rounds.to_means(fit)
    return fit.labels, float(_norms(fit).sum() - fit.counts @ fit.centre_norms)


def _begun(spots: Spots, first: np.ndarray) -> Fit:
    """Place the first centres."""
    known, residuals, mean = spots.coordinates(), spots.residuals(), spots.sketch.mean.astype(float)
    centres, known_centres = spots.expression[spots.order[first]] - mean, known[first]
    n_clusters = len(first)
    fit = Fit(
        expression=np.ascontiguousarray(spots.expression),
        order=spots.order,
        known=known,
        residuals=residuals,
        mean=mean,
        weight=float(spots.weight),
        n_coordinates=spots.position.shape[1],
        slack=0.0,
        labels=np.full(len(known), -1),
        centres=centres,
        known_centres=known_centres,
        centre_norms=np.empty(n_clusters),
        centre_residuals=np.empty(n_clusters),
        sums=np.zeros_like(centres),
        known_sums=np.zeros_like(known_centres),
        counts=np.zeros(n_clusters),
    )
    return fit._replace(slack=_SLACK * float(_norms(fit).max()))


def _norms(fit: Fit) -> np.ndarray:
    """Squared norms of spots, with position and weight."""
    return np.asarray(np.square(fit.known).sum(axis=1) + np.square(fit.residuals))


def _fill_empty(fit: Fit) -> None:
    for cluster in np.flatnonzero(fit.counts == 0):
        spot, square = _farthest(fit)
        if square <= fit.slack:
            return
        rounds.move(fit, spot, int(cluster))


def _farthest(fit: Fit) -> tuple[int, float]:
    """Spot farthest from its centre, of those that are not alone in their cluster, and its squared distance."""
    squares, norms = np.zeros(len(fit.labels)), _norms(fit)
    for indices in _blocks(np.flatnonzero(fit.counts[fit.labels] > 1)):
        own = fit.labels[indices]
        products = np.einsum("ij,ij->i", fit.expression[fit.order[indices]] - fit.mean, fit.centres[own])
        position, centre = (of[:, : fit.n_coordinates] for of in (fit.known[indices], fit.known_centres[own]))
        products = fit.weight**2 * products + (position * centre).sum(axis=1)
        squares[indices] = fit.centre_norms[own] - 2.0 * products + norms[indices]
    spot = int(squares.argmax())
    return spot, float(squares[spot])


def _blocks(indices: np.ndarray) -> list[np.ndarray]:
    return [indices[first : first + _ROWS] for first in range(0, len(indices), _ROWS)]
