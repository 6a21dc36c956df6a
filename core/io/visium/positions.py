"""Tables of positions as Space Ranger writes them, and as people save them again: found by the names of their columns.

Knows neither counts nor images. Without a header the order is that of Space Ranger.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SampleFileError
from core.io import archives
from core.io.tabular.columns import check_sizes, opened_parquet, undone
from core.io.tabular.text import as_names
from core.text import counted, decoded, shown

MAX_TEXT_BYTES = 64 << 20
"""Largest table of positions: Visium's largest slide has 14,336 rows of about 50 bytes."""

MAX_ROWS = 20_000_000
"""Most rows of a Parquet table of positions: Visium HD's smallest bins are 11 million."""

COLUMNS = ("barcode", "in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres")

_ALSO = {
    "barcode": ("barcodes", "spot", "cell_id", "id"),
    "in_tissue": ("tissue", "intissue"),
    "array_row": ("arrayrow", "row"),
    "array_col": ("arraycol", "col", "array_column", "column"),
    "pxl_row_in_fullres": ("pxl_row", "imagerow", "pixel_row", "pxl_row_in_full_res"),
    "pxl_col_in_fullres": ("pxl_col", "imagecol", "pixel_col", "pxl_col_in_full_res", "pxl_column_in_fullres"),
}
_YES, _NO = {"1", "1.0", "true", "t", "yes", "y"}, {"0", "0.0", "false", "f", "no", "n", ""}
_BARCODE = re.compile(r"[ACGT]{4,}|s_\d+um_")
_ADDED_BY_R = re.compile(r"^X(-?\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PositionTable:
    """Positions of all rows of a table.

    Parameters
    ----------
    barcodes : ndarray of shape (n_rows,), str
    in_tissue : ndarray of shape (n_rows,), bool, or None
        None where no column says it.
    lattice : ndarray of shape (n_rows, 2), float
        Whole numbers: array row and array column.
    coords_px : ndarray of shape (n_rows, 2), float
        Pixel row and pixel column.
    notices : sequence of str
        What was put right, each a sentence.
    """

    barcodes: np.ndarray
    in_tissue: np.ndarray | None
    lattice: np.ndarray
    coords_px: np.ndarray
    notices: Sequence[str] = ()


def read_positions(path: Path) -> PositionTable:
    """Read a table of positions.

    Parameters
    ----------
    path : Path
        Text with any separator, in UTF-8 or UTF-16, plain or gzip; or Parquet.

    Returns
    -------
    PositionTable

    Raises
    ------
    SampleFileError
        If columns are missing, or anything in them is no position.
    """
    found = _of_parquet(path) if ".parquet" in path.name.lower() else _of_text(path)
    _check_numbers(path, found)
    return found


def _check_numbers(path: Path, found: PositionTable) -> None:
    inside = np.ones(len(found.barcodes), dtype=bool) if found.in_tissue is None else found.in_tissue
    if not (np.isfinite(found.lattice[inside]).all() and np.isfinite(found.coords_px[inside]).all()):
        raise SampleFileError(f"{path.name} holds positions that are not finite: copy it again from Space Ranger.")
    cells = found.lattice[inside]
    if (cells != np.rint(cells)).any() or (np.abs(cells) > np.iinfo(np.int32).max).any():
        raise SampleFileError(
            f"{path.name} holds array rows or columns that are not whole numbers: copy it again from Space Ranger."
        )
    _check_one_place_each(path, found.barcodes[inside], np.column_stack([cells, found.coords_px[inside]]))


def _check_one_place_each(path: Path, barcodes: np.ndarray, places: np.ndarray) -> None:
    order = np.argsort(barcodes, kind="stable")
    same = barcodes[order][1:] == barcodes[order][:-1]
    apart = same & (places[order][1:] != places[order][:-1]).any(axis=1)
    if apart.any():
        twice = shown(barcodes[order][1:][apart][0], 40)
        raise SampleFileError(f"{path.name} gives {twice} two positions: keep the rows of one section.")


# --- text ---


def _of_text(path: Path) -> PositionTable:
    rows, separator = _rows(path)
    columns = _columns(rows[0]) if rows else None
    has_header, notices = columns is not None, []
    if columns is None:
        columns = _by_place(path, rows)
    _check_columns(path, columns, rows)
    body = rows[1:] if has_header else rows
    if not has_header and body and not _is_row(body[0], columns):
        body, sentence = _without_header_of_numbers(body, columns)
        notices += sentence
    if not body or any(len(row) != len(rows[0]) for row in body):
        raise _needs_columns(path)
    tables = {name: [row[number].strip() for row in body] for name, number in columns.items()}
    return PositionTable(
        barcodes=as_names(tables["barcode"], path),
        in_tissue=_truths(path, tables.get("in_tissue")),
        lattice=_numbers(path, tables, COLUMNS[2:4], separator),
        coords_px=_numbers(path, tables, COLUMNS[4:], separator),
        notices=notices,
    )


def _rows(path: Path) -> tuple[list[list[str]], str]:
    try:
        with archives.unzipped(path) as file:
            content = file.read(MAX_TEXT_BYTES + 1)
        if len(content) > MAX_TEXT_BYTES:
            raise _too_large(path)
        text = decoded(content)
        if "\0" in text or "\ufffd" in text:
            raise _no_table(path)
        separator = max(",;\t ", key=text.partition("\n")[0].count)
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    except (OSError, csv.Error) as error:
        raise _no_table(path) from error
    if len(rows) > 1 and len(rows[1]) == len(rows[0]) + 1:
        rows[0] = ["", *rows[0]]  # R writes no title above the names of rows
    return rows, separator


def _no_table(path: Path) -> SampleFileError:
    return SampleFileError(f"{path.name} cannot be read as a table: copy it again from Space Ranger.")


def _too_large(path: Path) -> SampleFileError:
    return SampleFileError(f"{path.name} is larger than {MAX_TEXT_BYTES >> 20} MiB, which no table of spots is.")


def _needs_columns(path: Path) -> SampleFileError:
    return SampleFileError(f"{path.name} needs the columns {', '.join(COLUMNS)}, and one row for each spot.")


def _columns(head: Sequence[str]) -> dict[str, int] | None:
    """Find which column is which by their titles; None where the first row is no header."""
    titles = [title.strip().strip('"').lower() for title in head]
    found = {
        name: next(titles.index(title) for title in (name, *_ALSO[name]) if title in titles)
        for name in COLUMNS
        if {name, *_ALSO[name]} & set(titles)
    }
    if len(found) < 2:
        return None
    if "barcode" not in found and titles[0] in ("", "unnamed: 0", "x"):  # names of rows
        found["barcode"] = 0
    return found


def _by_place(path: Path, rows: list[list[str]]) -> dict[str, int]:
    """Take the columns in Space Ranger's order, behind numbers of rows where there are some."""
    width = len(rows[0]) if rows else 0
    ahead = width - len(COLUMNS)
    if ahead not in (0, 1) or (ahead and not _BARCODE.search(rows[-1][1])):
        raise _needs_columns(path)
    return {name: number + ahead for number, name in enumerate(COLUMNS)}


def _check_columns(path: Path, columns: Mapping[str, int], rows: list[list[str]]) -> None:
    missing = [name for name in COLUMNS if name not in columns and name != "in_tissue"]
    if missing:
        titles = ", ".join(shown(title, 40) for title in rows[0])
        raise SampleFileError(
            f"{path.name} has no column {' or '.join(missing)} among its {counted(len(rows[0]), 'column')} ({titles}); it needs the "
            f"columns {', '.join(COLUMNS)}."
        )


def _is_row(row: Sequence[str], columns: Mapping[str, int]) -> bool:
    try:
        _ = [float(row[columns[name]]) for name in COLUMNS[2:] if name in columns]
    except (ValueError, IndexError):
        return False
    return True


def _without_header_of_numbers(rows: list[list[str]], columns: Mapping[str, int]) -> tuple[list[list[str]], list[str]]:
    """Put right a first row that a program took for a header; titles such as `V1`, which hold nothing, are left out."""
    first = rows[0]
    if not _BARCODE.search(first[columns["barcode"]]):
        titles = all(re.fullmatch(r"[A-Za-z_.]+\d*", cell.strip()) for cell in first)
        return (rows[1:], []) if titles and len(rows) > 1 and _is_row(rows[1], columns) else (rows, [])
    numbers = {name: _ADDED_BY_R.match(first[columns[name]].strip()) for name in COLUMNS[1:]}
    if any(found is None for found in numbers.values()):
        return rows, []
    mended = list(first)
    for name, found in numbers.items():
        # Of titles that stand twice R tells the second by `.1`; array positions are whole numbers.
        whole = name in COLUMNS[1:4]
        mended[columns[name]] = str(int(float(found[1]))) if whole and found else found[1] if found else ""
    sentence = f"The first row was taken for a header by the program that saved the table; its spot {shown(mended[columns['barcode']])} was put back."
    return [mended, *rows[1:]], [sentence]


def _truths(path: Path, values: list[str] | None) -> np.ndarray | None:
    if values is None:
        return None
    plain = [value.lower() for value in values]
    strange = set(plain) - _YES - _NO
    if strange:
        raise SampleFileError(
            f"{path.name} holds {shown(sorted(strange)[0], 40)!r} in its column in_tissue, where 1 or 0 belongs: copy it again from "
            "Space Ranger."
        )
    return np.array([value in _YES for value in plain])


def _numbers(path: Path, tables: Mapping[str, list[str]], names: Sequence[str], separator: str) -> np.ndarray:
    # Where semicolons separate, commas are decimal.
    sign = "," if separator == ";" else "."
    try:
        return np.column_stack(
            [np.array([cell.replace(sign, ".") or "nan" for cell in tables[name]], dtype=float) for name in names]
        )
    except ValueError as error:
        raise SampleFileError(
            f"{path.name} holds text where positions belong: copy it again from Space Ranger."
        ) from error


# --- Parquet ---


def _of_parquet(path: Path) -> PositionTable:
    from pyarrow import ArrowException  # takes a quarter of a second to import

    try:
        with opened_parquet(path, max_rows=MAX_ROWS) as file:
            columns = _parquet_columns(path, file)
        names = list(columns.values())
        with opened_parquet(path, [columns["barcode"]], max_rows=MAX_ROWS) as file:
            check_sizes(path, file, names)
            table = file.read(columns=names, use_pandas_metadata=False)
    except (ArrowException, OSError) as error:
        raise SampleFileError(f"{path.name} is not a whole Parquet table: copy it again from Space Ranger.") from error
    if "in_tissue" in columns and _is_number(table.schema.field(columns["in_tissue"]).type):
        table = table.filter(_is_one(columns["in_tissue"]))
        inside: np.ndarray | None = np.ones(table.num_rows, dtype=bool)
    else:
        flags = table[columns["in_tissue"]].to_pylist() if "in_tissue" in columns else None
        inside = _truths(path, None if flags is None else [str(flag) for flag in flags])
    numbers = [table[columns[name]].to_numpy().astype(np.float64) for name in COLUMNS[2:]]
    barcodes = undone(table[columns["barcode"]], f"Barcodes of {path.name}")
    return PositionTable(
        barcodes=as_names([str(name) for name in barcodes.to_pylist()], path),
        in_tissue=inside,
        lattice=np.column_stack(numbers[:2]),
        coords_px=np.column_stack(numbers[2:]),
    )


def _is_one(name: str) -> Any:
    from pyarrow import compute

    return compute.field(name) == 1


def _parquet_columns(path: Path, file: Any) -> dict[str, str]:
    from pyarrow import types

    kinds = {field.name: field.type for field in file.schema_arrow}
    names = list(kinds)
    columns = {name: names[number] for name, number in (_columns(names) or {}).items()}
    numbers = all(_is_number(kinds[columns[name]]) for name in COLUMNS[2:] if name in columns)
    barcode = kinds.get(columns.get("barcode", ""))
    if barcode is not None and types.is_dictionary(barcode):  # a factor of R, a categorical of pandas
        barcode = barcode.value_type
    is_text = barcode is not None and (types.is_string(barcode) or types.is_large_string(barcode))
    if not (set(COLUMNS) - {"in_tissue"} <= set(columns) and numbers and is_text):
        raise SampleFileError(f"{path.name} needs the columns {', '.join(COLUMNS)}: text, then numbers.")
    return columns


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind))
