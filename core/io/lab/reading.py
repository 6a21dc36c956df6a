"""Samples read from the lab's files with h5py: numbers and text only."""

import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy import sparse

from core.errors import SampleFileError
from core.expression_kinds import EXPRESSION_KINDS
from core.io.hdf5.numbers import check_chunk, check_filters, kind_of, native_type, numbers, whole
from core.io.hdf5.safe import naming, opened, plain_attribute
from core.io.hdf5.text import MAX_TEXT_BYTES, short_texts
from core.io.lab import outlines
from core.io.lab.layout import Layout, is_csr, layout_of
from core.layer_names import without_class
from core.memory import check_fits
from core.sample import (
    DENSE_LIMIT,
    UNANNOTATED,
    Expression,
    Sample,
    TissueImage,
)
from core.sample_checks import MAX_IMAGE_BYTES
from core.text import counted, printable

BLOCK_BYTES = 64 << 20
"""Rows of a large matrix are made sparse in blocks of about this size."""

_LABEL_BYTES, _TEXT_BYTES = 200, 100  # of a number that becomes text of Python's and of numpy's, and of a short text
_R_MISSING_INTEGER = np.iinfo(np.int32).min


def read(path: str | os.PathLike[str]) -> Sample:
    """Read one sample in the lab's format, as rhdf5, h5py or deepdish wrote it.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Sample
        Expression in the number type of the file: dense where the file is dense, CSR where the file is sparse
        or holds more than :data:`core.sample.DENSE_LIMIT` values. Labels that mean "not annotated" (`NA`, `nan`,
        `None`, `<NA>`, nothing; in any case) become :data:`core.sample.UNANNOTATED`; whole numbers become text.

    Raises
    ------
    UnsafeFileError
        If the file holds something that could run code or reach other files.
    SampleFileError
        If the file is missing, damaged or not laid out as a sample.
    DuplicateSpotError or SampleError
        If its values are not a sample's; the message begins with the file's name.

    Notes
    -----
    `pos` is 2 x n in the lab's files and n x 2 elsewhere; 2 x 2 is taken as the lab's.
    """
    path = Path(path)
    with opened(path) as file, naming(path):
        parts = _read_parts(file, layout_of(file))
    with naming(path):
        return Sample(name=sample_name(path), **parts)


def read_labels(path: str | os.PathLike[str]) -> np.ndarray | None:
    """Read the annotation of a file, without its counts.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ndarray of shape (n_spots,), str, or None
        As :attr:`core.sample.Sample.labels_true`.

    Raises
    ------
    SampleError
        As :func:`read`.
    """
    path = Path(path)
    with opened(path) as file, naming(path):
        return _read_labels(file, layout_of(file).n_spots)


def read_barcodes(path: str | os.PathLike[str]) -> np.ndarray | None:
    """Read the barcodes of a file, without its counts.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ndarray of shape (n_spots,), str, or None
        As :attr:`core.sample.Sample.barcodes`.

    Raises
    ------
    SampleError
        As :func:`read`.
    """
    path = Path(path)
    with opened(path) as file, naming(path):
        return _read_names(file, "cell", layout_of(file).n_spots, "spot", "rows")


def read_gene_names(path: str | os.PathLike[str]) -> np.ndarray | None:
    """Read the names of the genes of a file, without its counts.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ndarray of shape (n_genes,), str, or None
        As :attr:`core.sample.Sample.gene_names`.

    Raises
    ------
    SampleError
        As :func:`read`.
    """
    path = Path(path)
    with opened(path) as file, naming(path):
        return _read_names(file, "gene", layout_of(file).n_genes, "gene", "columns")


def sample_name(path: Path) -> str:
    """Name of the sample in a file: its stem without a leading `sample_`.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        `151507_named` for `sample_151507_named.h5`.
    """
    name = path.stem.removeprefix("sample_") or path.stem
    return printable(name)  # bytes of a name that are no text could be written nowhere


