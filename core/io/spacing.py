"""What one unit of coordinates is, guessed from how far spots lie apart where no file says it."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

CELLS_UM = (5.0, 50.0)
"""Neighbouring cells lie this far apart."""

_N_ASKED = 4096
_LEAST_TO_JUDGE = 30
_ALIKE = 0.04  # pixels are whole numbers, at times
_NEARLY_ALL = 0.9


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
    distances = _distances(coords)
    spacing = float(np.median(distances)) if len(distances) else 0.0
    low, high = CELLS_UM
    apart = f"neighbours lie {spacing:.3g} units apart"
    if low <= spacing <= high and _is_array(distances, spacing):
        because = f"as nothing in the file says otherwise; {apart} as in an array, which may be counted in any unit"
        return Guess(um_per_unit=1.0, is_known=False, because=because)
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
    distances = _distances(coords)
    return float(np.median(distances)) if len(distances) else 0.0


def _distances(coords: np.ndarray) -> np.ndarray:
    """Distance from some spots to the nearest one elsewhere."""
    _, first = np.unique(coords @ np.array([1, 1j]), return_index=True)  # faster than by rows
    places = coords[first]
    if len(places) < 2:
        return np.zeros(0)
    asked = places[:: -(-len(places) // _N_ASKED)]
    distances, _ = cKDTree(places).query(asked, k=[2])
    return np.asarray(distances)[:, 0]


def _is_array(distances: np.ndarray, spacing: float) -> bool:
    """Whether nearly all spots have a neighbour at the same distance: cells never lie so, but spots, bins and their pixels do."""
    if len(distances) < _LEAST_TO_JUDGE:
        return False
    return float(np.mean(np.abs(distances - spacing) <= _ALIKE * spacing)) >= _NEARLY_ALL
