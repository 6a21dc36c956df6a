"""MERSCOPE's output: `cell_by_gene.csv` and `cell_metadata.csv`, as Vizgen's pipeline writes them.

Centres of cells are in micrometres. The name of a cell stands in the first column of both tables.
"""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from core.io.cells import Cells, aligned, label_columns, taken
from core.io.found_files import Found
from core.io.tabular import text
from core.io.tabular.columns import Columns, read_columns
from core.io.tabular.text import LongTextError

KIND = "MERSCOPE output"

_COUNTS, _META = "cell_by_gene", "cell_metadata"
_TABLE = re.compile(r"(.*?)(cell_by_gene|cell_metadata)(.*)\.csv(\.gz)?", re.IGNORECASE)


def find(names: Sequence[PurePosixPath]) -> list[Found]:
    """Find the samples of MERSCOPE among files.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    list of Found
        With the roles `counts` and `cells`; names may have more before and behind, as those of Vizgen's public data.
    """
    tables: dict[tuple[PurePosixPath, str, str], dict[str, PurePosixPath]] = {}
    for name in names:
        match = _TABLE.fullmatch(name.name)
        if match:
            tables.setdefault((name.parent, match[1], match[3]), {})[match[2].lower()] = name
    return [
        Found(prefix=prefix, roles={"counts": both[_COUNTS], "cells": both[_META]})
        for (_, prefix, _), both in tables.items()
        if len(both) == 2
    ]


def read(folder: Path, found: Found, name: str) -> Cells:
    """Read what MERSCOPE says of its cells.

    Parameters
    ----------
    folder : Path
    found : Found
    name : str

    Returns
    -------
    Cells

    Raises
    ------
    SampleFileError
        If a table is damaged, or its columns are missing.
    """
    counts, meta = text.read_head(folder / found.roles["counts"]), read_columns(folder / found.roles["cells"])
    ids = text.row_names(counts)[:, 0]
    rows = aligned(ids, meta.texts(meta.find("entityid") or meta.names[0]))
    columns = range(1, len(counts.columns))
    return Cells(
        kind=KIND,
        name=name,
        cell_ids=ids,
        gene_names=np.array(counts.columns[1:], dtype=str),
        coords_um=taken(meta.numbers([meta.required("center_y"), meta.required("center_x")]), rows),
        read_counts=lambda: text.read_counts(counts, columns),
        placed_by=f"Centres of cells from {meta.path.name}, in micrometres.",
        labels=label_columns(other_texts(meta, meta.names[0]), rows),
    )


def other_texts(table: Columns, *but: str) -> dict[str, np.ndarray]:
    """Read the columns of a table that hold no numbers, but for those whose texts are longer than names.

    Parameters
    ----------
    table : Columns
    *but : str
        Columns that are left out.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,), str
    """
    numeric = {*table.numeric(), *but}
    names = [name for name in table.names if name and name not in numeric]
    return {name: found for name in names if (found := texts(table, name)) is not None}


def texts(table: Columns, name: str) -> np.ndarray | None:
    """Read a column as text.

    Parameters
    ----------
    table : Columns
    name : str

    Returns
    -------
    ndarray of shape (n_rows,), str, or None
        None for texts that are longer than names.
    """
    try:
        return table.texts(name)
    except LongTextError:
        return None
