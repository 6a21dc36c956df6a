"""Which annotated layers a clustering finds, and which it misses: one score for each layer.

Arrays in, scores out. The annotation scores; it never chooses.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import SampleError
from core.evaluation.contingency import contingency
from core.evaluation.matching import match_domains
from core.sample import UNANNOTATED


@dataclass(frozen=True, slots=True)
class LayerScore:
    """How well one layer is found.

    Parameters
    ----------
    layer : str
    f1 : float
        From 0 to 1, which says that its domain is exactly this layer; 0 where no domain is matched with it.
    cluster : int or None
        The cluster that is matched with it.
    """

    layer: str
    f1: float
    cluster: int | None


def layer_scores(labels_pred: np.ndarray, labels_true: np.ndarray | None) -> list[LayerScore]:
    """Score each layer by the cluster that is matched with it, and so named by it on every page.

    Parameters
    ----------
    labels_pred : ndarray of shape (n_spots,), int
    labels_true : ndarray of shape (n_spots,), str, or None
        Spots labelled `UNANNOTATED` take no part.

    Returns
    -------
    list of LayerScore
        By layer, in alphabetical order; empty without an annotation.

    Raises
    ------
    SampleError
        If the two arrays differ in length.

    Notes
    -----
    F1 of a layer L and a cluster C is 2 |L and C| / (|L| + |C|), the harmonic mean of recall and precision. The pairs are those
    of :func:`core.evaluation.matching.match_domains`: a cluster that holds two layers is the domain of one of them, and the
    other is not found. The F measure of Larsen and Aone 1999 (doi 10.1145/312129.312186) would score both by it.

    Examples
    --------
    >>> [(score.layer, score.f1) for score in layer_scores(np.array([0, 0, 0, 1]), np.array(["A", "A", "B", "B"]))]
    [('A', 0.8), ('B', 0.6666666666666666)]
    """
    if labels_true is None:
        return []
    if len(labels_pred) != len(labels_true):
        raise SampleError(f"There are {len(labels_pred)} clustered spots but {len(labels_true)} annotated ones.")
    annotated = labels_true != UNANNOTATED
    clusters, layers, table = contingency(labels_pred[annotated], labels_true[annotated])
    f1 = 2 * table / np.maximum(table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True), 1)
    rows = {int(cluster): row for row, cluster in enumerate(clusters)}
    holders = {layer: cluster for cluster, layer in match_domains(labels_pred, labels_true).layers.items()}
    return [
        LayerScore(layer, float(f1[rows[cluster], at]) if cluster is not None else 0.0, cluster)
        for at, (layer, cluster) in enumerate((str(layer), holders.get(str(layer))) for layer in layers)
    ]
