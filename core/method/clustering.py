"""k-means on position and expression.

The paper measures distance across the layers only, in a loop of its own. That distance is a projection, so ordinary k-means
on the projected coordinate gives the same labels: no custom distance is needed.
"""

import numpy as np
from sklearn.cluster import kmeans_plusplus

from core.coordinates import canonical_order
from core.errors import ParameterError
from core.method.kmeans import Sketch, Spots, lloyd, sketch
from core.method.threads import few_threads
from core.params import ClusteringParams
from core.text import counted


def cluster(
    expression: np.ndarray,
    positions: np.ndarray,
    params: ClusteringParams,
    *,
    depths: np.ndarray | None = None,
    starts: np.ndarray | None = None,
    sketched: Sketch | None = None,
) -> np.ndarray:
    """Cluster spots by position and weighted expression.

    Parameters
    ----------
    expression : ndarray of shape (n_spots, n_features)
        Pooled or embedded expression. Not modified.
    positions : ndarray of shape (n_spots, 2)
    params : ClusteringParams
    depths : ndarray of shape (n_spots,), optional
        Coordinate across the layers (`core.depth`), in units of the positions; without it both coordinates enter.
    starts : ndarray of shape (n_clusters,), int, optional
        Spots whose features are the first centres, instead of drawing them.
    sketched : Sketch, optional
        Of `expression`, from :func:`sketch_of`, where several clusterings share one.

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
    if params.n_clusters > len(positions):
        raise ParameterError(
            f"{counted(params.n_clusters, 'cluster')} were asked for, but the sample has {counted(len(positions), 'spot')}."
        )
    order = canonical_order(positions)
    position = _position(positions, depths)
    spots = Spots(
        position=position - position.mean(axis=0),  # distances stay, and lose fewer digits
        expression=expression,
        weight=params.x_weight,
        sketch=sketch(expression, order) if sketched is None else sketched,
        order=order,
    )
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    with few_threads(expression.size):
        return _best_of_starts(spots, params, None if starts is None else rank[starts])[rank]


def sketch_of(expression: np.ndarray, positions: np.ndarray) -> Sketch:
    """Prepare expression for any number of clusterings.

    Parameters
    ----------
    expression : ndarray of shape (n_spots, n_features)
        Not modified.
    positions : ndarray of shape (n_spots, 2)

    Returns
    -------
    Sketch
    """
    with few_threads(expression.size):
        return sketch(expression, canonical_order(positions))


def _position(positions: np.ndarray, depths: np.ndarray | None) -> np.ndarray:
    return positions.astype(np.float64) if depths is None else depths[:, None]


def _best_of_starts(spots: Spots, params: ClusteringParams, starts: np.ndarray | None) -> np.ndarray:
    if starts is not None:
        return lloyd(spots, starts, params.max_iter)[0]
    rng = np.random.default_rng(params.random_state)
    fits = [lloyd(spots, _first_centres(spots, params, rng), params.max_iter) for _ in range(params.n_init)]
    return min(fits, key=lambda fit: fit[1])[0]


def _first_centres(spots: Spots, params: ClusteringParams, rng: np.random.Generator) -> np.ndarray:
    if params.init == "k-means++":  # in the sketch: what it leaves out hardly changes which spots lie far apart
        seed = int(rng.integers(2**32))
        return np.asarray(kmeans_plusplus(spots.coordinates(), params.n_clusters, random_state=seed)[1])
    return rng.choice(len(spots.order), params.n_clusters, replace=False)
