"""What takes longest with large sparse matrices, blocks of rows side by side: products with dense values, and another order."""

import numpy as np
from scipy import sparse

from core.method.compiled import multiply_rows
from core.sample import Expression
from core.side_by_side import by_blocks


def product(matrix: sparse.csr_array, values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Multiply a sparse matrix by dense values, summed up in scipy's order; scipy has one thread for it, and fresh memory each time.

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
    values = np.ascontiguousarray(values)

    def multiply(rows: slice) -> None:
        multiply_rows(matrix.indptr[rows.start : rows.stop + 1], matrix.indices, matrix.data, values, found[rows])

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
    # Put in afterwards: given values to begin with, scipy copies those that are a small part of others.
    shown = sparse.csr_array((rows.stop - rows.start, matrix.shape[1]), dtype=matrix.dtype)
    shown.data, shown.indices = matrix.data[begin:end], matrix.indices[begin:end]
    shown.indptr = matrix.indptr[rows.start : rows.stop + 1] - begin
    return shown


def reordered(expression: Expression, order: np.ndarray) -> Expression:
    """Bring spots into an order.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
    order : ndarray of shape (n_spots,), int
        The spot that was at `order[i]` comes to i.

    Returns
    -------
    ndarray or csr_array of shape (n_spots, n_genes)
    """
    if isinstance(expression, np.ndarray):
        return expression[order]
    n_entries = np.diff(expression.indptr)[order]
    ends = np.concatenate(([0], np.cumsum(n_entries))).astype(expression.indptr.dtype)
    columns, values = np.empty_like(expression.indices, shape=ends[-1]), np.empty_like(expression.data, shape=ends[-1])

    def fill(rows: slice) -> None:
        some, entries = expression[order[rows]], slice(ends[rows.start], ends[rows.stop])
        columns[entries], values[entries] = some.indices, some.data

    by_blocks(fill, len(order))
    return sparse.csr_array((values, columns, ends), shape=expression.shape)
