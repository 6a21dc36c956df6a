"""Refinement: neighbours vote on each spot's domain."""

import numpy as np
from scipy import sparse

from core.method.neighbours import neighbour_graph
from core.places import Places


def majority_vote(labels: np.ndarray, places: Places, rounds: int) -> np.ndarray:
    """Give each spot the label that is most frequent among itself and its neighbours.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
        Not modified.
    places : Places
    rounds : int
        How often all spots vote, at once.

    Returns
    -------
    ndarray of shape (n_spots,), int
        A spot whose own label is among the most frequent keeps it; of others, the first wins.
    """
    if rounds == 0:
        return labels
    n_labels = int(labels.max()) + 1
    graph, spots = neighbour_graph(places), np.arange(len(labels))
    for _ in range(rounds):
        own = sparse.csr_array((np.ones(len(labels)), (spots, labels)), shape=(len(labels), n_labels))
        votes = (graph @ own + own).toarray()
        votes[spots, labels] += 0.5  # settles ties for the label that is there
        labels = votes.argmax(axis=1)
    return np.asarray(labels)
