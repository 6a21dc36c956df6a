"""The lab's own files: `X` (spots x genes), `Y` (layer names) and `pos` (array row and column) in one HDF5 file.

Read with h5py, numbers and text only; written with deepdish, so that the lab's scripts open the result.

Samples off the lattice have `coords_um` (n x 2: vertical, then horizontal position in micrometres) instead of `pos`.

The product adds, all of them optional: `gene`, `cell`, `pxl_row_in_fullres`, `pxl_col_in_fullres`, `rgb`,
`image` (height x width x 3 bytes) with `image_scale`, `source` and `synthetic`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy import sparse

from core.errors import SampleError, SampleFileError
from core.files import written_whole
from core.io.hdf5.safe import opened, plain_attribute, read_text
from core.io.lab.deepdish_bridge import deepdish_save
from core.sample import DENSE_LIMIT, MAX_IMAGE_BYTES, UNANNOTATED, Expression, Sample, TissueImage
from core.text import shown

SUFFIXES = (".h5", ".hdf5")

BLOCK_BYTES = 64 << 20
"""Rows of a large matrix are made sparse in blocks of about this size."""

MAX_TEXT_BYTES = 4096
"""Longest label, name or barcode."""

MAX_GENES = 10_000_000
"""A sparse matrix can declare columns that take no room in the file."""

UNANNOTATED_SPELLINGS = {"", "na", "nan", "none", "<na>"}
"""What files write for "not annotated", in lower case."""
_R_MISSING_INTEGER = np.iinfo(np.int32).min


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSummary:
    """What a list of samples shows of one file, found without reading its counts.

    Parameters
    ----------
    name : str
        As :attr:`core.sample.Sample.name`.
    path : Path
    n_spots, n_genes : int
        0 where the file cannot be read.
    annotated : bool
        Whether the file has labels.
    synthetic : bool
        Whether the tissue was made by a program.
    problem : str
        Why the file cannot be read, as a sentence; empty where it can.
    """

    name: str
    path: Path
    n_spots: int = 0
    n_genes: int = 0
    annotated: bool = False
    synthetic: bool = False
    problem: str = ""


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
        parts = _read_parts(file, _layout(file))
    with naming(path):
        return Sample(name=sample_name(path), **parts)


def peek(path: str | os.PathLike[str]) -> SampleSummary:
    """Say what a file holds, without reading its counts.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    SampleSummary
        With `problem` set, instead of an error, where the file cannot be read.
    """
    path = Path(path)
    try:
        with opened(path) as file, naming(path):
            layout = _layout(file)
            return SampleSummary(
                name=sample_name(path),
                path=path,
                n_spots=layout.n_spots,
                n_genes=layout.n_genes,
                annotated="Y" in file,
                synthetic=_flag(file, "synthetic"),
            )
    except SampleError as error:
        return SampleSummary(name=sample_name(path), path=path, problem=str(error))


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
        return _read_labels(file, _layout(file).n_spots)


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
        return _read_names(file, "cell", _layout(file).n_spots, "spot", "rows")


def list_samples(folder: str | os.PathLike[str]) -> list[SampleSummary]:
    """Summarise the samples directly inside a folder, sorted by name.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    list of SampleSummary
        One for each `.h5` or `.hdf5` file; files that cannot be read are listed with their problem.
        Links that lead out of the folder are left out.

    Raises
    ------
    SampleFileError
        If the folder cannot be read.
    """
    folder = Path(folder)
    try:
        home = folder.resolve(strict=True)
        paths = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and _is_inside(path, home)]
    except OSError as error:
        raise SampleFileError(f"The folder {shown(folder, 300)} cannot be read: check its name.") from error
    return sorted(map(peek, paths), key=lambda summary: (summary.name, summary.path.name))


def write(sample: Sample, path: str | os.PathLike[str], *, labels: np.ndarray | None = None, level: int = 6) -> None:
    """Write a sample so that :func:`read` and the lab's `deepdish.io.load` open it.

    The file appears whole or not at all. The same sample gives the same bytes.

    Parameters
    ----------
    sample : Sample
    path : path-like
        Replaced if it exists. The sample takes its name from it when read again.
    labels : ndarray of shape (n_spots,), int or str, optional
        Clusters that were found, kept beside the sample as `labels`; :func:`read` passes them over.
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
    return path.stem.removeprefix("sample_") or path.stem


