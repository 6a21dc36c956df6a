"""A table of AnnData in a zarr store, written as HDF5, so that the reader of h5ad reads it with all its checks.

Nothing is interpreted here; arrays go over in blocks, within a budget, and text in fixed length.
"""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from core.errors import SampleFileError, UnsafeFileError
from core.io.hdf5.text import MAX_TEXT_BYTES
from core.io.spatialdata.store import Array, Store
from core.memory import check_fits
from core.text import shown

MAX_BYTES = 16 << 30
"""Largest table, unpacked."""

MAX_NODES = 5000

_BLOCK_BYTES = 64 << 20
_TEXT_BYTES = 128  # that Python takes for a short text, twice
_PARTS = ("X", "layers", "raw", "obs", "var", "obsm", "uns")
_ATTRIBUTES = ("encoding-type", "encoding-version", "_index")
_MAX_DEPTH = 8
_UNS = ("spatial", "spatialdata_attrs", "spatial_domains", "log1p")
"""Parts of `uns` that the reader of h5ad looks at."""


def is_table(store: Store, key: str = "") -> bool:
    """Say whether a group of a store is an AnnData.

    Parameters
    ----------
    store : Store
    key : str

    Returns
    -------
    bool
    """
    return {"obs", "var"} <= set(store.children(key))


def write_as_hdf5(store: Store, key: str, path: Path) -> None:
    """Copy a table.

    Parameters
    ----------
    store : Store
    key : str
        Of the AnnData.
    path : Path
        Made.

    Raises
    ------
    SampleFileError or UnsafeFileError
        If anything is damaged, hostile or too large.
    """
    with h5py.File(path, "w") as file:
        _Copy(store, key, file).run()


class _Copy:
    """One copy, with what may still be copied."""

    def __init__(self, store: Store, key: str, file: h5py.File) -> None:
        self._store, self._key, self._file = store, key, file
        self._n_bytes, self._n_nodes = 0, 0
        self._most_bytes = min(MAX_BYTES, shutil.disk_usage(Path(file.filename).parent).free // 2)

    def run(self) -> None:
        for part in _PARTS:
            if part in self._store.children(self._key):
                self._node(f"{self._key}/{part}".strip("/"), part, 0)

    def _node(self, key: str, name: str, depth: int) -> None:
        self._n_nodes += 1
        if self._n_nodes > MAX_NODES or depth > _MAX_DEPTH:
            raise UnsafeFileError(
                f"`{shown(self._key)}` holds more than {MAX_NODES} arrays and groups: it was not read."
            )
        if not name.isprintable():
            raise SampleFileError(f"`{shown(key)}` has a name that cannot be printed: write the store again.")
        if self._store.is_array(key):
            self._array(key, name)
            return
        group = self._file.require_group(name)
        _put_attributes(group, self._store.attributes(key))
        for child in self._store.children(key):
            if not (name == "uns" and child not in _UNS) and not child.startswith("varp"):
                self._node(f"{key}/{child}", f"{name}/{child}", depth + 1)

    def _array(self, key: str, name: str) -> None:
        array = self._store.array(key)
        self._n_bytes += array.nbytes
        if self._n_bytes > self._most_bytes:
            raise SampleFileError(
                f"`{shown(self._key)}` unpacks to more than {self._most_bytes / (1 << 30):.1f} GiB, for which there is no room: give fewer "
                "cells."
            )
        if array.dtype is None or array.dtype.kind in "SU":
            dataset = self._text(array, name)
        else:
            dataset = self._numbers(array, name)
        _put_attributes(dataset, array.attributes)

    def _text(self, array: Array, name: str) -> h5py.Dataset:
        n_texts = math.prod(array.shape)
        check_fits(n_texts * _TEXT_BYTES + 2 * array.nbytes, f"`{shown(array.key)}`")
        values = [_encoded(value, array) for value in np.ravel(self._store.read(array)).tolist()]
        width = max(map(len, values), default=1)
        check_fits(2 * n_texts * width, f"`{shown(array.key)}`, whose longest text has {width} bytes,")
        return self._file.create_dataset(name, data=np.array(values, dtype=f"S{max(1, width)}").reshape(array.shape))

    def _numbers(self, array: Array, name: str) -> h5py.Dataset:
        assert array.dtype is not None  # noqa: S101 - text went another way
        if not array.shape or 0 in array.shape:
            return self._file.create_dataset(name, data=self._store.read(array))
        dataset = self._file.create_dataset(name, shape=array.shape, dtype=array.dtype)
        for part in _blocks(array):
            check_fits((part.stop - part.start) * (array.nbytes // array.shape[0]), f"A part of `{shown(array.key)}`")
            dataset[part] = self._store.read(array, part)
        return dataset


def _encoded(value: object, array: Array) -> bytes:
    """Text as bytes, one at a time: what is filled in for chunks that are left out may be of any length."""
    text = value if isinstance(value, bytes) else str(value)
    if len(text) <= MAX_TEXT_BYTES:
        encoded = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        if len(encoded) <= MAX_TEXT_BYTES:
            return encoded
    raise SampleFileError(f"`{shown(array.key)}` holds text of more than {MAX_TEXT_BYTES} bytes, where names belong.")


def _blocks(array: Array) -> Iterator[slice]:
    row_bytes = max(1, array.nbytes // array.shape[0])
    n_rows = max(array.chunks[0], _BLOCK_BYTES // row_bytes // array.chunks[0] * array.chunks[0])
    for first in range(0, array.shape[0], n_rows):
        yield slice(first, min(first + n_rows, array.shape[0]))


def _put_attributes(item: h5py.Group | h5py.Dataset, found: dict[str, Any]) -> None:
    for name in _ATTRIBUTES:
        if isinstance(found.get(name), str):
            item.attrs[name] = np.bytes_(found[name][:MAX_TEXT_BYTES].encode("utf-8", "replace"))
    shape = found.get("shape", found.get("h5sparse_shape"))
    if isinstance(shape, list) and len(shape) == 2 and all(type(size) is int and 0 <= size < 1 << 48 for size in shape):
        item.attrs["shape"] = np.array(shape, dtype=np.int64)
