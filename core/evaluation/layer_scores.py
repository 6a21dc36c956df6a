"""Which annotated layers a clustering finds, and which it misses: one score for each layer.

Arrays in, scores out. The annotation scores; it never chooses.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import SampleError
from core.evaluation.contingency import contingency
from core.sample import UNANNOTATED


@dataclass(frozen=True, slots=True)
class LayerScore:
    """How well one layer is found.

    Parameters
    ----------
    layer : str
    f1 : float
        From 0 to 1, which says that one cluster is exactly this layer.
    cluster : int
        The cluster that comes closest to it.
    """

    layer: str
    f1: float
    cluster: int


def layer_scores(labels_pred: np.ndarray, labels_true: np.ndarray | None) -> list[LayerScore]:
    """Score each layer by the cluster that comes closest to it.

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
    F1 of a layer L and a cluster C is 2 |L and C| / (|L| + |C|), the harmonic mean of recall and precision; a layer has that
    of its best cluster, as in the F measure of Larsen and Aone 1999 (doi 10.1145/312129.312186). One cluster can be the best
    of two layers: it then has both in it, and neither can score 1.

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
    best = f1.argmax(axis=0) if len(layers) else []
    return [
        LayerScore(str(layer), float(f1[row, at]), int(clusters[row]))
        for at, (layer, row) in enumerate(zip(layers, best, strict=True))
    ]
