"""Any technology as two tables of text: counts by cell or by gene, and coordinates by cell. Slide-seq's files are such.

Which table is which, and which way the counts lie, is found by the names of cells, which stand in both.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from scipy import sparse

from core.errors import SampleError, SampleFileError
from core.io import cell_sections
from core.io.cells import Cells, aligned, label_columns, taken
from core.io.found_files import Found, by_folder
from core.io.h5ad.positions import COORD_COLUMNS
from core.io.h5ad.sections import is_named_so
from core.io.incoming import Check
from core.io.merscope import other_texts, texts
from core.io.tabular import text
from core.io.tabular.columns import Columns, read_columns, reads_as_number
from core.text import file_name, listed, shown

KIND = "Counts and coordinates as two tables"

MAX_TABLES = 12
"""Tables of one folder that are looked at."""

ENDINGS: tuple[str, ...] = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet")
_X_Y = (("xcoord", "ycoord"), ("x_global_px", "y_global_px"), ("x_pos", "y_pos"), ("pos_x", "pos_y"), ("x_um", "y_um"),
        ("x_micron", "y_micron"), ("x_mm", "y_mm"), ("imagecol", "imagerow"), *COORD_COLUMNS)  # fmt: skip
_UM = {"_um": 1.0, "_micron": 1.0, "_mm": 1000.0}
_WIDEST_COORDS = 64
_NAMES = re.compile(r"cell|barcode|bead|spot|name|index|(^|_)ids?$|[a-z]id$")
_NOT_OF_R = re.compile(r"[^A-Za-z0-9._]")
_NO_GENES = {title for pair in (*_X_Y, ("z", "fov")) for title in pair} | {
    "area", "volume", "n_counts", "n_genes", "total_counts", "n_genes_by_counts", "ncount_rna", "nfeature_rna", "ncount_spatial",
    "nfeature_spatial", "cell_area", "nucleus_area", "transcript_counts", "in_tissue", "array_row", "array_col",
}  # fmt: skip
"""What stands beside genes in tables of all that is known of cells, in lower case."""


class NoAxesError(SampleFileError):
    """No titles tell which columns hold coordinates.

    Parameters
    ----------
    message : str
    columns : sequence of str
        Columns of numbers to choose from.
    """

    def __init__(self, message: str, columns: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.columns = tuple(columns)


def find(names: Sequence[PurePosixPath]) -> list[Found]:
    """Find the tables of a folder that could be counts and coordinates.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    list of Found
        One at most, with a role for each table; which is which is seen when they are read.
    """
    tables = [name for name in names if name.name.lower().endswith(ENDINGS)]
    fitting = [some for some in by_folder(tables).values() if 2 <= len(some) <= MAX_TABLES]
    return [Found(roles={name.name: name for name in some}) for some in fitting[:1]]


def read(
    folder: Path, found: Found, name: str, axes: tuple[str, str] | None = None, section: str | None = None
) -> Cells:
    """Read two tables of one sample.

    Parameters
    ----------
    folder : Path
    found : Found
        From :func:`find`.
    name : str
    axes : (str, str), optional
        Columns that hold x and y, where titles do not say it.
    section : str, optional
        Name of the table of counts, where several have the same cells.

    Returns
    -------
    Cells
        Named and in the order of the counts.

    Raises
    ------
    SampleFileError
        If no two of the tables fit together.
    """
    every = [readable(folder / path) for path in sorted(found.files)]
    tables = [table for table in every if isinstance(table, Columns)]
    places = [place for table in tables for place in places_of(table, axes)]
    pairs = [pair for table in tables for pair in _pairs(table, places)]
    if found.given:
        pairs = [pair for pair in pairs if found.given in (pair.counts.path.name, pair.place.table.path.name)]
    if not pairs:
        raise _no_pair(every, places, axes)
    pairs.sort(key=lambda pair: (-pair.n_shared, pair.counts.path.name))  # of equal ones the first column of names
    best = [pair for pair in pairs if pair.place is pairs[0].place and pair.n_shared == pairs[0].n_shared]
    names = [pair.counts.path.name for pair in best]
    cells = _cells(best[names.index(section) if section in names else 0], name, names if len(names) > 1 else [])
    if section is not None and section not in names and cells.section_of is None:
        raise SampleFileError(
            f"There is no table of counts {shown(section)!r}; there are {', '.join(map(shown, names))}."
        )
    return cells


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A table with coordinates.

    Parameters
    ----------
    table : Columns
    x, y : str
        Its columns of coordinates.
    ids : ndarray of shape (n_rows,), str
        Its cells.
    id_column : str
        Where they stand.
    """

    table: Columns
    x: str
    y: str
    ids: np.ndarray
    id_column: str

    def of(self, cell_ids: np.ndarray) -> dict[str, Any]:
        """Say where cells lie.

        Parameters
        ----------
        cell_ids : ndarray of shape (n_cells,), str

        Returns
        -------
        dict of str to object
            Arguments of :class:`core.io.cells.Cells`.
        """
        rows = aligned(cell_ids, self.ids)
        unit = next((unit for end, unit in _UM.items() if self.x.lower().endswith(end)), None)
        coords = self.table.numbers([self.y, self.x])
        sections = self._sections(coords)
        said = f"{shown(self.x)} and {shown(self.y)} of {shown(self.table.path.name)}"
        return {
            "coords_um": taken(coords if unit is None else coords * unit, rows),
            "placed_by": f"{said}." if unit is None else f"{said}, {unit:g} µm per unit, by their titles.",
            "unit_known": unit is not None,
            "labels": label_columns(other_texts(self.table, self.id_column, self.x, self.y, *sections), rows),
            "section_of": next((np.append(values, "")[rows] for values in sections.values()), None),
            "section_column": next(iter(sections), ""),
        }

    def _sections(self, coords: np.ndarray) -> dict[str, np.ndarray]:
        """Column that tells several sections apart; empty where there is one."""
        named = [
            name for name in self.table.names if is_named_so(name) and name not in (self.id_column, self.x, self.y)
        ]
        columns = {name: values for name in named if (values := texts(self.table, name)) is not None}
        found = cell_sections.told_apart(columns, coords)
        return {} if found is None else {found: columns[found]}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pair:
    """A table of counts whose cells a table of coordinates places."""

    counts: text.TextTable
    place: Place
    ids: np.ndarray
    genes: np.ndarray
    cells_are_rows: bool
    columns: Sequence[int]
    n_shared: int
    no_genes: Sequence[str] = ()

    def checks(self) -> list[Check]:
        """Say which columns of numbers are left out."""
        if not self.no_genes:
            return []
        found = f"{shown(listed(self.no_genes), 200)} of {shown(self.counts.path.name, 60)} {'is no gene' if len(self.no_genes) == 1 else 'are no genes'}."
        return [Check(what="Columns", found=found, status="notice", advice="They are left out.")]


