"""CosMx's flat files: `*_exprMat_file.csv` and `*_metadata_file.csv`, as AtoMx exports them.

A cell is named by its number and its field of view. Global positions are pixels of 0.12028 um ("CosMx SMI Data File Formats").
"""

from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from core.errors import SampleFileError
from core.io.cells import Cells, aligned, label_columns, taken
from core.io.found_files import Found
from core.io.incoming import Check
from core.io.merscope import other_texts
from core.io.tabular import text
from core.io.tabular.columns import Columns, read_columns
from core.text import counted, file_name, listed, shown

KIND = "CosMx output"

UM_PER_PX = 0.12028
"""Micrometres of one pixel of the global positions."""

_COUNTS, _META = "exprMat_file.csv", "metadata_file.csv"
_NO_GENES = ("fov", "cell_id", "cell", "slide_id", "")


def find(names: Sequence[PurePosixPath]) -> list[Found]:
    """Find the samples of CosMx among files.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    list of Found
        With the roles `counts` and `cells`.
    """
    there = set(names)
    return [found for name in names for found in _pair(name, there)]


def _pair(name: PurePosixPath, there: Collection[PurePosixPath]) -> list[Found]:
    plain = name.name.removesuffix(".gz")
    if not plain.endswith(_COUNTS):
        return []
    prefix = plain.removesuffix(_COUNTS)
    meta = [name.with_name(f"{prefix}{_META}{end}") for end in ("", ".gz")]
    return [Found(prefix=prefix, roles={"counts": name, "cells": table}) for table in meta if table in there][:1]


def read(folder: Path, found: Found, name: str) -> Cells:
    """Read what CosMx says of its cells.

    Parameters
    ----------
    folder : Path
    found : Found
    name : str

    Returns
    -------
    Cells
        Named `cell_ID` _ `fov`, as Seurat and `spatialdata` name them. What lies in no cell (`cell_ID` 0) has no position.

    Raises
    ------
    SampleFileError
        If a table is damaged, or its columns are missing.
    """
    counts, meta = text.read_head(folder / found.roles["counts"]), read_columns(folder / found.roles["cells"])
    named = [number for number, title in enumerate(counts.columns) if title.lower() in _NO_GENES]
    columns = [number for number in range(len(counts.columns)) if number not in named]
    ids = _ids(counts, len(named) if named == list(range(len(named))) else 0)
    known = [meta.texts(meta.required(title)) for title in ("cell_id", "fov")]
    names = _joined(*known)
    _check_one_slide(meta, names)
    rows = aligned(ids, names)
    coords, placed_by = _coords_um(meta)
    return Cells(
        kind=KIND,
        name=name,
        cell_ids=ids,
        gene_names=np.array([counts.columns[number] for number in columns], dtype=str),
        coords_um=taken(coords, rows),
        read_counts=lambda: text.read_counts(counts, columns),
        placed_by=placed_by,
        labels=label_columns(other_texts(meta), rows),
        checks=_background(ids),
    )


def _check_one_slide(meta: Columns, names: np.ndarray) -> None:
    """Refuse several slides in one table, since each numbers its fields and cells anew."""
    column = meta.find("slide_id", "slide_id_numeric", "slide", "slide_name", "run_tissue_name")
    if column is None or len(np.unique(names)) == len(names):
        return
    slides = np.unique(meta.texts(column)).tolist()
    if len(slides) > 1:
        raise SampleFileError(
            f"{file_name(meta.path)} holds {len(slides)} slides ({shown(column, 40)}: {shown(listed(slides), 200)}), which number their "
            "cells alike: keep the rows of one slide in both tables, and bring in each as a sample of its own."
        )


def _ids(counts: text.TextTable, n_named: int) -> np.ndarray:
    titles = [title.lower() for title in counts.columns[:n_named]]
    if not {"fov", "cell_id"} <= set(titles):
        raise SampleFileError(
            f"{file_name(counts.path)} does not begin with the columns `fov` and `cell_ID`: export the flat files again."
        )
    rows = text.row_names(counts, n_named)
    return _joined(rows[:, titles.index("cell_id")], rows[:, titles.index("fov")])


def _joined(cells: np.ndarray, fovs: np.ndarray) -> np.ndarray:
    # Newer metadata names cells as `c_1_12_345`: slide, field of view, number.
    numbers = [cell.rpartition("_")[2] if cell.startswith("c_") else cell for cell in cells.tolist()]
    return np.array([f"{cell}_{fov}" for cell, fov in zip(numbers, fovs.tolist(), strict=True)], dtype=str)


def _coords_um(meta: Columns) -> tuple[np.ndarray, str]:
    if meta.find("centerx_global_px"):
        names = [meta.required("centery_global_px"), meta.required("centerx_global_px")]
        said = f"Global pixels from {meta.path.name}, of {UM_PER_PX} micrometres each."
        return meta.numbers(names) * UM_PER_PX, said
    if meta.find("centerx_global_mm"):
        names = [meta.required("centery_global_mm"), meta.required("centerx_global_mm")]
        return meta.numbers(names) * 1000, f"Global positions from {meta.path.name}, in millimetres."
    raise SampleFileError(
        f"{file_name(meta.path)} has no global positions (`CenterX_global_px`): positions within a field of view would lay all "
        "fields on one another. Export the flat files again."
    )


def _background(ids: np.ndarray) -> list[Check]:
    n_outside = sum(name.startswith("0_") for name in ids.tolist())
    if not n_outside:
        return []
    found = f"{counted(n_outside, 'row counts', 'rows count')} what lies in no cell (`cell_ID` 0)."
    return [Check(what="Outside of cells", found=found, status="notice", advice="They are left out.")]