def _is_inside(path: Path, home: Path) -> bool:
    return path.is_file() and path.resolve().is_relative_to(home)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name in front of what is wrong with its contents; the kind of error stays.

    Parameters
    ----------
    path : Path
    """
    try:
        yield
    except SampleError as error:
        joint = " " if str(error)[:1].islower() else ": "
        raise type(error)(f"{shown(path.name)}{joint}{error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Shapes of a file that fit together."""

    n_spots: int
    n_genes: int
    is_sparse: bool
    on_lattice: bool
    spots_are_columns: bool


def _layout(file: h5py.File) -> _Layout:
    on_lattice = _has_lattice(file)
    is_sparse = isinstance(file["X"], h5py.Group)
    n_spots, n_genes = _sparse_shape(file["X"]) if is_sparse else _numbers(file, "X", n_dims=2).shape
    if not on_lattice:
        _check_coords_shape(file, n_spots)
    return _Layout(
        n_spots=n_spots,
        n_genes=n_genes,
        is_sparse=is_sparse,
        on_lattice=on_lattice,
        spots_are_columns=on_lattice and _spots_are_columns(_numbers(file, "pos", n_dims=2).shape, n_spots, n_genes),
    )


def _has_lattice(file: h5py.File) -> bool:
    missing = "X" if "X" not in file else "pos" if "pos" not in file and "coords_um" not in file else ""
    if missing:
        raise SampleFileError(
            f"has no `{missing}` among its entries ({_keys(file)}); a sample needs `X` (spots x genes) and `pos` "
            "(array row and column of each spot) or, off the lattice, `coords_um` (micrometres)."
        )
    if "pos" in file and "coords_um" in file:
        raise SampleFileError("has both `pos` and `coords_um`: a sample lies on the lattice or off it, keep one.")
    return "pos" in file


def _check_coords_shape(file: h5py.File, n_spots: int) -> None:
    shape = _numbers(file, "coords_um", n_dims=2).shape
    if shape != (n_spots, 2):
        raise SampleFileError(
            f"has {n_spots} rows in `X`, but `coords_um` has the shape {shape}: each spot needs a vertical and a "
            "horizontal position."
        )


def _keys(file: h5py.File) -> str:
    names = [shown(name, 40) for name in file]
    return ", ".join([f"`{name}`" for name in names[:12]] + ["..."] * (len(names) > 12)) or "none"


def _numbers(file: h5py.Group, key: str, *, n_dims: int) -> h5py.Dataset:
    found = file[key]
    if not isinstance(found, h5py.Dataset):
        raise SampleFileError(f"`{key}` is not a table: store an array of numbers there.")
    if found.dtype.kind not in "iuf":
        raise SampleFileError(f"`{key}` holds {_kind(found)}, where numbers belong.")
    if found.ndim != n_dims:
        raise SampleFileError(f"`{key}` has the shape {found.shape}: it needs {n_dims} dimensions.")
    check_filters(found, key)
    return found


def _kind(dataset: h5py.Dataset) -> str:
    if h5py.check_string_dtype(dataset.dtype):
        return "text"
    return {"b": "truth values", "c": "complex numbers"}.get(dataset.dtype.kind, f"values of type {dataset.dtype}")


def check_filters(dataset: h5py.Dataset, key: str) -> None:
    """Refuse compression that this machine cannot undo.

    Parameters
    ----------
    dataset : h5py.Dataset
    key : str
        What the message calls it.

    Raises
    ------
    SampleFileError
    """
    plan = dataset.id.get_create_plist()
    for number in range(plan.get_nfilters()):
        code, _, _, label = plan.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            raise SampleFileError(
                f"`{key}` is compressed with {shown(label.decode(errors='replace'), 40)}, which needs a plug-in: "
                "save the file again with zlib."
            )


