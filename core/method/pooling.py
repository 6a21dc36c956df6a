"""Mean pooling of expression over neighbouring spots.

Arrays in, arrays out: no files, no Streamlit.
"""

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from core.errors import DuplicateSpotError
from core.params import PoolingParams
from core.sample import Expression

_BLOCK_BYTES = 2 * 2**20  # a table this large stays near the processor's cache
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
    shape = (n_rows, n_cols)
    divisor = 1.0 + _window_sums(np.ones((len(cells), 1)), cells, shape, params.window)
    pooled = np.empty(expression.shape)
    columns = expression.tocsc() if sparse.issparse(expression) else expression
    width = max(1, _BLOCK_BYTES // (8 * n_rows * n_cols))
    for first in range(0, expression.shape[1], width):
        block = _dense(columns[:, first : first + width])
        sums = _window_sums(block, cells, shape, params.window)
        pooled[:, first : first + width] = params.scale * (block + sums) / divisor
    return pooled


def _refuse_duplicates(cells: np.ndarray, n_cols: int) -> None:
    flat = cells[:, 0] * n_cols + cells[:, 1]
    n_shared = len(flat) - len(np.unique(flat))
    if n_shared:
        raise DuplicateSpotError(f"{n_shared} spots share an array position with another: each needs one of its own.")


def _dense(block: Expression | sparse.csc_array) -> np.ndarray:
    return np.asarray(block.toarray() if sparse.issparse(block) else block, dtype=np.float64)


def _window_sums(values: np.ndarray, cells: np.ndarray, shape: tuple[int, int], window: int) -> np.ndarray:
    table = np.zeros((*shape, values.shape[1]))
    table[cells[:, 0], cells[:, 1]] = values
    by_rows = _sliding_sums(table, window)
    by_both = _sliding_sums(by_rows.swapaxes(0, 1), window).swapaxes(0, 1)
    return by_both[cells[:, 0], cells[:, 1]]


def _sliding_sums(table: np.ndarray, window: int) -> np.ndarray:
    """Sum, along the first axis, each entry and its `window - 1` neighbours on either side."""
    length, reach = 2 * window - 1, window - 1
    n_stretches = -(-len(table) // length)
    begins = np.zeros((n_stretches + 1, length, *table.shape[1:]))
    begins.reshape(-1, *table.shape[1:])[reach : reach + len(table)] = table
    ends = begins[:-1].copy()
    for i in range(1, length):
        begins[:, i] += begins[:, i - 1]
        ends[:, -1 - i] += ends[:, -i]
    ends[:, 1:] += begins[1:, :-1]
    return ends.reshape(-1, *table.shape[1:])[: len(table)]


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
