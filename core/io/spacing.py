"""What one unit of coordinates is, guessed from how far spots lie apart where no file says it."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

CELLS_UM = (5.0, 50.0)
"""Neighbouring cells lie this far apart."""

_N_ASKED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A unit.

    Parameters
    ----------
    um_per_unit : float
        1 where nothing can be guessed.
    is_known : bool
        Whether the spacing tells.
    because : str
        The rest of a sentence that begins with the unit.
    """

    um_per_unit: float
    is_known: bool
    because: str


def guess(coords: np.ndarray) -> Guess:
    """Guess the unit of coordinates.

    Parameters
    ----------
    coords : ndarray of shape (n_spots, 2), float

    Returns
    -------
    Guess
        Micrometres where neighbours lie 5 to 50 units apart, as cells do, and millimetres where they lie a thousandth of that
        apart. What lies further apart may be pixels of any size.
    """
    spacing = spacing_of(coords)
    low, high = CELLS_UM
    apart = f"neighbours lie {spacing:.3g} units apart"
    if low <= spacing <= high:
        return Guess(um_per_unit=1.0, is_known=True, because=f"guessed, since {apart}, as cells do in um")
    if low <= 1000 * spacing <= high:
        return Guess(um_per_unit=1000.0, is_known=True, because=f"guessed, since {apart}, as cells do in mm")
    if spacing > high:
        return Guess(
            um_per_unit=1.0, is_known=False, because=f"as nothing in the file says otherwise; {apart}: pixels, it seems"
        )
    return Guess(um_per_unit=1.0, is_known=False, because=f"as nothing in the file says otherwise; {apart}")


def spacing_of(coords: np.ndarray) -> float:
    """Find how far neighbours lie apart.

    Parameters
    ----------
    coords : ndarray of shape (n_spots, 2), float

    Returns
    -------
    float
        Median distance to the nearest spot elsewhere; 0 where all lie at one point.
    """
    _, first = np.unique(coords @ np.array([1, 1j]), return_index=True)  # faster than by rows
    places = coords[first]
    if len(places) < 2:
        return 0.0
    asked = places[:: -(-len(places) // _N_ASKED)]
    distances, _ = cKDTree(places).query(asked, k=[2])
    return float(np.median(distances))
