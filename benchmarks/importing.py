"""What it takes to bring a Space Ranger folder in, beside `scanpy.read_10x_h5`, which reads the counts alone.

Sides alternate in one process, medians are compared; memory is measured in a process for each side:
`python -m benchmarks.importing scanpy|read|import|cluster SOURCE` does one side's work and prints its peak in MiB.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy import sparse

from benchmarks.memory import forget_peak, peak_mib
from core.io import importing
from core.io.incoming import ImportChoices
from core.params import preset
from core.sample import Sample

N_SPOTS, N_GENES = 4000, 33_000
MEAN_LIBRARY = 6000
"""Counts of a spot; with it 5 to 10% of all values are above 0, as in real sections."""

N_CELLS, N_CELL_GENES = 100_000, 20_000
CELL_LIBRARY = 1500

MAX_READ_RATIO, MAX_IMPORT_RATIO = 2.0, 5.0
_ROWS_AT_ONCE, _CELLS_AT_ONCE = 250, 5000
_CHUNK = 80_000
_MATRIX = "filtered_feature_bc_matrix.h5"
_ROW = "{:<44} {:>8} {:>7} {:>6} {:>12}"


def report(*, rounds: int) -> bool:
    """Compare both sides on a synthetic folder and print a table.

    Parameters
    ----------
    rounds : int
        Times that each side runs.

    Returns
    -------
    bool
        Whether both aims were met.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "synthetic"
        share = write_space_ranger(folder)
        print(f"{N_SPOTS} spots x {N_GENES} genes, {share:.1%} of the values above 0\n")
        return _compare(folder, rounds)


def report_cells() -> bool:
    """Import and cluster a large h5ad file, off the lattice, and print seconds and memory.

    Returns
    -------
    bool
        Whether the peaks stayed below what the dense matrix alone would take.
    """
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "cells.h5ad"
        n_values = write_h5ad(path)
        dense = N_CELLS * N_CELL_GENES * 4 / 2**20
        print(f"{N_CELLS} cells x {N_CELL_GENES} genes, {n_values:,} counts above 0; dense: {dense:.0f} MiB")
        peaks = [
            _report_side(side, label, path)
            for side, label in (
                ("import", "h5ad read, genes chosen, the lab's file written"),
                ("cluster", "h5ad read with all genes, and clustered by the recommended preset"),
            )
        ]
    return max(peaks) < dense


def _report_side(side: str, label: str, path: Path) -> float:
    started = time.perf_counter()
    peak = _peak(side, path)
    print(f"{label}: {time.perf_counter() - started:.0f} s, Python's start included; peak {peak:.0f} MiB", flush=True)
    return peak


def write_h5ad(path: Path) -> int:
    """Write cells at random positions with counts of no tissue, block by block.

    Parameters
    ----------
    path : Path

    Returns
    -------
    int
        Counts above 0.
    """
    rng = np.random.default_rng(0)
    share = np.cumsum(np.exp(rng.normal(0, 2, N_CELL_GENES)))
    n_values = 0
    ends: list[np.ndarray] = [np.zeros(1, dtype=np.int64)]
    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"], file.attrs["encoding-version"] = "anndata", "0.1.0"
        matrix = _csr_group(file)
        for _ in range(0, N_CELLS, _CELLS_AT_ONCE):
            block = _cell_counts(rng, share / share[-1])
            ends.append(block.indptr[1:] + n_values)
            n_values += block.nnz
            for key, values in (("data", block.data), ("indices", block.indices)):
                matrix[key].resize((n_values,))
                matrix[key][-block.nnz :] = values
        matrix["indptr"] = np.concatenate(ends)
        _write_table(file, "obs", [f"cell{number}" for number in range(N_CELLS)])
        _write_table(file, "var", [f"GENE{number}" for number in range(N_CELL_GENES)])
        file["obsm/spatial"] = rng.uniform(0, 10_000, (N_CELLS, 2))
    return n_values


def _csr_group(file: h5py.File) -> h5py.Group:
    matrix = file.create_group("X")
    matrix.attrs["encoding-type"], matrix.attrs["encoding-version"] = "csr_matrix", "0.1.0"
    matrix.attrs["shape"] = np.array([N_CELLS, N_CELL_GENES])
    for key, dtype in (("data", np.float32), ("indices", np.int32)):
        matrix.create_dataset(key, (0,), dtype, maxshape=(None,), chunks=(_CHUNK,))
    return matrix


def _cell_counts(rng: np.random.Generator, shares: np.ndarray) -> sparse.csr_array:
    n_drawn = _CELLS_AT_ONCE * CELL_LIBRARY
    genes = np.searchsorted(shares, rng.random(n_drawn))
    cells = np.repeat(np.arange(_CELLS_AT_ONCE), CELL_LIBRARY)
    ones = np.ones(n_drawn, dtype=np.float32)
    return sparse.csr_array(sparse.coo_array((ones, (cells, genes)), shape=(_CELLS_AT_ONCE, N_CELL_GENES)))


def _write_table(file: h5py.File, key: str, names: list[str]) -> None:
    table = file.create_group(key)
    table.attrs["encoding-type"], table.attrs["encoding-version"] = "dataframe", "0.2.0"
    table.attrs["_index"], table.attrs["column-order"] = "_index", np.array([], dtype="S1")
    table["_index"] = np.array(names, dtype=h5py.string_dtype())


