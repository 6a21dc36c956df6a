"""Outputs of instruments in small, laid out as each writes them: cells in a known order with known counts, positions and controls."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import pyarrow
from pyarrow import parquet

N_CELLS = 40
GENES = ["SNAP25", "MBP", "GFAP", "PLP1", "NEFL"]
CELLS = [f"cell{number:02}-1" for number in range(N_CELLS)]

_RANDOM = np.random.default_rng(7)
COUNTS = _RANDOM.poisson(2.0, (N_CELLS, len(GENES)))
"""Cells x genes."""

X_UM = _RANDOM.uniform(10, 400, N_CELLS)
Y_UM = _RANDOM.uniform(1000, 1400, N_CELLS)

COORDS_UM = np.column_stack([Y_UM, X_UM])
"""Vertical, then horizontal."""

CONTROLS = np.ones((N_CELLS, 3), dtype=int)
SHUFFLED = _RANDOM.permutation(N_CELLS)
"""Order of the rows in tables of positions, which is not that of the counts."""


def write_tenx(
    path: Path, counts: np.ndarray, cells: Sequence[str], genes: Sequence[str], kinds: Sequence[str]
) -> Path:
    """Write an HDF5 matrix of 10x Genomics; `shape` as R writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = np.nonzero(counts)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["data"], group["indices"] = counts[rows, columns].astype(np.int32), columns.astype(np.int64)
        group["indptr"] = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(cells)))])
        group["shape"] = np.array(counts.shape[::-1], dtype=np.float64)
        group["barcodes"] = np.array(cells, dtype="S")
        features = group.create_group("features")
        features["id"] = np.array([f"ENSG{number:011}" for number in range(len(genes))], dtype="S")
        features["name"], features["feature_type"] = np.array(genes, dtype="S"), np.array(kinds, dtype="S")
    return path


def write_xenium(folder: Path, prefix: str = "", *, leave_out: int = 0, table: str = "cells.parquet") -> Path:
    """Write counts with three controls, and the table of cells, whose first `leave_out` rows are missing."""
    controls = ["NegControlProbe_00001", "UnassignedCodeword_0001", "antisense_BCL2"]
    kinds = ["Gene Expression"] * len(GENES) + ["Negative Control Probe", "Unassigned Codeword", "Gene Expression"]
    counts = np.hstack([COUNTS, CONTROLS])
    write_tenx(folder / f"{prefix}cell_feature_matrix.h5", counts, CELLS, [*GENES, *controls], kinds)
    kept = [row for row in SHUFFLED.tolist() if row >= leave_out]
    columns = {"cell_id": [CELLS[row] for row in kept], "x_centroid": X_UM[kept], "y_centroid": Y_UM[kept]}
    if table.endswith(".parquet"):
        parquet.write_table(pyarrow.table(columns), folder / f"{prefix}{table}")
        return folder
    lines = ["cell_id,x_centroid,y_centroid"] + [f'"{CELLS[row]}",{X_UM[row]},{Y_UM[row]}' for row in kept]
    (folder / f"{prefix}{table}").write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


def ring_of(cell: int) -> np.ndarray:
    """Corners of a cell, closed: twelve at uneven distances around its centre; x and y in um."""
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    radii = np.random.default_rng(cell).uniform(3, 8, 12)
    corners = np.column_stack([X_UM[cell] + radii * np.cos(angles), Y_UM[cell] + radii * np.sin(angles)])
    return np.vstack([corners, corners[:1]])


def write_boundaries(folder: Path, name: str, rings: Mapping[str, np.ndarray], **more: Sequence[int]) -> Path:
    """Write a Xenium table of boundaries, a row for each corner; `more` are columns with an entry for each ring."""
    lengths = [len(ring) for ring in rings.values()]
    x, y = np.concatenate(list(rings.values())).T
    columns = {"cell_id": np.repeat(list(rings), lengths), "vertex_x": x, "vertex_y": y}
    columns |= {title: np.repeat(values, lengths) for title, values in more.items()}
    if name.endswith(".parquet"):
        parquet.write_table(pyarrow.table(columns), folder / name)
        return folder / name
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    lines = [",".join(columns)] + [",".join([f'"{cell}"', *map(repr, numbers)]) for cell, *numbers in rows]
    (folder / name).write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder / name


