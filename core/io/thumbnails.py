"""Thumbnails of pictures of the tissue, made of one level of a pyramid."""

import numpy as np

from core.errors import SampleFileError
from core.sample import TissueImage

MAX_SIDE = 1200
"""Pixels of the longer side of an image that is kept."""

FITTING_SIDE = 2 * MAX_SIDE
"""Pixels of the longer side of a level that a thumbnail is best made of: the largest within it is read."""

_BRIGHTEST = 99.8  # per cent: single bright pixels would leave fluorescence black


def made(pixels: np.ndarray, scale: float) -> TissueImage:
    """Make a thumbnail.

    Parameters
    ----------
    pixels : ndarray of shape (height, width) or (height, width, n_channels)
        Three or four channels of uint8 are colours; of others the first is shown as grey.
    scale : float
        Their size per pixel of the full resolution.

    Returns
    -------
    TissueImage

    Raises
    ------
    SampleFileError
        If the pixels have other axes.
    """
    from PIL import Image

    small = Image.fromarray(_as_colours(pixels))
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    return TissueImage(pixels=np.array(small), scale=scale * max(small.size) / max(pixels.shape[:2]))


def _as_colours(pixels: np.ndarray) -> np.ndarray:
    """Red, green and blue from 0 to 255; other channels, or a single one, as grey."""
    if pixels.ndim not in (2, 3):
        raise SampleFileError("has an image with axes besides rows, columns and channels.")
    colours = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if colours.shape[2] in (3, 4) and colours.dtype == np.uint8:
        return np.ascontiguousarray(colours[:, :, :3])
    grey = np.nan_to_num(colours[:, :, 0].astype(np.float64))
    top = float(np.percentile(grey, _BRIGHTEST)) or float(grey.max()) or 1.0
    return np.repeat(np.clip(grey / top * 255, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
