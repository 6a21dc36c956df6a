"""Products of large sparse matrices with dense values, blocks of rows side by side."""

import numpy as np
from scipy import sparse

from core.side_by_side import by_blocks


def product(matrix: sparse.csr_array, values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Multiply a sparse matrix by dense values, to the last digit as scipy does, which has one thread for it.

    Parameters
    ----------
    matrix : csr_array of shape (n_rows, n_columns)
    values : ndarray of shape (n_columns, n_features), float64
    out : ndarray of shape (n_rows, n_features), float64, optional
        Filled in, where there is one already: for large products fresh memory takes as long as the sums.

    Returns
    -------
    ndarray of shape (n_rows, n_features)
    """
    found = np.empty((matrix.shape[0], values.shape[1])) if out is None else out
    values = np.ascontiguousarray(values)  # else scipy would copy them for each block

    def multiply(rows: slice) -> None:
        found[rows] = rows_of(matrix, rows) @ values

    by_blocks(multiply, matrix.shape[0])
    return found


def rows_of(matrix: sparse.csr_array, rows: slice) -> sparse.csr_array:
    """Show some rows of a matrix without a copy of their values.

    Parameters
    ----------
    matrix : csr_array of shape (n_rows, n_columns)
    rows : slice
        With both ends, within the matrix.

    Returns
    -------
    csr_array of shape (rows.stop - rows.start, n_columns)
    """
    begin, end = matrix.indptr[rows.start], matrix.indptr[rows.stop]
    parts = matrix.data[begin:end], matrix.indices[begin:end], matrix.indptr[rows.start : rows.stop + 1] - begin
    return sparse.csr_array(parts, shape=(rows.stop - rows.start, matrix.shape[1]))