def write_merscope(folder: Path) -> Path:
    """Write both tables, blanks last, and a column of cell types."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [str(10**17 + 7 * number) for number in range(N_CELLS)]
    counts = np.hstack([COUNTS, CONTROLS[:, :2]])
    _write_csv(folder / "cell_by_gene.csv", ["cell", *GENES, "Blank-1", "Blank-12"],
               [[name, *row] for name, row in zip(names, counts.tolist(), strict=True)])  # fmt: skip
    rows = [[names[row], 1, X_UM[row], Y_UM[row], "neuron" if X_UM[row] > 200 else "glia"] for row in SHUFFLED.tolist()]
    _write_csv(folder / "cell_metadata.csv", ["", "fov", "center_x", "center_y", "cell_type"], rows)
    return folder


def write_cosmx(folder: Path, *, with_global: bool = True) -> Path:
    """Write both flat files; the first row of each field of view counts what lies in no cell."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[1, 0, *[9] * len(GENES), 1, 1]]
    rows += [[1 + cell % 2, 1 + cell // 2, *COUNTS[cell].tolist(), 2, 0] for cell in range(N_CELLS)]
    _write_csv(folder / "Run1_exprMat_file.csv", ["fov", "cell_ID", *GENES, "NegPrb3", "SystemControl1"], rows)
    place = "global" if with_global else "local"
    titles = ["fov", "cell_ID", f"CenterX_{place}_px", f"CenterY_{place}_px"]
    meta = [[1 + cell % 2, 1 + cell // 2, X_UM[cell], Y_UM[cell]] for cell in SHUFFLED.tolist()]
    _write_csv(folder / "Run1_metadata_file.csv", titles, meta)
    return folder


def write_slide_seq(folder: Path) -> Path:
    """Write counts by gene and positions by bead, as Slide-seq does."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[gene, *COUNTS[:, number].tolist()] for number, gene in enumerate(GENES)]
    _write_csv(folder / "MappedDGEForR.csv", ["Row", *CELLS], rows)
    places = [[CELLS[row], X_UM[row], Y_UM[row]] for row in SHUFFLED.tolist()]
    _write_csv(folder / "BeadLocationsForR.csv", ["barcodes", "xcoord", "ycoord"], places)
    return folder


def write_segmented(folder: Path) -> Path:
    """Write `segmented_outputs`: cells are squares of 20 pixels of 0.25 um around their centroid."""
    names = [f"cellid_{number + 1:09d}-1" for number in range(N_CELLS)]
    write_tenx(folder / "filtered_feature_cell_matrix.h5", COUNTS, names, GENES, ["Gene Expression"] * len(GENES))
    features = [_square(row + 1, X_UM[row] * 4, Y_UM[row] * 4) for row in SHUFFLED.tolist()]
    outlines = {"type": "FeatureCollection", "features": features}
    (folder / "cell_segmentations.geojson").write_text(json.dumps(outlines))
    (folder / "spatial").mkdir()
    (folder / "spatial" / "scalefactors_json.json").write_text(
        '{"microns_per_pixel": 0.25, "tissue_lowres_scalef": 0.01}'
    )
    return folder


def write_binned(folder: Path, size: int) -> Path:
    """Write three bins of Visium HD, `size` micrometres wide."""
    names = [f"s_{size:03}um_{row:05}_{column:05}-1" for row, column in ((0, 0), (0, 1), (1, 0))]
    write_tenx(folder / "filtered_feature_bc_matrix.h5", COUNTS[:3], names, GENES, ["Gene Expression"] * len(GENES))
    (folder / "spatial").mkdir()
    places = {
        "array_row": [0, 0, 1],
        "array_col": [0, 1, 0],
        "pxl_row_in_fullres": [0.0, 0, 8],
        "pxl_col_in_fullres": [0.0, 8, 0],
    }
    table = pyarrow.table({"barcode": names, "in_tissue": [1, 1, 1], **places})
    parquet.write_table(table, folder / "spatial" / "tissue_positions.parquet")
    (folder / "spatial" / "scalefactors_json.json").write_text(
        json.dumps({"bin_size_um": size, "microns_per_pixel": 1.0})
    )
    return folder


def _square(number: int, x: float, y: float) -> dict[str, object]:
    ring = [[x - 10, y - 10], [x + 10, y - 10], [x + 10, y + 10], [x - 10, y + 10], [x - 10, y - 10]]
    return {
        "type": "Feature",
        "properties": {"cell_id": number},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def write_bins(path: Path, scale: int = 1) -> Path:
    """Write a `.gef` of square bins: spots of the chip at whole numbers, 500 nm apart, `scale` counts for each."""
    x, y = X_UM.astype(int), Y_UM.astype(int)
    gene, cell = np.nonzero(COUNTS.T)
    records = np.zeros(len(gene), dtype=[("x", "<i4"), ("y", "<i4"), ("count", "u1")])
    records["x"], records["y"], records["count"] = x[cell], y[cell], COUNTS.T[gene, cell] * scale
    with h5py.File(path, "w") as file:
        group = file.create_group("geneExp/bin1")
        group["expression"] = records
        group["expression"].attrs["resolution"] = np.array([500], dtype=np.uint32)
        group["gene"] = _gene_records(np.bincount(gene, minlength=len(GENES)))
    return path


def write_cell_bins(path: Path) -> Path:
    """Write a `.gef` of cells, in the order of `CELLS`."""
    cell, gene = np.nonzero(COUNTS)
    n_genes = np.bincount(cell, minlength=N_CELLS)
    cells = np.zeros(
        N_CELLS, dtype=[("id", "<u4"), ("x", "<i4"), ("y", "<i4"), ("offset", "<u4"), ("geneCount", "<u2")]
    )
    cells["id"], cells["x"], cells["y"] = np.arange(N_CELLS) + 5, X_UM.astype(int), Y_UM.astype(int)
    cells["geneCount"], cells["offset"] = n_genes, np.cumsum(n_genes) - n_genes
    counts = np.zeros(len(cell), dtype=[("geneID", "<u4"), ("count", "<u2")])
    counts["geneID"], counts["count"] = gene, COUNTS[cell, gene]
    with h5py.File(path, "w") as file:
        group = file.create_group("cellBin")
        group["cell"], group["cellExp"] = cells, counts
        group["gene"] = _gene_records(np.bincount(gene, minlength=len(GENES)))
    return path


def _gene_records(n_records: np.ndarray) -> np.ndarray:
    genes = np.zeros(len(GENES), dtype=[("geneID", "S64"), ("geneName", "S64"), ("offset", "<u4"), ("count", "<u4")])
    genes["geneID"], genes["geneName"] = [f"ENSG{number:011}" for number in range(len(GENES))], GENES
    genes["count"], genes["offset"] = n_records, np.cumsum(n_records) - n_records
    return genes


def _write_csv(path: Path, titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path.write_text("\n".join(",".join(map(str, row)) for row in [titles, *rows]) + "\n")
