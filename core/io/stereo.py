"""Stereo-seq's `.gef` files: square bins and cells, read from their HDF5.

Layout after "GEF File Format" of SAW: `geneExp/bin1` lists the counts of each gene with the position of their spot on the chip;
`cellBin` those of each cell. Positions are numbers of spots, `resolution` nanometres apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy import sparse

from core.errors import SampleFileError
from core.io.cells import Cells
from core.io.hdf5.numbers import check_chunk, whole
from core.io.hdf5.safe import naming, opened
from core.io.hdf5.text import MAX_TEXT_BYTES, decoded
from core.io.incoming import Check
from core.memory import check_fits
from core.text import shown

KIND = "Stereo-seq output"

SPOT_NM = 500
"""Nanometres between spots of the chip, where the file does not say."""

BINS = (1, 5, 10, 20, 50, 100, 200)
"""Sides of square bins in spots, those that Stereo-seq's programs offer."""

MIN_COUNTS = 100
"""By default bins are as small as possible, yet the median bin holds at least so many counts."""

MAX_RECORDS = 4_000_000_000
MAX_SPOTS_PER_SIDE = 1 << 20
_MAX_GRID = 64_000_000
_BLOCK = 4_000_000
_CELL_BYTES = 250  # of the name and the places of one, while they are made


def is_gef(file: h5py.File) -> bool:
    """Say whether an open HDF5 file is of Stereo-seq.

    Parameters
    ----------
    file : h5py.File

    Returns
    -------
    bool
    """
    return isinstance(file.get("geneExp"), h5py.Group) or isinstance(file.get("cellBin"), h5py.Group)


def read(path: Path, section: str | None = None) -> Cells:
    """Read what a `.gef` says of its bins or cells.

    Parameters
    ----------
    path : Path
    section : str, optional
        Such as `bins of 50`; cells are `cells`. By default cells where the file has them, else see `MIN_COUNTS`.

    Returns
    -------
    Cells

    Raises
    ------
    SampleFileError
        If the file is damaged, or has no such bins.
    UnsafeFileError
        If it is hostile.
    """
    with opened(path) as file, naming(path):
        name = path.name.partition(".")[0]
        if isinstance(file.get("cellBin"), h5py.Group) and section in (None, "cells"):
            return _cells(file["cellBin"], path, name)
        return _bins(file, path, name, section)


# --- cells ---


def _cells(group: h5py.Group, path: Path, name: str) -> Cells:
    cell = _records(group, "cell", "x", "y", "offset", "geneCount")
    genes = _gene_table(group, "gene")
    check_fits(_CELL_BYTES * len(cell), "`cell`")
    x, y = (whole(cell, np.float64, key) for key in ("x", "y"))
    ids = (
        whole(cell, field="id") if "id" in cell.dtype.names and cell.dtype["id"].kind in "iu" else np.arange(len(cell))
    )
    nm = _resolution(group, group.parent)
    return Cells(
        kind=f"{KIND}, cells",
        name=name,
        cell_ids=ids.astype(str),
        gene_names=genes.names,
        gene_ids=genes.ids,
        coords_um=np.column_stack([y, x]) * (nm / 1000),
        read_counts=lambda: _read_cells(path, len(genes.names)),
        placed_by=f"Centres of cells, in spots of the chip {nm:g} nm apart.",
    )


def _read_cells(path: Path, n_genes: int) -> sparse.csr_array:
    with opened(path) as file, naming(path):
        group = file["cellBin"]
        cell, counts = _records(group, "cell", "offset", "geneCount"), _records(group, "cellExp", "geneID", "count")
        lengths = whole(cell, np.int64, "geneCount")
        starts = np.concatenate([[0], np.cumsum(lengths)])
        fits = lengths.min(initial=0) >= 0 and (whole(cell, np.int64, "offset") == starts[:-1]).all()
        if not fits or starts[-1] != len(counts):
            raise SampleFileError("has `cellExp` that does not fit the offsets of `cell`: copy it again.")
        check_fits(32 * len(counts), "`cellExp`")
        gene, value = (whole(counts, np.int32, key) for key in ("geneID", "count"))
    if len(gene) and not 0 <= gene.min() <= gene.max() < n_genes:
        raise SampleFileError(f"{shown(path.name)} counts a gene that it does not name: copy it again.")
    found = sparse.csr_array((value, gene, starts), shape=(len(lengths), n_genes))
    found.sum_duplicates()
    found.eliminate_zeros()
    return found


# --- square bins ---


