"""Which annotated layer each predicted cluster stands for.

Arrays in, a dictionary out. Used for colours and for reading a map, never for the clustering itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.errors import SampleError
from core.evaluation.contingency import contingency
from core.sample import UNANNOTATED

CLEARLY_LOST = 0.05
"""A kept matching is replaced if the best one shares more spots, by this share of all annotated spots."""


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Labels, and the layer that each cluster stands for, kept from one change of a knob to the next.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
    layers : dict of int to str or None
        Layer of every cluster that has spots; None for those without one.
    further : dict of int to int
        For clusters without a layer, which of the further colours is theirs, counted from 0.
    """

    labels: np.ndarray
    layers: dict[int, str | None]
    further: dict[int, int]


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
    if labels_true is None:
        return {int(cluster): None for cluster in np.unique(labels_pred)}
    if len(labels_pred) != len(labels_true):
        raise SampleError(f"There are {len(labels_pred)} clustered spots but {len(labels_true)} annotated ones.")
    clusters, layers, table = contingency(labels_pred, labels_true)
    matched: dict[int, str | None] = {int(cluster): None for cluster in clusters}
    known = layers != UNANNOTATED
    layers, table = layers[known], table[:, known]
    for row, column in zip(*linear_sum_assignment(table, maximize=True), strict=True):
        if table[row, column] > 0:
            matched[int(clusters[row])] = str(layers[column])
    return matched


def common_spots(
    labels_pred: np.ndarray, labels_true: np.ndarray, clusters: Sequence[int], layers: Sequence[str]
) -> np.ndarray:
    """Count the spots that each cluster shares with each layer.

    Parameters
    ----------
    labels_pred : ndarray of shape (n_spots,), int
    labels_true : ndarray of shape (n_spots,), str
    clusters : sequence of int
        Which clusters to count, one row each; all have spots.
    layers : sequence of str
        Which layers to count, one column each; all have spots, and those of other layers are left out.

    Returns
    -------
    ndarray of shape (n_clusters, n_layers), int
    """
    found, found_layers, counts = contingency(labels_pred, labels_true)
    return counts[np.ix_(np.searchsorted(found, clusters), np.searchsorted(found_layers, layers))]


def match_steadily(
    labels_pred: np.ndarray,
    labels_true: np.ndarray | None,
    before: Matching | None = None,
    *,
    margin: float = CLEARLY_LOST,
) -> Matching:
    """Match clusters with layers, and keep what was shown before unless another is clearly better.

    Parameters
    ----------
    labels_pred : ndarray of shape (n_spots,), int
    labels_true : ndarray of shape (n_spots,), str, or None
    before : Matching, optional
        Matching of the run shown before on the same sample; one of another length is ignored.
    margin : float
        By how much of all annotated spots the best matching must be better than the kept one to replace it.

    Returns
    -------
    Matching

    Notes
    -----
    Numbers of clusters mean nothing between runs: new clusters are first paired with those before by common spots
    (Hungarian method) and take over their layer, or their index among the further colours. Layers and clusters left over
    are paired as :func:`match_clusters` does.
    """
    best = match_clusters(labels_pred, labels_true)
    if before is None or len(before.labels) != len(labels_pred):
        return Matching(labels_pred, best, _further(best, {}))
    heirs = overlapping_pairs(labels_pred, before.labels)
    kept = _inherit(labels_pred, labels_true, heirs, before)
    if labels_true is not None:
        lost = _shared(labels_pred, labels_true, best) - _shared(labels_pred, labels_true, kept)
        kept = best if lost > margin * np.count_nonzero(labels_true != UNANNOTATED) else kept
    taken = {new: before.further[old] for new, old in heirs.items() if kept[new] is None and old in before.further}
    return Matching(labels_pred, kept, _further(kept, taken))


def overlapping_pairs(labels: np.ndarray, other: np.ndarray) -> dict[int, int]:
    """Pair the clusters of two runs so that the pairs share as many spots as possible.

    Parameters
    ----------
    labels, other : ndarray of shape (n_spots,), int

    Returns
    -------
    dict of int to int
        Cluster of `other` by cluster of `labels`; only pairs that share a spot.

    Examples
    --------
    >>> overlapping_pairs(np.array([0, 0, 1]), np.array([5, 5, 2]))
    {0: 5, 1: 2}
    """
    names, other_names, table = contingency(labels, other)
    pairs = zip(*linear_sum_assignment(table, maximize=True), strict=True)
    return {int(names[row]): int(other_names[column]) for row, column in pairs if table[row, column] > 0}


def _inherit(
    labels_pred: np.ndarray, labels_true: np.ndarray | None, heirs: dict[int, int], before: Matching
) -> dict[int, str | None]:
    layers = {int(cluster): before.layers.get(heirs.get(int(cluster), -1)) for cluster in np.unique(labels_pred)}
    if labels_true is None:
        return layers
    alone = [cluster for cluster, layer in layers.items() if layer is None]
    spots = np.isin(labels_pred, alone) & ~np.isin(labels_true, [layer for layer in layers.values() if layer])
    return layers | match_clusters(labels_pred[spots], labels_true[spots])


def _shared(labels_pred: np.ndarray, labels_true: np.ndarray, layers: dict[int, str | None]) -> int:
    pairs = [(cluster, layer) for cluster, layer in layers.items() if layer is not None]
    return sum(int(np.count_nonzero((labels_pred == cluster) & (labels_true == layer))) for cluster, layer in pairs)


def _further(layers: dict[int, str | None], taken: dict[int, int]) -> dict[int, int]:
    """Give clusters without a layer the lowest further colours that no other holds."""
    further = dict(taken)
    for cluster in (cluster for cluster, layer in layers.items() if layer is None and cluster not in taken):
        further[cluster] = next(index for index in range(len(layers)) if index not in further.values())
    return further
