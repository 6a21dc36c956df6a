"""Agreement of a clustering with an annotation. The annotation scores; it never chooses."""

import numpy as np
from scipy.special import entr

from core.evaluation.contingency import adjusted_rand_of_pairs, contingency, n_pairs
from core.result import Scores
from core.sample import UNANNOTATED


def agreement(labels_pred: np.ndarray, labels_true: np.ndarray | None) -> Scores:
    """Score a clustering by ARI and NMI, both over annotated spots only and over all spots.

    Parameters
    ----------
    labels_pred : ndarray of shape (n_spots,), int
    labels_true : ndarray of shape (n_spots,), str, or None
        Spots labelled `UNANNOTATED` are left out of `ari` and `nmi`; for `ari_all` and `nmi_all` they count as one
        class of their own, as the paper has it.

    Returns
    -------
    Scores
        All None where there is no annotated spot.

    Notes
    -----
    NMI is normalised by the arithmetic mean of the entropies, as in the paper. All four are counted from one table and equal
    scikit-learn's functions, which check and count everything anew for each: ten times as long, at every move of a knob.
    """
    if labels_true is None:
        return Scores()
    layers, _, table = contingency(labels_true, labels_pred)
    known = table[layers != UNANNOTATED]
    if not len(known):
        return Scores()
    return Scores(ari=_ari(known), nmi=_nmi(known), ari_all=_ari(table), nmi_all=_nmi(table))


def _ari(table: np.ndarray) -> float:
    together, of_layers, of_clusters = (
        n_pairs(counts).sum() for counts in (table, table.sum(axis=1), table.sum(axis=0))
    )
    return float(adjusted_rand_of_pairs(together, of_layers, of_clusters, int(table.sum())))


def _nmi(table: np.ndarray) -> float:
    shares = table / table.sum()
    both, of_layers, of_clusters = (entr(part).sum() for part in (shares, shares.sum(axis=1), shares.sum(axis=0)))
    mean = (of_layers + of_clusters) / 2
    if mean == 0:  # one layer and one cluster
        return 1.0
    return max(0.0, float((of_layers + of_clusters - both) / mean))
