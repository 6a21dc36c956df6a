"""What the method makes of positions: a fixed order of spots, and depth across the layers.

Positions are those of `core.places`: array rows and columns, or off the lattice units of the same meaning.
"""

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


def depth(positions: np.ndarray, angle: float) -> np.ndarray:
    """Coordinate across the layers, as in the paper: u = cos(angle) row - sin(angle) column.

    Parameters
    ----------
    positions : ndarray of shape (n_spots, 2)
    angle : float
        Radians.

    Returns
    -------
    ndarray of shape (n_spots,)
        In units of the positions.
    """
    return np.cos(angle) * positions[:, 0] - np.sin(angle) * positions[:, 1]


def across_layers_um(angle: float, unit_um: tuple[float, float]) -> np.ndarray:
    """Find the unit vector on the tissue along which depth grows fastest.

    Parameters
    ----------
    angle : float
        Radians, in the coordinates of the positions.
    unit_um : (float, float)
        Micrometres of one unit of the positions, vertically and horizontally.

    Returns
    -------
    ndarray of shape (2,)
        x and y. On the lattice not the rotated array axis: rows and columns have different pitches, and a line of equal
        depth must stay one on the tissue, so this is the gradient of depth in um.
    """
    down_um, across_um = unit_um
    gradient = np.array([-np.sin(angle) / across_um, np.cos(angle) / down_um])
    return gradient / np.linalg.norm(gradient)
