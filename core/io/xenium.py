"""Xenium's output: counts by cell, and a table of cells with centroids in micrometres.

Files and columns are those of "Understanding Xenium Outputs" of 10x Genomics. Outlines come from the table of cells' boundaries,
a thumbnail from the smaller levels of a morphology image (`core.io.xenium_image`); transcripts are not read.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from core.errors import SampleFileError
from core.io import xenium_image
from core.io.cells import Cells, aligned, taken
from core.io.found_files import Found, by_folder, with_ending
from core.io.incoming import Check
from core.io.outlines import Gathering
from core.io.tabular.columns import read_columns
from core.io.tabular.streams import numbered
from core.io.visium import tenx
from core.outlines import Outlines

KIND = "Xenium output"

_MATRIX, _MATRIX_FOLDER = "cell_feature_matrix.h5", "cell_feature_matrix"
_CELLS = ("cells.parquet", "cells.csv.gz", "cells.csv")
_MAX_RING = 200_000  # corners
_OUTLINES = ("cell_boundaries.parquet", "cell_boundaries.csv.gz", "cell_boundaries.csv")


def find(names: Sequence[PurePosixPath]) -> list[Found]:
    """Find the samples of Xenium among files.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    list of Found
        With the roles `matrix`, `cells` and, where they are there, `outlines`, `experiment` and `image`.
    """
    folders = [name.parent for name in names if name.name in ("matrix.mtx", "matrix.mtx.gz")]
    texts = [(folder, "") for folder in folders if folder.name == _MATRIX_FOLDER]
    matrices = list(with_ending(names, _MATRIX))
    there = by_folder(names)
    found = [_beside(there, matrix, prefix) for matrix, prefix in matrices]
    have_h5 = {matrix.parent for matrix, _ in matrices}
    found += [_beside(there, folder, prefix) for folder, prefix in texts if folder.parent not in have_h5]
    return [sample for sample in found if sample is not None]


def _beside(there: Mapping[PurePosixPath, Sequence[PurePosixPath]], matrix: PurePosixPath, prefix: str) -> Found | None:
    around = {name.name: name for name in there.get(matrix.parent, ())}
    table, outlines = (
        next((around[name] for ending in endings if (name := f"{prefix}{ending}") in around), None)
        for endings in (_CELLS, _OUTLINES)
    )
    if table is None:
        return None
    others = ({} if outlines is None else {"outlines": outlines}) | xenium_image.find(there, matrix.parent, prefix)
    return Found(
        prefix=prefix,
        roles={"matrix": matrix, "cells": table} | others,
        others=there.get(matrix, ()),
        optional=[*others],
        large=[xenium_image.IMAGE],
    )


def read(folder: Path, found: Found, name: str) -> Cells:
    """Read what Xenium says of its cells.

    Parameters
    ----------
    folder : Path
        That the names of the files are relative to.
    found : Found
        From :func:`find`.
    name : str
        Suggested for the sample.

    Returns
    -------
    Cells

    Raises
    ------
    SampleFileError
        If a file is damaged, or its columns are missing.
    """
    matrix = folder / found.roles["matrix"]
    head = tenx.read_head(matrix)
    table = read_columns(folder / found.roles["cells"])
    rows = aligned(head.barcodes, table.texts(table.required("cell_id")))
    x, y = table.required("x_centroid"), table.required("y_centroid")
    coords_um = taken(table.numbers([y, x]), rows)
    image, said = xenium_image.read(folder, found.roles)
    outlines = folder / found.roles["outlines"] if "outlines" in found.roles else None
    return Cells(
        kind=KIND,
        name=name,
        cell_ids=head.barcodes,
        gene_names=head.gene_names,
        gene_ids=head.gene_ids,
        other_features=head.other_features,
        coords_um=coords_um,
        read_counts=lambda: tenx.read_counts(matrix, head),
        placed_by=f"Centroids of cells from {table.path.name}, in micrometres.",
        read_outlines=None if outlines is None else lambda: _read_outlines(outlines, head.barcodes, coords_um[:, ::-1]),
        has_outlines=True,
        image=None if image is None else image.thumbnail,
        coords_px=None if image is None else coords_um / image.um_per_px,
        checks=[said],
    )


def _read_outlines(path: Path, cell_ids: np.ndarray, centres_um: np.ndarray) -> tuple[Outlines, Check]:
    gathering = Gathering(centres_um=centres_um)
    for cells, lengths, xy in _rings(path, cell_ids):
        gathering.add(cells, lengths, xy)
    outlines = gathering.finished()
    return outlines, gathering.check(outlines, path.name)


def _rings(path: Path, cell_ids: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Cut corners into rings, which end where another cell begins, or another of several rings of one cell (`label_id`)."""
    table = read_columns(path)
    part = table.find("label_id")
    columns = [table.required("vertex_x"), table.required("vertex_y"), *([part] if part else [])]
    rest, rest_values = np.zeros(0, dtype=np.int64), np.zeros((0, len(columns)))
    for more, more_values in numbered(table, table.required("cell_id"), cell_ids, columns):
        cells, values = np.append(rest, more), np.nan_to_num(np.concatenate([rest_values, more_values]), nan=np.inf)
        changes = (cells[1:] != cells[:-1]) | (values[1:, 2:] != values[:-1, 2:]).any(axis=1)
        begins = np.r_[0, np.flatnonzero(changes) + 1]
        last = begins[-1]  # it may go on in the next piece
        yield cells[begins[:-1]], np.diff(begins), values[:last, :2]
        end = last + 1 if cells[last : last + 1].tolist() == [-1] else None
        rest, rest_values = cells[last:end], values[last:end]
        if len(rest) > _MAX_RING:
            raise SampleFileError(f"{path.name} has a cell of more than {_MAX_RING:,} corners, which no cell has.")
    if len(rest):
        yield rest[:1], np.array([len(rest)]), rest_values[:, :2]
