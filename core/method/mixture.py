"""Domains as a mixture of normal distributions with one shared covariance, made steady.

A single fit depends on its start. Here several fits find more domains than asked for, each is merged down step by step, and
what they agree on is kept. The annotation plays no part.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import sparse
from sklearn.cluster import kmeans_plusplus

from core.coordinates import canonical_order
from core.errors import ParameterError
from core.method.factors import leading_components
from core.method.kmeans import Spots, lloyd, sketch
from core.method.threads import one_thread
from core.text import counted

N_FITS = 12
"""Fits that a consensus is made of, where nothing else is said."""

_SIZES = (10, 14, 18)  # domains of the fits: all well above what cortex has
_SIZES_FROM = (1.25, 1.75, 2.25)  # times as many as asked for, where that is more
_FITS_AT_ONCE = 2  # each on one thread and from its own seed, so that no label depends on it
_VIEWS = (0.75, 1.0)  # shares of the factors, strongest first, that fits see by turns
_MAX_FEATURES = 64  # above, the mixture sees principal components
_N_FITTED = 20_000  # spots that a fit learns from; all are then assigned
_MAX_ITER = 100
_SETTLED = 1e-3  # change of log densities below which a fit is done
_START_ITER = 30
_RIDGE = 1e-6  # of the mean variance
_BEYOND_DOUBT = 40.0  # squared distance between centres, in units of the shared covariance
_CONSENSUS_STARTS = 10
_CONSENSUS_ITER = 100


Cost = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of merging two domains, from the squared distance of their centres and from their sizes, n_a n_b / (n_a + n_b)."""


def sizes(n_clusters: int) -> tuple[int, ...]:
    """How many domains the fits for a number of clusters have; the same for most numbers, so that fits can be shared.

    Parameters
    ----------
    n_clusters : int

    Returns
    -------
    tuple of int
    """
    return tuple(max(size, round(factor * n_clusters)) for size, factor in zip(_SIZES, _SIZES_FROM, strict=True))


