"""A fixed order of spots, from their positions (`core.coordinates`)."""

import numpy as np


def canonical_order(positions: np.ndarray) -> np.ndarray:
    """Order spots from top to bottom, and from left to right where they are level.

    Sums of floating-point numbers depend on their order. Steps that add over spots go through them in this order, so that
    the order of a file's rows changes nothing.

    Parameters
    ----------
    positions : ndarray of shape (n_spots, 2)
        Vertical, then horizontal.

    Returns
    -------
    ndarray of shape (n_spots,), int
        Indices that sort the spots; those that share a position stay in the order of the file.
    """
    return np.lexsort((positions[:, 1], positions[:, 0]))
