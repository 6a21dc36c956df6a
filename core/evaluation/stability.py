"""How alike several runs on one sample are. Labels in, numbers out; no annotation takes part."""

import itertools
from collections.abc import Sequence

import numpy as np
from sklearn.metrics import adjusted_rand_score

from core.evaluation.matching import overlapping_pairs


def kept_share(runs: Sequence[np.ndarray]) -> np.ndarray:
    """Tell how often each spot keeps its label.

    Parameters
    ----------
    runs : sequence of ndarray of shape (n_spots,), int
        Labels of each run, the first of them what the others are held against.

    Returns
    -------
    ndarray of shape (n_spots,), float
        Share of the runs, the first among them, in which the spot lies in the cluster that is paired with its cluster in
        the first run; clusters are paired by common spots (Hungarian method).

    Examples
    --------
    >>> kept_share([np.array([0, 0, 1]), np.array([7, 7, 7])]).tolist()
    [1.0, 1.0, 0.5]
    """
    return np.asarray(np.mean([_in_terms_of(run, runs[0]) == runs[0] for run in runs], axis=0))


def _in_terms_of(labels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    pairs = overlapping_pairs(labels, reference)
    names, rows = np.unique(labels, return_inverse=True)
    return np.array([pairs.get(int(name), -1) for name in names])[rows]


def agreement_with_others(runs: Sequence[np.ndarray]) -> list[float]:
    """Average each run's adjusted Rand index with all others.

    Parameters
    ----------
    runs : sequence of ndarray of shape (n_spots,), int
        Two or more.

    Returns
    -------
    list of float
        One for each run; 1 where all runs agree.
    """
    table = agreement_between(runs)
    return [float(value) for value in (table.sum(axis=1) - 1) / (len(runs) - 1)]


def agreement_between(runs: Sequence[np.ndarray]) -> np.ndarray:
    """Hold every run against every other by the adjusted Rand index.

    Parameters
    ----------
    runs : sequence of ndarray of shape (n_spots,), int
        Labels of the same spots in the same order.

    Returns
    -------
    ndarray of shape (n_runs, n_runs), float
        Symmetric, 1 on the diagonal: a run agrees with itself.
    """
    table = np.eye(len(runs))
    for one, other in itertools.combinations(range(len(runs)), 2):
        table[one, other] = table[other, one] = adjusted_rand_score(runs[one], runs[other])
    return table
