"""Counts whose spots are named by their places, so that no table of coordinates is needed."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import SampleError
from core.io.cells import Cells
from core.io.tabular import text
from core.io.tabular.columns import Columns
from core.io.tabular.counts import readers
from core.text import shown

_PLACE = re.compile(r"X?(\d{1,5})x(\d{1,5})")


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


def placed_by_names(tables: Sequence[Columns], name: str) -> Cells | None:
    """Read a table whose rows are named by their places, as those of the first arrays and of DBiT-seq are.

    Parameters
    ----------
    tables : sequence of Columns
    name : str
        Suggested for the sample.

    Returns
    -------
    Cells or None
        Of the first such table.
    """
    for table in (table for table in tables if table.path.suffix != ".parquet" and is_placed_by_names(table.path)):
        head, numeric = text.read_head(table.path), set(table.numeric())
        numbers = [number for number, title in enumerate(table.names) if number and title in numeric]
        if len(numbers) < 2 or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            continue
        ids, (read, glimpse) = text.row_names(head)[:, 0], readers(table, numbers)
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
