"""Matrices of counts in h5ad files: found, checked, and read in blocks.

A large file never lies in memory whole: genes are chosen in a first pass over the blocks, and only those are kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import h5py
import numpy as np
from scipy import sparse

from core.errors import SampleFileError
from core.io import genes
from core.io.hdf5.numbers import check_filters, native_type
from core.io.hdf5.safe import plain_attribute
from core.io.hdf5.text import text_attribute
from core.io.incoming import ImportChoices
from core.sample import DENSE_LIMIT, Expression
from core.text import counted, shown

BLOCK_VALUES = 4_000_000
"""How many values are unpacked at a time."""

_GLIMPSE_VALUES = 50_000
_RAW = ("raw/X", "raw.X")
_LAYERS_OF_COUNTS = ("counts", "raw_counts", "count", "raw", "umi", "umis", "spliced")

Content = Literal["counts", "fractions", "negative"]


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


def content(found: Matrix) -> Content:
    """Find what kind of values a matrix holds, from some of them.

    Parameters
    ----------
    found : Matrix

    Returns
    -------
    {"counts", "fractions", "negative"}
        `counts` are whole numbers.
    """
    values = _glimpse(found)
    if (values < 0).any():
        return "negative"
    return "counts" if (values == np.rint(values)).all() else "fractions"


def likeliest(file: h5py.File, n_spots: int) -> tuple[Matrix, Content]:
    """Find the matrix that holds counts, or what is closest to counts.

    Parameters
    ----------
    file : h5py.File
    n_spots : int
        Rows of `obs`.

    Returns
    -------
    Matrix
    {"counts", "fractions", "negative"}

    Raises
    ------
    SampleFileError
        If there is no matrix, or a damaged one.
    """
    every = keys(file)
    if not every:
        raise SampleFileError("has no `X`, no layers and no `raw`: there are no counts in it.")
    found, order = [], {"counts": 0, "fractions": 1, "negative": 2}
    for key in every:
        try:
            one = matrix(file, key, n_spots)
            found.append((one, content(one)))
        except SampleFileError:
            # An unreadable layer is acceptable, an unreadable main matrix is not.
            if key == "X" or len(every) == 1:
                raise
    if not found:
        raise SampleFileError(f"has no matrix of counts: none of {', '.join(map(shown, every))} fits its spots.")
    return min(found, key=lambda pair: order[pair[1]])


def read(found: Matrix, spots: np.ndarray, choices: ImportChoices) -> tuple[Expression, np.ndarray]:
    """Read the counts of some spots, and of the genes that an import keeps.

    Parameters
    ----------
    found : Matrix
    spots : ndarray of shape (n_spots,), bool
        Which rows are kept.
    choices : ImportChoices

    Returns
    -------
    ndarray or csr_array of shape (n_kept_spots, n_kept_genes)
        In the number type of the file; dense up to :data:`core.sample.DENSE_LIMIT` values.
    ndarray of shape (n_kept_genes,), int
        Column numbers of the genes kept.

    Raises
    ------
    SampleFileError
        If values are negative or not finite, or the matrix is damaged.
    SampleError
        If no gene is left.
    """
    n_spots = int(spots.sum())

    def values_by_gene() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for block in _blocks(found, spots):
            yield block.gene, block.value

    of_genes = genes.totals(values_by_gene, n_spots, found.shape[1])
    kept = genes.chosen_in_blocks(values_by_gene, of_genes, choices)
    counts = _gathered(found, spots, kept, int(of_genes.n_spots_with[kept].sum()))
    return (counts.toarray() if n_spots * len(kept) <= DENSE_LIMIT else counts), kept


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


def _glimpse(found: Matrix) -> np.ndarray:
    """Read some values from the beginning and from the middle."""
    if found.kind == "dense":
        n_lines, item = found.shape[0], found.item
        width = max(1, _GLIMPSE_VALUES // max(1, found.shape[1]))
    else:
        item = found.item["data"]
        n_lines, width = item.size, _GLIMPSE_VALUES
    middle = n_lines // 2
    values = np.concatenate([np.ravel(item[:width]), np.ravel(item[middle : middle + width])])
    return values[np.isfinite(values)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """Counts above 0: spot (among those kept), gene and value of each; sorted by spot, or by gene where CSC."""

    spot: np.ndarray
    gene: np.ndarray
    value: np.ndarray


def _blocks(found: Matrix, spots: np.ndarray) -> Iterator[_Block]:
    index = np.cumsum(spots) - 1
    for spot, gene, value in _dense_blocks(found) if found.kind == "dense" else _sparse_blocks(found):
        _check_values(found, value)
        kept = spots[spot] & (value != 0)
        yield _Block(spot=index[spot[kept]], gene=gene[kept], value=value[kept])


def _check_values(found: Matrix, value: np.ndarray) -> None:
    low = value.min(initial=0)
    if not np.isfinite(low) or not np.isfinite(value.max(initial=0)):
        raise SampleFileError(
            f"`{shown(found.key)}` holds values that are not finite (NaN or infinity): write 0 where nothing was counted."
        )
    if low < 0:
        raise SampleFileError(
            f"`{shown(found.key)}` holds negative values (such as {low:g}): it was scaled or centred. Save the counts, as a "
            "layer or in `raw`, and choose them."
        )


def _dense_blocks(found: Matrix) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    item = found.item
    n_chunk_rows = item.chunks[0] if item.chunks else 1
    n_rows = max(1, BLOCK_VALUES // max(1, found.shape[1]))
    # Whole chunks at a time, where they fit: none is then unpacked twice.
    n_rows = n_rows // n_chunk_rows * n_chunk_rows or n_rows
    for first in range(0, found.shape[0], n_rows):
        rows = np.asarray(item[first : first + n_rows])
        spot, gene = np.nonzero(rows)
        yield spot + first, gene, rows[spot, gene].astype(native_type(rows.dtype))


def _sparse_blocks(found: Matrix) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    group, (n_spots, n_genes) = found.item, found.shape
    starts = _line_starts(found)
    n_across = n_genes if found.kind == "csr" else n_spots
    for first, last in _line_ranges(starts):
        begin, end = int(starts[first]), int(starts[last])
        line = np.repeat(np.arange(first, last), np.diff(starts[first : last + 1]))
        across = group["indices"][begin:end].astype(np.int64)
        if len(across) and (across.min() < 0 or across.max() >= n_across):
            raise SampleFileError(
                f"`{shown(found.key)}/indices` reaches from {across.min()} to {across.max()}, but must lie between 0 and "
                f"{n_across - 1}: save the file again."
            )
        value = np.asarray(group["data"].astype(native_type(group["data"].dtype))[begin:end])
        yield (line, across, value) if found.kind == "csr" else (across, line, value)


def _line_starts(found: Matrix) -> np.ndarray:
    stored, n_values = found.item["indptr"][...], found.item["data"].size
    starts: np.ndarray = stored.astype(np.int64)
    if starts[0] != 0 or starts[-1] != n_values or (np.diff(starts) < 0).any():
        raise SampleFileError(
            f"`{shown(found.key)}/indptr` does not rise from 0 to the {n_values} values: save the file again."
        )
    return starts


def _line_ranges(starts: np.ndarray) -> Iterator[tuple[int, int]]:
    """Rows or columns of about BLOCK_VALUES values together; one at least."""
    first, n_lines = 0, len(starts) - 1
    while first < n_lines:
        fitting = int(np.searchsorted(starts, starts[first] + BLOCK_VALUES, side="right")) - 1
        last = min(max(first + 1, fitting), n_lines)
        yield first, last
        first = last


def _gathered(found: Matrix, spots: np.ndarray, kept: np.ndarray, n_values: int) -> sparse.csr_array:
    """Fill arrays of the final size block by block, so that nothing is ever held twice."""
    by_gene, shape = found.kind == "csc", (int(spots.sum()), len(kept))
    column = np.full(found.shape[1], -1, dtype=np.int64)
    column[kept] = np.arange(len(kept))
    values, across = np.empty(n_values, dtype=_type(found)), np.empty(n_values, dtype=_index_type(n_values))
    n_by_line, filled = np.zeros(shape[1] if by_gene else shape[0], dtype=np.int64), 0
    for block in _blocks(found, spots):
        gene = column[block.gene]
        wanted = gene >= 0
        spot, gene = block.spot[wanted], gene[wanted]
        part = slice(filled, filled + len(gene))
        values[part], across[part] = block.value[wanted], spot if by_gene else gene
        n_by_line += np.bincount(gene if by_gene else spot, minlength=len(n_by_line))
        filled = part.stop
    starts = np.concatenate([[0], np.cumsum(n_by_line)]).astype(across.dtype)
    kind = sparse.csc_array if by_gene else sparse.csr_array
    counts = sparse.csr_array(kind((values, across, starts), shape=shape))
    counts.sum_duplicates()
    return counts


def _type(found: Matrix) -> np.dtype[Any]:
    return native_type((found.item if found.kind == "dense" else found.item["data"]).dtype)


def _index_type(n_values: int) -> type[np.signedinteger[Any]]:
    return np.int32 if n_values <= np.iinfo(np.int32).max else np.int64
