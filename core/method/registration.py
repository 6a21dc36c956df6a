"""The map from positions on the tissue to pixels of the section's image."""

import numpy as np

Affine = tuple[float, float, float, float, float, float]


def um_to_image(tissue_um: np.ndarray, coords_px: np.ndarray, scale: float) -> Affine:
    """Fit the map from the tissue's plane to an image.

    Parameters
    ----------
    tissue_um : ndarray of shape (n_spots, 2)
        x and y of each spot, as :attr:`core.sample.Sample.tissue_um` gives them.
    coords_px : ndarray of shape (n_spots, 2), float
        Row and column of each spot's centre in the full-resolution image.
    scale : float
        Pixels of the image per full-resolution pixel.

    Returns
    -------
    tuple of six float
        (a, b, c, d, e, f): pixel x = a x + c y + e and pixel y = b x + d y + f, with x and y in um.

    Notes
    -----
    Least squares: slides lie turned, and sometimes mirrored, under the microscope, so the tissue's axes are not the image's.
    """
    plane = np.column_stack((tissue_um, np.ones(len(tissue_um))))
    # Space Ranger writes row then column; an affine map in the browser wants (x, y).
    (a, b), (c, d), (e, f) = np.linalg.lstsq(plane, coords_px[:, ::-1] * scale, rcond=None)[0].tolist()
    return a, b, c, d, e, f
