"""Arrays of `obsm`, in the layouts of all ages, as numbers."""

from typing import Any

import h5py
import numpy as np

from core.errors import SampleFileError
from core.io.h5ad.tables import Table
from core.io.hdf5.numbers import check_filters, whole
from core.io.hdf5.text import short_texts
from core.text import shown

MAX_COLUMNS = 3
"""Of coordinates; what has more is something else."""


def names_in(obsm: Any) -> list[str]:
    """List the arrays of `obsm`.

    Parameters
    ----------
    obsm : h5py.Group, h5py.Dataset or None

    Returns
    -------
    list of str
    """
    if isinstance(obsm, h5py.Dataset):
        return list(obsm.dtype.names or ())
    return list(obsm) if isinstance(obsm, h5py.Group) else []


def member(obsm: Any, name: str) -> np.ndarray | None:
    """Read one array of `obsm`, in a group or, as anndata 0.6 wrote it, as a field of records.

    Parameters
    ----------
    obsm : h5py.Group, h5py.Dataset or None
    name : str

    Returns
    -------
    ndarray of shape (n_rows, n_columns), or None
        Numbers, also where they were stored as text; None where there is something else.
    """
    if isinstance(obsm, h5py.Dataset) and obsm.dtype.names is not None and name in obsm.dtype.names:
        kind = obsm.dtype[name].base.kind  # of an array in each record
        return whole(obsm, field=name) if kind in "iuf" else None
    item = obsm.get(name) if isinstance(obsm, h5py.Group) else None
    if not isinstance(item, h5py.Dataset) or item.ndim != 2:
        return None
    check_filters(item, f"obsm/{shown(name)}")
    if item.dtype.kind in "iuf":
        return whole(item)
    return _written(item, name)


def _written(item: h5py.Dataset, name: str) -> np.ndarray | None:
    """Read numbers that were stored as text."""
    if not h5py.check_string_dtype(item.dtype) or not 0 < item.shape[1] <= MAX_COLUMNS:
        return None
    try:
        return np.array(short_texts(item, f"obsm/{shown(name)}"), dtype=float).reshape(item.shape)
    except (ValueError, SampleFileError):
        return None


def frame(file: h5py.File, name: str) -> Table | None:
    """Open an array that was kept as a table with named columns.

    Parameters
    ----------
    file : h5py.File
    name : str

    Returns
    -------
    Table or None
    """
    if not isinstance(file.get(f"obsm/{name}"), h5py.Group):
        return None
    try:
        return Table(file, f"obsm/{name}")
    except SampleFileError:
        return None
