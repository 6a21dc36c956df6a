"""Counts in a table of Parquet, read some rows at a time, of which only what is above 0 is held."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from core.errors import SampleFileError
from core.io.tabular.columns import opened_parquet
from core.io.tabular.text import as_counts, check_amount
from core.memory import check_fits
from core.text import file_name

_VALUES_AT_ONCE = 1 << 23
_BYTES = 8


def read_parquet_counts(path: Path, columns: Sequence[str]) -> sparse.csr_array:
    """Read columns of numbers as counts.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Titles.

    Returns
    -------
    csr_array of shape (n_rows, n_columns)
        int32 where all are whole numbers, else float64.

    Raises
    ------
    SampleFileError
        If a row lacks a number, or there are more counts than are read.
    """
    blocks, n_values = [], 0
    for values in _blocks(path, columns):
        block = sparse.csr_array(values)
        n_values += block.nnz
        check_amount(path, n_values)
        blocks.append(block)
    counts = sparse.vstack(blocks, format="csr") if blocks else sparse.csr_array((0, len(columns)))
    return sparse.csr_array((as_counts(counts.data), counts.indices, counts.indptr), shape=counts.shape)


def parquet_glimpse(path: Path, columns: Sequence[str], n_rows: int = 100) -> np.ndarray:
    """Read the values of the first rows.

    Parameters
    ----------
    path : Path
    columns : sequence of str
    n_rows : int

    Returns
    -------
    ndarray of shape (n_values,), float64
    """
    return next(_blocks(path, columns, n_rows), np.zeros((0, len(columns)))).ravel()


def _blocks(path: Path, columns: Sequence[str], n_rows: int | None = None) -> Iterator[np.ndarray]:
    from pyarrow import ArrowException

    n_at_once = n_rows or max(1, _VALUES_AT_ONCE // len(columns))
    with opened_parquet(path) as file:
        check_fits(
            _largest_group(file, set(columns)) + 2 * _BYTES * n_at_once * len(columns), f"Counts of {file_name(path)}"
        )
        try:
            for batch in file.iter_batches(n_at_once, columns=list(columns), use_pandas_metadata=False):
                yield _numbers(path, batch, columns)
        except (ArrowException, OSError) as error:
            raise SampleFileError(f"{file_name(path)} is damaged: copy it again.") from error


def _largest_group(file: Any, columns: set[str]) -> int:
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    chunks = ([group.column(number) for number in range(group.num_columns)] for group in groups)
    return max(
        (sum(chunk.total_uncompressed_size for chunk in some if chunk.path_in_schema in columns) for some in chunks),
        default=0,
    )


def _numbers(path: Path, batch: Any, columns: Sequence[str]) -> np.ndarray:
    from pyarrow import float64

    values = np.column_stack(
        [
            np.asarray(batch.column(name).cast(float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
            for name in columns
        ]
    )
    if np.isnan(values).any():
        missing = columns[int(np.flatnonzero(np.isnan(values).any(axis=0))[0])]
        raise SampleFileError(
            f"{file_name(path)} lacks a number in the column {missing}: each gene needs one in every row."
        )
    return values
