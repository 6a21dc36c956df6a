"""Refinement: neighbours vote on each spot's domain."""

import numpy as np
from scipy import sparse


def majority_vote(labels: np.ndarray, graph: sparse.csr_array, rounds: int) -> np.ndarray:
    """Give each spot the label that more than two thirds of itself and its neighbours have.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
        Not modified.
    graph : csr_array of shape (n_spots, n_spots)
        Who is whose neighbour, from `core.method.neighbours.neighbour_graph`.
    rounds : int
        How often all spots vote simultaneously.

    Returns
    -------
    ndarray of shape (n_spots,), int
        Where no label has so many, a spot keeps its own.

    Notes
    -----
    A bare majority moves borders where spots lie far apart and each may be a domain's edge: on 282 spots, 200 um apart, it cost
    0.04 of ARI, and on dense tissue it gains nothing over two thirds.
    """
    if rounds == 0:
        return labels
    n_labels = int(labels.max()) + 1
    spots = np.arange(len(labels))
    for _ in range(rounds):
        own = sparse.csr_array((np.ones(len(labels)), (spots, labels)), shape=(len(labels), n_labels))
        votes = (graph @ own + own).toarray()
        outvoted = 3 * votes.max(axis=1) > 2 * votes.sum(axis=1)
        labels = np.where(outvoted, votes.argmax(axis=1), labels).astype(labels.dtype)
    return labels
