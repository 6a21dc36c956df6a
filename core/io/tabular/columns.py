"""Columns of a table, CSV or Parquet, by their titles; only those that are asked for are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SampleFileError
from core.io.tabular.encodings import opened_text
from core.io.tabular.text import as_names, first_values, numbers_as_sentence, read_head
from core.memory import check_fits
from core.text import counted, file_name, shown

MAX_ROWS = 20_000_000
"""Most rows of a table of cells."""

MAX_COLUMN_BYTES = 1 << 30
"""Largest column, unpacked."""

_BLOCK_BYTES = 4 << 20
_WRITTEN_OUT = 3  # times that a text is held while it becomes one of Python's


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A table of which only the head was read.

    Parameters
    ----------
    path : Path
    names : tuple of str
        Titles.
    has_titles : bool
        Whether the first row of text holds them.
    """

    path: Path
    names: tuple[str, ...]
    has_titles: bool = True

    def find(self, *titles: str) -> str | None:
        """Find the first of some titles, in any case.

        Parameters
        ----------
        *titles : str
            In lower case.

        Returns
        -------
        str or None
        """
        spelled = {name.lower(): name for name in reversed(self.names)}
        return next((spelled[title] for title in titles if title in spelled), None)

    def required(self, *titles: str) -> str:
        """Find the first of some titles, or say what is missing.

        Parameters
        ----------
        *titles : str

        Returns
        -------
        str

        Raises
        ------
        SampleFileError
            If there is none.
        """
        found = self.find(*titles)
        if found is None:
            known = ", ".join(shown(name, 40) for name in self.names[:20])
            raise SampleFileError(f"{file_name(self.path)} has no column `{titles[0]}`; its columns are {known}.")
        return found

    def texts(self, name: str) -> np.ndarray:
        """Read a column as text.

        Parameters
        ----------
        name : str

        Returns
        -------
        ndarray of shape (n_rows,), str
            Empty where nothing stands.

        Raises
        ------
        SampleFileError
            If a text is longer than any name is.
        """
        return as_texts(self._read([name], text=True)[0], self.path)

    def numbers(self, names: Sequence[str]) -> np.ndarray:
        """Read columns of numbers.

        Parameters
        ----------
        names : sequence of str

        Returns
        -------
        ndarray of shape (n_rows, n_names), float64
            NaN where nothing stands.

        Raises
        ------
        SampleFileError
            If one holds text.
        """
        return np.column_stack([_as_floats(values) for values in self._read(list(names), text=False)])

    def numeric(self) -> list[str]:
        """Titles of the columns whose first rows hold numbers."""
        if self.path.suffix == ".parquet":
            with opened_parquet(self.path) as file:
                return [field.name for field in file.schema_arrow if _is_number(field.type)]
        return [name for name in dict.fromkeys(self.names) if name and self._begins_with_numbers(name)]

    def _begins_with_numbers(self, name: str) -> bool:
        return all(reads_as_number(value) for value in first_values(self.path, self.names.index(name)))

    def _read(self, names: list[str], *, text: bool) -> list[Any]:
        from pyarrow import ArrowException

        try:
            if self.path.suffix == ".parquet":
                return _parquet_columns(self.path, names)
            numbers = [self.names.index(name) for name in names]
            return _csv_columns(self.path, numbers, text=text, n_titles=int(self.has_titles))
        except (ArrowException, UnicodeDecodeError) as error:
            wanted = " and ".join(shown(name, 40) for name in names)
            kind = "text" if text else "numbers"
            raise SampleFileError(
                f"{file_name(self.path)} cannot be read: {wanted} should hold {kind}. Copy it again."
            ) from error


def as_texts(column: Any, path: Path) -> np.ndarray:
    """Make texts of a column of pyarrow.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    path : Path
        For messages.

    Returns
    -------
    ndarray of shape (n_rows,), str
        Empty where nothing stands.

    Raises
    ------
    SampleFileError
        As `core.io.tabular.text.check_names`.
    """
    return as_names(["" if value is None else str(value) for value in column.to_pylist()], path)


def undone(column: Any, what: str) -> Any:
    """Write out what a column holds by number, as Parquet keeps text that comes again, once it is known that it fits into memory.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    what : str
        For messages.

    Returns
    -------
    pyarrow.ChunkedArray

    Raises
    ------
    SampleFileError
        If it does not fit.
    """
    from pyarrow import types

    if not types.is_dictionary(column.type):
        return column
    kind = column.type.value_type
    if types.is_string(kind) or types.is_binary(kind) or types.is_large_string(kind) or types.is_large_binary(kind):
        check_fits(_WRITTEN_OUT * sum(map(_written_bytes, column.chunks)), what)
    return column.cast(kind)


def _written_bytes(chunk: Any) -> int:
    from pyarrow import compute

    return int(compute.sum(compute.binary_length(chunk.dictionary).take(chunk.indices)).as_py() or 0)


def read_columns(path: Path) -> Columns:
    """Read the titles of a table.

    Parameters
    ----------
    path : Path
        CSV, plain or compressed with gzip, or Parquet.

    Returns
    -------
    Columns

    Raises
    ------
    SampleFileError
        If it is no table.
    """
    if path.suffix != ".parquet":
        return Columns(path=path, names=read_head(path).columns)
    with opened_parquet(path) as file:
        return Columns(path=path, names=tuple(file.schema_arrow.names))


