"""Domains as a mixture of normal distributions with one shared covariance, made steady.

A single fit depends on its start. Here several fits find more domains than asked for, each is merged down step by step, and
what they agree on is kept. The annotation plays no part.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.cluster import kmeans_plusplus

from core.coordinates import canonical_order
from core.errors import ParameterError
from core.evaluation.common_spots import Numbering, common_spots
from core.method.factors import leading_components
from core.method.kmeans import Spots, lloyd, sketch
from core.method.merging import RULES, centres_and_covariance, merged, ridged
from core.method.threads import one_thread
from core.side_by_side import AT_ONCE, by_blocks
from core.text import counted

N_FITS = 12
"""Fits that a consensus is made of, where nothing else is said."""

_SIZES = (10, 14, 18)  # domains of the fits: all well above what cortex has
_SIZES_FROM = (1.25, 1.75, 2.25)  # times as many as asked for, where that is more
_FITS_AT_ONCE = AT_ONCE  # each on one thread and from its own seed, so that no label depends on it
_VIEWS = (0.75, 1.0)  # shares of the factors, strongest first, that fits see by turns
_MAX_FEATURES = 64  # above, the mixture sees principal components
_N_FITTED = 20_000  # spots that a fit learns from; all are then assigned
_MAX_ITER = 50  # with 100 the ARI is the same: fits are merged and pooled
_SETTLED = 1e-3  # change of log densities below which a fit is done
_START_ITER = 30
_CONSENSUS_STARTS = 10
_CONSENSUS_ITER = 100
_SPOTS_AT_ONCE = 16_384


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
        values, widths = _centred_in_order(features, order), _widths(widths, features)
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
    partitions = np.empty((len(RULES), *fits.shape), dtype=fits.dtype)
    for fit, joined in enumerate(merge_steps(fits, features, positions, (n_clusters,), widths)):
        partitions[:, fit] = joined[:, 0][:, fits[fit]]
    return partitions.reshape(-1, fits.shape[1])


def merge_steps(
    fits: np.ndarray,
    features: np.ndarray,
    positions: np.ndarray,
    numbers: Sequence[int],
    widths: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Merge the domains of each fit, by two rules, and say which are one when so many are left.

    Parameters
    ----------
    fits : ndarray of shape (n_fits, n_spots), int
        From :func:`fit_many`.
    features : ndarray of shape (n_spots, n_features)
    positions : ndarray of shape (n_spots, 2)
    numbers : sequence of int
        Of domains that are to be left.
    widths : ndarray of shape (n_features,), optional
        As for :func:`merge_each`.

    Returns
    -------
    list of ndarray of shape (2, n_numbers, n_domains), int
        For each fit; see :func:`core.method.merging.merged`.
    """
    order = canonical_order(positions)
    with one_thread(), ThreadPoolExecutor(_FITS_AT_ONCE) as workers:
        values, widths = _centred_in_order(features, order), _widths(widths, features)
        learnt_from = _evenly(len(values))

        def merge(fit: int) -> np.ndarray:
            seen, fine = slice(_view(fit, values.shape[1])), fits[fit, order].astype(np.int64)
            return merged(values[:, seen], fine, numbers, learnt_from, widths[seen])

        return list(workers.map(merge, range(len(fits))))


def consensus(
    partitions: np.ndarray,
    positions: np.ndarray,
    n_clusters: int,
    random_state: int,
    common: np.ndarray | None = None,
) -> np.ndarray:
    """Keep what merged fits agree on.

    Parameters
    ----------
    partitions : ndarray of shape (n_fits, n_spots), int
        From :func:`merge_each`.
    positions : ndarray of shape (n_spots, 2)
    n_clusters : int
    random_state : int
    common : ndarray, optional
        :func:`core.evaluation.common_spots.common_spots` of the partitions with themselves, where it is known.

    Returns
    -------
    ndarray of shape (n_spots,), int
        0 .. n_clusters - 1, numbered from the top of the tissue.
    """
    order = canonical_order(positions)
    with one_thread():
        agreed = _agreed(partitions[:, order], n_clusters, _evenly(len(order)), random_state, common)
    found = np.empty(len(order), dtype=np.int64)
    found[order] = numbered_as_met(agreed)
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
    return features if features.shape[1] <= _MAX_FEATURES else components_of(features, positions)


