"""Space Ranger's output in small, written as 10x writes it: four spots under tissue and one beside it, three genes."""

import gzip
import json
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

BARCODES = ["AAAC-1", "AAAG-1", "AACA-1", "AACC-1"]
GENES = ["SNAP25", "MBP", "MBP"]
COUNTS = np.array([[5, 0, 1], [4, 1, 0], [0, 7, 2], [1, 9, 3]])
"""Spots x genes."""

POSITIONS = [
    "AACC-1,1,3,1,180,300",
    "AAAC-1,1,0,0,100,200",
    "AAAT-1,0,1,1,180,250",
    "AACA-1,1,2,0,260,200",
    "AAAG-1,1,0,2,100,300",
]
"""Not in the order of the matrix, as in real output."""

HEADER = "barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres"
ANNOTATION = "barcode,layer\nAAAC-1,L1\nAAAG-1,L1\nAACA-1,WM\n"


def write_output(folder: Path) -> Path:
    """Write matrix, positions, scale factors, image and annotation."""
    write_h5(folder / "filtered_feature_bc_matrix.h5")
    write_spatial(folder / "spatial")
    (folder / "annotation.csv").write_text(ANNOTATION)
    return folder


def write_spatial(folder: Path) -> Path:
    """Write positions without a header, scale factors and a red image of 60 x 40 pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tissue_positions_list.csv").write_text("\n".join(POSITIONS) + "\n")
    (folder / "scalefactors_json.json").write_text('{"tissue_lowres_scalef": 0.1, "tissue_hires_scalef": 0.5}')
    Image.new("RGB", (60, 40), (200, 0, 0)).save(folder / "tissue_lowres_image.png")
    return folder


def write_h5(
    path: Path,
    *,
    counts: np.ndarray = COUNTS,
    barcodes: list[str] = BARCODES,
    genes: list[str] = GENES,
    kinds: list[str] | None = None,
    version: int = 3,
) -> Path:
    """Write a matrix by columns of features x barcodes, as versions 2 and 3 lay it out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = np.nonzero(counts)
    ids = [f"ENSG{number:011}" for number in range(len(genes))]
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix" if version == 3 else "GRCh38")
        group["data"] = counts[rows, columns].astype(np.int32)
        group["indices"] = columns.astype(np.int64)
        group["indptr"] = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(barcodes)))])
        group["shape"] = np.array([len(genes), len(barcodes)], dtype=np.int32)
        group["barcodes"] = np.array(barcodes, dtype="S24")
        if version == 2:
            group["genes"], group["gene_names"] = np.array(ids, dtype="S15"), np.array(genes, dtype="S20")
            return path
        features = group.create_group("features")
        features["id"], features["name"] = np.array(ids, dtype="S15"), np.array(genes, dtype="S20")
        features["feature_type"] = np.array(kinds or ["Gene Expression"] * len(genes), dtype="S20")
        features["_all_tag_keys"] = np.array([b"genome"])
    return path


def write_text_matrix(folder: Path, *, packed: bool = True) -> Path:
    """Write the three text files, with gzip as newer Space Rangers do or plain."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, columns = np.nonzero(COUNTS)
    entries = [f"{col + 1} {row + 1} {COUNTS[row, col]}" for row, col in zip(rows, columns, strict=True)]
    head = ["%%MatrixMarket matrix coordinate integer general", "%metadata_json: {}"]
    sizes = f"{len(GENES)} {len(BARCODES)} {len(entries)}"
    kind = "\tGene Expression" if packed else ""
    features = [f"ENSG{number}\t{name}{kind}" for number, name in enumerate(GENES)]
    texts = {"matrix.mtx": [*head, sizes, *entries], "barcodes.tsv": BARCODES}
    texts["features.tsv" if packed else "genes.tsv"] = features
    for name, lines in texts.items():
        content = ("\n".join(lines) + "\n").encode()
        (folder / f"{name}{'.gz' * packed}").write_bytes(gzip.compress(content) if packed else content)
    return folder


def write_bins(folder: Path, size_um: int = 8) -> Path:
    """Write Visium HD's bins of one size: barcodes of their own, positions as Parquet."""
    import pyarrow as pa
    from pyarrow import parquet

    square = folder / f"square_{size_um:03}um"
    names = [f"s_{size_um:03}um_{row:05}_{col:05}-1" for row, col in ((0, 0), (0, 1), (2, 5), (3, 5))]
    write_h5(square / "filtered_feature_bc_matrix.h5", barcodes=names)
    spatial = write_spatial(square / "spatial")
    (spatial / "tissue_positions_list.csv").unlink()
    scales = {"tissue_lowres_scalef": 0.1, "bin_size_um": float(size_um), "microns_per_pixel": 0.5}
    (spatial / "scalefactors_json.json").write_text(json.dumps(scales))
    columns = [[*reversed(names), "s_outside-1"], [1, 1, 1, 1, 0], [3, 2, 0, 0, 9], [5, 5, 1, 0, 9]]
    pixels = [[60.0, 40.0, 0.0, 0.0, 180.0], [100.0, 100.0, 20.0, 0.0, 180.0]]
    table = pa.table(dict(zip(HEADER.split(","), [*columns, *pixels], strict=True)))
    parquet.write_table(table, spatial / "tissue_positions.parquet")
    return square