def _sparse_shape(group: h5py.Group) -> tuple[int, int]:
    missing = [key for key in ("data", "indices", "indptr", "shape") if key not in group]
    if missing:
        raise SampleFileError(
            f"`X` is a group without `{missing[0]}`: store a table of numbers, or a CSR or CSC matrix as deepdish does."
        )
    shape = _numbers(group, "shape", n_dims=1)
    if shape.size != 2 or shape.dtype.kind not in "iu":
        raise SampleFileError("`shape` in `X` needs two whole numbers, of spots and genes.")
    n_spots, n_genes = (int(number) for number in shape[:])
    if n_spots < 0 or not 0 <= n_genes <= MAX_GENES:
        raise SampleFileError(f"`X` declares {n_spots} spots and {n_genes} genes, which no sample has.")
    n_lines, noun = (n_spots, "spots") if _is_csr(group, n_spots, n_genes) else (n_genes, "genes")
    n_stored = _numbers(group, "indptr", n_dims=1).size
    if n_stored != n_lines + 1:
        raise SampleFileError(
            f"`X` declares {n_lines} {noun}, but its `indptr` has {n_stored} entries, not {n_lines + 1}."
        )
    return n_spots, n_genes


def _is_csr(group: h5py.Group, n_spots: int, n_genes: int) -> bool:
    found = plain_attribute(group, "format")
    if found is None and n_spots != n_genes:
        return bool(group["indptr"].size == n_spots + 1)
    kind = found.decode(errors="replace") if isinstance(found, bytes) else str(found)
    if kind not in ("csr", "csc"):
        raise SampleFileError(
            f"`X` is sparse, and its `format` is {shown(kind, 40)!r}: save it as CSR, with the text 'csr' of fixed length."
        )
    return kind == "csr"


def _spots_are_columns(pos_shape: tuple[int, ...], n_spots: int, n_genes: int) -> bool:
    if pos_shape == (2, n_spots):
        return True
    if pos_shape == (n_spots, 2):
        return False
    if 2 not in pos_shape:
        raise SampleFileError(
            f"`pos` has the shape {pos_shape}: each spot needs two numbers, its array row and its array column."
        )
    n_positions, side = (pos_shape[1], "columns") if pos_shape[0] == 2 else (pos_shape[0], "rows")
    if n_positions == n_genes:
        raise SampleFileError(
            f"`X` has {n_spots} rows, but `pos` has {n_positions} {side}, as many as `X` has columns: is `X` stored as "
            "genes x spots? Save it transposed."
        )
    raise SampleFileError(
        f"has {n_spots} rows in `X` but {n_positions} {side} in `pos`: each spot needs one position. "
        "Was the file cut off while copying?"
    )


def _read_parts(file: h5py.File, layout: _Layout) -> dict[str, Any]:
    n_spots, n_genes = layout.n_spots, layout.n_genes
    return {
        "lattice": _read_lattice(file, layout) if layout.on_lattice else None,
        "coords_um": None if layout.on_lattice else _values(file["coords_um"]).astype(np.float64),
        "labels_true": _read_labels(file, n_spots),
        "gene_names": _read_names(file, "gene", n_genes, "gene", "columns"),
        "barcodes": _read_names(file, "cell", n_spots, "spot", "rows"),
        "coords_px": _read_coords(file, n_spots),
        "spot_rgb": _read_rgb(file, n_spots),
        "image": _read_image(file),
        "source": _read_source(file),
        "synthetic": _flag(file, "synthetic"),
        "expression": _read_sparse(file["X"], layout) if layout.is_sparse else _read_dense(file),
    }


def _read_dense(file: h5py.File) -> Expression:
    return _values(file["X"]) if file["X"].size <= DENSE_LIMIT else _read_in_blocks(file)


def _values(dataset: h5py.Dataset) -> np.ndarray:
    if "zeroarray_dtype" in dataset.attrs:  # how deepdish stores an array without entries
        return np.zeros(0, dtype=dataset.dtype)
    return np.asarray(dataset.astype(native_type(dataset.dtype))[...])


