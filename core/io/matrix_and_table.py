"""Counts as 10x's matrix beside a table of coordinates, as programs of R leave them and as GEO keeps many technologies."""

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from core.errors import SampleFileError
from core.io import coordinate_tables, two_tables
from core.io.cells import Cells
from core.io.found_files import Found
from core.io.tabular.columns import Columns
from core.io.visium import tenx
from core.io.visium.matrices import FILTERED, TEXTS, Matrix, matrices_in, named
from core.io.visium.staging import linked
from core.text import file_name, listed, shown

KIND = "Counts as a matrix of 10x, coordinates as a table"

_OF_SPACE_RANGER = re.compile(r".*(tissue_positions.*|(^|[_.-])spatial\.(zip|tar|tar\.gz|tgz))", re.IGNORECASE)
_PLACES = re.compile(r"coord|loc(s|ation)|position|centroid|spatial|meta|cells?([_.-]|$)|(^|[_.-])xy([_.-]|$)")
_MATRIX = "matrix"


def find(names: Sequence[PurePosixPath]) -> list[Found]:
    """Find matrices that have tables beside them which may hold coordinates, where Space Ranger wrote none.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    list of Found
        With the files of the matrix by their usual names, and tables.
    """
    if any(_OF_SPACE_RANGER.fullmatch(name.name) for name in names):
        return []
    matrices = [matrix for matrix in matrices_in(names) if matrix.texts or FILTERED.fullmatch(matrix.path.name)]
    tables = _tables(names, {matrix.prefix for matrix in matrices}) if matrices else {}
    return [found for matrix in matrices if (found := _beside(matrix, tables)) is not None]


def _tables(names: Sequence[PurePosixPath], prefixes: set[str]) -> dict[tuple[PurePosixPath, str], list[PurePosixPath]]:
    """Gather tables that may hold coordinates by their folder, and by the sample that their names begin with, "" for none."""
    texts = {name for pattern in TEXTS.values() for name, _ in named(names, pattern)}
    tables: dict[tuple[PurePosixPath, str], list[PurePosixPath]] = {}
    for name in names:
        if name.name.lower().endswith(two_tables.ENDINGS) and name not in texts:
            prefix = max((some for some in prefixes if name.name.startswith(some)), key=len, default="")
            if _PLACES.search(name.name.removeprefix(prefix).lower()):
                tables.setdefault((name.parent, prefix), []).append(name)
    return tables


def _beside(matrix: Matrix, tables: Mapping[tuple[PurePosixPath, str], list[PurePosixPath]]) -> Found | None:
    folders = dict.fromkeys((matrix.root, next(iter(matrix.files.values())).parent))
    prefixes = dict.fromkeys((matrix.prefix, ""))
    own = [name for folder in folders for prefix in prefixes for name in tables.get((folder, prefix), ())]
    if not own or (not matrix.texts and matrix.path.suffix == ".gz"):
        return None
    roles = dict(matrix.texts) or {_MATRIX: matrix.path}
    return Found(prefix=matrix.prefix, roles=roles, others=own[: two_tables.MAX_TABLES])


def read(folder: Path, found: Found, name: str, stack: ExitStack, axes: tuple[str, str] | None = None) -> Cells:
    """Read what a matrix and a table say of the same cells.

    Parameters
    ----------
    folder : Path
    found : Found
    name : str
    stack : ExitStack
        Holds the files of the matrix under their usual names until counts are read.
    axes : (str, str), optional
        Columns that hold x and y, where titles do not say it.

    Returns
    -------
    Cells
        Named and in the order of the matrix.

    Raises
    ------
    SampleFileError
        If the matrix is damaged, or no table places its cells.
    """
    if _MATRIX in found.roles:
        matrix = folder / found.roles[_MATRIX]
    else:
        ends = {usual: ".gz" if path.suffix == ".gz" else "" for usual, path in found.roles.items()}
        files = {f"{usual}{ends[usual]}": folder / path for usual, path in found.roles.items()}
        matrix = stack.enter_context(linked(files))
    head = tenx.read_head(matrix)
    tables = [coordinate_tables.readable(folder / path) for path in found.others]
    columns = [table for table in tables if isinstance(table, Columns)]
    places = [place for table in columns for place in coordinate_tables.places_of(table, axes)]
    known = set(head.barcodes.tolist())
    best = max(places, key=lambda place: len(known.intersection(place.ids.tolist())), default=None)
    if best is None:
        raise coordinate_tables.no_places(tables, axes)
    if known.isdisjoint(best.ids.tolist()):
        raise SampleFileError(
            f"{file_name(best.table.path)} places cells such as {shown(best.ids[0])}, but the matrix counts such as "
            f"{shown(head.barcodes[0])}, among {listed([file_name(folder / path) for path in found.roles.values()])}: give both of one sample."
        )
    return Cells(
        kind=KIND,
        name=name,
        cell_ids=head.barcodes,
        gene_names=head.gene_names,
        gene_ids=head.gene_ids,
        other_features=head.other_features,
        read_counts=lambda: tenx.read_counts(matrix, head),
        glimpse=lambda: tenx.glimpse(matrix),
        **best.of(head.barcodes),
    )
