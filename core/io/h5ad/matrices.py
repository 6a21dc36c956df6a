"""Matrices in h5ad files: found, and checked without reading their values."""

from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from scipy import sparse

from core.errors import SampleFileError
from core.io import genes
from core.io.hdf5.numbers import check_chunk, check_filters, whole
from core.io.hdf5.safe import plain_attribute
from core.io.hdf5.text import text_attribute
from core.memory import check_fits
from core.text import counted, shown

_RAW = ("raw/X", "raw.X")
_LAYERS_OF_COUNTS = ("counts", "raw_counts", "count", "raw", "umi", "umis", "spliced")
_GLIMPSE_VALUES = 50_000
_LEAST_ROWS, _MOST_ROWS = 25, 500
_MOST_OF_COLUMNS = 5_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Matrix:
    """One matrix of an h5ad file, whose parts fit together.

    Parameters
    ----------
    key : str
        Its key: `X`, `raw/X`, `layers/counts`.
    item : h5py.Group or h5py.Dataset
        Group of `data`, `indices` and `indptr`, or a table.
    kind : {"csr", "csc", "dense"}
    shape : (int, int)
        Spots and genes.
    """

    key: str
    item: Any
    kind: str
    shape: tuple[int, int]

    @property
    def var_key(self) -> str:
        """Key of the table of its genes."""
        return f"{self.key[:-1]}var" if self.key in _RAW else "var"


def keys(file: h5py.File) -> list[str]:
    """List the matrices of a file, those that most often hold counts first.

    Parameters
    ----------
    file : h5py.File

    Returns
    -------
    list of str
    """
    layers = list(file["layers"]) if isinstance(file.get("layers"), h5py.Group) else []
    named = [name for name in _LAYERS_OF_COUNTS if name in layers]
    ordered = [f"layers/{name}" for name in (*named, *(name for name in layers if name not in named))]
    raw = [key for key in _RAW if key in file]
    return ["X"] * ("X" in file) + ordered[: len(named)] + raw + ordered[len(named) :]


def is_called_counts(key: str) -> bool:
    """Whether a matrix has a name that is only given to whole counts.

    Parameters
    ----------
    key : str
        One of :func:`keys`.

    Returns
    -------
    bool
    """
    return key in _RAW or key.removeprefix("layers/").lower() in (*_LAYERS_OF_COUNTS[:-1], "umi_counts", "raw_count")


def matrix(file: h5py.File, key: str, n_spots: int) -> Matrix:
    """Find one matrix and check its shape.

    Parameters
    ----------
    file : h5py.File
    key : str
        One of :func:`keys`.
    n_spots : int
        Rows of `obs`.

    Returns
    -------
    Matrix

    Raises
    ------
    SampleFileError
        If the matrix is missing or its parts do not fit together. The message does not name the file.
    """
    item = file.get(key)
    if item is None:
        raise SampleFileError(f"has no `{shown(key)}`; its matrices are {', '.join(keys(file)) or 'none'}.")
    kind, shape = _sparse_layout(item, key) if isinstance(item, h5py.Group) else _dense_layout(item, key)
    if shape[0] != n_spots or shape[1] > genes.MAX_GENES:
        raise SampleFileError(
            f"`{shown(key)}` has {counted(shape[0], 'row')} and {counted(shape[1], 'column')}, but `obs` has {counted(n_spots, 'row')}: each spot needs one."
        )
    return Matrix(key=key, item=item, kind=kind, shape=shape)