def opened_parquet(path: Path, by_number: Sequence[str] = (), *, max_rows: int = MAX_ROWS) -> Any:
    """Open a table of Parquet.

    Parameters
    ----------
    path : Path
    by_number : sequence of str
        Columns whose text stays as it is stored, one of each.
    max_rows : int

    Returns
    -------
    pyarrow.parquet.ParquetFile

    Raises
    ------
    SampleFileError
        If it is none, or has more rows.
    """
    from pyarrow import ArrowException, parquet

    try:
        file = parquet.ParquetFile(path, read_dictionary=list(by_number))
    except (ArrowException, OSError) as error:
        raise SampleFileError(f"{file_name(path)} is not a whole Parquet table: copy it again.") from error
    if file.metadata.num_rows > max_rows:
        raise SampleFileError(f"{file_name(path)} declares {file.metadata.num_rows:,} rows, more than are read.")
    return file


def _parquet_columns(path: Path, names: list[str]) -> list[Any]:
    with opened_parquet(path, names) as file:
        check_sizes(path, file, names)
        table = file.read(columns=names, use_pandas_metadata=False)
        columns = [table[name] for name in names]
    for name, column in zip(names, columns, strict=True):
        _check_plain(path, name, column.type)
    return [_decoded(column, f"Columns of {file_name(path)}") for column in columns]


def check_sizes(path: Path, file: Any, names: list[str]) -> None:
    """Refuse columns that are larger than a table of cells needs, or than may be read.

    Parameters
    ----------
    path : Path
    file : pyarrow.parquet.ParquetFile
    names : list of str

    Raises
    ------
    SampleFileError
    """
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    size = sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema in names)
    if size > MAX_COLUMN_BYTES:
        raise SampleFileError(f"{file_name(path)} unpacks to {size >> 20:,} MiB, more than a table of cells needs.")
    check_fits(2 * max(size, 8 * file.metadata.num_rows * len(names)), f"Columns of {file_name(path)}")


def _check_plain(path: Path, name: str, kind: Any) -> None:
    from pyarrow import types

    inner = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_nested(inner):
        raise SampleFileError(f"{file_name(path)} holds lists in the column {shown(name)}, where single values belong.")


def _decoded(column: Any, what: str) -> Any:
    """Text without its dictionary; byte strings, which older instruments wrote, as text."""
    from pyarrow import string, types

    column = undone(column, what)
    return column.cast(string()) if types.is_binary(column.type) or types.is_large_binary(column.type) else column


def _csv_columns(path: Path, numbers: list[int], *, text: bool, n_titles: int = 1) -> list[Any]:
    import pyarrow
    from pyarrow import csv

    head = read_head(path)
    names = [str(number) for number in range(len(head.columns))]
    wanted = [names[number] for number in numbers]
    kind = pyarrow.string() if text else pyarrow.float64()
    point = "." if text or head.separator == "," or not _has_commas(path, numbers) else ","
    widest = sum(map(len, head.columns)) * 8
    with opened_text(path) as file, numbers_as_sentence(path):
        reader = csv.open_csv(
            file,
            read_options=csv.ReadOptions(
                column_names=names, skip_rows=n_titles + head.n_above, block_size=max(_BLOCK_BYTES, widest)
            ),
            parse_options=csv.ParseOptions(delimiter=head.separator),
            convert_options=csv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, kind),
                strings_can_be_null=False,
                decimal_point=point,
            ),
        )
        table = pyarrow.Table.from_batches(list(_within(path, reader)), schema=reader.schema)
    return [table[name] for name in wanted]


def _within(path: Path, batches: Any) -> Any:
    n_rows, n_bytes = 0, 0
    for batch in batches:
        n_rows, n_bytes = n_rows + batch.num_rows, n_bytes + batch.nbytes
        check_fits(_WRITTEN_OUT * n_bytes, f"Columns of {file_name(path)}")
        if n_rows > MAX_ROWS:
            raise SampleFileError(f"{file_name(path)} has more than {counted(MAX_ROWS, 'row')}: give fewer cells.")
        yield batch


def _as_floats(values: Any) -> np.ndarray:
    from pyarrow import ArrowException, float64

    try:
        return np.asarray(values.cast(float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    except TypeError:  # a chunked array takes no such argument
        return np.asarray(values.cast(float64()).to_numpy(), dtype=np.float64)
    except ArrowException as error:
        raise SampleFileError(f"A column holds {values.type}, where numbers belong: choose another.") from error


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind))


def _has_commas(path: Path, numbers: list[int]) -> bool:
    """Whether numbers are written with a comma, as in many countries, where fields are separated by something else."""
    return any("," in value for number in numbers for value in first_values(path, number))


def reads_as_number(value: str) -> bool:
    """Say whether a field is a number.

    Parameters
    ----------
    value : str
        With a point or one comma; fields of a table that commas separate have none.

    Returns
    -------
    bool
    """
    try:
        float(value.replace(",", ".", 1))
    except ValueError:
        return False
    return True
