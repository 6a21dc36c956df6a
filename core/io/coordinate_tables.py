"""Tables of coordinates: which columns hold positions, names of cells and sections, and where that leaves cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SampleError, SampleFileError
from core.io import cell_sections
from core.io.axes import axes_of, lattice_of, um_per_unit
from core.io.cells import aligned, label_columns, taken
from core.io.h5ad.sections import is_named_so
from core.io.merscope import other_texts, texts
from core.io.tabular.columns import Columns, read_columns, reads_as_number
from core.text import file_name, listed, shown

_WIDEST_COORDS = 64
_NAMES = re.compile(r"cell|barcode|bead|spot|name|index|(^|_)ids?$|[a-z]id$")
_WITHOUT_HEADER = (
    ("cell", "x", "y"),
    ("barcode", "in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres"),
)


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
        unit = um_per_unit(self.x)
        coords = self.table.numbers([self.y, self.x])
        sections = self._sections(coords)
        if unit is None and not sections and (array := lattice_of(self.table, coords)) is not None:
            return self._on_lattice(array, coords, rows)
        said = f"{shown(self.x)} and {shown(self.y)} of {shown(self.table.path.name)}"
        return {
            "coords_um": taken(coords if unit is None else coords * unit, rows),
            "placed_by": f"{said}." if unit is None else f"{said}, {unit:g} µm per unit, by their titles.",
            "unit_known": unit is not None,
            "labels": label_columns(other_texts(self.table, self.id_column, self.x, self.y, *sections), rows),
            "section_of": next((np.append(values, "")[rows] for values in sections.values()), None),
            "section_column": next(iter(sections), ""),
        }

    def _on_lattice(self, array: np.ndarray, coords: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
        flags = self.table.find("in_tissue", "tissue")
        inside = None if flags is None or flags not in self.table.numeric() else self.table.numbers([flags])[:, 0] > 0
        if inside is not None and inside.any():
            coords = np.where(inside[:, None], coords, np.nan)  # beside the tissue: left out as what has no position
        return {
            "coords_um": taken(coords, rows),
            "coords_px": taken(coords, rows),
            "lattice": np.vstack([array, np.zeros((1, 2), dtype=np.int64)])[rows],
            "placed_by": f"Array positions of Visium in {shown(self.table.path.name)}.",
            "noun": "spot",
            "labels": label_columns(other_texts(self.table, self.id_column), rows),
        }

    def _sections(self, coords: np.ndarray) -> dict[str, np.ndarray]:
        """Column that tells several sections apart; empty where there is one."""
        named = [
            name for name in self.table.names if is_named_so(name) and name not in (self.id_column, self.x, self.y)
        ]
        columns = {name: values for name in named if (values := texts(self.table, name)) is not None}
        found = cell_sections.told_apart(columns, coords)
        return {} if found is None else {found: columns[found]}


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
    """Give titles to a table without a header: a name and two numbers in each row, as lists of beads have, or Space Ranger's."""
    first = [reads_as_number(name) for name in table.names]
    titles = next((titles for titles in _WITHOUT_HEADER if first == [False, *[True] * (len(titles) - 1)]), None)
    return table if titles is None else replace(table, names=titles, has_titles=False)


def _axes(table: Columns, axes: tuple[str, str] | None) -> tuple[str | None, str | None]:
    if axes is not None:
        return table.find(axes[0].lower()), table.find(axes[1].lower())
    return axes_of(table) or (None, None)


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
        f"y.{unreadable(every)}",
        [] if narrowest is None else narrowest.numeric(),
    )


def unreadable(every: Sequence[Columns | SampleError]) -> str:
    """Say what is wrong with the first table that cannot be read.

    Parameters
    ----------
    every : sequence of Columns or SampleError

    Returns
    -------
    str
        Behind another sentence; empty where all can be read.
    """
    return next((f" {table}" for table in every if isinstance(table, SampleError)), "")
