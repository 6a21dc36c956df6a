"""k-means on position and expression.

The paper measures distance across the layers only, in a loop of its own. That distance is a projection, so ordinary k-means
on the projected coordinate gives the same labels: no custom distance is needed.
"""

import numpy as np
from sklearn.cluster import kmeans_plusplus
from threadpoolctl import threadpool_limits

from core.errors import ParameterError
from core.method.kmeans import lloyd
from core.method.lattice import canonical_order, depth
from core.params import ClusteringParams

_ROWS = 512
_ONE_THREAD_BELOW = 10**8  # values; more threads make small fits slower, and a busy server's much slower


def cluster(
    expression: np.ndarray,
    lattice: np.ndarray,
    params: ClusteringParams,
    *,
    angle: float | None = None,
    starts: np.ndarray | None = None,
) -> np.ndarray:
    """Cluster spots by position and weighted expression.

    Parameters
    ----------
    expression : ndarray of shape (n_spots, n_features)
        Pooled or embedded expression. Not modified.
    lattice : ndarray of shape (n_spots, 2), int
    params : ClusteringParams
    angle : float, optional
        Direction across the layers in radians; without it both coordinates enter.
    starts : ndarray of shape (n_clusters,), int, optional
        Spots whose features are the first centres, instead of drawing them.

    Returns
    -------
    ndarray of shape (n_spots,), int
        0 .. n_clusters - 1.

    Raises
    ------
    ParameterError
        If there are fewer spots than clusters.

    Notes
    -----
    Works through the spots in an order fixed by their positions: the same tissue gives the same labels, however its file
    is sorted.
    """
    if params.n_clusters > len(lattice):
        raise ParameterError(f"{params.n_clusters} clusters were asked for, but the sample has {len(lattice)} spots.")
    order = canonical_order(lattice)
    features = joint_features(expression, lattice, params.x_weight, angle=angle, order=order)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    labels = np.empty(len(order), dtype=np.int64)
    labels[order] = _best_of_starts(features, params, None if starts is None else rank[starts])
    return labels


def joint_features(
    expression: np.ndarray,
    lattice: np.ndarray,
    x_weight: float,
    *,
    angle: float | None = None,
    order: np.ndarray | None = None,
) -> np.ndarray:
    """Put position and weighted expression side by side.

    Parameters
    ----------
    expression : ndarray of shape (n_spots, n_features)
    lattice : ndarray of shape (n_spots, 2), int
    x_weight : float
        w, which multiplies expression.
    angle : float, optional
        With it position is the depth u alone; without it, array row and array column.
    order : ndarray of shape (n_spots,), int, optional
        Order of the rows of the result.

    Returns
    -------
    ndarray of shape (n_spots, 1 or 2, plus n_features), float64
    """
    position = lattice if angle is None else depth(lattice, angle)[:, None]
    order = np.arange(len(lattice)) if order is None else order
    n_coordinates = position.shape[1]
    features = np.empty((len(lattice), n_coordinates + expression.shape[1]))
    features[:, :n_coordinates] = position[order]
    for first in range(0, len(order), _ROWS):  # sorting all rows at once would take another copy of the matrix
        rows = slice(first, first + _ROWS)
        np.multiply(expression[order[rows]], x_weight, out=features[rows, n_coordinates:])
    return features


def _best_of_starts(features: np.ndarray, params: ClusteringParams, starts: np.ndarray | None) -> np.ndarray:
    features -= features.mean(axis=0)  # distances stay, and lose fewer digits
    rng = np.random.default_rng(params.random_state)
    with threadpool_limits(1 if features.size < _ONE_THREAD_BELOW else None):
        if starts is not None:
            return lloyd(features, features[starts], params.max_iter)[0]
        fits = [lloyd(features, _first_centres(features, params, rng), params.max_iter) for _ in range(params.n_init)]
    return min(fits, key=lambda fit: fit[1])[0]


def _first_centres(features: np.ndarray, params: ClusteringParams, rng: np.random.Generator) -> np.ndarray:
    if params.init == "k-means++":
        return kmeans_plusplus(features, params.n_clusters, random_state=int(rng.integers(2**32)))[0]
    return features[rng.choice(len(features), params.n_clusters, replace=False)]
