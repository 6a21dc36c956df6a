"""From places on the array to pixels of the section's image."""

import numpy as np

from core.method.lattice import tissue_um

Affine = tuple[float, float, float, float, float, float]


def um_to_image(lattice: np.ndarray, coords_px: np.ndarray, scale: float) -> Affine:
    """Fit the map from the tissue's plane to an image.

    Parameters
    ----------
    lattice : ndarray of shape (n_spots, 2), int
        Array row and array column.
    coords_px : ndarray of shape (n_spots, 2), float
        Row and column of each spot's centre in the full-resolution image.
    scale : float
        Pixels of the image per full-resolution pixel.

    Returns
    -------
    tuple of six float
        (a, b, c, d, e, f): pixel x = a x + c y + e and pixel y = b x + d y + f, with x and y in um as
        :func:`core.method.lattice.tissue_um` gives them.

    Notes
    -----
    Least squares: slides lie turned, and sometimes mirrored, under the microscope, so the array's axes are not the image's.
    """
    plane = np.column_stack((tissue_um(lattice), np.ones(len(lattice))))
    # Space Ranger writes row then column; an affine map in the browser wants (x, y).
    (a, b), (c, d), (e, f) = np.linalg.lstsq(plane, coords_px[:, ::-1] * scale, rcond=None)[0].tolist()
    return a, b, c, d, e, f
