"""Where each spot of a consensus belongs: with the domain that its places in the fits, and spots like it, mostly belong to.

A consensus places spots by the leading directions of what the fits agree on, and loses what else they say. So each spot is
placed anew: in a fit it lies with others, whose domains it shares as often as they have them; and it listens to spots like it,
as guided domains do, or to its neighbours where spots are very many. No annotation takes part.
"""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from core.compiling import compiled
from core.evaluation.common_spots import Numbering
from core.method.listening import Listening, heard
from core.method.mixture import numbered_as_met
from core.method.neighbours import averaged
from core.method.threads import one_thread
from core.side_by_side import by_blocks

MOST_LISTENING = 20_000
"""Spots up to which they listen to those like them: above, finding these would take longer than all other steps."""

_OWN_OPINION = 0.1  # of the links of a spot
_SPOTS_AT_ONCE = 16_384

Hear = Callable[[np.ndarray], np.ndarray]
"""Makes of the shares that spots have by themselves those that they have after listening; both ndarray of shape (n_spots, n_clusters)."""


def settled(
    labels: np.ndarray, partitions: np.ndarray, n_clusters: int, hear: Hear, order: np.ndarray | None = None
) -> np.ndarray:
    """Place each spot anew, twice, the second time after listening.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
        Of a consensus, 0 .. n_clusters - 1. Not modified.
    partitions : ndarray of shape (n_fits, n_spots), int
        The fits that it is made of, each merged to so many domains.
    n_clusters : int
    hear : callable
        :func:`to_alike` or :func:`to_neighbours`.
    order : ndarray of shape (n_spots,), int, optional
        In which domains are numbered as they are met; that of the spots by default.

    Returns
    -------
    ndarray of shape (n_spots,), int
        Every domain of the consensus keeps a spot: one that would lose all keeps those that it had.
    """
    if n_clusters == 1:
        return labels
    with one_thread():
        shares = shares_of_fits(_placed(labels, shares_of_fits(labels, partitions, n_clusters)), partitions, n_clusters)
        placed, numbered = _placed(labels, hear(shares)), np.empty(len(labels), dtype=np.int64)
    order = np.arange(len(labels)) if order is None else order
    numbered[order] = numbered_as_met(placed[order])
    return numbered


def to_alike(listening: Listening, order: np.ndarray) -> Hear:
    """Let spots listen to those like them, in the tissue and in expression.

    Parameters
    ----------
    listening : Listening
    order : ndarray of shape (n_spots,), int
        As for :func:`core.method.listening.heard`.

    Returns
    -------
    callable
    """
    return lambda shares: heard(listening, shares, _OWN_OPINION, order=order)


def to_neighbours(graph: sparse.csr_array) -> Hear:
    """Let spots listen to their neighbours in the tissue, each as much as to itself.

    Parameters
    ----------
    graph : csr_array of shape (n_spots, n_spots)

    Returns
    -------
    callable
    """
    return lambda shares: averaged(shares, graph, 1)


def shares_of_fits(labels: np.ndarray, partitions: np.ndarray, n_clusters: int) -> np.ndarray:
    """Say how much each spot belongs to each domain by the places that it has in fits.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
        0 .. n_clusters - 1.
    partitions : ndarray of shape (n_fits, n_spots), int
    n_clusters : int

    Returns
    -------
    ndarray of shape (n_spots, n_clusters)
        Mean over the fits of the shares of labels among all spots that lie with this one; rows add up to 1.

    Examples
    --------
    >>> shares_of_fits(np.array([0, 0, 1, 1]), np.array([[0, 0, 0, 1]]), 2).round(2).tolist()
    [[0.67, 0.33], [0.67, 0.33], [0.67, 0.33], [0.0, 1.0]]
    """
    table = np.concatenate([_shares_of_domains(labels, fit, n_clusters) for fit in partitions]) / len(partitions)
    numbering = Numbering.of(partitions)
    shares = np.zeros((len(labels), n_clusters))
    by_blocks(
        lambda spots: _add_rows(numbering.rows(partitions, spots), table, shares[spots]), len(labels), _SPOTS_AT_ONCE
    )
    return shares


@compiled
def _add_rows(rows: np.ndarray, table: np.ndarray, sums: np.ndarray) -> None:
    """Add up, for each spot, the rows of a table that are its."""
    for spot in range(len(rows)):
        for fit in range(rows.shape[1]):
            for column in range(table.shape[1]):
                sums[spot, column] += table[rows[spot, fit], column]


def _shares_of_domains(labels: np.ndarray, fit: np.ndarray, n_clusters: int) -> np.ndarray:
    n_domains = int(fit.max()) + 1
    counts = np.bincount(fit.astype(np.int64) * n_clusters + labels, minlength=n_domains * n_clusters)
    counts = counts.reshape(n_domains, n_clusters)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def _placed(labels: np.ndarray, shares: np.ndarray) -> np.ndarray:
    placed = shares.argmax(axis=1)
    lost = np.setdiff1d(labels, placed)
    return np.where(np.isin(labels, lost), labels, placed) if lost.size else placed
