"""Any technology as two tables of text: counts by cell or by gene, and coordinates by cell. Slide-seq's files are such.

Which table is which, and which way the counts lie, is found by the names of cells, which stand in both.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from scipy import sparse

from core.errors import SampleError, SampleFileError
from core.io import cell_sections
from core.io.axes import X_Y, axes_of, lattice_of, um_per_unit
from core.io.cells import Cells, aligned, label_columns, taken
from core.io.found_files import Found, by_folder
from core.io.h5ad.sections import is_named_so
from core.io.incoming import Check
from core.io.merscope import other_texts, texts
from core.io.spellings import as_r, respelled
from core.io.tabular import text
from core.io.tabular.columns import Columns, read_columns, reads_as_number
from core.io.tabular.parquet_counts import parquet_glimpse, read_parquet_counts
from core.text import file_name, listed, shown

KIND = "Counts and coordinates as two tables"

MAX_TABLES = 12
"""Tables of one folder that are looked at."""

ENDINGS: tuple[str, ...] = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet")
_PLACE = re.compile(r"X?(\d{1,5})x(\d{1,5})")
_ROLE = re.compile(
    r"(?<=[_.-])(raw_?|filtered_?|digital_?|bead_?|cell_?|spot_?|gene_?|spatial_?)*"
    r"(counts?|expr\w*|dge|umis?|matrix|coord\w*|loc(ation)?s?|positions?|spatial|centroids?|meta\w*)(?![a-z])",
    re.IGNORECASE,
)
_WITHOUT_HEADER = (
    ("cell", "x", "y"),
    ("barcode", "in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres"),
)
_WIDEST_COORDS = 64
_MOST_NAMES = 8
_LEAST_DISTINCT = 0.5
"""Of rows that name cells; counts at their beginning would be few numbers."""

_NAMES = re.compile(r"cell|barcode|bead|spot|name|index|(^|_)ids?$|[a-z]id$")
_NO_GENES = {title for pair in (*X_Y, ("z", "fov")) for title in pair} | {
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
        One for each sample, with a role for each table; which is which is seen when they are read.
    """
    tables = [name for name in names if name.name.lower().endswith(ENDINGS)]
    for some in by_folder(tables).values():
        by_sample = _by_sample(some)
        if by_sample:
            return [Found(prefix=prefix, roles={name.name: name for name in own}) for prefix, own in by_sample.items()]
        if 2 <= len(some) <= MAX_TABLES:
            return [Found(roles={name.name: name for name in some})]
    return []


def _by_sample(tables: Sequence[PurePosixPath]) -> dict[str, list[PurePosixPath]]:
    """Gather tables by what stands before `counts` and `coordinates` in their names; empty where that tells no samples apart.

    Samples of one kind share the names of their cells, so that counts of one would get the positions of another.
    """
    samples: dict[str, list[PurePosixPath]] = {}
    for table in tables:
        called = _ROLE.search(table.name)
        if called and called.start():
            samples.setdefault(table.name[: called.start()], []).append(table)
    whole = {prefix: own for prefix, own in samples.items() if 2 <= len(own) <= MAX_TABLES}
    return whole if len(whole) > 1 else {}


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
        pairs = [pair for pair in pairs if found.given in (pair.table.path.name, pair.place.table.path.name)]
    if not pairs and (placed := _placed_by_names(tables, name)) is not None:
        return placed
    if not pairs:
        raise _no_pair(every, places, axes)
    pairs.sort(key=lambda pair: (-pair.n_shared, pair.table.path.name))  # of equal ones the first column of names
    best = [pair for pair in pairs if pair.place is pairs[0].place and pair.n_shared == pairs[0].n_shared]
    names = [pair.table.path.name for pair in best]
    cells = _with_other_places(
        pairs, _cells(best[names.index(section) if section in names else 0], name, names if len(names) > 1 else [])
    )
    if section is not None and section not in names and cells.section_of is None:
        raise SampleFileError(
            f"There is no table of counts {shown(section)!r}; there are {', '.join(map(shown, names))}."
        )
    return cells


def _with_other_places(pairs: Sequence["_Pair"], cells: Cells) -> Cells:
    """Say which other tables place the same cells."""
    taken_of = pairs[0].place.table.path.name
    others = {pair.place.table.path.name for pair in pairs if pair.n_shared == pairs[0].n_shared} - {taken_of}
    if not others:
        return cells
    found = f"{shown(listed(sorted(others)), 200)} {'places' if len(others) == 1 else 'place'} the same cells; {shown(taken_of, 60)} is taken."
    said = Check(
        what="Coordinates", found=found, status="notice", advice="Give the two tables alone if others are meant."
    )
    return replace(cells, checks=[*cells.checks, said])


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pair:
    """A table of counts whose cells a table of coordinates places; `ids` are spelled as there."""

    table: Columns
    place: Place
    ids: np.ndarray
    names: np.ndarray
    genes: np.ndarray
    read: Callable[[], sparse.csr_array]
    glimpse: Callable[[], np.ndarray]
    n_shared: int
    no_genes: Sequence[str] = ()

    def checks(self) -> list[Check]:
        """Say which columns of numbers are left out."""
        if not self.no_genes:
            return []
        found = f"{shown(listed(self.no_genes), 200)} of {shown(self.table.path.name, 60)} {'is no gene' if len(self.no_genes) == 1 else 'are no genes'}."
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
    """Give titles to a table without a header: a name and two numbers in each row, as lists of beads have, or Space Ranger's."""
    first = [reads_as_number(name) for name in table.names]
    titles = next((titles for titles in _WITHOUT_HEADER if first == [False, *[True] * (len(titles) - 1)]), None)
    return table if titles is None else replace(table, names=titles, has_titles=False)


