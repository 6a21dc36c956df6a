"""Which annotated layer each predicted cluster stands for.

Arrays in, a dictionary out. Used for colours and for reading a map, never for the clustering itself.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.errors import SampleError
from core.sample import UNANNOTATED


def match_clusters(labels_pred: np.ndarray, labels_true: np.ndarray | None) -> dict[int, str | None]:
    """Pair clusters with layers so that the pairs share as many spots as possible.

    Parameters
    ----------
    labels_pred : ndarray of shape (n_spots,), int
        Cluster of each spot.
    labels_true : ndarray of shape (n_spots,), str, or None
        Layer of each spot; spots labelled `UNANNOTATED` take no part.

    Returns
    -------
    dict of int to str or None
        For every cluster that has spots, in ascending order, its layer. Each layer is given at most once. None for
        clusters beyond the number of layers, and for those that share no spot with the layer left for them.

    Raises
    ------
    SampleError
        If the two arrays differ in length.

    Notes
    -----
    The Hungarian method (Kuhn 1955, doi 10.1002/nav.3800020109) on the table of common spots, through
    `scipy.optimize.linear_sum_assignment`. A pair shares the most spots in total over all pairs: a single cluster need
    not get the layer that it overlaps most.

    Examples
    --------
    >>> match_clusters(np.array([0, 0, 1, 2]), np.array(["WM", "WM", "Layer1", "NA"]))
    {0: 'WM', 1: 'Layer1', 2: None}
    """
    clusters = np.unique(labels_pred)
    matched: dict[int, str | None] = {int(cluster): None for cluster in clusters}
    if labels_true is None:
        return matched
    if len(labels_pred) != len(labels_true):
        raise SampleError(f"There are {len(labels_pred)} clustered spots but {len(labels_true)} annotated ones.")
    layers = [str(layer) for layer in np.unique(labels_true) if layer != UNANNOTATED]
    table = common_spots(labels_pred, labels_true, clusters, layers)
    for row, column in zip(*linear_sum_assignment(table, maximize=True), strict=True):
        if table[row, column] > 0:
            matched[int(clusters[row])] = layers[column]
    return matched


def common_spots(
    labels_pred: np.ndarray, labels_true: np.ndarray, clusters: np.ndarray, layers: list[str]
) -> np.ndarray:
    """Count the spots that each cluster shares with each layer.

    Parameters
    ----------
    labels_pred : ndarray of shape (n_spots,), int
    labels_true : ndarray of shape (n_spots,), str
    clusters : ndarray of shape (n_clusters,), int
        Which clusters to count, one row each.
    layers : list of str
        Which layers to count, one column each; spots of other layers are left out.

    Returns
    -------
    ndarray of shape (n_clusters, n_layers), int
    """
    return np.array(
        [[np.count_nonzero((labels_pred == c) & (labels_true == layer)) for layer in layers] for c in clusters],
        dtype=int,
    ).reshape(len(clusters), len(layers))
