"""Mean pooling of expression over neighbouring spots.

Arrays in, arrays out: no files, no Streamlit.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from core.coordinates import canonical_order
from core.errors import DuplicateSpotError, SampleError
from core.params import PoolingParams
from core.sample import Expression
from core.text import counted

POOLED_LIMIT = 2_000_000_000
"""Values (spots times genes) of the largest result: 15 GiB."""

_BLOCK_BYTES = 4 * 2**20  # a table this large stays near the processor's cache
_CELLS_PER_SPOT = 16  # a bounding box emptier than this is not worth a table
_PAIRS_PER_STRIP = 2**20
_STRIP_BYTES = 32 * 2**20


def pool_window(expression: Expression, positions: np.ndarray, params: PoolingParams) -> np.ndarray:
    """Average each spot's expression over a square window of the tissue.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts or log counts. Not modified.
    positions : ndarray of shape (n_spots, 2)
        Array row and array column of each spot, or positions off the lattice in units of the same meaning.
    params : PoolingParams
        `window` k >= 1 (cells of the array up to k - 1 away count; off the lattice, spots up to k - 1/2 away, so that as
        many take part; for k = 1 none), `scale` alpha.

    Returns
    -------
    ndarray of shape (n_spots, n_genes), float64
        In the units of `expression`, times alpha.

    Raises
    ------
    DuplicateSpotError
        If two spots share an array position.
    SampleError
        If the result would have more than :data:`POOLED_LIMIT` values.

    Notes
    -----
    P_i = alpha (X_i + sum of X_j over the window) / (1 + m_i), where the window holds m_i spots, i itself among them: the
    spot itself weighs twice, as in the paper. On the lattice O(n_spots * n_genes), whatever the window: sums over rows, then
    columns, each put together from the beginning of one stretch of cells and the end of the one before (van Herk 1992,
    doi 10.1016/0167-8655(92)90069-C). Nothing is subtracted, so small sums stay exact beside large ones, and sums of counts
    equal the paper's loops to the last bit. Off the lattice a product with the sparse matrix of neighbours.
    """
    _refuse_too_large(*expression.shape)
    if (positions != np.rint(positions)).any():
        return _pool_by_neighbours(expression, positions, params)
    cells = (positions - positions.min(axis=0)).astype(np.int64)
    _refuse_duplicates(cells)
    n_rows, n_cols = (int(extent) + 1 for extent in cells.max(axis=0))
    if n_rows * n_cols > _CELLS_PER_SPOT * len(cells) + 65_536:
        return _pool_by_neighbours(expression, positions, params)
    return _pool_by_cells(expression, cells, params)


def _refuse_too_large(n_spots: int, n_genes: int) -> None:
    if n_spots * n_genes > POOLED_LIMIT:
        raise SampleError(
            f"{counted(n_spots, 'spot')} x {counted(n_genes, 'gene')}, pooled, would take {n_spots * n_genes >> 27} GiB of memory: keep fewer "
            f"genes (the {POOLED_LIMIT // n_spots:,} most variable ones at most), or choose a preset that pools principal "
            "components."
        )


def _pool_by_cells(expression: Expression, cells: np.ndarray, params: PoolingParams) -> np.ndarray:
    """Pool spots that lie in cells of the array, by sums over windows of the array."""
    n_rows, n_cols = (int(extent) + 1 for extent in cells.max(axis=0))
    divisor = 1.0 + _WindowSums(cells, params.window, 1)(np.ones((len(cells), 1)))
    pooled = np.empty(expression.shape)
    columns = expression.tocsc() if sparse.issparse(expression) else expression
    width = min(expression.shape[1], max(1, _BLOCK_BYTES // (8 * n_rows * n_cols)))
    sums_of = _WindowSums(cells, params.window, width)
    for first in range(0, expression.shape[1], width):
        first = min(first, expression.shape[1] - width)  # the last block reaches back, so that all are as wide
        block = _dense(columns[:, first : first + width])
        total = sums_of(block)
        total += block
        total *= params.scale
        np.divide(total, divisor, out=pooled[:, first : first + width])
    return pooled


def _refuse_duplicates(cells: np.ndarray) -> None:
    ordered = cells[canonical_order(cells)]
    n_shared = int((ordered[1:] == ordered[:-1]).all(axis=1).sum())
    if n_shared:
        raise DuplicateSpotError(f"{n_shared:,} spots share an array position with another: each needs one of its own.")


def _dense(block: Expression | sparse.csc_array) -> np.ndarray:
    return np.ascontiguousarray(block.toarray() if sparse.issparse(block) else block, dtype=np.float64)


class _WindowSums:
    """Sums over windows of the array, for blocks of genes of one width; its tables are made once and used for every block."""

    def __init__(self, cells: np.ndarray, window: int, width: int) -> None:
        n_rows, n_cols = cells.max(axis=0) + 1
        self._into = cells[:, 0] * n_cols + cells[:, 1]
        self._out_of = cells[:, 1] * n_rows + cells[:, 0]
        self._table = np.zeros((n_rows, n_cols, width))
        self._over_rows = _SlidingSums((n_rows, n_cols, width), window)
        self._over_cols = _SlidingSums((n_cols, n_rows, width), window)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        width = values.shape[1]
        self._table.reshape(-1, width)[self._into] = values  # the cells without a spot stay 0
        by_rows = self._over_rows(self._table)
        by_both = self._over_cols(by_rows.swapaxes(0, 1))
        return by_both.reshape(-1, width).take(self._out_of, axis=0)


class _SlidingSums:
    """Sums, along the first axis, of each entry and its `window - 1` neighbours on either side."""

    def __init__(self, shape: tuple[int, ...], window: int) -> None:
        self._shape, self._reach, length = shape, window - 1, 2 * window - 1
        n_stretches = -(-shape[0] // length)
        self._begins = np.empty((n_stretches + 1, length, *shape[1:]))
        self._ends = np.empty((n_stretches, length, *shape[1:]))

    def __call__(self, table: np.ndarray) -> np.ndarray:
        begins, ends, n_entries = self._begins, self._ends, self._shape[0]
        padded, last = begins.reshape(-1, *self._shape[1:]), self._reach + n_entries
        padded[: self._reach] = padded[last:] = 0.0
        padded[self._reach : last] = table
        ends[:] = begins[:-1]
        for i in range(1, begins.shape[1]):
            begins[:, i] += begins[:, i - 1]
            ends[:, -1 - i] += ends[:, -i]
        ends[:, 1:] += begins[1:, :-1]
        return ends.reshape(-1, *self._shape[1:])[:n_entries]


def _pool_by_neighbours(expression: Expression, positions: np.ndarray, params: PoolingParams) -> np.ndarray:
    """Pool spots that lie anywhere: strip by strip from top to bottom, each times its matrix of neighbours."""
    order = canonical_order(positions)
    tree = cKDTree(positions[order])
    reach = params.window - 0.5 if params.window > 1 else 0.0
    n_inside = np.asarray(tree.query_ball_point(tree.data, reach, p=np.inf, return_length=True))
    pooled = np.empty(expression.shape)
    for first, end in _strips(n_inside):
        low, window = _neighbours(tree, first, end, reach)
        columns_of = _columns(expression, order[low : low + window.shape[1]])
        for genes in _stretches(expression.shape[1], _STRIP_BYTES // (8 * window.shape[1])):
            values = columns_of(genes)
            total = values[first - low : end - low] + window @ values
            pooled[order[first:end], genes] = params.scale * total / (1.0 + n_inside[first:end, None])
    return pooled


def _strips(n_inside: np.ndarray) -> Iterator[tuple[int, int]]:
    """Cut spots into stretches with about as many pairs of neighbours each."""
    turns = np.flatnonzero(np.diff(np.cumsum(n_inside) // _PAIRS_PER_STRIP)) + 1
    return pairwise([0, *turns.tolist(), len(n_inside)])


def _neighbours(tree: cKDTree, first: int, end: int, reach: float) -> tuple[int, sparse.csr_array]:
    """Mark the neighbours of some spots, themselves among them, in the stretch of spots that holds all: where it begins."""
    some = cKDTree(tree.data[first:end])
    pairs = some.sparse_distance_matrix(tree, reach, p=np.inf, output_type="ndarray")
    low, high = int(pairs["j"].min()), int(pairs["j"].max()) + 1
    shape = (end - first, high - low)
    return low, sparse.csr_array((np.ones(len(pairs)), (pairs["i"], pairs["j"] - low)), shape=shape)


def _columns(expression: Expression, spots: np.ndarray) -> Callable[[slice], np.ndarray]:
    """Offer stretches of genes of some spots, dense."""
    if isinstance(expression, np.ndarray):
        return lambda genes: _dense(expression[spots, genes])
    columns = expression[spots].tocsc()
    return lambda genes: _dense(columns[:, genes])


def _stretches(length: int, width: int) -> list[slice]:
    width = max(1, width)
    return [slice(first, min(first + width, length)) for first in range(0, length, width)]
