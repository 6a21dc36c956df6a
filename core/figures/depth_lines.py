"""Lines of equal depth over the tissue, which show a bending depth on a map."""

import numpy as np
from contourpy import contour_generator
from scipy.spatial import cKDTree

from core.coordinates import Coordinates
from core.depth import Bend

_N_LINES = 9
_N_CELLS = 90  # of the grid that lines are found on, along the longer side
_REACH = 1.2  # of a spot's spacing: farther off, there is no tissue


def depth_lines(coordinates: Coordinates, bend: Bend) -> list[np.ndarray]:
    """Trace lines of equal depth, with equally many spots between them.

    Parameters
    ----------
    coordinates : Coordinates
    bend : Bend

    Returns
    -------
    list of ndarray of shape (n_points, 2)
        x and y on the tissue in um; each line ends where the tissue does.
    """
    tissue_um = coordinates.tissue_um
    low, high = tissue_um.min(axis=0), tissue_um.max(axis=0)
    step = max(float((high - low).max()) / _N_CELLS, 1e-9)
    x, y = (np.arange(first, last + step, step) for first, last in zip(low, high, strict=True))
    points = np.column_stack([axis.ravel() for axis in np.meshgrid(x, y)])
    away, _ = cKDTree(tissue_um).query(points, distance_upper_bound=_REACH * np.sqrt(coordinates.spot_um2))
    depth = np.ma.masked_array(bend.depth_um(points), mask=~np.isfinite(away)).reshape(len(y), len(x))
    levels = np.quantile(bend.depth_um(tissue_um), np.linspace(0, 1, _N_LINES + 2)[1:-1])
    generator = contour_generator(x, y, depth)
    return [np.asarray(line) for level in levels for line in generator.lines(float(level))]
