"""Agreement of a clustering with an annotation. The annotation scores; it never chooses."""

import numpy as np

from core.result import Scores
from core.sample import UNANNOTATED


def agreement(labels_pred: np.ndarray, labels_true: np.ndarray | None) -> Scores:
    """Score predicted labels, both ways of counting unannotated spots.

    Parameters
    ----------
    labels_pred : ndarray of shape (n_spots,), int
    labels_true : ndarray of shape (n_spots,), str, or None
        `UNANNOTATED` where the experts gave no label.

    Returns
    -------
    Scores
        None throughout without an annotation. Unannotated spots are dropped after clustering, for `ari` and `nmi` only.

    Notes
    -----
    ARI after Hubert and Arabie (1985, doi 10.1007/BF01908075); NMI is normalised by the arithmetic mean of the entropies, as in the
    paper. Both are counted from one table, and equal scikit-learn's, whose two functions check and count everything four times:
    longer than k-means takes.
    """
    if labels_true is None or not (annotated := labels_true != UNANNOTATED).any():
        return Scores()
    classes = np.unique(labels_true, return_inverse=True)[1]  # words would be sorted anew for every score
    clusters = np.unique(labels_pred, return_inverse=True)[1]
    known = _table(classes[annotated], clusters[annotated])
    everything = _table(classes, clusters)
    return Scores(ari=_ari(known), nmi=_nmi(known), ari_all=_ari(everything), nmi_all=_nmi(everything))


def _table(classes: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Count spots by class and cluster, without empty rows and columns; (n_classes, n_clusters), float."""
    shape = int(classes.max()) + 1, int(clusters.max()) + 1
    counts = np.bincount(np.ravel_multi_index((classes, clusters), shape), minlength=shape[0] * shape[1]).reshape(shape)
    return counts[counts.any(axis=1)][:, counts.any(axis=0)].astype(float)


def _ari(table: np.ndarray) -> float:
    together, of_classes, of_clusters, everything = map(
        _n_pairs, (table, table.sum(axis=1), table.sum(axis=0), table.sum())
    )
    expected = of_classes * of_clusters / max(everything, 1.0)
    most = (of_classes + of_clusters) / 2
    # Equal where all spots are one class and one cluster, or each its own: then the two agree.
    return (together - expected) / (most - expected) if most != expected else 1.0


def _n_pairs(counts: np.ndarray) -> float:
    return float((counts * (counts - 1)).sum() / 2)


def _nmi(table: np.ndarray) -> float:
    shares = table / table.sum()
    of_classes, of_clusters = shares.sum(axis=1), shares.sum(axis=0)
    mean_entropy = (_entropy(of_classes) + _entropy(of_clusters)) / 2
    if mean_entropy == 0:  # one class and one cluster
        return 1.0
    information = 2 * mean_entropy - _entropy(shares[shares > 0])
    return max(0.0, information / mean_entropy)


def _entropy(shares: np.ndarray) -> float:
    return float(-(shares * np.log(shares)).sum())