def fit_many(
    features: np.ndarray,
    positions: np.ndarray,
    n_clusters: int,
    random_state: int | tuple[int, ...],
    widths: np.ndarray | None = None,
    *,
    n_fits: int = N_FITS,
    on_fit: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Fit mixtures of more domains than are asked for, from many starts: what hardly depends on how many those are.

    Parameters
    ----------
    features : ndarray of shape (n_spots, n_features)
        Strongest first, and few: see :func:`reduced`. Not modified.
    positions : ndarray of shape (n_spots, 2)
        Fix the order of work.
    n_clusters : int
        Only :func:`sizes` of it counts.
    random_state : int or tuple of int
    widths : ndarray of shape (n_features,), optional
        How much a difference in each feature counts: the distance from a centre m is (W (x - m))' S^-1 (W (x - m)), with the
        widths W on its diagonal and S the covariance within domains as it is without them. 1 by default, an ordinary mixture.
    n_fits : int
    on_fit : callable, optional
        Told of every fit: how many are done, of how many.

    Returns
    -------
    ndarray of shape (n_fits, n_spots), int
        Domain of each spot in each fit.

    Raises
    ------
    ParameterError
        If there are fewer spots than clusters.
    """
    if n_clusters > len(features):
        raise ParameterError(
            f"{counted(n_clusters, 'cluster')} were asked for, but the sample has {counted(len(features), 'spot')}."
        )
    order, rng = canonical_order(positions), np.random.default_rng(random_state)
    asked, seeds = sizes(n_clusters), rng.integers(2**31, size=n_fits).tolist()
    labels = np.empty((n_fits, len(features)), dtype=np.int16)
    with one_thread(), ThreadPoolExecutor(_FITS_AT_ONCE) as workers:
        values, widths = _centred(features[order]), _widths(widths, features)
        learnt_from = _evenly(len(values))

        def fit(number: int) -> None:
            seen = slice(_view(number, values.shape[1]))
            size = min(asked[number // len(_VIEWS) % len(asked)], len(learnt_from))
            labels[number, order] = _fit(values[:, seen], widths[seen], learnt_from, size, seeds[number])

        for done, _ in enumerate(workers.map(fit, range(n_fits)), start=1):  # also raises what a fit raised
            if on_fit is not None:
                on_fit(done, n_fits)
    return labels


def merge_each(
    fits: np.ndarray,
    features: np.ndarray,
    positions: np.ndarray,
    n_clusters: int,
    widths: np.ndarray | None = None,
) -> np.ndarray:
    """Merge the domains of each fit until so many are left, by two rules.

    Parameters
    ----------
    fits : ndarray of shape (n_fits, n_spots), int
        From :func:`fit_many`.
    features : ndarray of shape (n_spots, n_features)
        What they were fitted to. Not modified.
    positions : ndarray of shape (n_spots, 2)
        Fix the order of work.
    n_clusters : int
    widths : ndarray of shape (n_features,), optional
        As they were fitted with.

    Returns
    -------
    ndarray of shape (2 * n_fits, n_spots), int
        Domain of each spot in each fit merged by Ward's rule, and by the bounded one; the numbers of two have nothing to do with
        each other.
    """
    order = canonical_order(positions)
    partitions = np.empty((2, *fits.shape), dtype=fits.dtype)
    with one_thread():
        values, widths = _centred(features[order]), _widths(widths, features)
        learnt_from = _evenly(len(values))
        for fit, labels in enumerate(fits):
            seen, fine = slice(_view(fit, values.shape[1])), labels[order].astype(np.int64)
            for rule, cost in enumerate((_by_ward, _bounded)):
                partitions[rule, fit, order] = merged(
                    values[:, seen], fine, n_clusters, learnt_from, widths[seen], cost=cost
                )
    return partitions.reshape(-1, fits.shape[1])


def consensus(partitions: np.ndarray, positions: np.ndarray, n_clusters: int, random_state: int) -> np.ndarray:
    """Keep what merged fits agree on.

    Parameters
    ----------
    partitions : ndarray of shape (n_fits, n_spots), int
        From :func:`merge_each`.
    positions : ndarray of shape (n_spots, 2)
    n_clusters : int
    random_state : int

    Returns
    -------
    ndarray of shape (n_spots,), int
        0 .. n_clusters - 1, numbered from the top of the tissue.
    """
    order = canonical_order(positions)
    with one_thread():
        agreed = _agreed(partitions[:, order], n_clusters, _evenly(len(order)), random_state)
    found = np.empty(len(order), dtype=np.int64)
    found[order] = _numbered_as_met(agreed)
    return found


def reduced(features: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Replace many features by their leading principal components, as a covariance needs.

    Parameters
    ----------
    features : ndarray of shape (n_spots, n_features)
        Not modified.
    positions : ndarray of shape (n_spots, 2)
        Fix the order of work.

    Returns
    -------
    ndarray of shape (n_spots, at most 64)
        The features themselves where they are few.
    """
    if features.shape[1] <= _MAX_FEATURES:
        return features
    order = canonical_order(positions)
    components = np.empty((len(features), _MAX_FEATURES))
    with one_thread():
        found = leading_components(features[order], _MAX_FEATURES)
    components[order, : found.shape[1]] = found
    return components[:, : found.shape[1]]


def _by_ward(apart: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    return apart * sizes


def _bounded(apart: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Count no distance for more than one that is beyond doubt, and sizes less: small round domains outlive cuts through large ones."""
    return (1 - np.exp(-np.maximum(apart, 0) / _BEYOND_DOUBT)) * np.sqrt(sizes)


def merged(
    values: np.ndarray,
    labels: np.ndarray,
    n_clusters: int,
    learnt_from: np.ndarray,
    widths: np.ndarray | float = 1.0,
    *,
    cost: Cost = _by_ward,
) -> np.ndarray:
    """Merge the two domains that cost least, again and again, by centres in units of the shared covariance.

    Parameters
    ----------
    values : ndarray of shape (n_spots, n_features)
    labels : ndarray of shape (n_spots,), int
    n_clusters : int
    learnt_from : ndarray of int
        Spots that centres and covariance are taken from.
    widths : ndarray of shape (n_features,) or float
        As for :func:`fit_many`.
    cost : callable, optional
        Of merging, from squared distances of centres and the numbers of spots; Ward's by default.

    Returns
    -------
    ndarray of shape (n_spots,), int
        Joined labels; as many domains as there are where those are no more than `n_clusters`.
    """
    n_fine = int(labels.max()) + 1
    counts = np.bincount(labels[learnt_from], minlength=n_fine).astype(float)
    centres, within = _centres_and_covariance(values[learnt_from], labels[learnt_from], n_fine)
    centres = (centres * widths / np.sqrt(np.mean(np.square(widths)))) @ _whitening(within)
    joined = np.arange(n_fine)
    alive = counts > 0
    while alive.sum() > n_clusters:
        keep, gone = _cheapest_pair(centres, counts, alive, cost)
        centres[keep] = (counts[keep] * centres[keep] + counts[gone] * centres[gone]) / (counts[keep] + counts[gone])
        counts[keep] += counts[gone]
        alive[gone] = False
        joined[joined == gone] = keep
    return np.asarray(joined[labels])


def _cheapest_pair(centres: np.ndarray, counts: np.ndarray, alive: np.ndarray, cost: Cost) -> tuple[int, int]:
    squares = np.square(centres).sum(axis=1)
    apart = squares[:, None] + squares - 2 * centres @ centres.T
    costs = cost(apart, counts[:, None] * counts / np.maximum(counts[:, None] + counts, 1))
    costs[~alive] = costs[:, ~alive] = np.inf
    costs[np.triu_indices(len(costs))] = np.inf
    gone, keep = np.unravel_index(costs.argmin(), costs.shape)
    return int(keep), int(gone)


def _centred(values: np.ndarray) -> np.ndarray:
    return np.asarray(values - values.mean(axis=0))


def _widths(widths: np.ndarray | None, features: np.ndarray) -> np.ndarray:
    return np.ones(features.shape[1]) if widths is None else widths


def _view(fit: int, n_features: int) -> int:
    return max(1, round(_VIEWS[fit % len(_VIEWS)] * n_features))


def _evenly(n_spots: int) -> np.ndarray:
    return np.linspace(0, n_spots - 1, min(n_spots, _N_FITTED)).astype(int)


def _fit(values: np.ndarray, widths: np.ndarray, learnt_from: np.ndarray, size: int, seed: int) -> np.ndarray:
    learnt = values[learnt_from]
    start = _kmeans(learnt * widths, size, np.random.default_rng(seed), n_init=1, max_iter=_START_ITER)
    weights, offsets = _tied_mixture(learnt, widths, start, size)
    return np.asarray((values @ weights + offsets).argmax(axis=1))


def _tied_mixture(
    values: np.ndarray, widths: np.ndarray, start: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fit by expectation maximisation, from a partition.

    With one covariance S and P = W S^-1 W the log density of domain k at x is, but for a term common to all domains, linear in x:
    x P m_k - m_k P m_k / 2 + log p_k. Returned are these weights (n_features x size) and offsets (size).
    """
    total = values.T @ values / len(values)
    shares = np.ascontiguousarray(np.eye(size)[start].T)  # a row for each domain: numpy is fast along long rows
    columns, most = np.ascontiguousarray(values.T), np.empty(len(values))
    before = np.full(size, np.inf)
    for _ in range(_MAX_ITER):
        weights, offsets = _linear_rule(values, widths, shares, total)
        if np.abs(offsets - before).max() < _SETTLED:
            break
        before = offsets
        np.matmul(weights.T, columns, out=shares)  # in place throughout: fresh memory would cost more than the sums
        shares += offsets[:, None]
        shares -= np.max(shares, axis=0, out=most)
        np.exp(shares, out=shares)
        shares /= np.sum(shares, axis=0, out=most)
    return weights, offsets


def _linear_rule(
    values: np.ndarray, widths: np.ndarray, shares: np.ndarray, total: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    counts = shares.sum(axis=1) + 1e-9
    centres = (shares @ values) / counts[:, None]
    within = total - (centres.T * counts) @ centres / len(values)
    weights = widths[:, None] * np.linalg.solve(_ridged(within), (centres * widths).T)
    return weights, np.log(counts / len(values)) - 0.5 * np.einsum("kd,dk->k", centres, weights)


def _centres_and_covariance(values: np.ndarray, labels: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    members = sparse.csr_array((np.ones(len(labels)), (labels, np.arange(len(labels)))), shape=(size, len(labels)))
    centres = np.asarray(members @ values) / np.maximum(np.bincount(labels, minlength=size), 1)[:, None]
    residuals = values - centres[labels]
    return centres, residuals.T @ residuals / len(values)


def _whitening(covariance: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.cholesky(np.linalg.inv(_ridged(covariance))))


def _ridged(covariance: np.ndarray) -> np.ndarray:
    """Add a little on the diagonal: a feature that does not vary within domains must not divide by zero."""
    ridge = _RIDGE * max(float(np.trace(covariance)) / len(covariance), 1e-12)
    return np.asarray(covariance + ridge * np.eye(len(covariance)))


def _agreed(partitions: np.ndarray, n_clusters: int, learnt_from: np.ndarray, random_state: int) -> np.ndarray:
    """Cluster spots by the domains that they lie in over all partitions (cluster ensembles by their leading eigenvectors)."""
    n_spots = partitions.shape[1]
    if n_clusters == 1:
        return np.zeros(n_spots, dtype=np.int64)
    coordinates = _coordinates(partitions, n_clusters)
    learnt, rng = coordinates[learnt_from], np.random.default_rng(random_state)
    labels = _kmeans(learnt, n_clusters, rng, n_init=_CONSENSUS_STARTS, max_iter=_CONSENSUS_ITER)
    centres, _ = _centres_and_covariance(learnt, labels, n_clusters)
    return np.asarray((2 * coordinates @ centres.T - np.square(centres).sum(axis=1)).argmax(axis=1))


def _kmeans(values: np.ndarray, size: int, rng: np.random.Generator, *, n_init: int, max_iter: int) -> np.ndarray:
    indices = np.arange(len(values))
    spots = Spots(np.empty((len(values), 0)), values, 1.0, sketch(values, indices), indices)
    seeds = rng.integers(2**31, size=n_init)
    starts = [kmeans_plusplus(values, size, random_state=int(seed))[1] for seed in seeds]
    return min((lloyd(spots, start, max_iter) for start in starts), key=lambda fit: fit[1])[0]


def _coordinates(partitions: np.ndarray, n_clusters: int) -> np.ndarray:
    n_spots, columns = partitions.shape[1], []
    for labels in partitions:
        met, index = np.unique(labels, return_inverse=True)
        share = 1 / np.sqrt(np.bincount(index))
        columns.append(sparse.csr_array((share[index], (np.arange(n_spots), index)), shape=(n_spots, len(met))))
    members = sparse.csr_array(sparse.hstack(columns))
    strengths, vectors = np.linalg.eigh((members.T @ members).toarray())
    # The first eigenvector is the same for all spots.
    leading = slice(-n_clusters, -1)
    return np.asarray(members @ (vectors[:, leading] / np.sqrt(np.maximum(strengths[leading], 1e-12))))


def _numbered_as_met(labels: np.ndarray) -> np.ndarray:
    _, first, index = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[index])
