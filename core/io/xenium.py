"""Xenium's output: counts by cell, and a table of cells with centroids in micrometres.

Files and columns are those of "Understanding Xenium Outputs" of 10x Genomics. The outlines, transcripts and morphology images
beside them are not read.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.io.cells import Cells, aligned, taken
from core.io.found_files import Found, with_ending
from core.io.tabular.columns import read_columns
from core.io.visium import tenx

KIND = "Xenium output"

_MATRIX, _MATRIX_FOLDER = "cell_feature_matrix.h5", "cell_feature_matrix"
_CELLS = ("cells.parquet", "cells.csv.gz", "cells.csv")


def find(names: Sequence[PurePosixPath]) -> list[Found]:
    """Find the samples of Xenium among files.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    list of Found
        With the roles `matrix` and `cells`.
    """
    folders = [name.parent for name in names if name.name in ("matrix.mtx", "matrix.mtx.gz")]
    texts = [(folder, "") for folder in folders if folder.name == _MATRIX_FOLDER]
    matrices = list(with_ending(names, _MATRIX))
    found = [_beside(names, matrix, prefix) for matrix, prefix in matrices]
    have_h5 = {matrix.parent for matrix, _ in matrices}
    found += [_beside(names, folder, prefix) for folder, prefix in texts if folder.parent not in have_h5]
    return [sample for sample in found if sample is not None]


def _beside(names: Sequence[PurePosixPath], matrix: PurePosixPath, prefix: str) -> Found | None:
    cells = [matrix.parent / f"{prefix}{ending}" for ending in _CELLS]
    table = next((name for name in cells if name in names), None)
    if table is None:
        return None
    texts = [name for name in names if name.parent == matrix]
    return Found(prefix=prefix, roles={"matrix": matrix, "cells": table}, others=texts)


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
    return Cells(
        kind=KIND,
        name=name,
        cell_ids=head.barcodes,
        gene_names=head.gene_names,
        gene_ids=head.gene_ids,
        other_features=head.other_features,
        coords_um=taken(table.numbers([y, x]), rows),
        read_counts=lambda: tenx.read_counts(matrix, head),
        placed_by=f"Centroids of cells from {table.path.name}, in micrometres.",
    )
