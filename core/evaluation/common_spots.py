"""How many spots the clusters of some runs have in common with those of others."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.compiling import compiled
from core.side_by_side import by_blocks

_SPOTS_AT_ONCE = 65_536
Runs = Sequence[np.ndarray] | np.ndarray
"""Labels of several runs: a list of arrays, or a row each."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbering:
    """Clusters of several runs, numbered through.

    Parameters
    ----------
    begins : ndarray of shape (n_runs,), int
        Number of each run's cluster 0.
    n_clusters : int
        Of all runs.
    """

    begins: np.ndarray
    n_clusters: int

    @classmethod
    def of(cls, runs: Runs) -> "Numbering":
        """Give the clusters of each run the numbers after those of the run before.

        Parameters
        ----------
        runs : sequence of ndarray of shape (n_spots,), int
        """
        ends = np.cumsum([int(run.max()) + 1 for run in runs])
        return cls(np.concatenate(([0], ends[:-1])), int(ends[-1]))

    def rows(self, runs: Runs, spots: slice) -> np.ndarray:
        """List in which clusters spots lie; ndarray of shape (n_spots, n_runs), int32.

        Parameters
        ----------
        runs : sequence of ndarray
        spots : slice
        """
        return np.column_stack([run[spots] + begin for run, begin in zip(runs, self.begins, strict=True)]).astype(
            np.int32
        )


def common_spots(runs: Runs, others: Runs) -> np.ndarray:
    """Count the spots that each cluster of some runs shares with each of others.

    Parameters
    ----------
    runs, others : sequence of ndarray of shape (n_spots,), int

    Returns
    -------
    ndarray of shape (n_clusters, n_other_clusters), int64
        Clusters as :class:`Numbering` numbers them.

    Examples
    --------
    >>> common_spots([np.array([0, 0, 1])], [np.array([1, 0, 0]), np.array([0, 0, 0])]).tolist()
    [[1, 1, 2], [1, 0, 1]]
    """
    one, other, n_spots = Numbering.of(runs), Numbering.of(others), len(runs[0])
    counts = np.zeros((one.n_clusters, other.n_clusters), dtype=np.int64)

    def count(spots: slice) -> None:
        found = np.zeros_like(counts)
        if others is runs:
            _count_once(one.rows(runs, spots), found)
        else:
            _count(one.rows(runs, spots), other.rows(others, spots), found)
        with adding:
            counts[:] += found

    adding = threading.Lock()
    by_blocks(count, n_spots, _SPOTS_AT_ONCE)
    return counts + counts.T - np.diag(np.diag(counts)) if others is runs else counts


@compiled
def _count_once(rows: np.ndarray, counts: np.ndarray) -> None:
    """Count each two runs one way only; of a run with itself, that is its clusters with themselves."""
    for spot in range(len(rows)):
        for run in range(rows.shape[1]):
            cluster = rows[spot, run]
            for other in range(run, rows.shape[1]):
                counts[cluster, rows[spot, other]] += 1


@compiled
def _count(rows: np.ndarray, other_rows: np.ndarray, counts: np.ndarray) -> None:
    for spot in range(len(rows)):
        for run in range(rows.shape[1]):
            cluster = rows[spot, run]
            for other in range(other_rows.shape[1]):
                counts[cluster, other_rows[spot, other]] += 1
