"""How thick layers are and how far the pooling window reaches, across the layers and on the tissue."""

import numpy as np

from core.method.lattice import COL_PITCH_UM, ROW_PITCH_UM, across_layers_um, tissue_um
from core.sample import UNANNOTATED

_SPOT_UM2 = 2 * COL_PITCH_UM * ROW_PITCH_UM
_STRIP_UM = 400.0
_FEWEST_OF_ALL = 0.01  # labels of fewer spots are crumbs, not layers


def thickness_um(lattice: np.ndarray, labels: np.ndarray, angle: float) -> dict[str, float]:
    """Measure how thick each label is across the layers.

    Parameters
    ----------
    lattice : ndarray of shape (n_spots, 2), int
    labels : ndarray of shape (n_spots,), str or int
        The unannotated, and labels of less than 1% of the spots, are left out.
    angle : float
        Radians; depth is cos(angle) row - sin(angle) column.

    Returns
    -------
    dict of str to float
        Micrometres by label.

    Notes
    -----
    The tissue is cut into strips of 400 um that run across the layers. In each strip that holds spots of a label, the
    thickness is their area (8660 um2 each) over the strip's width; the label's thickness is the median over its strips. So
    a layer that curves or slants is not taken for a thick one.
    """
    across = across_layers_um(angle)
    along_um = tissue_um(lattice) @ np.array([-across[1], across[0]])
    strips = np.floor((along_um - along_um.min()) / _STRIP_UM).astype(int)
    found = {}
    for label in np.unique(labels):
        spots = labels == label
        if str(label) != UNANNOTATED and spots.mean() >= _FEWEST_OF_ALL:
            counts = np.bincount(strips[spots])
            found[str(label)] = float(np.median(counts[counts > 0]) * _SPOT_UM2 / _STRIP_UM)
    return found


def window_um(window: int, angle: float) -> float:
    """Tell how thick a layer would have to be to spread as widely across the layers as the pooling window does.

    Parameters
    ----------
    window : int
        k: 2k - 1 array rows and columns take part.
    angle : float
        Radians, array coordinates.

    Returns
    -------
    float
        Micrometres.

    Notes
    -----
    The window is a rectangle of a = (2k - 1) 50 um along x and b = (2k - 1) 86.6 um along y. Along the unit vector (x, y)
    across the layers its points have the variance (x^2 a^2 + y^2 b^2) / 12; a slab of thickness t has t^2 / 12. Corner to
    corner the window reaches further, but its corners hold few spots.

    Examples
    --------
    >>> round(window_um(1, angle=0.0), 1)
    86.6
    """
    sides = (2 * window - 1) * np.array([COL_PITCH_UM, ROW_PITCH_UM])
    return float(np.linalg.norm(across_layers_um(angle) * sides))