def native_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Name the number type that scipy and torch know: this machine's byte order, no halves, no long doubles.

    Parameters
    ----------
    dtype : dtype
        Of the file.

    Returns
    -------
    dtype
    """
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    return dtype.newbyteorder("=")


def _read_in_blocks(file: h5py.File) -> sparse.csr_array:
    n_spots, row_bytes, chunk_rows = _row_plan(file["X"])
    dataset = _open_with_cache(file, "X", min(chunk_rows, n_spots) * row_bytes)
    n_rows = max(1, BLOCK_BYTES // row_bytes)
    # Whole chunks at a time, where they fit: none is then unpacked twice.
    n_rows = n_rows // chunk_rows * chunk_rows or n_rows
    native = dataset.astype(native_type(dataset.dtype))
    blocks = [sparse.csr_array(native[first : first + n_rows]) for first in range(0, n_spots, n_rows)]
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


def _read_sparse(group: h5py.Group, layout: _Layout) -> sparse.csr_array:
    data, indices, indptr = (_values(_numbers(group, key, n_dims=1)) for key in ("data", "indices", "indptr"))
    by_rows = _is_csr(group, layout.n_spots, layout.n_genes)
    _check_sparse(data, indices, indptr, n_across=layout.n_genes if by_rows else layout.n_spots)
    kind = sparse.csr_array if by_rows else sparse.csc_array
    structure = (indices.astype(np.int64), indptr.astype(np.int64))  # scipy takes no unsigned ones
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


def _read_lattice(file: h5py.File, layout: _Layout) -> np.ndarray:
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
            f"has {n_spots} rows in `X` but {len(labels)} labels in `Y`: each spot needs one, `NA` where it has none."
        )
    return np.array([UNANNOTATED if label.strip().lower() in UNANNOTATED_SPELLINGS else label for label in labels])


def _number_labels(dataset: h5py.Dataset) -> list[str]:
    check_filters(dataset, "Y")
    return ["" if value == _R_MISSING_INTEGER else str(value) for value in _values(dataset).ravel().tolist()]


def _read_names(file: h5py.File, key: str, expected: int, noun: str, side: str) -> np.ndarray | None:
    if key not in file:
        return None
    names = _text(file, key)
    if len(names) != expected:
        raise SampleFileError(f"has {expected} {side} in `X` but {len(names)} names in `{key}`: each {noun} needs one.")
    return np.array(names)


def _text(file: h5py.File, key: str) -> list[str]:
    found = file[key]
    if not isinstance(found, h5py.Dataset):
        raise SampleFileError(f"`{key}` is not a table: store an array of text there.")
    check_filters(found, key)
    if "strtype" in found.attrs and found.dtype == np.uint8:
        return _deepdish_unicode(found, key)
    if not h5py.check_string_dtype(found.dtype):
        raise SampleFileError(f"`{key}` holds {_kind(found)}, where text belongs.")
    if found.dtype.itemsize > MAX_TEXT_BYTES:
        raise SampleFileError(f"`{key}` holds text of more than {MAX_TEXT_BYTES} bytes, where names belong.")
    return [decoded(value) for value in read_text(found)]


def _deepdish_unicode(dataset: h5py.Dataset, key: str) -> list[str]:
    """Deepdish stores text of numpy's type `U` as its bytes, four a character."""
    declared = plain_attribute(dataset, "itemsize")
    n_signs = int(declared) if isinstance(declared, np.integer) else 0
    if not 0 < n_signs <= MAX_TEXT_BYTES or dataset.size % (4 * n_signs):
        raise SampleFileError(f"`{key}` holds text that does not fit its declared length: save the file again.")
    return [str(value) for value in dataset[...].ravel().view(f"<U{n_signs}")]


def decoded(value: bytes) -> str:
    """Read text as UTF-8, or as what R writes on Windows.

    Parameters
    ----------
    value : bytes

    Returns
    -------
    str
    """
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")  # R on Windows


