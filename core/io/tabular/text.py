"""Tables of text, such as CSV: their header, the names of their rows, and their counts, a line at a time."""

import csv
import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from scipy import sparse

from core.errors import SampleFileError
from core.io.tabular.encodings import opened_text
from core.memory import check_fits
from core.text import counted, file_name, shown

MAX_LINE_BYTES = 64 << 20
"""Longest line: one value for each of a few million cells."""

MAX_VALUES = 1 << 29
"""Largest number of counts above 0 that are read."""

MAX_NAME = 1024
"""Longest title, label or name of a row, in signs."""

_NUMPYS_SIGN = 4  # bytes
_BYTES_PER_COUNT = 24  # value and index, while they are gathered and while they are brought to their types
_ROWS_BETWEEN_CHECKS = 256
_SEPARATORS = ",;\t"
_KINDS_OF_COLUMNS = {"numeric", "group"}
_NO_NUMBER = re.compile(r"conversion error to double: invalid value '(.*?)'", re.DOTALL)
_INT32 = np.iinfo(np.int32)


class LongTextError(SampleFileError):
    """A text is longer than any name is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """A table of text, of which only the head was read.

    Parameters
    ----------
    path : Path
        Plain or compressed with gzip.
    columns : tuple of str
        Titles; one that R left out above the names of rows is empty.
    separator : str
    n_above : int
        Rows between the titles and the values: Single Cell Portal's tables say there what kind each column is.
    """

    path: Path
    columns: tuple[str, ...]
    separator: str
    n_above: int = 0


def read_head(path: Path) -> TextTable:
    """Read the titles of a table.

    Parameters
    ----------
    path : Path

    Returns
    -------
    TextTable

    Raises
    ------
    SampleFileError
        If it is no table with a header.
    """
    with _lines(path) as lines:
        first, second = next(lines, b""), next(lines, b"")
    separator = max(_SEPARATORS, key=lambda sign: first.count(sign.encode()))
    if separator.encode() not in first:
        separator = " "  # as R's `write.table` does by default
    titles, values = (_fields(path, line, separator) for line in (first.removeprefix(b"\xef\xbb\xbf"), second))
    if len(values) == len(titles) + 1:
        titles = ["", *titles]  # R writes no title above the names of rows
    check_names(titles, path)
    if len(titles) < 2 or len(values) != len(titles):
        raise SampleFileError(
            f"{file_name(path)} is no table with a header: its first line has {counted(len(titles), 'field')}, the second {len(values)}."
        )
    n_above = int(values[0].upper() == "TYPE" and set(map(str.lower, values[1:])) <= _KINDS_OF_COLUMNS)
    columns = tuple(title.strip() for title in titles)
    return TextTable(path=path, columns=columns, separator=separator, n_above=n_above)


def row_names(table: TextTable, n_names: int = 1) -> np.ndarray:
    """Read the first fields of every row.

    Parameters
    ----------
    table : TextTable
    n_names : int
        How many fields name a row.

    Returns
    -------
    ndarray of shape (n_rows, n_names), str

    Raises
    ------
    SampleFileError
        If a row is shorter, or a name is longer than any is.
    """
    with _rows(table) as lines:
        found = [name for line in lines for name in _named(table, line, n_names)[0]]
    return as_names(found, table.path).reshape(-1, n_names)


def last_names(table: TextTable) -> np.ndarray:
    """Read the last field of every row.

    Parameters
    ----------
    table : TextTable

    Returns
    -------
    ndarray of shape (n_rows,), str

    Raises
    ------
    SampleFileError
        If a name is longer than any is.
    """
    separator = table.separator.encode()
    with _rows(table) as lines:
        found = [line.rpartition(separator)[2].strip().strip(b'"').decode("utf-8", "replace") for line in lines]
    return as_names(found, table.path)


def as_names(texts: Sequence[str], path: Path) -> np.ndarray:
    """Make an array of names, which numpy makes as wide as the longest.

    Parameters
    ----------
    texts : sequence of str
    path : Path
        For messages.

    Returns
    -------
    ndarray of shape (n_texts,), str

    Raises
    ------
    SampleFileError
        As :func:`check_names`.
    """
    check_names(texts, path)
    return np.array(texts, dtype=str)


def check_names(texts: Sequence[str], path: Path) -> None:
    """Refuse names that are longer than any is, or take more memory than may be taken.

    Parameters
    ----------
    texts : sequence of str
    path : Path
        For messages.

    Raises
    ------
    SampleFileError
    """
    longest = max(map(len, texts), default=0)
    if longest > MAX_NAME:
        raise LongTextError(
            f"{file_name(path)} holds a text of {longest:,} signs, where names belong: is a quotation mark left open?"
        )
    check_fits(len(texts) * longest * _NUMPYS_SIGN, f"Names in {file_name(path)}")


def read_counts(table: TextTable, columns: Sequence[int]) -> sparse.csr_array:
    """Read the counts of a table; those of one row are in memory at a time, and then only what is above 0.

    Parameters
    ----------
    table : TextTable
    columns : sequence of int
        Rising numbers of the columns that hold counts; all columns from the first of them to the last must be numbers.

    Returns
    -------
    csr_array of shape (n_rows, n_columns)
        int32 where all are whole numbers, else float64.

    Raises
    ------
    SampleFileError
        If a row holds something else, or there are more than `MAX_VALUES` counts.
    """
    wanted = np.asarray(columns) - columns[0]
    values, indices, ends = array("d"), array("i"), array("q", [0])
    with _rows(table) as lines:
        for number, line in enumerate(lines):
            row = _numbers(table, line, columns, number + 2)[wanted]
            found = np.flatnonzero(row)
            values.frombytes(row[found].tobytes())
            indices.frombytes(found.astype(np.intc).tobytes())
            ends.append(len(values))
            if not number % _ROWS_BETWEEN_CHECKS:
                check_amount(table.path, len(values))
    return _matrix(np.frombuffer(values), np.frombuffer(indices, np.intc), np.frombuffer(ends, np.int64), len(columns))


def glimpse(table: TextTable, columns: Sequence[int], n_rows: int = 100) -> np.ndarray:
    """Read the values of the first rows.

    Parameters
    ----------
    table : TextTable
    columns : sequence of int
        As for :func:`read_counts`.
    n_rows : int

    Returns
    -------
    ndarray of shape (n_values,), float64
    """
    wanted = np.asarray(columns) - columns[0]
    with _rows(table) as lines:
        rows = [
            _numbers(table, line, columns, number + 2)[wanted]
            for number, line in zip(range(n_rows), lines, strict=False)
        ]
    return np.concatenate(rows) if rows else np.zeros(0)


def _matrix(values: np.ndarray, indices: np.ndarray, ends: np.ndarray, n_columns: int) -> sparse.csr_array:
    index_type = np.int32 if len(values) <= _INT32.max else np.int64
    parts = (as_counts(values), indices.astype(index_type, copy=False), ends.astype(index_type))
    return sparse.csr_array(parts, shape=(len(ends) - 1, n_columns))


def as_counts(values: np.ndarray) -> np.ndarray:
    """Bring whole numbers to int32 where all are such and fit; other numbers stay.

    Parameters
    ----------
    values : ndarray of shape (n_values,)

    Returns
    -------
    ndarray of shape (n_values,)
    """
    if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values == np.rint(values)).all()):
        return values
    fits = values.min(initial=0) >= _INT32.min and values.max(initial=0) <= _INT32.max
    return values.astype(np.int32 if fits else np.int64, copy=False)


def check_amount(path: Path, n_values: int) -> None:
    """Refuse more counts than are read.

    Parameters
    ----------
    path : Path
        For messages.
    n_values : int

    Raises
    ------
    SampleFileError
    """
    if n_values > MAX_VALUES:
        raise SampleFileError(f"{file_name(path)} holds more than {MAX_VALUES:,} counts above 0: give fewer cells.")
    check_fits(n_values * _BYTES_PER_COUNT, f"The counts of {file_name(path)}")


def _numbers(table: TextTable, line: bytes, columns: Sequence[int], number: int) -> np.ndarray:
    n_values, n_behind = columns[-1] + 1 - columns[0], len(table.columns) - 1 - columns[-1]
    separator, text = table.separator.encode(), _named(table, line, columns[0])[1]
    if n_behind and text.count(separator) == n_values + n_behind - 1:
        text = text.rsplit(separator, n_behind)[0]
    try:
        # Of a missing value NumPy makes an error, or fewer values.
        found = np.fromstring(text, dtype=np.float64, sep=table.separator)
    except (ValueError, DeprecationWarning):
        found = np.empty(0)
    if len(found) != n_values:
        raise SampleFileError(
            f"{file_name(table.path)} does not hold {counted(n_values, 'count')} in line {number:,}: each needs one number in every row."
        )
    return found


def _named(table: TextTable, line: bytes, n_names: int) -> tuple[tuple[str, ...], bytes]:
    parts = line.split(table.separator.encode(), n_names)
    if len(parts) <= n_names:
        raise SampleFileError(f"{file_name(table.path)} has a row with too few fields: copy or download it again.")
    return tuple(part.strip().strip(b'"').decode("utf-8", "replace") for part in parts[:n_names]), parts[n_names]


@contextmanager
def numbers_as_sentence(path: Path) -> Iterator[None]:
    """Say which text of a table stands in place of a number, such as `1,234`, where pyarrow refuses it.

    Parameters
    ----------
    path : Path

    Raises
    ------
    SampleFileError
    """
    from pyarrow import ArrowInvalid

    try:
        yield
    except ArrowInvalid as error:
        if (found := _NO_NUMBER.search(str(error))) is None:
            raise
        raise SampleFileError(
            f"{file_name(path)} holds `{shown(found[1], 40)}` in place of a number: write numbers with a point, and without separators of "
            "thousands or units."
        ) from error


def _fields(path: Path, line: bytes, separator: str) -> list[str]:
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error as error:  # such as a field of over 131,072 signs, or lines that end as on old Macs
        raise SampleFileError(
            f"{file_name(path)} cannot be read as a table ({shown(error)}): save it as CSV again."
        ) from error


@contextmanager
def _rows(table: TextTable) -> Iterator[Iterator[bytes]]:
    with _lines(table.path) as lines:
        for _ in range(1 + table.n_above):
            next(lines)
        yield lines


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[bytes]]:
    with opened_text(path) as file:
        yield _bounded_lines(file, path)


def _bounded_lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES:
            raise SampleFileError(
                f"{file_name(path)} has lines of more than {MAX_LINE_BYTES >> 20} MiB: is it a table?"
            )
        if line.strip():
            yield line.rstrip(b"\r\n")


def first_values(path: Path, column: int, n_rows: int = 20) -> list[str]:
    """Read the first values of a column.

    Parameters
    ----------
    path : Path
    column : int
    n_rows : int

    Returns
    -------
    list of str
        Without those that are empty.
    """
    head = read_head(path)
    with _rows(head) as lines:
        rows = [_fields(path, line, head.separator) for line, _ in zip(lines, range(n_rows), strict=False)]
    return [row[column] for row in rows if len(row) == len(head.columns) and row[column]]


def titled(table: TextTable, *names: str) -> int | None:
    """Find a column by the first of some titles that it has, in any case.

    Parameters
    ----------
    table : TextTable
    *names : str
        In lower case.

    Returns
    -------
    int or None
    """
    titles = [title.lower() for title in table.columns]
    return next((titles.index(name) for name in names if name in titles), None)


def listed_columns(table: TextTable) -> str:
    """Name the first columns, for an error.

    Parameters
    ----------
    table : TextTable

    Returns
    -------
    str
    """
    names = [shown(name, 40) or "(no title)" for name in table.columns]
    return ", ".join(names[:12] + ["..."] * (len(names) > 12))
