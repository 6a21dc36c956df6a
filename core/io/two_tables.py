"""Any technology as two tables of text: counts by cell or by gene, and coordinates by cell. Slide-seq's files are such.

Which table is which, and which way the counts lie, is found by the names of cells, which stand in both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from scipy import sparse

from core.errors import SampleError, SampleFileError
from core.io.cells import Cells, aligned, label_columns, taken
from core.io.found_files import Found
from core.io.h5ad.positions import COORD_COLUMNS
from core.io.merscope import other_texts, texts
from core.io.tabular import text
from core.io.tabular.columns import Columns, read_columns
from core.text import file_name, listed, shown

KIND = "Counts and coordinates as two tables"

MAX_TABLES = 12
"""Tables of one folder that are looked at."""

_ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet")
_X_Y = (("xcoord", "ycoord"), ("x_global_px", "y_global_px"), ("x_pos", "y_pos"), ("pos_x", "pos_y"), ("x_um", "y_um"),
        ("x_micron", "y_micron"), ("x_mm", "y_mm"), ("imagecol", "imagerow"), *COORD_COLUMNS)  # fmt: skip
_UM = {"_um": 1.0, "_micron": 1.0, "_mm": 1000.0}
_WIDEST_COORDS = 64


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
    tables = [name for name in names if name.name.lower().endswith(_ENDINGS)]
    folders = list(dict.fromkeys(name.parent for name in tables))
    together = [[name for name in tables if name.parent == folder] for folder in folders]
    fitting = [some for some in together if 2 <= len(some) <= MAX_TABLES]
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
    tables = [table for path in found.files if (table := _readable(folder / path)) is not None]
    places = [place for table in tables if (place := _place(table, axes)) is not None]
    pairs = [pair for place in places for table in tables if table is not place.table if (pair := _pair(table, place))]
    if found.given:
        pairs = [pair for pair in pairs if found.given in (pair.counts.path.name, pair.place.table.path.name)]
    if not pairs:
        raise _no_pair(tables, places, axes)
    pairs.sort(key=lambda pair: (-pair.n_shared, pair.counts.path.name))
    best = [pair for pair in pairs if pair.place is pairs[0].place and pair.n_shared == pairs[0].n_shared]
    names = [pair.counts.path.name for pair in best]
    if section is not None and section not in names:
        raise SampleFileError(
            f"There is no table of counts {shown(section)!r}; there are {', '.join(map(shown, names))}."
        )
    pair = best[0 if section is None else names.index(section)]
    return _cells(pair, name, names if len(names) > 1 else [])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Place:
    """A table with coordinates: its cells, and the columns."""

    table: Columns
    x: str
    y: str
    ids: np.ndarray
    id_column: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pair:
    """A table of counts whose cells a table of coordinates places."""

    counts: text.TextTable
    place: _Place
    ids: np.ndarray
    genes: np.ndarray
    cells_are_rows: bool
    columns: Sequence[int]
    n_shared: int


def _readable(path: Path) -> Columns | None:
    try:
        return read_columns(path)
    except SampleError:
        return None


def _place(table: Columns, axes: tuple[str, str] | None) -> _Place | None:
    x, y = _axes(table, axes)
    if x is None or y is None or len(table.names) > _WIDEST_COORDS:
        return None
    for name in table.names:
        if name in (x, y):
            continue
        ids = texts(table, name)
        if ids is not None and len(ids) and len(np.unique(ids)) == len(ids):
            return _Place(table=table, x=x, y=y, ids=ids, id_column=name)
    return None


def _axes(table: Columns, axes: tuple[str, str] | None) -> tuple[str | None, str | None]:
    if axes is not None:
        return table.find(axes[0].lower()), table.find(axes[1].lower())
    found = next(((x, y) for x, y in _X_Y if table.find(x) and table.find(y)), None)
    return (None, None) if found is None else (table.find(found[0]), table.find(found[1]))


def _pair(table: Columns, place: _Place) -> _Pair | None:
    """Join a table of counts with places, by rows or by columns, whichever names more cells."""
    if table.path.suffix == ".parquet":
        return None
    counts = text.read_head(table.path)
    known = set(place.ids.tolist())
    n_in_titles = sum(title in known for title in counts.columns)
    rows = text.row_names(counts)[:, 0]
    n_in_rows = sum(name in known for name in rows.tolist())
    if not max(n_in_titles, n_in_rows):
        return None
    by_rows = n_in_rows >= n_in_titles
    numeric = set(table.numeric()) if by_rows else set()
    columns = [number for number, title in enumerate(counts.columns) if number and (not by_rows or title in numeric)]
    if len(columns) < 2 or columns != list(range(columns[0], columns[0] + len(columns))):
        return None
    titles = np.array([counts.columns[number] for number in columns], dtype=str)
    ids, genes = (rows, titles) if by_rows else (titles, rows)
    return _Pair(
        counts=counts,
        place=place,
        ids=ids,
        genes=genes,
        cells_are_rows=by_rows,
        columns=columns,
        n_shared=max(n_in_titles, n_in_rows),
    )


def _cells(pair: _Pair, name: str, sections: Sequence[str]) -> Cells:
    place, rows = pair.place, aligned(pair.ids, pair.place.ids)
    unit = next((unit for end, unit in _UM.items() if place.x.lower().endswith(end)), None)
    coords = place.table.numbers([place.y, place.x])
    said = f"{shown(place.x)} and {shown(place.y)} of {shown(place.table.path.name)}"
    return Cells(
        kind=KIND,
        name=name,
        cell_ids=pair.ids,
        gene_names=pair.genes,
        coords_um=taken(coords if unit is None else coords * unit, rows),
        read_counts=lambda: _counts(pair),
        glimpse=lambda: text.glimpse(pair.counts, pair.columns),
        placed_by=f"{said}." if unit is None else f"{said}, {unit:g} µm per unit, by their titles.",
        unit_known=unit is not None,
        labels=label_columns(other_texts(place.table, place.id_column, place.x, place.y), rows),
        sections=sections,
    )


def _counts(pair: _Pair) -> sparse.csr_array:
    counts = text.read_counts(pair.counts, pair.columns)
    return counts if pair.cells_are_rows else sparse.csr_array(counts.T)


def _no_pair(tables: Sequence[Columns], places: Sequence[_Place], axes: tuple[str, str] | None) -> SampleFileError:
    names = listed([shown(table.path.name, 60) for table in tables]) or "no table"
    if not places:
        wanted = "such as `x` and `y`" if axes is None else f"`{shown(axes[0])}` and `{shown(axes[1])}`"
        narrowest = min(tables, key=lambda table: len(table.names), default=None)
        return NoAxesError(
            f"Of {names} none has columns of coordinates {wanted} beside the names of its cells: say which columns hold x and y.",
            [] if narrowest is None else narrowest.numeric(),
        )
    return SampleFileError(
        f"{file_name(places[0].table.path)} places cells such as {shown(places[0].ids[0])}, but none of {names} counts them, by "
        "row or by column: give both tables of one sample."
    )
