"""Rounds of Lloyd's k-means as machine code, so that other threads go on meanwhile; `core.method.kmeans` says what they do."""

from typing import NamedTuple

import numpy as np

from core.compiling import compiled, part_of_loops

_ROWS = 256  # spots whose distances are bounded at once: they stay near the processor


class Fit(NamedTuple):
    """Spots, and their clusters as they are after a round. Loops change the arrays of clusters in place.

    Parameters
    ----------
    expression : ndarray of shape (n_spots, n_features)
        As it came; all others are in the order of work.
    order : ndarray of shape (n_spots,), int
        Rows of expression in the order of work.
    known : ndarray of shape (n_spots, n_known), float64
        Position, then the weighted sketch.
    residuals : ndarray of shape (n_spots,)
        Weighted norms of what is not known of spots.
    mean : ndarray of shape (n_features,), float64
        Of expression; centres are about it.
    weight : float
        Multiplies expression.
    n_coordinates : int
        Of position.
    slack : float
        Above what rounding does to a bound.
    labels : ndarray of shape (n_spots,), int
        -1 before the first round.
    centres, known_centres : ndarray of shape (n_clusters, n_features) and (n_clusters, n_known), float64
    centre_norms, centre_residuals : ndarray of shape (n_clusters,)
        Squared norms of centres, with position and weight; norms of what is not known of them.
    sums, known_sums, counts : ndarray of shape (n_clusters, n_features), (n_clusters, n_known) and (n_clusters,)
        Of the spots of each cluster.
    """

    expression: np.ndarray
    order: np.ndarray
    known: np.ndarray
    residuals: np.ndarray
    mean: np.ndarray
    weight: float
    n_coordinates: int
    slack: float
    labels: np.ndarray
    centres: np.ndarray
    known_centres: np.ndarray
    centre_norms: np.ndarray
    centre_residuals: np.ndarray
    sums: np.ndarray
    known_sums: np.ndarray
    counts: np.ndarray


@part_of_loops
def _measure_centres(fit: Fit) -> None:
    for cluster in range(len(fit.counts)):
        centre, known = fit.centres[cluster], fit.known_centres[cluster]
        position = known[: fit.n_coordinates]
        norm = fit.weight**2 * np.dot(centre, centre) + np.dot(position, position)
        fit.centre_norms[cluster] = norm
        fit.centre_residuals[cluster] = np.sqrt(max(norm - np.dot(known, known), 0.0))


@part_of_loops
def _to_means(fit: Fit) -> None:
    """Move centres to the means of their clusters; those without spots stay."""
    for cluster in range(len(fit.counts)):
        count = fit.counts[cluster]
        if count > 0:
            for feature in range(len(fit.mean)):
                fit.centres[cluster, feature] = fit.sums[cluster, feature] / count - fit.mean[feature]
            for feature in range(fit.known.shape[1]):
                fit.known_centres[cluster, feature] = fit.known_sums[cluster, feature] / count
    _measure_centres(fit)


@part_of_loops
def _move(fit: Fit, index: int, now: int) -> None:
    """Give a spot to another cluster."""
    was, values, known = fit.labels[index], fit.expression[fit.order[index]], fit.known[index]
    fit.labels[index] = now
    fit.counts[now] += 1
    for feature in range(len(values)):
        fit.sums[now, feature] += values[feature]
    for feature in range(len(known)):
        fit.known_sums[now, feature] += known[feature]
    if was < 0:
        return
    fit.counts[was] -= 1
    for feature in range(len(values)):
        fit.sums[was, feature] -= values[feature]
    for feature in range(len(known)):
        fit.known_sums[was, feature] -= known[feature]


@part_of_loops
def _nearest_by_bounds(fit: Fit, index: int, middle: np.ndarray) -> tuple[int, bool]:
    """Find the centre whose upper bound is lowest, and whether another may be nearer.

    What a spot and a centre have outside the sketch contributes at least -|r||c| and at most |r||c| to their product.
    """
    residual, best, lowest = 2.0 * fit.residuals[index], 0, np.inf
    for cluster in range(len(middle)):
        upper = middle[cluster] + fit.centre_residuals[cluster] * residual
        if upper < lowest:
            best, lowest = cluster, upper
    possible = 0
    for cluster in range(len(middle)):
        possible += middle[cluster] - fit.centre_residuals[cluster] * residual <= lowest + fit.slack
    return best, possible > 1


@part_of_loops
def _nearest(fit: Fit, index: int, inner: np.ndarray, values: np.ndarray) -> int:
    """Find the nearest centre by all features, the first of several; `values` are overwritten."""
    row = fit.expression[fit.order[index]]
    for feature in range(len(values)):
        values[feature] = row[feature]
    products, best, lowest = np.dot(fit.centres, values), 0, np.inf
    for cluster in range(len(products)):
        product = fit.weight**2 * (products[cluster] - inner[cluster])
        for coordinate in range(fit.n_coordinates):
            product += fit.known[index, coordinate] * fit.known_centres[cluster, coordinate]
        distance = fit.centre_norms[cluster] - 2.0 * product
        if distance < lowest:
            best, lowest = cluster, distance
    return best


@part_of_loops
def _assign(fit: Fit) -> int:
    """Give every spot to its nearest centre; how many went to another."""
    scaled = np.ascontiguousarray((-2.0 * fit.known_centres).T)
    inner, values = np.dot(fit.centres, fit.mean), np.empty(len(fit.mean))
    middle, n_moved = np.empty((_ROWS, len(fit.counts))), 0
    for first in range(0, len(fit.labels), _ROWS):
        last = min(first + _ROWS, len(fit.labels))
        np.dot(fit.known[first:last], scaled, middle[: last - first])
        for index in range(first, last):
            bounds = middle[index - first]
            bounds += fit.centre_norms
            now, unsure = _nearest_by_bounds(fit, index, bounds)
            if unsure:
                now = _nearest(fit, index, inner, values)
            if now != fit.labels[index]:
                _move(fit, index, now)
                n_moved += 1
    return n_moved


@compiled
def begin(fit: Fit) -> None:
    """Give every spot to the nearest of the first centres.

    Parameters
    ----------
    fit : Fit
        With centres, and clusters that are empty.
    """
    _measure_centres(fit)
    _assign(fit)


@compiled
def go_on(fit: Fit, most_rounds: int, rounds: np.ndarray) -> None:
    """Move centres to their means and give spots to the nearest, until no spot moves or a cluster has lost all of its spots.

    Parameters
    ----------
    fit : Fit
    most_rounds : int
    rounds : ndarray of shape (2,), int
        Filled in: how many there were, and how many spots moved in the last one.
    """
    rounds[0], rounds[1] = 0, 1
    while rounds[0] < most_rounds and rounds[1] > 0:
        _to_means(fit)
        rounds[1] = _assign(fit)
        rounds[0] += 1
        if fit.counts.min() == 0:
            break


@compiled
def to_means(fit: Fit) -> None:
    """Move centres to the means of their clusters.

    Parameters
    ----------
    fit : Fit
    """
    _to_means(fit)


@compiled
def move(fit: Fit, index: int, now: int) -> None:
    """Give a spot to another cluster.

    Parameters
    ----------
    fit : Fit
    index : int
        Of the spot, in the order of work.
    now : int
        The cluster.
    """
    _move(fit, index, now)
