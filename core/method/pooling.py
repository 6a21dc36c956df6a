"""Mean pooling of expression over neighbouring spots.

Arrays in, arrays out: no files, no Streamlit.
"""

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from core.errors import DuplicateSpotError
from core.params import PoolingParams
from core.sample import Expression

_BLOCK_BYTES = 4 * 2**20  # a table this large stays near the processor's cache
_CELLS_PER_SPOT = 16  # a bounding box emptier than this is not worth a table


def pool_window(expression: Expression, lattice: np.ndarray, params: PoolingParams) -> np.ndarray:
    """Average each spot's expression over a window of the array.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts or log counts. Not modified.
    lattice : ndarray of shape (n_spots, 2), int
        Array row and array column of each spot.
    params : PoolingParams
        `window` k >= 1 (cells up to k - 1 away count), `scale` alpha.

    Returns
    -------
    ndarray of shape (n_spots, n_genes), float64
        In the units of `expression`, times alpha.

    Raises
    ------
    DuplicateSpotError
        If two spots share an array position.

    Notes
    -----
    P_i = alpha (X_i + sum of X_j over the window) / (1 + m_i), where the window holds m_i spots, i itself among them: the
    spot itself weighs twice, as in the paper. O(n_spots * n_genes), whatever the window: sums over rows, then columns, each
    put together from the beginning of one stretch of cells and the end of the one before (van Herk 1992,
    doi 10.1016/0167-8655(92)90069-C). Nothing is subtracted, so small sums stay exact beside large ones, and sums of counts
    equal the paper's loops to the last bit.
    """
    cells = lattice - lattice.min(axis=0)
    n_rows, n_cols = (int(extent) + 1 for extent in cells.max(axis=0))
    if n_rows * n_cols > _CELLS_PER_SPOT * len(cells) + 65_536:
        return _pool_by_neighbours(expression, lattice, params)
    _refuse_duplicates(cells, n_cols)
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


def _refuse_duplicates(cells: np.ndarray, n_cols: int) -> None:
    flat = cells[:, 0] * n_cols + cells[:, 1]
    n_shared = len(flat) - len(np.unique(flat))
    if n_shared:
        raise DuplicateSpotError(f"{n_shared} spots share an array position with another: each needs one of its own.")


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


def _pool_by_neighbours(expression: Expression, lattice: np.ndarray, params: PoolingParams) -> np.ndarray:
    """Pool spots that lie far apart in the array, by their list of neighbours."""
    pairs = cKDTree(lattice).query_pairs(params.window - 0.5, p=np.inf, output_type="ndarray")
    _refuse_shared(pairs, lattice)
    n_spots = len(lattice)
    ones = np.ones(2 * len(pairs) + n_spots)
    rows = np.concatenate((pairs[:, 0], pairs[:, 1], np.arange(n_spots)))
    columns = np.concatenate((pairs[:, 1], pairs[:, 0], np.arange(n_spots)))
    window = sparse.csr_array((ones, (rows, columns)), shape=(n_spots, n_spots))
    own = _dense(expression)
    return np.asarray(params.scale * (own + window @ own) / (1.0 + window.sum(axis=1))[:, None])


def _refuse_shared(pairs: np.ndarray, lattice: np.ndarray) -> None:
    same = (lattice[pairs[:, 0]] == lattice[pairs[:, 1]]).all(axis=1)
    if same.any():
        raise DuplicateSpotError(
            f"{same.sum()} pairs of spots share an array position: each spot needs one of its own."
        )
