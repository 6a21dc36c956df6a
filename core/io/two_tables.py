"""Any technology as two tables of text: counts by cell or by gene, and coordinates by cell. Slide-seq's files are such.

Which table is which, and which way the counts lie, is found by the names of cells, which stand in both.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from scipy import sparse

from core.errors import SampleError, SampleFileError
from core.io.axes import X_Y
from core.io.cells import Cells
from core.io.coordinate_tables import Place, no_places, places_of, readable, unreadable
from core.io.found_files import Found, by_folder
from core.io.incoming import Check
from core.io.merscope import texts
from core.io.named_places import placed_by_names
from core.io.spellings import as_r, respelled
from core.io.tabular import text
from core.io.tabular.columns import Columns, reads_as_number
from core.io.tabular.counts import readers
from core.text import file_name, listed, shown

KIND = "Counts and coordinates as two tables"

MAX_TABLES = 12
"""Tables of one folder that are looked at."""

ENDINGS: tuple[str, ...] = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet")
_ROLE = re.compile(
    r"(?<=[_.-])(raw_?|filtered_?|digital_?|bead_?|cell_?|spot_?|gene_?|spatial_?)*"
    r"(counts?|expr\w*|dge|umis?|matrix|coord\w*|loc(ation)?s?|positions?|spatial|centroids?|meta\w*)(?![a-z])",
    re.IGNORECASE,
)
_MOST_NAMES = 8
_LEAST_DISTINCT = 0.5
"""Of rows that name cells; counts at their beginning would be few numbers."""

_NO_GENES = {title for pair in (*X_Y, ("z", "fov")) for title in pair} | {
    "area", "volume", "n_counts", "n_genes", "total_counts", "n_genes_by_counts", "ncount_rna", "nfeature_rna", "ncount_spatial",
    "nfeature_spatial", "cell_area", "nucleus_area", "transcript_counts", "in_tissue", "array_row", "array_col",
}  # fmt: skip
"""What stands beside genes in tables of all that is known of cells, in lower case."""


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
    if not pairs and (placed := placed_by_names(tables, name)) is not None:
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
    read, glimpse = readers(table, columns)
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


def _no_pair(
    every: Sequence[Columns | SampleError], places: Sequence[Place], axes: tuple[str, str] | None
) -> SampleFileError:
    if not places:
        return no_places(every, axes)
    tables = [table for table in every if isinstance(table, Columns) and table.path != places[0].table.path]
    names = listed([shown(table.path.name, 60) for table in tables])
    placed = f"{file_name(places[0].table.path)} places cells such as {shown(places[0].ids[0])}"
    if not tables:
        return SampleFileError(f"{placed}, but there is no table that counts them.{unreadable(every)}")
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
        f"{_beginnings(tables)}): give both tables of one sample, with the same names.{unreadable(every)}"
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
