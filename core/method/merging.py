"""Domains of one fit, merged step by step: the two that cost least, again and again, by one of two rules."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

_RIDGE = 1e-6  # of the mean variance
_BEYOND_DOUBT = 40.0  # squared distance between centres, in units of the shared covariance

Cost = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of merging two domains, from the squared distance of their centres and from their sizes, n_a n_b / (n_a + n_b)."""

Joins = list[tuple[int, int]]
"""Which domain takes in which, from the first step to the last."""


def by_ward(apart: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Cost by Ward's rule."""
    return apart * sizes


def bounded(apart: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Count no distance for more than one that is beyond doubt, and sizes less: small round domains outlive cuts through large ones."""
    return (1 - np.exp(-np.maximum(apart, 0) / _BEYOND_DOUBT)) * np.sqrt(sizes)


RULES: tuple[Cost, ...] = (by_ward, bounded)
"""Whose partitions a consensus has side by side."""


def merged(
    values: np.ndarray,
    labels: np.ndarray,
    numbers: Sequence[int],
    learnt_from: np.ndarray,
    widths: np.ndarray | float = 1.0,
    *,
    rules: Sequence[Cost] = RULES,
) -> np.ndarray:
    """Merge the two domains that cost least, again and again, by centres in units of the shared covariance.

    Parameters
    ----------
    values : ndarray of shape (n_spots, n_features)
    labels : ndarray of shape (n_spots,), int
    numbers : sequence of int
        Of domains that are to be left.
    learnt_from : ndarray of int
        Spots that centres and covariance are taken from.
    widths : ndarray of shape (n_features,) or float
        As for :func:`core.method.mixture.fit_many`.
    rules : sequence of callable, optional
        Of what merging costs.

    Returns
    -------
    ndarray of shape (n_rules, n_numbers, n_domains), int
        Which domain each is part of when so many are left; themselves where there are no more than that.
    """
    n_fine = int(labels.max()) + 1
    counts = np.bincount(labels[learnt_from], minlength=n_fine).astype(float)
    centres, within = centres_and_covariance(values[learnt_from], labels[learnt_from], n_fine)
    centres = (centres * widths / np.sqrt(np.mean(np.square(widths)))) @ _whitening(within)
    found = np.empty((len(rules), len(numbers), n_fine), dtype=np.int64)
    for number, rule in enumerate(rules):
        joins = _joins(centres.copy(), counts.copy(), min(numbers), rule)
        n_met = int((counts > 0).sum())
        found[number] = [_after(joins[: max(0, n_met - n_left)], n_fine) for n_left in numbers]
    return found


def _joins(centres: np.ndarray, counts: np.ndarray, fewest: int, rule: Cost) -> Joins:
    """Merge until so few are left; changes centres and counts."""
    joins: Joins = []
    alive = counts > 0
    while alive.sum() > fewest:
        keep, gone = _cheapest_pair(centres, counts, alive, rule)
        centres[keep] = (counts[keep] * centres[keep] + counts[gone] * centres[gone]) / (counts[keep] + counts[gone])
        counts[keep] += counts[gone]
        alive[gone] = False
        joins.append((keep, gone))
    return joins


def _after(joins: Joins, n_fine: int) -> np.ndarray:
    joined = np.arange(n_fine)
    for keep, gone in joins:
        joined[joined == gone] = keep
    return joined


def _cheapest_pair(centres: np.ndarray, counts: np.ndarray, alive: np.ndarray, rule: Cost) -> tuple[int, int]:
    squares = np.square(centres).sum(axis=1)
    apart = squares[:, None] + squares - 2 * centres @ centres.T
    costs = rule(apart, counts[:, None] * counts / np.maximum(counts[:, None] + counts, 1))
    costs[~alive] = costs[:, ~alive] = np.inf
    costs[np.triu_indices(len(costs))] = np.inf
    gone, keep = np.unravel_index(costs.argmin(), costs.shape)
    return int(keep), int(gone)


def centres_and_covariance(values: np.ndarray, labels: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the mean of each domain, and the covariance within domains.

    Parameters
    ----------
    values : ndarray of shape (n_spots, n_features)
    labels : ndarray of shape (n_spots,), int
    size : int
        Number of domains; an empty one has its centre at 0.

    Returns
    -------
    ndarray of shape (size, n_features), ndarray of shape (n_features, n_features)
    """
    members = sparse.csr_array((np.ones(len(labels)), (labels, np.arange(len(labels)))), shape=(size, len(labels)))
    centres = np.asarray(members @ values) / np.maximum(np.bincount(labels, minlength=size), 1)[:, None]
    residuals = values - centres[labels]
    return centres, residuals.T @ residuals / len(values)


def ridged(covariance: np.ndarray) -> np.ndarray:
    """Add a little on the diagonal: a feature that does not vary within domains must not divide by zero.

    Parameters
    ----------
    covariance : ndarray of shape (n_features, n_features)

    Returns
    -------
    ndarray of shape (n_features, n_features)
    """
    ridge = _RIDGE * max(float(np.trace(covariance)) / len(covariance), 1e-12)
    return np.asarray(covariance + ridge * np.eye(len(covariance)))


def _whitening(covariance: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.cholesky(np.linalg.inv(ridged(covariance))))
