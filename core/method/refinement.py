"""Refinement: neighbours vote on each spot's domain."""

import numpy as np
from scipy import sparse


def majority_vote(labels: np.ndarray, graph: sparse.csr_array, rounds: int) -> np.ndarray:
    """Give each spot the label that is most frequent among itself and its neighbours.

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
        A spot whose own label is among the most frequent keeps it; of others, the first wins.
    """
    if rounds == 0:
        return labels
    n_labels = int(labels.max()) + 1
    spots = np.arange(len(labels))
    for _ in range(rounds):
        own = sparse.csr_array((np.ones(len(labels)), (spots, labels)), shape=(len(labels), n_labels))
        votes = (graph @ own + own).toarray()
        votes[spots, labels] += 0.5  # settles ties for the label that is there
        labels = votes.argmax(axis=1).astype(labels.dtype)
    return labels