def _read_parts(file: h5py.File, layout: Layout) -> dict[str, Any]:
    n_spots, n_genes = layout.n_spots, layout.n_genes
    return {
        "lattice": _read_lattice(file, layout) if layout.on_lattice else None,
        "coords_um": None if layout.on_lattice else _values(file["coords_um"]).astype(np.float64),
        "labels_true": _read_labels(file, n_spots),
        "gene_names": _read_names(file, "gene", n_genes, "gene", "columns"),
        "gene_ids": _read_names(file, "gene_id", n_genes, "gene", "columns"),
        "barcodes": _read_names(file, "cell", n_spots, "spot", "rows"),
        "coords_px": _read_coords(file, n_spots),
        "spot_rgb": _read_rgb(file, n_spots),
        "image": _read_image(file),
        "outlines": outlines.read(file),
        "source": _read_source(file),
        "expression_kind": _read_kind(file),
        "synthetic": flag(file, "synthetic"),
        "unit_known": not flag(file, "unit_unknown"),
        "expression": _read_sparse(file["X"], layout) if layout.is_sparse else _read_dense(file),
    }


def _read_dense(file: h5py.File) -> Expression:
    return _values(file["X"]) if file["X"].size <= DENSE_LIMIT else _read_in_blocks(file)


def _values(dataset: h5py.Dataset) -> np.ndarray:
    if "zeroarray_dtype" in dataset.attrs:  # how deepdish stores an array without entries
        return np.zeros(0, dtype=dataset.dtype)
    return whole(dataset, native_type(dataset.dtype))


