"""How alike several runs on one sample are. Labels in, numbers out; no annotation takes part."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core.evaluation.common_spots import Numbering, Runs, common_spots
from core.evaluation.contingency import adjusted_rand_of_pairs, n_pairs, numbered
from core.evaluation.matching import overlapping_pairs
from core.side_by_side import AT_ONCE


def confidence(labels: np.ndarray, runs: Runs) -> np.ndarray:
    """Compute the share of runs in which each spot keeps its label.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
        The labels that the runs are compared with.
    runs : sequence of ndarray of shape (n_spots,), int
        One or more.

    Returns
    -------
    ndarray of shape (n_spots,), float
        Share of the runs in which the spot lies in the cluster that is paired with its cluster in `labels`; clusters are
        paired by common spots (Hungarian method).

    Examples
    --------
    >>> confidence(np.array([0, 0, 1]), [np.array([4, 4, 2]), np.array([7, 7, 7])]).tolist()
    [1.0, 1.0, 0.5]
    """
    kept = np.zeros(len(labels))
    with ThreadPoolExecutor(AT_ONCE) as workers:
        for is_kept in workers.map(lambda run: _in_terms_of(run, labels) == labels, runs):
            kept += is_kept
    return kept / len(runs)


def kept_share(runs: Runs) -> np.ndarray:
    """Compute how often each spot keeps the label of the first run.

    Parameters
    ----------
    runs : sequence of ndarray of shape (n_spots,), int
        Labels of each run; the others are compared with the first.

    Returns
    -------
    ndarray of shape (n_spots,), float
        :func:`confidence` over all runs, the first among them.

    Examples
    --------
    >>> kept_share([np.array([0, 0, 1]), np.array([7, 7, 7])]).tolist()
    [1.0, 1.0, 0.5]
    """
    return confidence(runs[0], runs)


def _in_terms_of(labels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    pairs = overlapping_pairs(labels, reference)
    names, rows = numbered(labels)
    return np.array([pairs.get(int(name), -1) for name in names])[rows]


def adjusted_rand(runs: Runs, others: Runs, common: np.ndarray | None = None) -> np.ndarray:
    """Compute the adjusted Rand index between every run and every other.

    Parameters
    ----------
    runs, others : sequence of ndarray of shape (n_spots,), int
    common : ndarray, optional
        :func:`core.evaluation.common_spots.common_spots` of them, where it is known.

    Returns
    -------
    ndarray of shape (n_runs, n_others), float
        1 where two partitions are the same, 0 where they agree no more than by chance.

    Notes
    -----
    Hubert and Arabie 1985 (doi 10.1007/BF01908075), from the numbers of pairs of spots that share a cluster in one run, in the
    other, and in both.
    """
    return adjusted_rand_of_pairs(*_pairs_together(runs, others, common), len(runs[0]))


def fowlkes_mallows(runs: Runs, others: Runs) -> np.ndarray:
    """Compute the Fowlkes-Mallows index between every run and every other.

    Parameters
    ----------
    runs, others : sequence of ndarray of shape (n_spots,), int

    Returns
    -------
    ndarray of shape (n_runs, n_others), float
        1 where two partitions are the same. Not corrected for chance: few large clusters agree by themselves.

    Notes
    -----
    Fowlkes and Mallows 1983 (doi 10.2307/2288117): pairs of spots together in both, over the geometric mean of those
    together in each.
    """
    together, one, other = _pairs_together(runs, others)
    scale = np.sqrt(one * other)
    return np.where(scale == 0, (one == other).astype(float), together / np.where(scale == 0, 1.0, scale))


def _pairs_together(
    runs: Runs, others: Runs, common: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count pairs of spots that share a cluster: in both (n_runs, n_others), in the one (n_runs, 1), in the other (1, n_others)."""
    squares = np.square((common_spots(runs, others) if common is None else common).astype(float))
    begins, other_begins = Numbering.of(runs).begins, Numbering.of(others).begins
    both = np.add.reduceat(np.add.reduceat(squares, begins, axis=0), other_begins, axis=1)
    return (both - len(runs[0])) / 2, _pairs(runs)[:, None], _pairs(others)[None, :]


def _pairs(runs: Runs) -> np.ndarray:
    return np.array([n_pairs(np.bincount(run)).sum() for run in runs])


def stability(runs: Runs, common: np.ndarray | None = None) -> float:
    """Average the adjusted Rand index over every two runs.

    Parameters
    ----------
    runs : sequence of ndarray of shape (n_spots,), int
        Two or more.
    common : ndarray, optional
        As for :func:`adjusted_rand`.

    Returns
    -------
    float
        1 where all runs agree.
    """
    return float(np.mean(agreement_with_others(runs, common)))


def agreement_with_others(runs: Runs, common: np.ndarray | None = None) -> list[float]:
    """Average each run's adjusted Rand index with all others.

    Parameters
    ----------
    runs : sequence of ndarray of shape (n_spots,), int
        Two or more.
    common : ndarray, optional
        As for :func:`adjusted_rand`.

    Returns
    -------
    list of float
        One for each run; 1 where all runs agree.
    """
    table = adjusted_rand(runs, runs, common)
    return [float(value) for value in (table.sum(axis=1) - 1) / (len(runs) - 1)]
