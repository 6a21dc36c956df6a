"""Whether the pooling window is wider than a layer: both measured across the layers, along one straight direction.

The thickness that users take home follows the layers where they curve: see `core.evaluation.thickness`.
"""

import numpy as np

from core.coordinates import COL_PITCH_UM, ROW_PITCH_UM, Coordinates
from core.depth import across_layers_um
from core.sample import UNANNOTATED

_VISIUM_STRIP_UM = 400.0
_VISIUM_SPOT_UM2 = 2 * COL_PITCH_UM * ROW_PITCH_UM
_FEWEST_OF_ALL = 0.01  # labels of fewer spots are crumbs, not layers


def in_strips_um(coordinates: Coordinates, labels: np.ndarray, angle: float) -> dict[str, float]:
    """Estimate how thick each label is across the layers, from its area, cut off by the tissue or not.

    Parameters
    ----------
    coordinates : Coordinates
    labels : ndarray of shape (n_spots,), str or int
        Unannotated spots, and labels of less than 1% of the spots, are left out.
    angle : float
        Radians; depth is cos(angle) row - sin(angle) column.

    Returns
    -------
    dict of str to float
        Micrometres by label.

    Notes
    -----
    The tissue is cut into strips that run across the layers, 400 um wide on Visium, and off the lattice as wide for the
    area of a spot. In each strip that holds spots of a label, the thickness is their area over the strip's width; the label's thickness is the median over its strips. So
    a layer that curves or slants is not taken for a thick one.
    """
    across = across_layers_um(angle, coordinates.unit_um)
    along_um = coordinates.tissue_um @ np.array([-across[1], across[0]])
    strip_um = _VISIUM_STRIP_UM * (coordinates.spot_um2 / _VISIUM_SPOT_UM2) ** 0.5
    strips = np.floor((along_um - along_um.min()) / strip_um).astype(int)
    found = {}
    for label in np.unique(labels):
        spots = labels == label
        if str(label) != UNANNOTATED and spots.mean() >= _FEWEST_OF_ALL:
            counts = np.bincount(strips[spots])
            found[str(label)] = float(np.median(counts[counts > 0]) * coordinates.spot_um2 / strip_um)
    return found


def window_um(window: int, angle: float, unit_um: tuple[float, float]) -> float:
    """Compute how thick a layer must be to spread as widely across the layers as the pooling window.

    Parameters
    ----------
    window : int
        k: 2k - 1 array rows and columns, or units off the lattice, take part.
    angle : float
        Radians, in the coordinates of the positions.
    unit_um : (float, float)
        Micrometres of one of those units, vertically and horizontally.

    Returns
    -------
    float
        Micrometres.

    Notes
    -----
    On Visium the window is a rectangle of a = (2k - 1) 50 um along x and b = (2k - 1) 86.6 um along y. Along the unit vector (x, y)
    across the layers its points have the variance (x^2 a^2 + y^2 b^2) / 12; a slab of thickness t has t^2 / 12. Corner to
    corner the window reaches further, but its corners hold few spots.

    Examples
    --------
    >>> round(window_um(1, angle=0.0, unit_um=(86.6, 50.0)), 1)
    86.6
    """
    sides = (2 * window - 1) * np.array(unit_um[::-1])
    return float(np.linalg.norm(across_layers_um(angle, unit_um) * sides))