def _read_in_blocks(file: h5py.File) -> sparse.csr_array:
    check_chunk(file["X"])
    n_spots, row_bytes, chunk_rows = _row_plan(file["X"])
    dataset = _open_with_cache(file, "X", min(chunk_rows, n_spots) * row_bytes)
    n_rows = max(1, BLOCK_BYTES // row_bytes)
    # Whole chunks at a time, where they fit: none is then unpacked twice.
    n_rows = n_rows // chunk_rows * chunk_rows or n_rows
    native = dataset.astype(native_type(dataset.dtype))
    check_fits(2 * n_rows * row_bytes, "A row of `X`")
    blocks, n_bytes = [], 0
    for first in range(0, n_spots, n_rows):
        blocks.append(sparse.csr_array(native[first : first + n_rows]))
        n_bytes += blocks[-1].data.nbytes + blocks[-1].indices.nbytes
        check_fits(2 * n_bytes, "`X`")  # once in blocks and once in one
    return sparse.csr_array(sparse.vstack(blocks, format="csr"))


def _row_plan(dataset: h5py.Dataset) -> tuple[int, int, int]:
    """Rows, bytes of a row, and rows of a chunk."""
    n_spots, n_genes = dataset.shape
    return n_spots, n_genes * dataset.dtype.itemsize, dataset.chunks[0] if dataset.chunks else 1


def _open_with_cache(file: h5py.File, key: str, n_bytes: int) -> h5py.Dataset:
    """Open a dataset so that one row of chunks stays unpacked while its rows are read: rhdf5 may write a single chunk.

    HDF5 ignores the size asked for while the same dataset is open elsewhere.
    """
    access = h5py.h5p.create(h5py.h5p.DATASET_ACCESS)
    access.set_chunk_cache(10_007, n_bytes, 1.0)
    return h5py.Dataset(h5py.h5d.open(file.id, key.encode(), access))


def _read_sparse(group: h5py.Group, layout: Layout) -> sparse.csr_array:
    parts = [numbers(group, key, n_dims=1) for key in ("data", "indices", "indptr")]
    check_fits(sum(part.size * (part.dtype.itemsize + 8) for part in parts), "`X`")  # scipy's indices have 8 bytes
    data, indices, indptr = map(_values, parts)
    by_rows = is_csr(group, layout.n_spots, layout.n_genes)
    _check_sparse(data, indices, indptr, n_across=layout.n_genes if by_rows else layout.n_spots)
    kind = sparse.csr_array if by_rows else sparse.csc_array
    # scipy takes no unsigned ones, and copies of the counts copy these, too.
    short = max(len(data), layout.n_spots, layout.n_genes) <= np.iinfo(np.int32).max
    width = np.dtype(np.int32 if short else np.int64)
    structure = (indices.astype(width, copy=False), indptr.astype(width, copy=False))
    matrix = sparse.csr_array(kind((data, *structure), shape=(layout.n_spots, layout.n_genes)))
    matrix.sum_duplicates()
    return matrix


def _check_sparse(data: np.ndarray, indices: np.ndarray, indptr: np.ndarray, *, n_across: int) -> None:
    if indices.dtype.kind not in "iu" or indptr.dtype.kind not in "iu":
        raise SampleFileError("has `indices` or `indptr` in `X` that are not whole numbers: save the file again.")
    if len(data) != len(indices):
        raise SampleFileError(f"`X` has {len(data)} values but {len(indices)} indices: save the file again.")
    if indptr[0] != 0 or indptr[-1] != len(data) or (indptr[1:] < indptr[:-1]).any():
        raise SampleFileError(
            f"has an `indptr` in `X` that does not rise from 0 to its {len(data)} values: save the file again."
        )
    if len(indices) and (indices.min() < 0 or indices.max() >= n_across):
        raise SampleFileError(
            f"has `indices` in `X` from {indices.min()} to {indices.max()}, but they must lie between 0 and "
            f"{n_across - 1}: save the file again."
        )


def _read_lattice(file: h5py.File, layout: Layout) -> np.ndarray:
    values = _values(file["pos"])
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        raise SampleFileError(
            "`pos` holds values that are not whole numbers: store array row and column there, and pixels in "
            "`pxl_row_in_fullres` and `pxl_col_in_fullres`."
        )
    if (np.abs(values.astype(float)) >= 2**53).any():
        raise SampleFileError("`pos` holds numbers too large for an array row or column.")
    return np.ascontiguousarray(values.T if layout.spots_are_columns else values).astype(np.int64)


def _read_labels(file: h5py.File, n_spots: int) -> np.ndarray | None:
    if "Y" not in file:
        return None
    found = file["Y"]
    is_number = isinstance(found, h5py.Dataset) and found.dtype.kind in "iu" and "strtype" not in found.attrs
    labels = _number_labels(found) if is_number else _text(file, "Y")
    if len(labels) != n_spots:
        raise SampleFileError(
            f"has {counted(n_spots, 'row')} in `X` but {counted(len(labels), 'label')} in `Y`: each spot needs one, `NA` where it has none."
        )
    none = without_class(labels)
    return np.array([UNANNOTATED if label in none else label for label in labels])


def _number_labels(dataset: h5py.Dataset) -> list[str]:
    check_filters(dataset, "Y")
    check_fits(_LABEL_BYTES * dataset.size, "`Y`")
    return ["" if value == _R_MISSING_INTEGER else str(value) for value in _values(dataset).ravel().tolist()]


def _read_names(file: h5py.File, key: str, expected: int, noun: str, side: str) -> np.ndarray | None:
    if key not in file:
        return None
    names = _text(file, key)
    if len(names) != expected:
        raise SampleFileError(
            f"has {expected} {side} in `X` but {counted(len(names), 'name')} in `{key}`: each {noun} needs one."
        )
    return np.array(names)


def _text(file: h5py.File, key: str) -> list[str]:
    found = file[key]
    if not isinstance(found, h5py.Dataset):
        raise SampleFileError(f"`{key}` is not a table: store an array of text there.")
    check_filters(found, key)
    if "strtype" in found.attrs and found.dtype == np.uint8:
        return _deepdish_unicode(found, key)
    if not h5py.check_string_dtype(found.dtype):
        raise SampleFileError(f"`{key}` holds {kind_of(found)}, where text belongs.")
    return short_texts(found, key)


def _deepdish_unicode(dataset: h5py.Dataset, key: str) -> list[str]:
    """Deepdish stores text of numpy's type `U` as its bytes, four a character."""
    declared = plain_attribute(dataset, "itemsize")
    n_signs = int(declared) if isinstance(declared, np.integer) else 0
    if not 0 < n_signs <= MAX_TEXT_BYTES or dataset.size % (4 * n_signs):
        raise SampleFileError(f"`{key}` holds text that does not fit its declared length: save the file again.")
    check_chunk(dataset)
    check_fits(2 * dataset.size + _TEXT_BYTES * (dataset.size // (4 * n_signs)), f"`{key}`")
    return [str(value) for value in dataset[...].ravel().view(f"<U{n_signs}")]


def _read_coords(file: h5py.File, n_spots: int) -> np.ndarray | None:
    keys = ("pxl_row_in_fullres", "pxl_col_in_fullres")
    if not any(key in file for key in keys):
        return None
    columns = [_read_column(file, key, n_spots) for key in keys]
    return np.stack(columns, axis=1)


def _read_column(file: h5py.File, key: str, n_spots: int) -> np.ndarray:
    if key not in file:
        raise SampleFileError(f"has no `{key}`: pixel positions need both a row and a column.")
    values = _values(numbers(file, key, n_dims=1)).astype(float)
    if len(values) != n_spots:
        raise SampleFileError(
            f"has {counted(n_spots, 'row')} in `X` but {counted(len(values), 'entry', 'entries')} in `{key}`: each spot needs one."
        )
    if not np.isfinite(values).all():
        raise SampleFileError(f"`{key}` holds values that are not finite (NaN or infinity).")
    return values


def _read_rgb(file: h5py.File, n_spots: int) -> np.ndarray | None:
    if "rgb" not in file:
        return None
    values = _values(numbers(file, "rgb", n_dims=2))
    if values.shape != (n_spots, 3):
        raise SampleFileError(
            f"`rgb` has the shape {values.shape}: it needs red, green and blue for {counted(n_spots, 'spot')}."
        )
    if values.dtype.kind == "f" or values.min(initial=0) < 0 or values.max(initial=0) > 255:
        raise SampleFileError("`rgb` must hold whole numbers from 0 to 255.")
    return values.astype(np.uint8)


def _read_image(file: h5py.File) -> TissueImage | None:
    if "image" not in file:
        return None
    found = numbers(file, "image", n_dims=3)
    # Before it is unpacked: a small file can declare a large image.
    if found.nbytes > MAX_IMAGE_BYTES:
        raise SampleFileError(
            f"`image` takes {found.nbytes >> 20} MiB, but at most {MAX_IMAGE_BYTES >> 20} are kept: store a smaller one."
        )
    return TissueImage(pixels=_values(found), scale=_read_image_scale(file))


def _read_image_scale(file: h5py.File) -> float:
    if "image_scale" not in file:
        raise SampleFileError("has an `image` but no `image_scale`: store its pixels per full-resolution pixel there.")
    scale = _values(numbers(file, "image_scale", n_dims=1))
    if scale.size != 1:
        raise SampleFileError(f"`image_scale` has {counted(scale.size, 'entry', 'entries')}: it needs one number.")
    return float(scale[0])


def _read_source(file: h5py.File) -> str:
    return " ".join(_text(file, "source")) if "source" in file else ""


def _read_kind(file: h5py.File) -> str:
    found = "".join(_text(file, "expression_kind")) if "expression_kind" in file else ""
    return found if found in EXPRESSION_KINDS else "counts"


def flag(file: h5py.File, key: str) -> bool:
    """Read a mark, 0 or 1; deepdish stores a lone number as an attribute, an array as a dataset.

    Parameters
    ----------
    file : h5py.File
    key : str

    Returns
    -------
    bool
        False where there is none.

    Raises
    ------
    SampleFileError
        If it is no such number. The message does not name the file.
    """
    found = plain_attribute(file, key) if key in file.attrs else file.get(key, np.zeros(1, dtype=bool))
    if not (hasattr(found, "dtype") and found.dtype.kind in "biu" and found.size == 1):
        raise SampleFileError(f"`{key}` is not one number, 0 or 1.")
    return bool(np.asarray(found).any())