def some_rows(found: Matrix) -> sparse.csr_array:
    """Read some rows from the beginning and from the middle, to judge what kind of values a matrix holds.

    Parameters
    ----------
    found : Matrix

    Returns
    -------
    csr_array of shape (n_rows, n_columns)
        float64, finite, without stored zeros. Of a large matrix that is stored by columns, some columns only.
    """
    n_rows = int(np.clip(_GLIMPSE_VALUES // max(1, found.shape[1]), _LEAST_ROWS, _MOST_ROWS))
    middle = found.shape[0] // 2
    if found.kind == "csc":
        return _rows_of_columns(found, n_rows)
    spans = [(0, min(n_rows, found.shape[0])), (max(middle, n_rows), min(middle + n_rows, found.shape[0]))]
    parts = [_span(found, first, last) for first, last in spans if last > first]
    rows = sparse.csr_array(sparse.vstack(parts, format="csr") if parts else sparse.csr_array((0, found.shape[1])))
    return _plain(rows)


def narrow(file: h5py.File, key: str, n_rows: int, most_columns: int) -> np.ndarray | None:
    """Read a sparse matrix of few columns, such as coordinates that were stored so.

    Parameters
    ----------
    file : h5py.File
    key : str
    n_rows : int
    most_columns : int

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float64, or None
        None where it is wider, has other rows, or its parts do not fit together.
    """
    try:
        found = matrix(file, key, n_rows)
    except SampleFileError:
        return None
    item, (_, n_columns) = found.item, found.shape
    if found.kind == "dense" or not 0 < n_columns <= most_columns or item["data"].size > n_rows * n_columns:
        return None
    check_fits(n_rows * n_columns * 8, f"`{shown(key)}`")
    make = sparse.csr_array if found.kind == "csr" else sparse.csc_array
    parts = (whole(item["data"], np.float64), whole(item["indices"], np.int64), whole(item["indptr"], np.int64))
    try:
        made = make(parts, shape=found.shape)
        made.check_format(full_check=True)
    except ValueError:
        return None
    return np.asarray(made.toarray())


def _span(found: Matrix, first: int, last: int) -> sparse.csr_array:
    if found.kind == "dense":
        return sparse.csr_array(np.asarray(found.item[first:last]).astype(np.float64))
    starts = found.item["indptr"][first : last + 1].astype(np.int64)
    if (np.diff(starts) < 0).any() or starts[-1] > found.item["data"].size:
        return sparse.csr_array((last - first, found.shape[1]))  # reading all of it says what is wrong
    begin, end = int(starts[0]), int(starts[-1])
    data = found.item["data"][begin:end].astype(np.float64)
    indices = np.clip(found.item["indices"][begin:end].astype(np.int64), 0, max(found.shape[1] - 1, 0))
    return sparse.csr_array((data, indices, starts - begin), shape=(last - first, found.shape[1]))


def _rows_of_columns(found: Matrix, n_rows: int) -> sparse.csr_array:
    n_values = min(found.item["data"].size, _MOST_OF_COLUMNS)
    starts = whole(found.item["indptr"], np.int64)
    n_columns = int(np.searchsorted(starts, n_values, side="right")) - 1
    if n_columns < 1 or (np.diff(starts) < 0).any():
        return sparse.csr_array((0, found.shape[1]))
    n_values = int(starts[n_columns])
    data, rows = found.item["data"][:n_values].astype(np.float64), found.item["indices"][:n_values].astype(np.int64)
    shape = (found.shape[0], n_columns)
    some = sparse.csc_array((data, np.clip(rows, 0, max(shape[0] - 1, 0)), starts[: n_columns + 1]), shape=shape)
    return _plain(sparse.csr_array(some)[: 2 * n_rows])


def _plain(rows: sparse.csr_array) -> sparse.csr_array:
    rows.sum_duplicates()
    rows.data[~np.isfinite(rows.data)] = 0
    rows.eliminate_zeros()
    return rows


def _sparse_layout(group: h5py.Group, key: str) -> tuple[str, tuple[int, int]]:
    missing = [part for part in ("data", "indices", "indptr") if not isinstance(group.get(part), h5py.Dataset)]
    if missing:
        raise SampleFileError(f"`{shown(key)}` has no `{missing[0]}`: save the file again with anndata's `write_h5ad`.")
    for part in ("data", "indices", "indptr"):
        _check_numbers(group[part], f"{key}/{part}", "iuf" if part == "data" else "iu", 1)
    if group["data"].size != group["indices"].size:
        raise SampleFileError(
            f"`{shown(key)}` has {group['data'].size} values but {group['indices'].size} indices: save the file again."
        )
    shape = _declared_shape(group, key)
    kind = _declared_kind(group, key, shape)
    n_lines = shape[0] if kind == "csr" else shape[1]
    if group["indptr"].size != n_lines + 1:
        raise SampleFileError(
            f"`{shown(key)}` declares {n_lines} {'rows' if kind == 'csr' else 'columns'}, but its `indptr` has "
            f"{group['indptr'].size} entries, not {n_lines + 1}: save the file again."
        )
    return kind, shape


def _declared_shape(group: h5py.Group, key: str) -> tuple[int, int]:
    for name in ("shape", "h5sparse_shape"):
        found = plain_attribute(group, name)
        if isinstance(found, np.ndarray) and found.shape == (2,) and found.dtype.kind in "iu":
            return int(found[0]), int(found[1])
    raise SampleFileError(f"`{shown(key)}` is sparse and does not say its shape: save the file again.")


def _declared_kind(group: h5py.Group, key: str, shape: tuple[int, int]) -> str:
    texts = [*text_attribute(group, "encoding-type"), *text_attribute(group, "h5sparse_format")]
    for word in texts:
        if word.removesuffix("_matrix") in ("csr", "csc"):
            return word.removesuffix("_matrix")
    if shape[0] == shape[1] or group["indptr"].size - 1 not in shape:
        raise SampleFileError(f"`{shown(key)}` does not say whether it is CSR or CSC: save the file again.")
    return "csr" if group["indptr"].size - 1 == shape[0] else "csc"


def _dense_layout(item: h5py.Dataset, key: str) -> tuple[str, tuple[int, int]]:
    _check_numbers(item, key, "iuf", 2)
    return "dense", (int(item.shape[0]), int(item.shape[1]))


def _check_numbers(item: h5py.Dataset, key: str, kinds: str, n_dims: int) -> None:
    if item.shape is None or item.ndim != n_dims or item.dtype.kind not in kinds:
        needed = "whole numbers" if kinds == "iu" else "numbers"
        raise SampleFileError(
            f"`{shown(key)}` has the shape {item.shape} and the type {shown(item.dtype)}: it needs {needed} in {n_dims} "
            "dimensions."
        )
    check_filters(item, shown(key))
    check_chunk(item)