def _bins(file: h5py.File, path: Path, name: str, section: str | None) -> Cells:
    group = file.get("geneExp/bin1")
    if not isinstance(group, h5py.Group):
        raise SampleFileError(
            "has neither `cellBin` nor `geneExp/bin1`: give the .gef that SAW wrote, of tissue or cells."
        )
    expression, genes = _records(group, "expression", "x", "y", "count"), _gene_table(group, "gene")
    grid = _grid(expression)
    sizes = _offered(grid)
    names = {_called(size): size for size in sizes}
    if section is not None and section not in names:
        raise SampleFileError(f"has no {shown(section)!r}; there are {', '.join(names)}.")
    size = grid.default(sizes) if section is None else names[section]
    nm = _resolution(expression, group, file)
    side_um = size * nm / 1000
    check_fits(_CELL_BYTES * grid.n_places(size), f"Names and places of {_called(size)}")
    places = grid.places(size)
    others = ", ".join(name for name in names if name != _called(size))
    return Cells(
        kind=KIND,
        name=name,
        cell_ids=np.array([f"{x}_{y}" for y, x in (places * size + grid.first).tolist()], dtype=str),
        gene_names=genes.names,
        gene_ids=genes.ids,
        # The middle of a bin: the spots of a lone bin lie at its corner's number.
        coords_um=(places * size + grid.first + (size - 1) / 2) * (nm / 1000),
        read_counts=lambda: _read_bins(path, grid, size, places, genes),
        placed_by=f"Squares of {size} x {size} spots, {nm:g} nm apart: {side_um:g} µm.",
        noun="bin",
        sections=[_called(size), *(name for name in names if name != _called(size))],
        checks=[Check(what="Bins", found=f"{_called(size).capitalize()} spots, of {', '.join(names)}.",
                      status="notice" if others else "good",
                      advice="Choose another where that is too fine or too coarse." if others else "")],
    )  # fmt: skip