def readable(path: Path) -> Columns | SampleError:
    """Read the titles of a table, or why that cannot be done.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Columns or SampleError
    """
    try:
        return read_columns(path)
    except SampleError as error:
        return error


def places_of(table: Columns, axes: tuple[str, str] | None) -> list[Place]:
    """Find coordinates in a table, by each of its columns that could name cells.

    Parameters
    ----------
    table : Columns
    axes : (str, str), optional
        Columns that hold x and y, where titles do not say it.

    Returns
    -------
    list of Place
        Empty where coordinates or names are missing.
    """
    table = _titled(table)
    x, y = _axes(table, axes)
    if x is None or y is None or len(table.names) > _WIDEST_COORDS:
        return []
    found, measured = [], set(table.numeric()) if table.has_titles else set()
    for number, name in enumerate(table.names):
        # Numbers may name cells, but of millions of cells not every measurement is looked at.
        if name in (x, y) or (number and name in measured and not _NAMES.search(name.lower())):
            continue
        ids = texts(table, name)
        if ids is not None and len(ids) and len(np.unique(ids)) == len(ids):
            found.append(Place(table=table, x=x, y=y, ids=ids, id_column=name))
    return found or _named_by_places(table, x, y)


def _named_by_places(table: Columns, x: str, y: str) -> list[Place]:
    """Name spots as the first arrays of spatial transcriptomics did: `10x12` stands in column 10 and row 12."""
    ids = np.array(
        [f"{column}x{row}" for column, row in zip(table.texts(x).tolist(), table.texts(y).tolist(), strict=True)]
    )
    is_array = all(re.fullmatch(r"\d+x\d+", name) for name in ids.tolist()) and len(np.unique(ids)) == len(ids) > 0
    return [Place(table=table, x=x, y=y, ids=ids, id_column=x)] if is_array else []


def _titled(table: Columns) -> Columns:
    """Give titles to a table without a header: a name and two numbers in each row, as lists of beads have."""
    first = [reads_as_number(name) for name in table.names]
    if first != [False, True, True]:
        return table
    return replace(table, names=("cell", "x", "y"), has_titles=False)


def _axes(table: Columns, axes: tuple[str, str] | None) -> tuple[str | None, str | None]:
    if axes is not None:
        return table.find(axes[0].lower()), table.find(axes[1].lower())
    found = next(((x, y) for x, y in _X_Y if table.find(x) and table.find(y)), None)
    return (None, None) if found is None else (table.find(found[0]), table.find(found[1]))


def _pairs(table: Columns, places: Sequence[Place]) -> list[_Pair]:
    """Join a table of counts with places, by rows or by columns, whichever names more cells."""
    others = [place for place in places if place.table.path != table.path]
    if table.path.suffix == ".parquet" or not others:
        return []
    counts = text.read_head(table.path)
    rows = text.row_names(counts)[:, 0]
    return [pair for place in others if (pair := _pair(table, counts, rows, place)) is not None]


