"""Images, scales and colours in h5ad files, where scanpy and squidpy keep them."""

import math
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from core.errors import SampleError, SampleFileError
from core.io.h5ad.arrays import member
from core.io.hdf5.numbers import check_filters, whole
from core.sample import TissueImage
from core.sample_checks import MAX_IMAGE_BYTES

SPOT_UM = 65.0
"""What `spot_diameter_fullres` spans: 10x's "theoretical 65 um spot"; Visium's pitch of 100 um gives 65 to 70."""

LOWRES_PIXELS = 600
"""Longer side of Space Ranger's low-resolution image; high-resolution ones are reduced to it."""

_MAX_STORED_IMAGE_BYTES = 512 << 20


def libraries(file: h5py.File) -> list[str]:
    """List the libraries in `uns["spatial"]`.

    Parameters
    ----------
    file : h5py.File

    Returns
    -------
    list of str
    """
    found = file.get("uns/spatial")
    return [name for name in found if isinstance(found[name], h5py.Group)] if isinstance(found, h5py.Group) else []


def scale_factors(file: h5py.File, library: str) -> dict[str, float]:
    """Read a library's scale factors.

    Parameters
    ----------
    file : h5py.File
    library : str

    Returns
    -------
    dict of str to float
        Those that are numbers above 0, such as `spot_diameter_fullres`.
    """
    group = file[f"uns/spatial/{library}"].get("scalefactors")
    if not isinstance(group, h5py.Group):
        return {}
    found = {name: lone_number(group[name]) for name in group}
    return {name: value for name, value in found.items() if value is not None and math.isfinite(value) and value > 0}


def lone_number(item: Any) -> float | None:
    """Read a dataset of one number.

    Parameters
    ----------
    item : h5py.Dataset or other

    Returns
    -------
    float or None
        None where there is something else.
    """
    if not isinstance(item, h5py.Dataset) or item.size != 1 or item.dtype.kind not in "iufb":
        return None
    return float(np.ravel(item[...])[0])


def um_per_unit(scales: Mapping[str, float]) -> float | None:
    """Compute the micrometres per full-resolution pixel.

    Parameters
    ----------
    scales : mapping of str to float
        From :func:`scale_factors`.

    Returns
    -------
    float or None
        None where the scale factors do not tell.
    """
    if "microns_per_pixel" in scales:
        return scales["microns_per_pixel"]
    return SPOT_UM / scales["spot_diameter_fullres"] if "spot_diameter_fullres" in scales else None


def image_key(file: h5py.File, library: str) -> str | None:
    """Find which image of a library can be read, without reading it.

    Parameters
    ----------
    file : h5py.File
    library : str

    Returns
    -------
    {"lowres", "hires"} or None
        None where there is no image, or its scale is missing.
    """
    scales = scale_factors(file, library)
    images = file[f"uns/spatial/{library}"].get("images")
    for key in ("lowres", "hires"):
        if f"tissue_{key}_scalef" in scales and isinstance(images, h5py.Group) and _is_image(images.get(key)):
            return key
    return None


def image(file: h5py.File, library: str) -> TissueImage | None:
    """Read a library's image: the low-resolution one, or the other made smaller.

    Parameters
    ----------
    file : h5py.File
    library : str

    Returns
    -------
    TissueImage or None
        None where there is none, or its scale is missing.

    Raises
    ------
    SampleFileError
        If the image cannot be unpacked on this machine.
    """
    key = image_key(file, library)
    if key is None:
        return None
    dataset = file[f"uns/spatial/{library}/images/{key}"]
    check_filters(dataset, f"images/{key}")
    scale = scale_factors(file, library)[f"tissue_{key}_scalef"]
    return _brought_down(_as_bytes(whole(dataset)), scale, always=key == "hires")


def colours(file: h5py.File, n_rows: int) -> np.ndarray | None:
    """Read the mean colour of each spot from `obsm["rgb"]`.

    Parameters
    ----------
    file : h5py.File
    n_rows : int

    Returns
    -------
    ndarray of shape (n_rows, 3), uint8, or None
        None where there is none, or the numbers are no colours.
    """
    found = member(file.get("obsm"), "rgb")
    if found is None or found.shape != (n_rows, 3):
        return None
    in_range = np.isfinite(found).all() and found.min(initial=0) >= 0 and found.max(initial=0) <= 255
    return np.rint(found).astype(np.uint8) if in_range else None


def _is_image(item: Any) -> bool:
    if not isinstance(item, h5py.Dataset) or item.ndim != 3 or item.dtype.kind not in "uif":
        return False
    return item.shape[2] in (3, 4) and 0 not in item.shape and item.nbytes <= _MAX_STORED_IMAGE_BYTES


def _as_bytes(pixels: np.ndarray) -> np.ndarray:
    """Red, green and blue from 0 to 255; floats go from 0 to 1, as matplotlib reads PNG."""
    colours = pixels[:, :, :3]
    if colours.dtype.kind == "f":
        top = 255.0 if colours.max(initial=0) <= 1 else 1.0
        colours = np.rint(np.nan_to_num(colours) * top)
    return np.ascontiguousarray(np.clip(colours, 0, 255).astype(np.uint8))


def _brought_down(pixels: np.ndarray, scale: float, *, always: bool) -> TissueImage:
    if not always and pixels.nbytes <= MAX_IMAGE_BYTES:
        return TissueImage(pixels=pixels, scale=scale)
    from PIL import Image

    longest = max(pixels.shape[:2])
    share = min(1.0, LOWRES_PIXELS / longest)
    size = (max(1, round(pixels.shape[1] * share)), max(1, round(pixels.shape[0] * share)))
    smaller = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
    try:
        return TissueImage(pixels=smaller, scale=scale * share)
    except SampleError as error:
        raise SampleFileError(str(error)) from error
