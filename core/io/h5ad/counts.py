"""Matrices of counts in h5ad files: found, checked, and read in blocks.

A large file never lies in memory whole: genes are chosen in a first pass over the blocks, and only those are kept.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from scipy import sparse

from core.errors import SampleFileError
from core.io import genes
from core.io.h5ad.kinds import PREFERENCE, Kind, Verdict, judged
from core.io.h5ad.matrices import Matrix, is_called_counts, keys, matrix, some_rows
from core.io.h5ad.undoing import Undoing, undoing
from core.io.hdf5.numbers import native_type, whole
from core.io.incoming import ImportChoices
from core.memory import check_fits
from core.sample import DENSE_LIMIT, Expression
from core.text import shown

BLOCK_VALUES = 4_000_000
"""How many values are unpacked at a time."""


def verdict(found: Matrix) -> Verdict:
    """Judge what kind of values a matrix holds, from some of its rows.

    Parameters
    ----------
    found : Matrix

    Returns
    -------
    Verdict
    """
    return judged(some_rows(found))


def likeliest(file: h5py.File, n_spots: int) -> tuple[Matrix, Verdict]:
    """Find the matrix that holds counts, or what is closest to counts.

    Parameters
    ----------
    file : h5py.File
    n_spots : int
        Rows of `obs`.

    Returns
    -------
    Matrix
    Verdict

    Raises
    ------
    SampleFileError
        If there is no matrix, or a damaged one.
    """
    every = keys(file)
    if not every:
        raise SampleFileError("has no `X`, no layers and no `raw`: there are no counts in it.")
    found: list[tuple[Matrix, Verdict]] = []
    for key in every:
        try:
            one = matrix(file, key, n_spots)
            found.append((one, verdict(one)))
        except SampleFileError:
            # An unreadable layer is acceptable, an unreadable main matrix is not.
            if key == "X" or len(every) == 1:
                raise
    if not found:
        raise SampleFileError(f"has no matrix of counts: none of {', '.join(map(shown, every))} fits its spots.")
    return min(found, key=lambda pair: _preference(pair[0], pair[1], found[0]))


def _preference(one: Matrix, judged_as: Verdict, first: tuple[Matrix, Verdict]) -> float:
    """Which matrix is read first: a layer of whole numbers may hold a part of the counts, as of spliced transcripts, or no counts.

    Where both are whole and differ, what is called counts is more to be trusted than `X`, which programs correct or round in place.
    """
    main, of_main = first
    preference = float(PREFERENCE[judged_as.kind])
    if judged_as.kind == of_main.kind == "counts" and is_called_counts(one.key) and main.key == "X":
        return preference - 0.5 if one.shape == main.shape and _differ(one, main) else preference
    if judged_as.kind != "counts" or main.key != "X" or one is main or is_called_counts(one.key):
        return preference
    if of_main.kind == "restored":
        return PREFERENCE["restored"] + 0.5
    differs = one.shape != main.shape or some_rows(one).nnz != some_rows(main).nnz
    return PREFERENCE["logarithms"] + 0.5 if of_main.kind in ("normalised", "logarithms") and differs else preference


def _differ(one: Matrix, other: Matrix) -> bool:
    """Whether two matrices of one shape hold other values, by some of them; not told where one is stored by columns and one by rows."""
    of_one, of_other = some_rows(one), some_rows(other)
    if (one.kind == "csc") != (other.kind == "csc") or of_one.shape[0] != of_other.shape[0]:
        return False
    n_columns = min(of_one.shape[1], of_other.shape[1])
    return abs(of_one[:, :n_columns] - of_other[:, :n_columns]).sum() > 0


def read(
    found: Matrix, spots: np.ndarray, choices: ImportChoices, kind: Verdict, *, cells: bool = False
) -> tuple[Expression, np.ndarray, Kind]:
    """Read the counts of some spots, and of the genes that an import keeps.

    Parameters
    ----------
    found : Matrix
    spots : ndarray of shape (n_spots,), bool
        Which rows are kept.
    choices : ImportChoices
    kind : Verdict
        What some rows of it show.
    cells : bool
        Whether spots are cells, of which all genes are kept by default.

    Returns
    -------
    ndarray or csr_array of shape (n_kept_spots, n_kept_genes)
        In the number type of the file, or as counts where they can be told exactly from what it holds; dense up to
        :data:`core.sample.DENSE_LIMIT` values.
    ndarray of shape (n_kept_genes,), int
        Column numbers of the genes kept.
    Kind
        What came out.

    Raises
    ------
    SampleFileError
        If values are negative or not finite, or the matrix is damaged.
    SampleError
        If no gene is left.
    """
    n_spots = int(spots.sum())
    undo = undoing(lambda: ((block.spot, block.value) for block in _blocks(found, spots)), n_spots, kind)

    def blocks() -> Iterator[_Block]:
        for block in _blocks(found, spots):
            yield dataclasses.replace(block, value=undo.values(block.spot, block.value)) if undo.changes else block

    def values_by_gene() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for block in blocks():
            yield block.gene, block.value

    of_genes = genes.totals(values_by_gene, n_spots, found.shape[1])
    kept = genes.chosen_in_blocks(values_by_gene, of_genes, choices, cells=cells)
    counts = _gathered(found, blocks, kept, of_genes, _kept_type(found, undo))
    return (counts.toarray() if n_spots * len(kept) <= DENSE_LIMIT else counts), kept, undo.kind


def _kept_type(found: Matrix, undo: Undoing) -> np.dtype[Any]:
    if undo.changes:
        return np.dtype(np.float32 if undo.unit is not None else np.float64)
    stored = native_type((found.item if found.kind == "dense" else found.item["data"]).dtype)
    # Sums of half precision end at 65504.
    return np.dtype(np.float32) if stored.kind == "f" and stored.itemsize < np.dtype(np.float32).itemsize else stored


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
    stored, n_values = whole(found.item["indptr"]), found.item["data"].size
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


def _gathered(
    found: Matrix,
    blocks: Callable[[], Iterator[_Block]],
    kept: np.ndarray,
    of_genes: genes.GeneTotals,
    dtype: np.dtype[Any],
) -> sparse.csr_array:
    """Fill arrays of the final size block by block, so that nothing is ever held twice."""
    n_values = int(of_genes.n_spots_with[kept].sum())
    by_gene, shape = found.kind == "csc", (of_genes.n_spots, len(kept))
    column = np.full(found.shape[1], -1, dtype=np.int64)
    column[kept] = np.arange(len(kept))
    check_fits(n_values * (dtype.itemsize + 8), f"`{shown(found.item.name).lstrip('/')}`")
    values, across = np.empty(n_values, dtype=dtype), np.empty(n_values, dtype=_index_type(n_values))
    n_by_line, filled = np.zeros(shape[1] if by_gene else shape[0], dtype=np.int64), 0
    for block in blocks():
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


def _index_type(n_values: int) -> type[np.signedinteger[Any]]:
    return np.int32 if n_values <= np.iinfo(np.int32).max else np.int64
