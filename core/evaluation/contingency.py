"""Tables of spots by two labellings, from which scores, matching and stability are computed."""

import numpy as np
from scipy.special import comb


def contingency(labels: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count the spots that each label of one labelling shares with each of another.

    Parameters
    ----------
    labels, other : ndarray of shape (n_spots,)
        Numbers or text.

    Returns
    -------
    names : ndarray of shape (n_labels,)
        Labels that have spots, in ascending order.
    other_names : ndarray of shape (n_other_labels,)
    counts : ndarray of shape (n_labels, n_other_labels), int

    Examples
    --------
    >>> names, other_names, counts = contingency(np.array([4, 4, 2]), np.array(["a", "b", "b"]))
    >>> names.tolist(), other_names.tolist(), counts.tolist()
    ([2, 4], ['a', 'b'], [[0, 1], [1, 1]])
    """
    names, rows = numbered(labels)
    other_names, columns = numbered(other)
    shape = len(names), len(other_names)
    counts = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    return names, other_names, counts.reshape(shape)


def numbered(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """List the labels that have spots, and number each spot's among them, as `np.unique` does.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,)

    Returns
    -------
    names : ndarray of shape (n_labels,)
        In ascending order.
    rows : ndarray of shape (n_spots,), int
        Index of each spot's label in `names`.

    Notes
    -----
    Small whole numbers are counted and not sorted, which takes a twentieth of the time.
    """
    if labels.dtype.kind not in "iu" or not labels.size or not 0 <= labels.min() <= labels.max() <= labels.size:
        return np.unique(labels, return_inverse=True)
    has_spots = np.bincount(labels) > 0
    return np.flatnonzero(has_spots).astype(labels.dtype), (np.cumsum(has_spots) - 1)[labels]


def n_pairs(counts: np.ndarray | int) -> np.ndarray:
    """Count the pairs within groups.

    Parameters
    ----------
    counts : ndarray or int
        Spots of each group.

    Returns
    -------
    ndarray of that shape, float
    """
    return np.asarray(comb(counts, 2))


def adjusted_rand_of_pairs(together: np.ndarray, one: np.ndarray, other: np.ndarray, n_spots: int) -> np.ndarray:
    """Compute the adjusted Rand index from numbers of pairs of spots.

    Parameters
    ----------
    together, one, other : ndarray or float
        Pairs that share a label in both labellings, in the one, and in the other; shapes that go together.
    n_spots : int

    Returns
    -------
    ndarray of float
        1 where two partitions are the same, 0 where they agree no more than by chance.

    Notes
    -----
    Hubert and Arabie 1985 (doi 10.1007/BF01908075).
    """
    by_chance = one * other / max(n_pairs(n_spots), 1)
    room = np.asarray((one + other) / 2 - by_chance)
    # The range is 0 where all spots share one label, or none do, in both: then the two agree.
    return np.where(room == 0, 1.0, (together - by_chance) / np.where(room == 0, 1.0, room))