def components_of(features: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Find the leading principal components of features.

    Parameters
    ----------
    features : ndarray of shape (n_spots, n_features)
        Not modified.
    positions : ndarray of shape (n_spots, 2)
        Fix the order of work.

    Returns
    -------
    ndarray of shape (n_spots, at most 64)
        Strongest first.
    """
    order = canonical_order(positions)
    with one_thread():
        found = leading_components(features[order], _MAX_FEATURES)
    components = np.empty_like(found)
    components[order] = found
    return components


def _centred_in_order(features: np.ndarray, order: np.ndarray) -> np.ndarray:
    values = features[order]
    values -= values.mean(axis=0)
    return values


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
    return _most_likely(values, weights, offsets)


def _most_likely(values: np.ndarray, weights: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Find each spot's domain; a block at a time, since fresh memory for all densities would take longer than they do."""
    domains = np.empty(len(values), dtype=np.int64)
    for first in range(0, len(values), _SPOTS_AT_ONCE):
        rows = slice(first, first + _SPOTS_AT_ONCE)
        densities = values[rows] @ weights
        densities += offsets
        densities.argmax(axis=1, out=domains[rows])
    return domains


def _tied_mixture(
    values: np.ndarray, widths: np.ndarray, start: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fit by expectation maximisation, from a partition.

    With one covariance S and P = W S^-1 W the log density of domain k at x is, but for a term common to all domains, linear in x:
    x P m_k - m_k P m_k / 2 + log p_k. Returned are these weights (n_features x size) and offsets (size).
    """
    total = values.T @ values / len(values)
    rows = values.astype(
        np.float32
    )  # exponentials take half the time, and labels are the same but for spots between domains
    shares = np.ascontiguousarray(
        np.eye(size, dtype=np.float32)[start].T
    )  # a row for each domain: numpy is fast along long rows
    columns, most = np.ascontiguousarray(rows.T), np.empty(len(rows), dtype=np.float32)
    before = np.full(size, np.inf)
    for _ in range(_MAX_ITER):
        weights, offsets = _linear_rule(rows, widths, shares, total)
        if np.abs(offsets - before).max() < _SETTLED:
            break
        before = offsets
        # In place throughout: fresh memory would cost more than the sums.
        np.matmul(weights.T.astype(np.float32), columns, out=shares)
        shares += offsets.astype(np.float32)[:, None]
        shares -= np.max(shares, axis=0, out=most)
        np.exp(shares, out=shares)
        shares /= np.sum(shares, axis=0, out=most)
    return weights, offsets


def _linear_rule(
    values: np.ndarray, widths: np.ndarray, shares: np.ndarray, total: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    counts = shares.sum(axis=1, dtype=np.float64) + 1e-9
    centres = (shares @ values).astype(np.float64) / counts[:, None]
    within = total - (centres.T * counts) @ centres / len(values)
    weights = widths[:, None] * np.linalg.solve(ridged(within), (centres * widths).T)
    return weights, np.log(counts / len(values)) - 0.5 * np.einsum("kd,dk->k", centres, weights)


def _agreed(
    partitions: np.ndarray, n_clusters: int, learnt_from: np.ndarray, random_state: int, common: np.ndarray | None
) -> np.ndarray:
    """Cluster spots by the domains that they lie in over all partitions (cluster ensembles by their leading eigenvectors)."""
    n_spots = partitions.shape[1]
    if n_clusters == 1:
        return np.zeros(n_spots, dtype=np.int64)
    coordinates = _coordinates(partitions, n_clusters, common)
    learnt, rng = coordinates[learnt_from], np.random.default_rng(random_state)
    labels = _kmeans(learnt, n_clusters, rng, n_init=_CONSENSUS_STARTS, max_iter=_CONSENSUS_ITER)
    centres, _ = centres_and_covariance(learnt, labels, n_clusters)
    return _most_likely(coordinates, 2 * centres.T, -np.square(centres).sum(axis=1))


def _kmeans(values: np.ndarray, size: int, rng: np.random.Generator, *, n_init: int, max_iter: int) -> np.ndarray:
    indices = np.arange(len(values))
    spots = Spots(np.empty((len(values), 0)), values, 1.0, sketch(values, indices), indices)
    seeds = rng.integers(2**31, size=n_init)
    starts = [kmeans_plusplus(values, size, random_state=int(seed))[1] for seed in seeds]
    return min((lloyd(spots, start, max_iter) for start in starts), key=lambda fit: fit[1])[0]


def _coordinates(partitions: np.ndarray, n_clusters: int, common: np.ndarray | None) -> np.ndarray:
    """Place each spot by the domains that it lies in, each of which weighs one over the root of its size."""
    counts = common_spots(partitions, partitions) if common is None else common
    sizes = np.diag(counts)
    has_spots = sizes > 0
    weights = 1 / np.sqrt(sizes[has_spots])
    strengths, vectors = np.linalg.eigh(counts[np.ix_(has_spots, has_spots)] * weights[:, None] * weights)
    # The first eigenvector is the same for all spots.
    leading = slice(-n_clusters, -1)
    scaled = vectors[:, leading] / np.sqrt(np.maximum(strengths[leading], 1e-12))
    places = np.zeros((len(sizes), scaled.shape[1]))
    places[has_spots] = weights[:, None] * scaled
    found = np.zeros((partitions.shape[1], scaled.shape[1]))
    begins = Numbering.of(partitions).begins

    def place(spots: slice) -> None:
        some = found[spots]
        for begin, domains in zip(begins, partitions, strict=True):
            some += places[begin + domains[spots]]

    by_blocks(place, len(found))
    return found


def numbered_as_met(labels: np.ndarray) -> np.ndarray:
    """Give domains numbers in the order in which they are met.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int

    Returns
    -------
    ndarray of shape (n_spots,), int
    """
    _, first, index = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[index])
