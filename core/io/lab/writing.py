"""Samples written with deepdish, so that the lab's scripts open them."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from core.errors import SampleFileError
from core.files import written_whole
from core.io.lab import outlines
from core.io.lab.deepdish_bridge import deepdish_save
from core.sample import Expression, Sample
from core.text import shown


def write(sample: Sample, path: str | os.PathLike[str], *, labels: np.ndarray | None = None, level: int = 6) -> None:
    """Write a sample so that :func:`read` and the lab's `deepdish.io.load` open it.

    The file appears whole or not at all. The same sample gives the same bytes.

    Parameters
    ----------
    sample : Sample
    path : path-like
        Replaced if it exists. The sample takes its name from it when read again.
    labels : ndarray of shape (n_spots,), int or str, optional
        Clusters that were found, kept beside the sample as `labels`; :func:`read` ignores them.
    level : int
        Of compression, 1 (fast) to 9 (small).

    Raises
    ------
    SampleFileError
        If the file cannot be written.
    """
    path = Path(path)
    try:
        with written_whole(path) as draft:
            deepdish_save(draft, _contents(sample) | _found(labels), level)
    # PyTables reports a full disk and the like as a RuntimeError of its own.
    except (OSError, RuntimeError) as error:
        reason = shown(getattr(error, "strerror", None) or error, 120).rstrip(".")
        raise SampleFileError(f"{shown(path, 300)} cannot be written ({reason}): choose another folder.") from error


def _contents(sample: Sample) -> dict[str, Any]:
    contents = {"X": _stored_expression(sample.expression)} | _stored_positions(sample)
    texts = {"Y": sample.labels_true, "gene": sample.gene_names, "gene_id": sample.gene_ids, "cell": sample.barcodes}
    contents |= {key: _stored_text(values) for key, values in texts.items() if values is not None}
    if sample.coords_px is not None:
        rows, columns = np.asarray(sample.coords_px, dtype=float).T
        contents |= {"pxl_row_in_fullres": rows.copy(), "pxl_col_in_fullres": columns.copy()}
    if sample.spot_rgb is not None:
        contents["rgb"] = np.asarray(sample.spot_rgb, dtype=np.uint8)
    if sample.image is not None:
        contents |= {"image": np.array(sample.image.pixels), "image_scale": np.array([sample.image.scale], dtype=float)}
    contents |= outlines.stored(sample.outlines)
    # As arrays: deepdish makes attributes of lone values, and PyTables unpickles attributes that look like a pickle.
    if sample.source:
        contents["source"] = _stored_text(np.array([sample.source]))
    if sample.expression_kind != "counts":
        contents["expression_kind"] = _stored_text(np.array([sample.expression_kind]))
    if sample.synthetic:
        contents["synthetic"] = np.ones(1, dtype=np.uint8)
    if not sample.unit_known:
        contents["unit_unknown"] = np.ones(1, dtype=np.uint8)
    return contents


def _found(labels: np.ndarray | None) -> dict[str, np.ndarray]:
    if labels is None:
        return {}
    return {"labels": np.array(labels) if labels.dtype.kind in "iu" else _stored_text(labels)}


def _stored_expression(expression: Expression) -> Any:
    if isinstance(expression, np.ndarray):
        return expression
    return sparse.csr_matrix(expression)  # deepdish knows scipy's matrices, not its newer arrays


def _stored_positions(sample: Sample) -> dict[str, np.ndarray]:
    if sample.lattice is not None:
        return {"pos": _stored_lattice(sample.lattice)}
    return {"coords_um": np.array(sample.coords_um, dtype=np.float64)}


def _stored_lattice(lattice: np.ndarray) -> np.ndarray:
    fits = np.abs(lattice).max(initial=0) <= np.iinfo(np.int32).max
    return np.ascontiguousarray(lattice.T, dtype=np.int32 if fits else np.int64)


def _stored_text(values: np.ndarray) -> np.ndarray:
    encoded = np.array([str(value).encode(errors="replace") for value in values])
    return encoded.astype(f"S{max(1, encoded.itemsize)}")  # HDF5 has no text of width 0
