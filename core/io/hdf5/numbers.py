"""Numbers in HDF5 files: checked before they are read, and in types that scipy and torch know. Knows nothing of samples."""

import math
from typing import Any

import h5py
import numpy as np

from core.errors import SampleFileError
from core.memory import check_fits
from core.text import shown

_SMALL_CHUNK = 1 << 20


def numbers(file: h5py.Group, key: str, *, n_dims: int) -> h5py.Dataset:
    """Find a dataset of numbers that this machine can read.

    Parameters
    ----------
    file : h5py.Group
    key : str
    n_dims : int

    Returns
    -------
    h5py.Dataset

    Raises
    ------
    SampleFileError
        If it holds something else, or has other dimensions. The message does not name the file.
    """
    found = file[key]
    if not isinstance(found, h5py.Dataset):
        raise SampleFileError(f"`{key}` is not a table: store an array of numbers there.")
    if found.dtype.kind not in "iuf":
        raise SampleFileError(f"`{key}` holds {kind_of(found)}, where numbers belong.")
    if found.ndim != n_dims:
        raise SampleFileError(f"`{key}` has the shape {found.shape}: it needs {n_dims} dimensions.")
    check_filters(found, key)
    return found


def kind_of(dataset: h5py.Dataset) -> str:
    """Describe the values of a dataset of an unexpected type.

    Parameters
    ----------
    dataset : h5py.Dataset

    Returns
    -------
    str
    """
    if h5py.check_string_dtype(dataset.dtype):
        return "text"
    return {"b": "truth values", "c": "complex numbers"}.get(dataset.dtype.kind, f"values of type {dataset.dtype}")


def check_filters(dataset: h5py.Dataset, key: str) -> None:
    """Refuse compression that this machine cannot undo.

    Parameters
    ----------
    dataset : h5py.Dataset
    key : str
        Its name in the message.

    Raises
    ------
    SampleFileError
    """
    plan = dataset.id.get_create_plist()
    for number in range(plan.get_nfilters()):
        code, _, _, label = plan.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            raise SampleFileError(
                f"`{key}` is compressed with {shown(label.decode(errors='replace'), 40)}, which needs a plug-in: "
                "save the file again with zlib."
            )


def check_chunk(dataset: h5py.Dataset) -> None:
    """Refuse values that are stored in pieces which do not fit into memory: one is unpacked as a whole, whatever is asked of it.

    Parameters
    ----------
    dataset : h5py.Dataset

    Raises
    ------
    SampleFileError
        The message does not name the file.
    """
    n_bytes = math.prod(dataset.chunks or (0,)) * int(dataset.dtype.itemsize)
    if n_bytes > _SMALL_CHUNK:  # what may be taken is not asked for each of many small tables
        check_fits(n_bytes, f"A chunk of `{shown(dataset.name).lstrip('/')}`")


def native_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Name the number type that scipy and torch know: this machine's byte order, no halves, no long doubles.

    Parameters
    ----------
    dtype : dtype
        Of the file.

    Returns
    -------
    dtype
    """
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    return dtype.newbyteorder("=")


def whole(dataset: h5py.Dataset, dtype: Any = None, field: str | None = None) -> np.ndarray:
    """Read all of a dataset, once it is known that it fits into memory.

    Parameters
    ----------
    dataset : h5py.Dataset
        Of numbers, or of text of fixed length.
    dtype : dtype, optional
        Type that it is read as; HDF5 converts while it reads.
    field : str, optional
        Of a table of records: the one to read.

    Returns
    -------
    ndarray

    Raises
    ------
    SampleFileError
        If it would take more than :func:`core.memory.limit_bytes`. The message does not name the file.
    """
    stored = dataset.dtype if field is None else dataset.dtype[field]
    check_chunk(dataset)
    wanted = stored if dtype is None else np.dtype(dtype)
    check_fits(int(dataset.size or 0) * wanted.itemsize, f"`{shown(dataset.name).lstrip('/')}`")
    if field is not None:
        return np.asarray(dataset.fields(field)[...], dtype=dtype)
    return np.asarray(dataset[...] if dtype is None else dataset.astype(wanted)[...])