def write_space_ranger(folder: Path, n_spots: int = N_SPOTS, n_genes: int = N_GENES) -> float:
    """Write a folder as Space Ranger does, with counts of no tissue: negative binomial, gene means log-normal.

    Parameters
    ----------
    folder : Path
        Made.
    n_spots, n_genes : int
        At most 4992 spots, those of a slide.

    Returns
    -------
    float
        Share of values above 0.
    """
    rng = np.random.default_rng(0)
    counts = _counts(rng, n_spots, n_genes)
    cells = [(row, col) for row in range(78) for col in range(128) if (row + col) % 2 == 0]
    barcodes = ["".join(letters) + "-1" for letters in rng.choice(list("ACGT"), (len(cells), 16))]
    under_tissue = np.sort(rng.choice(len(cells), n_spots, replace=False))
    _write_matrix(folder, counts, [barcodes[spot] for spot in under_tissue])
    _write_spatial(folder / "spatial", barcodes, cells, set(under_tissue.tolist()))
    return float(counts.nnz / (n_spots * n_genes))


def _counts(rng: np.random.Generator, n_spots: int, n_genes: int) -> sparse.csr_array:
    mean = np.exp(rng.normal(0, 2.6, n_genes))
    mean *= MEAN_LIBRARY / mean.sum()
    sizes = np.exp(rng.normal(0, 0.5, n_spots))[:, None]
    blocks = []
    for first in range(0, n_spots, _ROWS_AT_ONCE):
        means = sizes[first : first + _ROWS_AT_ONCE] * mean
        blocks.append(sparse.csr_array(rng.poisson(means * rng.gamma(2, 0.5, means.shape)).astype(np.int32)))
    return sparse.csr_array(sparse.vstack(blocks, format="csr"))


def _write_matrix(folder: Path, counts: sparse.csr_array, barcodes: list[str]) -> None:
    folder.mkdir(parents=True)
    n_genes = counts.shape[1]
    # Types, chunks and filters are those of Space Ranger's own files.
    packed: dict[str, Any] = {"chunks": (_CHUNK,), "compression": "gzip", "shuffle": True}
    with h5py.File(folder / _MATRIX, "w") as file:
        matrix = file.create_group("matrix")
        matrix.create_dataset("data", data=counts.data, **packed)
        matrix.create_dataset("indices", data=counts.indices.astype(np.int64), **packed)
        matrix["indptr"] = counts.indptr.astype(np.int64)
        matrix["shape"] = np.array([n_genes, counts.shape[0]], dtype=np.int32)
        matrix["barcodes"] = np.array(barcodes, dtype="S18")
        features = matrix.create_group("features")
        features["id"] = np.array([f"ENSG{number:011}" for number in range(n_genes)], dtype="S15")
        features["name"] = np.array([f"GENE{number}" for number in range(n_genes)], dtype="S15")
        features["feature_type"] = np.full(n_genes, b"Gene Expression", dtype="S15")
        features["genome"] = np.full(n_genes, b"GRCh38", dtype="S6")


def _write_spatial(folder: Path, barcodes: list[str], cells: list[tuple[int, int]], under_tissue: set[int]) -> None:
    folder.mkdir()
    rows = [
        f"{barcodes[spot]},{int(spot in under_tissue)},{row},{col},{100 * row},{58 * col}\n"
        for spot, (row, col) in enumerate(cells)
    ]
    (folder / "tissue_positions_list.csv").write_text("".join(rows))
    (folder / "scalefactors_json.json").write_text(json.dumps({"tissue_lowres_scalef": 0.05}))


def _compare(folder: Path, rounds: int) -> bool:
    seconds: dict[str, list[float]] = {side: [] for side in _SIDES}
    for number in range(rounds + 1):
        for side, work in _SIDES.items():
            elapsed = _timed(work, folder)
            if number:  # the first round imports what each side needs
                seconds[side].append(elapsed)
    return _print(folder, {side: statistics.median(values) for side, values in seconds.items()})


def _print(folder: Path, medians: dict[str, float]) -> bool:
    names = {
        "scanpy": ("scanpy.read_10x_h5", None),
        "read": ("ours: checked and read as a sample", MAX_READ_RATIO),
        "import": ("ours: the same, and the lab's file written", MAX_IMPORT_RATIO),
    }
    print(_ROW.format("side", "seconds", "ratio", "aim", "peak (MiB)"))
    met = True
    for side, (name, aim) in names.items():
        ratio = medians[side] / medians["scanpy"]
        met &= aim is None or ratio <= aim
        print(_ROW.format(name, f"{medians[side]:.2f}", f"{ratio:.2f}", aim or "", f"{_peak(side, folder):.0f}"))
    return met


def _scanpy(folder: Path) -> None:
    import scanpy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scanpy.read_10x_h5(folder / _MATRIX)


def _read(folder: Path) -> Sample:
    found = importing.survey(folder)
    assert found.importable  # noqa: S101
    return importing.read(folder, ImportChoices())


def _import(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as samples:
        importing.save(_read(folder), samples)


def _cluster(source: Path) -> None:
    from core.method import pipeline

    sample = importing.read(source, ImportChoices(genes="all"))
    pipeline.run(sample, preset("recommended", sample.suggested_n_clusters()))


_SIDES: dict[str, Callable[[Path], Any]] = {"scanpy": _scanpy, "read": _read, "import": _import}
_PARTS = {**_SIDES, "cluster": _cluster}


def _timed(work: Callable[[Path], Any], folder: Path) -> float:
    started = time.perf_counter()
    work(folder)
    return time.perf_counter() - started


def _peak(side: str, folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.importing", side, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout)


if __name__ == "__main__":
    forget_peak()
    _PARTS[sys.argv[1]](Path(sys.argv[2]))
    print(peak_mib())