def _read_coords(file: h5py.File, n_spots: int) -> np.ndarray | None:
    keys = ("pxl_row_in_fullres", "pxl_col_in_fullres")
    if not any(key in file for key in keys):
        return None
    columns = [_read_column(file, key, n_spots) for key in keys]
    return np.stack(columns, axis=1)


def _read_column(file: h5py.File, key: str, n_spots: int) -> np.ndarray:
    if key not in file:
        raise SampleFileError(f"has no `{key}`: pixel positions need both a row and a column.")
    values = _values(_numbers(file, key, n_dims=1)).astype(float)
    if len(values) != n_spots:
        raise SampleFileError(f"has {n_spots} rows in `X` but {len(values)} entries in `{key}`: each spot needs one.")
    if not np.isfinite(values).all():
        raise SampleFileError(f"`{key}` holds values that are not finite (NaN or infinity).")
    return values


def _read_rgb(file: h5py.File, n_spots: int) -> np.ndarray | None:
    if "rgb" not in file:
        return None
    values = _values(_numbers(file, "rgb", n_dims=2))
    if values.shape != (n_spots, 3):
        raise SampleFileError(f"`rgb` has the shape {values.shape}: it needs red, green and blue for {n_spots} spots.")
    if values.dtype.kind == "f" or values.min(initial=0) < 0 or values.max(initial=0) > 255:
        raise SampleFileError("`rgb` must hold whole numbers from 0 to 255.")
    return values.astype(np.uint8)


def _read_image(file: h5py.File) -> TissueImage | None:
    if "image" not in file:
        return None
    found = _numbers(file, "image", n_dims=3)
    # Before it is unpacked: a small file can declare a large image.
    if found.nbytes > MAX_IMAGE_BYTES:
        raise SampleFileError(
            f"`image` takes {found.nbytes >> 20} MiB, but at most {MAX_IMAGE_BYTES >> 20} are kept: store a smaller one."
        )
    return TissueImage(pixels=_values(found), scale=_read_image_scale(file))


def _read_image_scale(file: h5py.File) -> float:
    if "image_scale" not in file:
        raise SampleFileError("has an `image` but no `image_scale`: store its pixels per full-resolution pixel there.")
    scale = _values(_numbers(file, "image_scale", n_dims=1))
    if scale.size != 1:
        raise SampleFileError(f"`image_scale` has {scale.size} entries: it needs one number.")
    return float(scale[0])


def _read_source(file: h5py.File) -> str:
    return " ".join(_text(file, "source")) if "source" in file else ""


def _flag(file: h5py.File, key: str) -> bool:
    """Deepdish stores a lone number as an attribute, an array as a dataset."""
    found = plain_attribute(file, key) if key in file.attrs else file.get(key, np.zeros(1, dtype=bool))
    if not (hasattr(found, "dtype") and found.dtype.kind in "biu" and found.size == 1):
        raise SampleFileError(f"`{key}` is not one number, 0 or 1.")
    return bool(np.asarray(found).any())


def _contents(sample: Sample) -> dict[str, Any]:
    contents = {"X": _stored_expression(sample.expression)} | _stored_positions(sample)
    texts = {"Y": sample.labels_true, "gene": sample.gene_names, "cell": sample.barcodes}
    contents |= {key: _stored_text(values) for key, values in texts.items() if values is not None}
    if sample.coords_px is not None:
        rows, columns = np.asarray(sample.coords_px, dtype=float).T
        contents |= {"pxl_row_in_fullres": rows.copy(), "pxl_col_in_fullres": columns.copy()}
    if sample.spot_rgb is not None:
        contents["rgb"] = np.asarray(sample.spot_rgb, dtype=np.uint8)
    if sample.image is not None:
        contents |= {"image": np.array(sample.image.pixels), "image_scale": np.array([sample.image.scale], dtype=float)}
    # As arrays: deepdish makes attributes of lone values, and PyTables unpickles attributes that look like a pickle.
    if sample.source:
        contents["source"] = _stored_text(np.array([sample.source]))
    if sample.synthetic:
        contents["synthetic"] = np.ones(1, dtype=np.uint8)
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