def _axes(table: Columns, axes: tuple[str, str] | None) -> tuple[str | None, str | None]:
    if axes is not None:
        return table.find(axes[0].lower()), table.find(axes[1].lower())
    return axes_of(table) or (None, None)


def _pairs(table: Columns, places: Sequence[Place]) -> list[_Pair]:
    """Join a table of counts with places, by rows or by columns, whichever names more cells."""
    others = [place for place in places if place.table.path != table.path]
    if not others:
        return []
    ways = _ways_of_parquet(table) if table.path.suffix == ".parquet" else _ways_of_text(table)
    return [pair for place in others if (pair := _pair(table, ways, place)) is not None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Way:
    """How cells could stand in a table of counts: their names, and the columns in which counts are."""

    names: np.ndarray
    numbers: Sequence[int]
    genes: np.ndarray
    cells_are_rows: bool


def _ways_of_text(table: Columns) -> list[_Way]:
    head = text.read_head(table.path)
    titles = np.array(head.columns, dtype=str)
    rows, numeric = text.row_names(head)[:, 0], set(table.numeric())
    behind = [number for number, title in enumerate(head.columns) if number and title]
    of_rows = [number for number in behind if head.columns[number] in numeric]
    ways = [
        _Way(names=rows, numbers=of_rows, genes=titles[of_rows], cells_are_rows=True),
        _Way(names=titles[behind], numbers=behind, genes=rows, cells_are_rows=False),
    ]
    if len(titles) - 1 not in of_rows and titles[-1]:  # a name behind the counts
        first = 0 if titles[0] and titles[0] in numeric else 1
        before = [number for number in range(first, len(titles) - 1) if head.columns[number] in numeric]
        ways.append(_Way(names=text.last_names(head), numbers=before, genes=titles[before], cells_are_rows=True))
    return ways


def _ways_of_parquet(table: Columns) -> list[_Way]:
    """Cells as rows, in Parquet named by any column of text or by the last one, where pandas puts its index."""
    numeric = set(table.numeric())
    named = [name for name in table.names if name not in numeric][:_MOST_NAMES] or list(table.names[-1:])
    found = [(name, values) for name in named if (values := texts(table, name)) is not None]
    numbers = {
        name: [n for n, title in enumerate(table.names) if title in numeric and title != name] for name, _ in found
    }
    titles = np.array(table.names, dtype=str)
    by_rows = [
        _Way(names=values, numbers=numbers[name], genes=titles[numbers[name]], cells_are_rows=True)
        for name, values in found
    ]
    by_columns = [
        _Way(names=titles[numbers[name]], numbers=numbers[name], genes=values, cells_are_rows=False)
        for name, values in found
    ]
    return by_rows + by_columns


def _pair(table: Columns, ways: Sequence[_Way], place: Place) -> _Pair | None:
    known = set(place.ids.tolist())
    fitting = [(sum(name in known for name in way.names.tolist()), way.names, way) for way in ways if _can_name(way)]
    if not any(n_shared for n_shared, *_ in fitting):
        spelled = [(respelled(way.names, place.ids.tolist()), way) for _, _, way in fitting]
        fitting = [(sum(name in known for name in ids.tolist()), ids, way) for ids, way in spelled if ids is not None]
    n_shared, ids, way = max(fitting, key=lambda found: found[0], default=(0, None, None))  # of equal ones the first
    if not n_shared or ids is None or way is None:
        return None
    return _joined(table, way, place, ids, n_shared)


def _can_name(way: _Way) -> bool:
    return len(way.names) > 0 and len(np.unique(way.names)) >= _LEAST_DISTINCT * len(way.names)


def _joined(table: Columns, way: _Way, place: Place, ids: np.ndarray, n_shared: int) -> _Pair | None:
    numbers = list(way.numbers)
    is_text = table.path.suffix != ".parquet"
    if len(numbers) < 2 or (is_text and numbers != list(range(numbers[0], numbers[0] + len(numbers)))):
        return None
    of_both = _NO_GENES | {title.lower() for title in place.table.names}
    others = [number for number in numbers if way.cells_are_rows and table.names[number].lower() in of_both]
    columns = [number for number in numbers if number not in set(others)]
    if not columns:
        return None
    read, glimpse = _readers(table, columns)
    return _Pair(
        table=table,
        place=place,
        ids=ids,
        names=ids if _is_of_r(way.names, ids) else way.names,
        genes=np.array([table.names[number] for number in columns], dtype=str) if way.cells_are_rows else way.genes,
        read=read if way.cells_are_rows else lambda: sparse.csr_array(read().T),
        glimpse=glimpse,
        n_shared=n_shared,
        no_genes=[table.names[number] for number in others],
    )


def _readers(table: Columns, columns: list[int]) -> tuple[Callable[[], sparse.csr_array], Callable[[], np.ndarray]]:
    path, titles = table.path, [table.names[number] for number in columns]
    if path.suffix == ".parquet":
        return lambda: read_parquet_counts(path, titles), lambda: parquet_glimpse(path, titles)
    head = text.read_head(path)
    return lambda: text.read_counts(head, columns), lambda: text.glimpse(head, columns)


def _is_of_r(names: np.ndarray, ids: np.ndarray) -> bool:
    """Whether R made names of others, which are then the better ones."""
    return all(name in (one, as_r(one)) for name, one in zip(names.tolist(), ids.tolist(), strict=True))


def _cells(pair: _Pair, name: str, sections: Sequence[str]) -> Cells:
    return Cells(
        kind=KIND,
        name=name,
        cell_ids=pair.names,
        gene_names=pair.genes,
        read_counts=pair.read,
        glimpse=pair.glimpse,
        sections=sections,
        checks=pair.checks(),
        **pair.place.of(pair.ids),
    )


def is_placed_by_names(path: Path) -> bool:
    """Say whether the rows of a table are named by their places, as `10x12` is: column 10 and row 12 of an array.

    Parameters
    ----------
    path : Path
        A table of text.

    Returns
    -------
    bool
    """
    try:
        return _names_of_places(text.row_names(text.read_head(path))[:, 0]) is not None
    except SampleError:
        return False


def _names_of_places(names: np.ndarray) -> np.ndarray | None:
    found = [_PLACE.fullmatch(name) for name in names.tolist()]
    if not found or len(np.unique(names)) < len(names):
        return None
    places = [(int(match[2]), int(match[1])) for match in found if match is not None]
    return np.array(places, dtype=np.float64) if len(places) == len(found) else None


def _placed_by_names(tables: Sequence[Columns], name: str) -> Cells | None:
    """Read a table whose rows are named by their places, as those of the first arrays and of DBiT-seq are, with no other for them."""
    for table in (table for table in tables if table.path.suffix != ".parquet" and is_placed_by_names(table.path)):
        head, numeric = text.read_head(table.path), set(table.numeric())
        numbers = [number for number, title in enumerate(table.names) if number and title in numeric]
        if len(numbers) < 2 or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            continue
        ids, (read, glimpse) = text.row_names(head)[:, 0], _readers(table, numbers)
        places = _names_of_places(ids)
        if places is None:
            continue
        return Cells(
            kind="Counts of spots that are named by their places",
            name=name,
            cell_ids=ids,
            gene_names=np.array([table.names[number] for number in numbers], dtype=str),
            coords_um=places,
            read_counts=read,
            glimpse=glimpse,
            noun="spot",
            placed_by=f"Names of spots such as {shown(ids[0])}: column and row of an array.",
            unit_known=False,
        )
    return None


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
    unnamed = next((table for table in tables if _only_numbers(table, places[0])), None)
    if unnamed is not None:
        return SampleFileError(
            f"{placed}, and {file_name(unnamed.path)} counts as many but names none: add a first column to it with the names of its cells, "
            f"as they stand in the column {shown(places[0].id_column, 40)}."
        )
    long = next(
        (table for table in tables if table.find("gene", "gene_name", "geneid", "feature") and len(table.names) <= 5),
        None,
    )
    if long is not None:
        return SampleFileError(
            f"{placed}, and {file_name(long.path)} has a row for each gene in each cell: turn it into one row for each cell, in Python "
            f'`table.pivot_table(index="CELL", columns="GENE", values="COUNT", fill_value=0)`.'
        )
    return SampleFileError(
        f"{placed}, but {names} {'counts' if len(tables) == 1 else 'count'} none of them, by row or by column (they begin with "
        f"{_beginnings(tables)}): give both tables of one sample, with the same names.{_unreadable(every)}"
    )


def _beginnings(tables: Sequence[Columns]) -> str:
    """First name of a row and of a column in some tables."""
    of_text = [text.read_head(table.path) for table in tables[:3] if table.path.suffix != ".parquet"]
    rows = [name for head in of_text for name in text.row_names(head)[:1, 0].tolist()]
    titles = [head.columns[1] for head in of_text]
    return listed([shown(name, 40) for name in dict.fromkeys([*rows, *titles])]) or "other names"


def _only_numbers(table: Columns, place: Place) -> bool:
    """Whether a table has a row for each cell, and nothing in it that could name them."""
    if table.path.suffix == ".parquet" or len(table.numeric()) < len([name for name in table.names if name]):
        return False
    first = text.row_names(text.read_head(table.path))[:, 0].tolist()
    return len(first) == len(place.ids) and all(map(reads_as_number, first))


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
