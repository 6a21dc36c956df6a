"""Where spots lie in h5ad files, in the spellings of many tools: array positions, coordinates, scales and images."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from core.errors import SampleError, SampleFileError
from core.io.h5ad.tables import Table
from core.io.hdf5.numbers import check_filters
from core.sample import MAX_IMAGE_BYTES, TissueImage
from core.text import counted, shown

OWN = "spatial_domains"
"""Group in `uns` of files that this program wrote."""

OWN_COORDS = "spatial_um"
"""Key in `obsm` of micrometres, x then y, in files that this program wrote."""

ARRAY_COLUMNS = (("array_row", "array_col"), ("arrayrow", "arraycol"), ("array_rows", "array_cols"), ("row", "col"))
"""Names of array row and array column, in lower case."""

COORD_COLUMNS = (
    ("pxl_col_in_fullres", "pxl_row_in_fullres"),
    ("x_centroid", "y_centroid"),
    ("center_x", "center_y"),
    ("x_um", "y_um"),
    ("x", "y"),
    ("x_location", "y_location"),
    ("x_coord", "y_coord"),
    ("coord_x", "coord_y"),
    ("x_position", "y_position"),
    ("spatial_x", "spatial_y"),
    ("pos_x", "pos_y"),
    ("x_pixel", "y_pixel"),
    ("pixel_x", "pixel_y"),
    ("imagecol", "imagerow"),
)
"""Names of the horizontal and the vertical coordinate, in lower case."""

SPOT_UM = 65.0
"""What `spot_diameter_fullres` spans: 10x's "theoretical 65 um spot"; Visium's pitch of 100 um gives 65 to 70."""

LOWRES_PIXELS = 600
"""Longer side of Space Ranger's low-resolution image; high-resolution ones are reduced to it."""

_COORD_KEYS = (OWN_COORDS, "spatial", "x_spatial", "spatial_coords", "spatial_microns", "coords", "coordinates")
_MAX_STORED_IMAGE_BYTES = 512 << 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Positions:
    """Positions of all rows of a file, in the file's units.

    Parameters
    ----------
    array : ndarray of shape (n_rows, 2), float, or None
        Array row and column.
    array_from : str
        Where they were found.
    coords : ndarray of shape (n_rows, 2), float, or None
        Vertical, then horizontal coordinate.
    coords_from : str
        Where they were found.
    """

    array: np.ndarray | None
    array_from: str
    coords: np.ndarray | None
    coords_from: str

    @property
    def in_um(self) -> bool:
        """Whether the file itself says that coordinates are micrometres."""
        return self.coords_from == f"obsm/{OWN_COORDS}"


def positions(file: h5py.File, obs: Table) -> Positions:
    """Find the positions of all rows.

    Parameters
    ----------
    file : h5py.File
    obs : Table

    Returns
    -------
    Positions

    Raises
    ------
    SampleFileError
        If there are none.
    """
    array, array_from = _columns(obs, ARRAY_COLUMNS)
    coords, coords_from = _embedded(file, obs)
    if coords is None:
        coords, coords_from = _columns(obs, COORD_COLUMNS)
    if array is None and coords is None:
        raise SampleFileError(
            'has no positions: neither `obsm["spatial"]`, nor columns such as `array_row` and `array_col`, or `x` and `y`, in '
            "`obs`. Add one of them."
        )
    # Files have (x, y), a sample (vertical, horizontal): exchanged only here.
    coords = None if coords is None else np.ascontiguousarray(coords[:, ::-1])
    return Positions(array=array, array_from=array_from, coords=coords, coords_from=coords_from)


def off_lattice_because(array: np.ndarray) -> str:
    """Say why array positions do not form a Visium lattice; empty if they do.

    Parameters
    ----------
    array : ndarray of shape (n_spots, 2), float

    Returns
    -------
    str
        The rest of a sentence that begins with where they were found.
    """
    if not np.isfinite(array).all() or (array != np.rint(array)).any() or np.abs(array).max(initial=0) >= 2**31:
        return "are not whole numbers"
    n_taken = len(array) - len(np.unique(array, axis=0))
    if n_taken:
        return f"are shared by {counted(n_taken, 'spot')} with others"
    if len(np.unique(array.sum(axis=1) % 2)) > 1:
        return "fill a square grid, not Visium's hexagonal one"
    return ""


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
    return _brought_down(_as_bytes(dataset[...]), scale, always=key == "hires")


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
    found = _member(file.get("obsm"), "rgb")
    if found is None or found.shape != (n_rows, 3):
        return None
    in_range = np.isfinite(found).all() and found.min(initial=0) >= 0 and found.max(initial=0) <= 255
    return np.rint(found).astype(np.uint8) if in_range else None


def _columns(obs: Table, pairs: tuple[tuple[str, str], ...]) -> tuple[np.ndarray | None, str]:
    spelled = {name.lower(): name for name in obs.columns}
    for pair in pairs:
        if not set(pair) <= set(spelled):
            continue
        first, second = (spelled[name] for name in pair)
        values = [obs.numbers(name) for name in (first, second)]
        known = [column for column in values if column is not None]
        if len(known) == 2:
            return np.column_stack(known), f"obs/{first} and obs/{second}"
    return None, ""


def _embedded(file: h5py.File, obs: Table) -> tuple[np.ndarray | None, str]:
    obsm = file.get("obsm")
    is_records = isinstance(obsm, h5py.Dataset) and obsm.dtype.names is not None
    names = list(obsm.dtype.names) if is_records else list(obsm) if isinstance(obsm, h5py.Group) else []
    ordered = [name for key in _COORD_KEYS for name in names if name.lower() == key]
    for name in ordered + [name for name in names if "spatial" in name.lower() and name not in ordered]:
        found = _frame(file, name, obs) if _is_frame(obsm, name) else _member(obsm, name)
        if found is not None and found.ndim == 2 and found.shape[1] in (2, 3):
            _check_rows(name, found, obs.n_rows)
            return found[:, :2].astype(np.float64), f"obsm/{name}"
    return None, ""


def _is_frame(obsm: Any, name: str) -> bool:
    return isinstance(obsm, h5py.Group) and isinstance(obsm[name], h5py.Group)


def _frame(file: h5py.File, name: str, obs: Table) -> np.ndarray | None:
    """Read coordinates that were kept as a table with named columns."""
    try:
        table = Table(file, f"obsm/{name}")
        found = _columns(table, (*COORD_COLUMNS, ("0", "1")))[0]
    except SampleFileError:
        return None
    return found if found is None or len(found) == obs.n_rows else None


def _member(obsm: Any, name: str) -> np.ndarray | None:
    """Read one array of `obsm`, in a group or, as anndata 0.6 wrote it, as a field of records."""
    if isinstance(obsm, h5py.Dataset) and obsm.dtype.names is not None and name in obsm.dtype.names:
        found = np.asarray(obsm.fields(name)[...])
        return found if found.dtype.kind in "iuf" else None
    item = obsm.get(name) if isinstance(obsm, h5py.Group) else None
    if not isinstance(item, h5py.Dataset) or item.ndim != 2 or item.dtype.kind not in "iuf":
        return None
    check_filters(item, f"obsm/{shown(name)}")
    return np.asarray(item[...])


def _check_rows(name: str, found: np.ndarray, n_rows: int) -> None:
    if len(found) != n_rows:
        raise SampleFileError(
            f"`obsm/{shown(name)}` has {counted(len(found), 'row')}, but `obs` has {n_rows}: each spot needs a position."
        )


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
