"""Layout of the lab's files, and whether the shapes fit together; no counts are read."""

from dataclasses import dataclass

import h5py

from core.errors import SampleFileError
from core.io.genes import MAX_GENES
from core.io.hdf5.numbers import numbers
from core.io.hdf5.safe import plain_attribute
from core.text import shown

_OF_SPACE_RANGER = {
    "feature_slices": (
        "is Visium HD's feature_slice.h5, which holds no matrix of spots: give the folder `outs` with `binned_outputs` in it, or "
        "its `square_008um` with matrix and `spatial`."
    ),
    "molecule_info": "is Space Ranger's molecule_info.h5, which holds molecules and no matrix: give the folder `outs`.",
    "barcode_info": "is Space Ranger's molecule_info.h5, which holds molecules and no matrix: give the folder `outs`.",
}
"""Files beside the matrix that people take for it, by a key that only they have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Shapes of a file that fit together.

    Parameters
    ----------
    n_spots, n_genes : int
    is_sparse : bool
        Whether `X` is a group of CSR or CSC parts.
    on_lattice : bool
        Whether positions are in `pos`, not in `coords_um`.
    spots_are_columns : bool
        Whether `pos` is 2 x n, as in the lab's own files.
    """

    n_spots: int
    n_genes: int
    is_sparse: bool
    on_lattice: bool
    spots_are_columns: bool


def layout_of(file: h5py.File) -> Layout:
    """Find the layout of a file.

    Parameters
    ----------
    file : h5py.File
        Opened by `core.io.hdf5.safe`.

    Returns
    -------
    Layout

    Raises
    ------
    SampleFileError
        If its parts are missing, or do not fit together. The message does not name the file.
    """
    on_lattice = _has_lattice(file)
    is_sparse = isinstance(file["X"], h5py.Group)
    n_spots, n_genes = _sparse_shape(file["X"]) if is_sparse else numbers(file, "X", n_dims=2).shape
    if not on_lattice:
        _check_coords_shape(file, n_spots)
    return Layout(
        n_spots=n_spots,
        n_genes=n_genes,
        is_sparse=is_sparse,
        on_lattice=on_lattice,
        spots_are_columns=on_lattice and _spots_are_columns(numbers(file, "pos", n_dims=2).shape, n_spots, n_genes),
    )


def _has_lattice(file: h5py.File) -> bool:
    missing = "X" if "X" not in file else "pos" if "pos" not in file and "coords_um" not in file else ""
    if missing and {"obs", "var"} <= set(file):
        raise SampleFileError(
            "is an h5ad, not a sample of the lab's format: import it with `python -m core import FILE.h5ad`, or on Add data."
        )
    of_space_ranger = next((said for key, said in _OF_SPACE_RANGER.items() if missing and key in file), "")
    if of_space_ranger:
        raise SampleFileError(of_space_ranger)
    if missing:
        raise SampleFileError(
            f"has no `{missing}` among its entries ({_keys(file)}); a sample needs `X` (spots x genes) and `pos` "
            "(array row and column of each spot) or, off the lattice, `coords_um` (micrometres)."
        )
    if "pos" in file and "coords_um" in file:
        raise SampleFileError("has both `pos` and `coords_um`: a sample lies on the lattice or off it, keep one.")
    return "pos" in file


def _check_coords_shape(file: h5py.File, n_spots: int) -> None:
    shape = numbers(file, "coords_um", n_dims=2).shape
    if shape != (n_spots, 2):
        raise SampleFileError(
            f"has {n_spots} rows in `X`, but `coords_um` has the shape {shape}: each spot needs a vertical and a "
            "horizontal position."
        )


def _keys(file: h5py.File) -> str:
    names = [shown(name, 40) for name in file]
    return ", ".join([f"`{name}`" for name in names[:12]] + ["..."] * (len(names) > 12)) or "none"


def _sparse_shape(group: h5py.Group) -> tuple[int, int]:
    missing = [key for key in ("data", "indices", "indptr", "shape") if key not in group]
    if missing:
        raise SampleFileError(
            f"`X` is a group without `{missing[0]}`: store a table of numbers, or a CSR or CSC matrix as deepdish does."
        )
    shape = numbers(group, "shape", n_dims=1)
    if shape.size != 2 or shape.dtype.kind not in "iu":
        raise SampleFileError("`shape` in `X` needs two whole numbers, of spots and genes.")
    n_spots, n_genes = (int(number) for number in shape[:])
    if n_spots < 0 or not 0 <= n_genes <= MAX_GENES:
        raise SampleFileError(f"`X` declares {n_spots} spots and {n_genes} genes, which no sample has.")
    n_lines, noun = (n_spots, "spots") if is_csr(group, n_spots, n_genes) else (n_genes, "genes")
    n_stored = numbers(group, "indptr", n_dims=1).size
    if n_stored != n_lines + 1:
        raise SampleFileError(
            f"`X` declares {n_lines} {noun}, but its `indptr` has {n_stored} entries, not {n_lines + 1}."
        )
    return n_spots, n_genes


def is_csr(group: h5py.Group, n_spots: int, n_genes: int) -> bool:
    """Whether a sparse matrix is stored row by row.

    Parameters
    ----------
    group : h5py.Group
    n_spots, n_genes : int

    Returns
    -------
    bool
        False where it is stored column by column.

    Raises
    ------
    SampleFileError
        If it is stored in another way.
    """
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