def _called(size: int) -> str:
    return f"bins of {size}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Genes:
    names: np.ndarray
    ids: np.ndarray | None
    starts: np.ndarray | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Counts of all genes in the finest bins that fit into memory.

    Parameters
    ----------
    first : ndarray of shape (2,), int
        Row and column where they begin.
    fine : int
        Side of these bins.
    sums : ndarray of shape (n_rows, n_columns), int64
    """

    first: np.ndarray
    fine: int
    sums: np.ndarray

    def coarse(self, size: int) -> np.ndarray:
        """Sum over larger bins; `size` is a multiple of `fine`."""
        factor = size // self.fine
        pad = [(0, -n % factor) for n in self.sums.shape]
        padded = np.pad(self.sums, pad)
        rows, columns = padded.shape[0] // factor, padded.shape[1] // factor
        return np.asarray(padded.reshape(rows, factor, columns, factor).sum(axis=(1, 3)))

    def n_places(self, size: int) -> int:
        """Count the bins that hold counts."""
        return int(np.count_nonzero(self.coarse(size) > 0))

    def places(self, size: int) -> np.ndarray:
        """Row and column of the bins that hold counts; ndarray of shape (n_bins, 2)."""
        return np.argwhere(self.coarse(size) > 0)

    def default(self, sizes: Sequence[int]) -> int:
        """Choose the smallest of some sizes whose median bin holds at least `MIN_COUNTS`."""
        for size in sizes:
            sums = self.coarse(size)
            if np.median(sums[sums > 0]) >= MIN_COUNTS:
                return size
        return sizes[-1]


def _grid(expression: h5py.Dataset) -> _Grid:
    low, high = np.array([2**31, 2**31]), np.array([-1, -1])
    for y, x, _ in _blocks(expression):
        low = np.minimum(low, [y.min(), x.min()])
        high = np.maximum(high, [y.max(), x.max()])
    low = np.maximum(low, -1) // BINS[-1] * BINS[-1]  # so that bins of every size begin where those of SAW do
    extent = high - low + 1
    if not len(expression) or (low < 0).any() or (extent > MAX_SPOTS_PER_SIDE).any():
        raise SampleFileError(
            f"has positions from {low.tolist()} to {high.tolist()}, which no chip has: copy it again."
        )
    fine = next((size for size in (1, 5, 10, 50, 100) if np.prod(-(-extent // size)) <= _MAX_GRID), 200)
    shape = -(-extent // fine)
    if np.prod(shape) > _MAX_GRID:
        raise SampleFileError(f"spans {extent[0]:,} x {extent[1]:,} spots, more than any chip has: copy it again.")
    check_fits(3 * 8 * int(np.prod(shape)), "The grid of bins")
    sums = np.zeros(shape, dtype=np.int64)
    for y, x, count in _blocks(expression):
        np.add.at(sums, ((y - low[0]) // fine, (x - low[1]) // fine), count)
    return _Grid(first=low, fine=fine, sums=sums)


def _offered(grid: _Grid) -> list[int]:
    longest = max(grid.sums.shape) * grid.fine
    fitting = [size for size in BINS if size % grid.fine == 0 and (size <= longest / 4 or size == grid.fine)]
    return fitting or [grid.fine]


def _blocks(expression: h5py.Dataset) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    check_chunk(expression)
    for first in range(0, len(expression), _BLOCK):
        # What else a record holds may be of any size.
        part = expression.fields(["y", "x", "count"])[first : first + _BLOCK]
        yield part["y"].astype(np.int64), part["x"].astype(np.int64), part["count"].astype(np.int64)


def _read_bins(path: Path, grid: _Grid, size: int, places: np.ndarray, genes: _Genes) -> sparse.csr_array:
    n_columns = -(-grid.sums.shape[1] * grid.fine // size)
    where = places[:, 0] * n_columns + places[:, 1]
    shape = (len(places), len(genes.names))
    counts: Any = sparse.coo_array(shape, dtype=np.int32).tocsr()
    with opened(path) as file, naming(path):
        expression, first = _records(file["geneExp/bin1"], "expression", "x", "y", "count"), 0
        starts = _starts(genes, len(expression))
        for y, x, count in _blocks(expression):
            spot = np.searchsorted(where, (y - grid.first[0]) // size * n_columns + (x - grid.first[1]) // size)
            gene = np.searchsorted(starts, np.arange(first, first + len(y)), side="right") - 1
            counts = counts + _summed(count, spot, gene, shape)
            check_fits(2 * (counts.nnz + _BLOCK) * 8, "`expression`")
            first += len(y)
    return sparse.csr_array(counts, dtype=np.int32)


def _summed(count: np.ndarray, spot: np.ndarray, gene: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    block = sparse.csr_array(sparse.coo_array((count.astype(np.int32), (spot, gene)), shape=shape))
    block.eliminate_zeros()
    return block


def _starts(genes: _Genes, n_records: int) -> np.ndarray:
    starts = genes.starts
    fits = (
        starts is not None
        and len(starts)
        and starts[0] == 0
        and (np.diff(starts) >= 0).all()
        and starts[-1] <= n_records
    )
    if starts is None or not fits:
        raise SampleFileError("has `offset` in `gene` that does not fit `expression`: copy it again.")
    return starts


# --- HDF5 ---


def _records(group: h5py.Group, key: str, *fields: str) -> h5py.Dataset:
    found = group.get(key)
    names = found.dtype.names if isinstance(found, h5py.Dataset) else None
    if names is None or not set(fields) <= set(names) or found.ndim != 1:
        raise SampleFileError(
            f"has no table `{shown(group.name).lstrip('/')}/{key}` with {', '.join(fields)}: copy it again."
        )
    if len(found) > MAX_RECORDS or any(found.dtype[field].kind not in "iu" for field in fields):
        raise SampleFileError(f"has a table `{key}` of no whole numbers, or too long: copy it again.")
    return found


def _gene_table(group: h5py.Group, key: str) -> _Genes:
    found = group.get(key)
    names: tuple[str, ...] = (isinstance(found, h5py.Dataset) and found.dtype.names) or ()
    name = next((field for field in ("geneName", "gene", "geneID") if field in names), None)
    if name is None or found.ndim != 1 or found.dtype[name].kind != "S":
        raise SampleFileError(f"has no table `{key}` that names genes: copy it again.")
    has_ids = name == "geneName" and "geneID" in names and found.dtype["geneID"].kind == "S"
    has_starts = "offset" in names and found.dtype["offset"].kind in "iu"
    return _Genes(
        names=_texts(found, name),
        ids=_texts(found, "geneID") if has_ids else None,
        starts=whole(found, np.int64, "offset") if has_starts else None,
    )


def _texts(table: h5py.Dataset, field: str) -> np.ndarray:
    if (n_bytes := table.dtype[field].itemsize) > MAX_TEXT_BYTES:
        raise SampleFileError(f"has names of {n_bytes:,} bytes in `{shown(table.name).lstrip('/')}`: copy it again.")
    check_fits(len(table) * 5 * n_bytes, f"`{shown(table.name).lstrip('/')}`")  # as stored, and 4 bytes a sign
    return np.array([decoded(bytes(value)) for value in whole(table, field=field)], dtype=str)


def _resolution(*places: Any) -> float:
    """Nanometres between spots, from the first place that says it."""
    for place in places:
        if "resolution" not in place.attrs or place.attrs.get_id("resolution").dtype.kind not in "iuf":
            continue
        found = np.ravel(place.attrs["resolution"])
        if found.size == 1 and 0 < float(found[0]) < 1e6:
            return float(found[0])
    return float(SPOT_NM)
