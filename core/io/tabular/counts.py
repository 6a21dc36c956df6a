"""Counts in some columns of a table, text or Parquet: how to read all of them, or the first."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

from core.io.tabular import text
from core.io.tabular.columns import Columns
from core.io.tabular.parquet_counts import parquet_glimpse, read_parquet_counts


def readers(table: Columns, columns: Sequence[int]) -> tuple[Callable[[], sparse.csr_array], Callable[[], np.ndarray]]:
    """Make readers of counts.

    Parameters
    ----------
    table : Columns
    columns : sequence of int
        Rising numbers of the columns that hold counts.

    Returns
    -------
    read : callable
        Returns a csr_array of shape (n_rows, n_columns).
    glimpse : callable
        Returns the values of the first rows.
    """
    path, titles = table.path, [table.names[number] for number in columns]
    if path.suffix == ".parquet":
        return lambda: read_parquet_counts(path, titles), lambda: parquet_glimpse(path, titles)
    head = text.read_head(path)
    return lambda: text.read_counts(head, columns), lambda: text.glimpse(head, columns)
