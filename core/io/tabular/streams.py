"""Long tables with many rows for each name, read piece by piece: the name becomes a number, and no text is held for each row."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import SampleFileError
from core.io.tabular.columns import Columns, check_sizes, opened_parquet
from core.io.tabular.encodings import opened_text
from core.io.tabular.text import numbers_as_sentence, read_head
from core.text import file_name

MAX_ROWS = 50_000_000
"""Most rows: two million cells of 25 corners."""

_BATCH_ROWS = 1 << 17
_BLOCK_BYTES = 4 << 20


def numbered(
    table: Columns, name: str, known: np.ndarray, numbers: Sequence[str]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read a column of names and columns of numbers.

    Parameters
    ----------
    table : Columns
    name : str
        Title of the column of names.
    known : ndarray of shape (n_known,), str
        The names that are looked for.
    numbers : sequence of str
        Titles of the columns of numbers.

    Yields
    ------
    rows : ndarray of shape (n_rows,), int
        Index of each row's name in `known`; -1 if it is not there.
    values : ndarray of shape (n_rows, n_numbers), float64
        NaN where nothing stands.

    Raises
    ------
    SampleFileError
        If the table is damaged, holds something else, or is too much.
    """
    from pyarrow import ArrowException

    number_of = {text: number for number, text in enumerate(known.tolist())}
    read = _of_parquet if table.path.suffix == ".parquet" else _of_csv
    n_rows = 0
    try:
        for batch in read(table, name, list(numbers)):
            n_rows += batch.num_rows
            if n_rows > MAX_ROWS:
                raise SampleFileError(f"{file_name(table.path)} has more than {MAX_ROWS:,} rows, which are not read.")
            yield (
                _found(batch.column(0), number_of),
                np.column_stack([_floats(batch.column(1 + at)) for at in range(len(numbers))]),
            )
    except (ArrowException, OSError, UnicodeDecodeError) as error:
        raise SampleFileError(
            f"{file_name(table.path)} is damaged, or holds text for numbers: copy it again."
        ) from error


def _of_parquet(table: Columns, name: str, numbers: list[str]) -> Iterator[Any]:
    columns = [name, *numbers]
    with opened_parquet(table.path, [name], max_rows=MAX_ROWS) as file:
        check_sizes(table.path, file, columns)
        for batch in file.iter_batches(_BATCH_ROWS, columns=columns, use_pandas_metadata=False):
            yield batch.select(columns)


def _of_csv(table: Columns, name: str, numbers: list[str]) -> Iterator[Any]:
    import pyarrow
    from pyarrow import csv

    head = read_head(table.path)
    titles = [str(number) for number in range(len(head.columns))]
    asked = [titles[table.names.index(title)] for title in (name, *numbers)]
    types = dict(zip(asked, [pyarrow.string(), *[pyarrow.float64()] * len(numbers)], strict=True))
    widest = sum(map(len, head.columns)) * 8
    with opened_text(table.path) as file, numbers_as_sentence(table.path):
        yield from csv.open_csv(
            file,
            read_options=csv.ReadOptions(
                column_names=titles, skip_rows=1 + head.n_above, block_size=max(_BLOCK_BYTES, widest)
            ),
            parse_options=csv.ParseOptions(delimiter=head.separator),
            convert_options=csv.ConvertOptions(include_columns=asked, column_types=types, strings_can_be_null=False),
        )


def _found(names: Any, number_of: Mapping[str, int]) -> np.ndarray:
    """Look up each name once: Parquet keeps names that come again by number, and one may be long."""
    from pyarrow import string, types

    coded = names if types.is_dictionary(names.type) else names.cast(string()).dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(-1), dtype=np.int64)
    used = np.unique(codes[codes >= 0])
    found = np.full(len(coded.dictionary) + 1, -1, dtype=np.int64)  # the last one is found at -1
    found[used] = [number_of.get(name, -1) for name in coded.dictionary.take(used).cast(string()).to_pylist()]
    return found[codes]


def _floats(values: Any) -> np.ndarray:
    from pyarrow import float64

    return np.asarray(values.cast(float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
