"""Agreement of a clustering with an annotation. The annotation scores; it never chooses."""

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

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
    NMI is normalised by the arithmetic mean of the entropies, as in the paper.
    """
    if labels_true is None or not (annotated := labels_true != UNANNOTATED).any():
        return Scores()
    classes = np.unique(labels_true, return_inverse=True)[1]  # words would be sorted anew for every score
    ari, nmi = _ari_nmi(classes[annotated], labels_pred[annotated])
    ari_all, nmi_all = _ari_nmi(classes, labels_pred)
    return Scores(ari=ari, nmi=nmi, ari_all=ari_all, nmi_all=nmi_all)


def _ari_nmi(labels_true: np.ndarray, labels_pred: np.ndarray) -> tuple[float, float]:
    nmi = normalized_mutual_info_score(labels_true, labels_pred, average_method="arithmetic")
    return float(adjusted_rand_score(labels_true, labels_pred)), float(nmi)