def _pair(table: Columns, counts: text.TextTable, rows: np.ndarray, place: Place) -> _Pair | None:
    known = set(place.ids.tolist())
    n_in_titles = sum(title in known for title in counts.columns)
    n_in_rows = sum(name in known for name in rows.tolist())
    by_rows = n_in_rows >= n_in_titles
    names = np.array(counts.columns, dtype=str)
    if not max(n_in_titles, n_in_rows):
        names, by_rows = _as_r_spells(names, place.ids), False
        n_in_titles = sum(title in known for title in names.tolist())
        if not n_in_titles:
            return None
    numeric = set(table.numeric()) if by_rows else set()
    columns = [number for number, title in enumerate(counts.columns) if number and (not by_rows or title in numeric)]
    if len(columns) < 2 or columns != list(range(columns[0], columns[0] + len(columns))):
        return None
    of_both = _NO_GENES | {title.lower() for title in place.table.names}
    others = [number for number in columns if by_rows and counts.columns[number].lower() in of_both]
    columns = [number for number in columns if number not in others]
    if not columns:
        return None
    ids, genes = (rows, names[columns]) if by_rows else (names[columns], rows)
    return _Pair(
        counts=counts,
        place=place,
        ids=ids,
        genes=genes,
        cells_are_rows=by_rows,
        columns=columns,
        n_shared=max(n_in_titles, n_in_rows),
        no_genes=[counts.columns[number] for number in others],
    )


def _as_r_spells(titles: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Give titles back their names, where R made names of them: `AAAC.1` of `AAAC-1`, and `X12` of `12`."""
    made = {_NOT_OF_R.sub(".", f"X{name}" if name[:1].isdigit() else name): name for name in ids.tolist()}
    return (
        titles if len(made) < len(ids) else np.array([made.get(title, title) for title in titles.tolist()], dtype=str)
    )


def _cells(pair: _Pair, name: str, sections: Sequence[str]) -> Cells:
    return Cells(
        kind=KIND,
        name=name,
        cell_ids=pair.ids,
        gene_names=pair.genes,
        read_counts=lambda: _counts(pair),
        glimpse=lambda: text.glimpse(pair.counts, pair.columns),
        sections=sections,
        checks=pair.checks(),
        **pair.place.of(pair.ids),
    )


def _counts(pair: _Pair) -> sparse.csr_array:
    counts = text.read_counts(pair.counts, pair.columns)
    return counts if pair.cells_are_rows else sparse.csr_array(counts.T)


def _no_pair(
    every: Sequence[Columns | SampleError], places: Sequence[Place], axes: tuple[str, str] | None
) -> SampleFileError:
    if not places:
        return no_places(every, axes)
    tables = [table for table in every if isinstance(table, Columns) and table.path != places[0].table.path]
    names = listed([shown(table.path.name, 60) for table in tables])
    placed = f"{file_name(places[0].table.path)} places cells such as {shown(places[0].ids[0])}"
    if not tables:
        return SampleFileError(f"{placed}, but there is no table that counts them.{_unreadable(every)}")
    if all(table.path.suffix == ".parquet" for table in tables):
        return SampleFileError(f"{placed}. Counts are not read from Parquet: write {names} as CSV.")
    return SampleFileError(
        f"{placed}, but {names} {'counts' if len(tables) == 1 else 'count'} none of them, by row or by column: give both tables of one "
        f"sample.{_unreadable(every)}"
    )


def no_places(every: Sequence[Columns | SampleError], axes: tuple[str, str] | None) -> NoAxesError:
    """Say why no table places cells.

    Parameters
    ----------
    every : sequence of Columns or SampleError
        As :func:`readable` gives them.
    axes : (str, str), optional

    Returns
    -------
    NoAxesError
    """
    tables = [table for table in every if isinstance(table, Columns)]
    unnamed = next((table for table in tables if None not in _axes(table, axes)), None)
    if unnamed is not None and len(unnamed.names) <= _WIDEST_COORDS:
        return NoAxesError(
            f"{file_name(unnamed.path)} has coordinates but no column that names each cell once: add one, with the names that the counts "
            "have."
        )
    names = listed([shown(table.path.name, 60) for table in tables]) or "no table"
    wanted = "such as `x` and `y`" if axes is None else f"`{shown(axes[0])}` and `{shown(axes[1])}`"
    narrowest = min(tables, key=lambda table: len(table.names), default=None)
    return NoAxesError(
        f"Of {names} none has columns of coordinates {wanted} beside the names of its cells: say which columns hold x and "
        f"y.{_unreadable(every)}",
        [] if narrowest is None else narrowest.numeric(),
    )


def _unreadable(every: Sequence[Columns | SampleError]) -> str:
    return next((f" {table}" for table in every if isinstance(table, SampleError)), "")
