"""CosMx's flat files: `*_exprMat_file.csv` and `*_metadata_file.csv`, as AtoMx exports them.

A cell is named by its number and its field of view. Global positions are pixels of 0.12028 um ("CosMx SMI Data File Formats").
"""

import re
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
_SLIDES = ("slide_id", "slide_id_numeric", "slide", "slide_name", "run_tissue_name")
_NO_GENES = ("fov", "cell_id", "cell", "", *_SLIDES)
_LONG_NAME = re.compile(r"c_[^_]+_[^_]+_[^_]+")


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
    slides, slide_column = _slides(meta)
    ids, names = _ids(counts, columns[0] if columns else 0), _joined(*_numbers_of(meta))
    if slides is not None and len(np.unique(names)) < len(names):  # each slide numbers its fields and cells anew
        ids = _with_slide(ids, _slides_of_counts(counts, columns[0], meta, slides))
        names = _with_slide(names, slides)
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
        labels=label_columns(other_texts(meta, slide_column), rows),
        checks=_background(ids),
        section_of=None if slides is None else np.append(slides, "")[rows],
        section_column=slide_column,
    )


def _numbers_of(meta: Columns) -> list[np.ndarray]:
    return [meta.texts(meta.required(title)) for title in ("cell_id", "fov")]


def _slides(meta: Columns) -> tuple[np.ndarray | None, str]:
    """Slide of each cell and the column that says it, where a table holds several."""
    for column in filter(None, map(meta.find, _SLIDES)):
        slides = meta.texts(column)
        if len(set(slides.tolist()) - {""}) > 1:
            return slides, column
    return None, ""


def _slides_of_counts(counts: text.TextTable, n_named: int, meta: Columns, slides: np.ndarray) -> np.ndarray:
    """Slide of each row of the counts, by a column of its own or by names such as `c_1_12_345`, whose first number it is."""
    rows = text.row_names(counts, n_named)
    titles = [title.lower() for title in counts.columns[:n_named]]
    for title in (title for title in titles if title in _SLIDES):
        return rows[:, titles.index(title)]
    spelled = [rows[:, number] for number, title in enumerate(titles) if title in ("cell", "cell_id")]
    for names in spelled:
        if all(_LONG_NAME.fullmatch(name) for name in names.tolist()):
            return np.array([name.split("_")[1] for name in names.tolist()], dtype=str)
    known = _in_words(sorted(set(slides.tolist()) - {""}))
    raise SampleFileError(
        f"{file_name(meta.path)} holds {known}, which number their cells alike, and {file_name(counts.path)} does not say which slide "
        "a row is of: add a column `slide_ID` to it, or give the two tables of one slide."
    )


def _in_words(slides: Sequence[str]) -> str:
    return f"{len(slides)} slides ({shown(listed(slides), 200)})"


def _with_slide(names: np.ndarray, slides: np.ndarray) -> np.ndarray:
    return np.array([f"{name}_{slide}" for name, slide in zip(names.tolist(), slides.tolist(), strict=True)], dtype=str)


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
