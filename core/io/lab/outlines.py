"""Outlines of cells in the lab's files: `outline_corners` (n x 2 whole numbers), where each cell's begin, and their unit."""

import h5py
import numpy as np

from core.errors import SampleFileError
from core.io.hdf5.numbers import numbers, whole
from core.outlines import Outlines

_CORNERS, _BEGINS, _UNIT = "outline_corners", "outline_begins", "outline_unit_um"


def read(file: h5py.File) -> Outlines | None:
    """Read the outlines of a file.

    Parameters
    ----------
    file : h5py.File

    Returns
    -------
    Outlines or None
        None where there are none.

    Raises
    ------
    SampleFileError or SampleError
        If they are damaged. The message does not name the file.
    """
    if _CORNERS not in file:
        return None
    missing = next((key for key in (_BEGINS, _UNIT) if key not in file), "")
    if missing:
        raise SampleFileError(f"has `{_CORNERS}` but no `{missing}`: outlines of cells need both.")
    corners, begins = numbers(file, _CORNERS, n_dims=2), numbers(file, _BEGINS, n_dims=1)
    unit = numbers(file, _UNIT, n_dims=1)
    if corners.dtype.kind != "i" or corners.dtype.itemsize != 2 or begins.dtype.kind not in "iu" or unit.size != 1:
        raise SampleFileError(
            f"has outlines of cells that are none: `{_CORNERS}` needs whole numbers of 16 bits, `{_BEGINS}` whole numbers, and "
            f"`{_UNIT}` one number."
        )
    return Outlines(
        corners=whole(corners, np.int16), begins=whole(begins).astype(np.int64), unit_um=float(whole(unit)[0])
    )


def stored(outlines: Outlines | None) -> dict[str, np.ndarray]:
    """Say how outlines are written.

    Parameters
    ----------
    outlines : Outlines, optional

    Returns
    -------
    dict of str to ndarray
        By the keys of the file; empty where no cell has an outline.
    """
    if outlines is None or not len(outlines.corners):
        return {}
    return {
        _CORNERS: np.array(outlines.corners),
        _BEGINS: np.array(outlines.begins),
        _UNIT: np.array([outlines.unit_um], dtype=np.float64),
    }
