"""The Visium lattice: array indices, distances on the tissue, and a fixed order of spots.

A spot sits where `array_row + array_col` is even. Its six neighbours are (row, col +- 2) and (row +- 1, col +- 1).
"""

import numpy as np

ROW_PITCH_UM = 100 * np.sqrt(3) / 2
"""Distance between array rows: neighbouring spots are 100 um apart in a hexagonal lattice."""

COL_PITCH_UM = 50.0
"""Distance between array columns: half of 100 um, since only every second column of a row holds a spot."""


def tissue_um(lattice: np.ndarray) -> np.ndarray:
    """Place spots on the tissue.

    Parameters
    ----------
    lattice : ndarray of shape (n_spots, 2), int
        Array row and array column.

    Returns
    -------
    ndarray of shape (n_spots, 2)
        x and y in um. y grows downwards, as array rows do.
    """
    # Arrays count row then column; pictures want (x, y), so the two are exchanged here and only here.
    return np.column_stack((lattice[:, 1] * COL_PITCH_UM, lattice[:, 0] * ROW_PITCH_UM))


def canonical_order(lattice: np.ndarray) -> np.ndarray:
    """Order spots by array row, then array column.

    Sums of floating-point numbers depend on their order. Steps that add over spots go through them in this order, so that
    the order of a file's rows changes nothing.

    Parameters
    ----------
    lattice : ndarray of shape (n_spots, 2), int

    Returns
    -------
    ndarray of shape (n_spots,), int
        Indices that sort the spots.
    """
    return np.lexsort((lattice[:, 1], lattice[:, 0]))


def depth(lattice: np.ndarray, angle: float) -> np.ndarray:
    """Coordinate across the layers, as in the paper: u = cos(angle) row - sin(angle) column.

    Parameters
    ----------
    lattice : ndarray of shape (n_spots, 2), int
    angle : float
        Radians.

    Returns
    -------
    ndarray of shape (n_spots,)
        In array units.
    """
    return np.cos(angle) * lattice[:, 0] - np.sin(angle) * lattice[:, 1]


def across_layers_um(angle: float) -> np.ndarray:
    """Find the unit vector on the tissue along which depth grows fastest.

    Parameters
    ----------
    angle : float
        Radians, array coordinates.

    Returns
    -------
    ndarray of shape (2,)
        x and y. Not the rotated array axis: rows and columns have different pitches, and a line of equal depth must stay
        one on the tissue, so this is the gradient of depth in um.
    """
    gradient = np.array([-np.sin(angle) / COL_PITCH_UM, np.cos(angle) / ROW_PITCH_UM])
    return gradient / np.linalg.norm(gradient)
