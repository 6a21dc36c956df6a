"""Count matrices as 10x Genomics writes them: one HDF5 file (versions 2 and 3), or three text files.

Knows barcodes, features and counts; nothing of where the spots lie.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import h5py
import numpy as np
from scipy import io as scipy_io
from scipy import sparse

from core.errors import SampleFileError
from core.io import archives
from core.io.hdf5.numbers import whole
from core.io.hdf5.safe import naming, opened
from core.io.hdf5.text import short_texts
from core.io.tabular.text import as_names
from core.text import counted, file_name, shown

MAX_VALUES = 1 << 29
"""Largest number of counts above 0 that are read: they take 4 GiB."""

MAX_TEXT_BYTES = 256 << 20
"""Largest table of barcodes or features, unpacked."""

GENES = "Gene Expression"
"""What 10x calls the features that are genes; others are antibodies, guides and the like."""

MATRIX, BARCODES, FEATURES = "matrix.mtx", "barcodes.tsv", ("features.tsv", "genes.tsv")
"""Names of the three text files; newer ones end in `.gz`, too."""

TEXT_NAMES = (MATRIX, BARCODES, *FEATURES)

_MAX_INDEX = np.iinfo(np.int32).max
_N_GLIMPSED = 100_000  # values, or bytes of text
_SHORTEST_LINE = 6  # "1 1 1\n"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatrixHead:
    """What a matrix counts and where, read without its counts.

    Parameters
    ----------
    barcodes : ndarray of shape (n_barcodes,), str
    gene_names : ndarray of shape (n_genes,), str
        Symbols where the file has them; some may stand twice.
    is_gene : ndarray of shape (n_features,), bool
        Which features are genes.
    gene_ids : ndarray of shape (n_genes,), str, optional
        Ensembl's identifiers.
    other_features : mapping of str to int
        How many there are of each other kind.
    """

    barcodes: np.ndarray
    gene_names: np.ndarray
    is_gene: np.ndarray
    gene_ids: np.ndarray | None = None
    other_features: Mapping[str, int] = field(default_factory=dict)


def is_tenx_h5(file: h5py.File) -> bool:
    """Say whether an open HDF5 file is laid out as 10x's matrices are.

    Parameters
    ----------
    file : h5py.File

    Returns
    -------
    bool
    """
    return bool(_matrix_groups(file))


def read_head(path: Path) -> MatrixHead:
    """Read barcodes and features.

    Parameters
    ----------
    path : Path
        An HDF5 file, or the folder of the three text files.

    Returns
    -------
    MatrixHead

    Raises
    ------
    SampleFileError
        If anything is missing, damaged or does not fit.
    """
    if path.is_dir():
        return _text_head(path)
    with opened(path) as file, naming(path):
        return _h5_head(_matrix_group(file))


def read_counts(path: Path, head: MatrixHead) -> sparse.csr_array:
    """Read the counts of genes.

    Parameters
    ----------
    path : Path
        As for :func:`read_head`.
    head : MatrixHead
        Of the same path.

    Returns
    -------
    csr_array of shape (n_barcodes, n_genes)
        int32 where the file holds whole numbers, float32 or float64 as it is where not; sorted, without stored zeros.

    Raises
    ------
    SampleFileError
        If the counts are damaged, or more than :data:`MAX_VALUES`.
    """
    if path.is_dir():
        counts = _text_counts(path, head)
    else:
        with opened(path) as file, naming(path):
            counts = _h5_counts(_matrix_group(file), head)
    if counts.data.size and not counts.data.all():
        counts.eliminate_zeros()
    return counts if head.is_gene.all() else counts[:, np.flatnonzero(head.is_gene)]


def glimpse(path: Path) -> np.ndarray:
    """Read some of the values, which need not be counts in what programs wrote in 10x's form.

    Parameters
    ----------
    path : Path
        As for :func:`read_head`.

    Returns
    -------
    ndarray of shape (n_values,), float64
    """
    if not path.is_dir():
        with opened(path) as file, naming(path):
            data = _matrix_group(file).get("data")
            is_list = isinstance(data, h5py.Dataset) and data.ndim == 1 and data.dtype.kind == "f"
            return data[:_N_GLIMPSED].astype(np.float64) if is_list else np.zeros(0)
    with archives.unzipped(_text_file(path, MATRIX)) as file:
        lines = file.read(_N_GLIMPSED).splitlines()[:-1]
    rows = [line.split() for line in lines if not line.startswith(b"%")][1:]
    try:
        return np.array([float(row[2]) for row in rows], dtype=np.float64)
    except (ValueError, IndexError):  # reading all of it says what is wrong
        return np.zeros(0)


# --- HDF5 ---


def _matrix_groups(file: h5py.File) -> list[h5py.Group]:
    groups = [file[key] for key in file]
    return [
        group for group in groups if isinstance(group, h5py.Group) and {"barcodes", "indptr", "shape"} <= set(group)
    ]


def _matrix_group(file: h5py.File) -> h5py.Group:
    groups = _matrix_groups(file)
    if not groups:
        raise SampleFileError(
            "holds no matrix as 10x writes it (a group with `barcodes`, `indptr` and `shape`): give the "
            "filtered_feature_bc_matrix.h5 of Space Ranger."
        )
    if len(groups) > 1:
        names = ", ".join(shown(group.name.lstrip("/"), 40) for group in groups)
        raise SampleFileError(f"holds the matrices of {len(groups)} genomes ({names}): give a file with one.")
    return groups[0]


def _h5_head(group: h5py.Group) -> MatrixHead:
    features = group["features"] if isinstance(group.get("features"), h5py.Group) else group
    # Version 2 calls ids `genes` and symbols `gene_names`.
    names = _names(features, "name", "gene_names", "id", "genes")
    ids = _names(features, "id", "genes") if "id" in features or "genes" in features else None
    kinds = _names(features, "feature_type") if "feature_type" in features else np.full(len(names), GENES)
    barcodes = _names(group, "barcodes")
    shape = _numbers(group, "shape")  # R writes it as floating-point numbers
    if shape.tolist() != [len(names), len(barcodes)]:
        raise SampleFileError(
            f"declares {' x '.join(f'{number:.15g}' for number in shape.tolist())} features x barcodes, but names {len(names)} and {len(barcodes)}: "
            "copy or download it again."
        )
    return _head(barcodes, names, kinds, ids)


def _head(barcodes: np.ndarray, names: np.ndarray, kinds: np.ndarray, ids: np.ndarray | None) -> MatrixHead:
    if len(kinds) != len(names):
        raise SampleFileError(
            f"names {counted(len(names), 'feature')} but the kinds of {len(kinds)}: copy or download it again."
        )
    if ids is not None and len(ids) != len(names):
        raise SampleFileError(
            f"names {counted(len(names), 'feature')} but the identifiers of {len(ids)}: copy or download it again."
        )
    if len(np.unique(barcodes)) < len(barcodes):
        raise SampleFileError("names a barcode twice: give the matrix of one sample.")
    is_gene = kinds == GENES
    if not is_gene.any():
        raise SampleFileError(f"counts no genes: none of its {counted(len(names), 'feature')} is called {GENES!r}.")
    others = Counter(shown(kind, 40) for kind in kinds[~is_gene].tolist())
    return MatrixHead(
        barcodes=barcodes, gene_names=names[is_gene], is_gene=is_gene, other_features=dict(others),
        gene_ids=None if ids is None else ids[is_gene],
    )  # fmt: skip


def _names(group: h5py.Group, *keys: str) -> np.ndarray:
    dataset = next((group[key] for key in keys if isinstance(group.get(key), h5py.Dataset)), None)
    if dataset is None or not h5py.check_string_dtype(dataset.dtype) or dataset.ndim != 1:
        raise SampleFileError(f"has no list of names called `{keys[0]}`: copy or download it again.")
    return np.array(short_texts(dataset, keys[0]), dtype=str)


def _numbers(group: h5py.Group, key: str, dtype: type | None = None) -> np.ndarray:
    found = group.get(key)
    if not isinstance(found, h5py.Dataset) or found.ndim != 1 or found.dtype.kind not in ("iu" if dtype else "iuf"):
        raise SampleFileError(f"has no list of numbers called `{key}`: copy or download it again.")
    if found.size > MAX_VALUES:
        raise SampleFileError(
            f"holds {found.size:,} values in `{key}`, more than the {MAX_VALUES:,} that are read: give fewer spots, or "
            "larger bins."
        )
    # HDF5 converts while it reads, and keeps what does not fit at the limit of the type: the checks see it.
    return whole(found, dtype)


def _h5_counts(group: h5py.Group, head: MatrixHead) -> sparse.csr_array:
    indptr = _numbers(group, "indptr", np.int64)
    indices = _numbers(group, "indices", np.int32)
    values = _counts_of(_numbers(group, "data"))
    _check_structure(values, indices, indptr, head)
    # 10x stores features x barcodes by columns, which are the rows of barcodes x features.
    shape = (len(head.barcodes), len(head.is_gene))
    counts = sparse.csr_array((values, indices, indptr.astype(np.int32)), shape=shape)
    if not counts.has_canonical_format:
        counts.sum_duplicates()
    return counts


def _check_structure(values: np.ndarray, indices: np.ndarray, indptr: np.ndarray, head: MatrixHead) -> None:
    rises = len(indptr) == len(head.barcodes) + 1 and indptr[0] == 0 and (indptr[1:] >= indptr[:-1]).all()
    if not (rises and len(values) == len(indices) == indptr[-1]):
        raise SampleFileError(
            f"has {len(values)} values, {len(indices)} indices and {len(indptr)} row ends that do not fit its "
            f"{counted(len(head.barcodes), 'barcode')}: copy or download it again."
        )
    if len(indices) and (indices.min() < 0 or indices.max() >= len(head.is_gene)):
        raise SampleFileError(
            f"has an index of {indices.max()} among its {counted(len(head.is_gene), 'feature')}: copy or download it again."
        )


def _counts_of(values: np.ndarray) -> np.ndarray:
    """Bring whole numbers to int32 where they fit; other numbers stay."""
    if values.dtype.kind == "f":
        return values.astype(np.float32 if values.dtype.itemsize <= 4 else np.float64, copy=False)
    fits = values.dtype.itemsize < 4 or values.dtype == np.int32 or values.max(initial=0) <= _MAX_INDEX
    return values.astype(np.int32 if fits else np.int64, copy=False)


# --- text ---


def _text_file(folder: Path, *names: str) -> Path:
    found = next((path for name in names for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)
    if found is None:
        raise SampleFileError(
            f"{file_name(folder)} holds no {' or '.join(names)}, plain or .gz: give {MATRIX}, {BARCODES} and "
            f"{FEATURES[0]} together."
        )
    return found


def _text_head(folder: Path) -> MatrixHead:
    barcodes, features = _text_file(folder, BARCODES), _text_file(folder, *FEATURES)
    _text_file(folder, MATRIX)
    rows = _lines(features)
    # genes.tsv has an id and a symbol; features.tsv a kind, too.
    names = [row[1] if len(row) > 1 else row[0] for row in rows]
    kinds = [row[2] if len(row) > 2 else GENES for row in rows]
    with naming(barcodes.parent):
        codes = as_names([row[0] for row in _lines(barcodes)], barcodes)
        columns = (names, kinds, [row[0] for row in rows])
        return _head(codes, *(as_names(column, features) for column in columns))


def _lines(path: Path) -> list[list[str]]:
    with archives.unzipped(path) as file:
        text = file.read(MAX_TEXT_BYTES + 1)
    if len(text) > MAX_TEXT_BYTES:
        raise SampleFileError(f"{file_name(path)} is larger than {MAX_TEXT_BYTES >> 20} MiB, which no such table is.")
    rows = [
        [part.strip('"') for part in line.rstrip("\r").split("\t")]
        for line in text.decode("utf-8", "replace").split("\n")
        if line.strip()
    ]
    if not rows:
        raise SampleFileError(f"{file_name(path)} is empty: copy or download it again.")
    return rows


def _text_counts(folder: Path, head: MatrixHead) -> sparse.csr_array:
    path = _text_file(folder, MATRIX)
    turned = _check_declared(path, head)
    with archives.unzipped(path) as file:
        stored = sparse.coo_array(scipy_io.mmread(file))
    features, spots = reversed(stored.coords) if turned else stored.coords
    shape = (len(head.barcodes), len(head.is_gene))
    # Making rows of it sorts, and sums what stands twice.
    return sparse.csr_array(sparse.coo_array((_counts_of(stored.data), (spots, features)), shape=shape))


def _check_declared(path: Path, head: MatrixHead) -> bool:
    """Look at the size line before anything is reserved for it; say whether barcodes are rows, as Python writes them."""
    name = file_name(path)
    with archives.unzipped(path) as file:
        n_features, n_barcodes, n_values = _declared(file, name)
    declared, there = (n_features, n_barcodes), (len(head.is_gene), len(head.barcodes))
    if there not in (declared, declared[::-1]):
        titled = (there[0] - 1, there[1] - 1) in (declared, declared[::-1])
        raise SampleFileError(
            f"{name} declares {counted(n_features, 'feature')} x {counted(n_barcodes, 'barcode')}, but the tables beside it name "
            f"{len(head.is_gene)} and {len(head.barcodes)}: {'take their titles away' if titled else 'are they of one sample?'}"
            f"{'.' if titled else ''}"
        )
    unpacked = max(archives.LIMITS.small_bytes, archives.LIMITS.ratio * path.stat().st_size)
    if n_values > min(MAX_VALUES, n_features * n_barcodes, unpacked // _SHORTEST_LINE):
        raise SampleFileError(f"{name} declares {n_values:,} counts, more than it can hold: copy or download it again.")
    return declared != there


def _declared(file: IO[bytes], name: str) -> tuple[int, int, int]:
    words = file.readline(1024).decode("ascii", "replace").lower().split()
    if words[:3] != ["%%matrixmarket", "matrix", "coordinate"] or words[3:] not in (
        ["integer", "general"],
        ["real", "general"],
    ):
        raise SampleFileError(f"{name} does not begin as a table of counts in MatrixMarket's format does.")
    for _ in range(1000):
        line = file.readline(1 << 16)
        if line.strip() and not line.startswith(b"%"):
            break
    sizes = line.split()
    if len(sizes) != 3 or not all(size.isdigit() and len(size) < 16 for size in sizes):
        raise SampleFileError(f"{name} does not say how many features, barcodes and counts it holds.")
    return int(sizes[0]), int(sizes[1]), int(sizes[2])
