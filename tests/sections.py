"""Sections that tests work on: the shipped one, and real ones beside the project."""

import csv
from pathlib import Path

import h5py
import numpy as np
from scipy import sparse

from core.io import lab
from core.sample import UNANNOTATED, Sample

SHIPPED = Path(__file__).resolve().parents[1] / "spca_dat" / "151673.h5"


def shipped_part(n_spots: int = 900, n_genes: int = 60) -> Sample:
    """Read the first rows of the shipped section: real counts, small enough for plain loops."""
    whole = lab.read(SHIPPED)
    order = np.lexsort((whole.lattice[:, 1], whole.lattice[:, 0]))[:n_spots]
    assert whole.labels_true is not None
    return Sample(
        name="part",
        expression=np.asarray(whole.expression[order][:, :n_genes]),
        lattice=whole.lattice[order],
        labels_true=whole.labels_true[order],
    )


def real_sections(shared_data: Path) -> dict[str, Sample]:
    """Read the four real sections beside the project."""
    named = {name: lab.read(shared_data / "spca_dat" / f"sample_{name}.h5") for name in ("151507", "151669")}
    donor_3 = {name: space_ranger_section(shared_data / "spaceranger" / name) for name in ("151673", "151675")}
    return named | donor_3


def space_ranger_section(folder: Path) -> Sample:
    """Read one section of donor 3 with nothing but h5py and csv."""
    with h5py.File(folder / "filtered_feature_bc_matrix.h5") as file:
        matrix = file["matrix"]
        parts = (matrix["data"][:], matrix["indices"][:], matrix["indptr"][:])
        counts = sparse.csc_array(parts, shape=tuple(matrix["shape"][:])).T.toarray()
        barcodes = matrix["barcodes"][:].astype(str)
    with (folder / "spatial" / "tissue_positions_list.csv").open() as file:
        position = {row[0]: (int(row[2]), int(row[3])) for row in csv.reader(file)}
    with (folder / "annotation.csv").open() as file:
        layer = {row["barcode"]: row["layer"] for row in csv.DictReader(file)}
    return Sample(
        name=folder.name,
        expression=counts.astype(np.float64),
        lattice=np.array([position[barcode] for barcode in barcodes]),
        labels_true=np.array([layer.get(barcode) or UNANNOTATED for barcode in barcodes]),
    )


def shuffled_spots(sample: Sample, order: np.ndarray) -> Sample:
    """Write the same tissue with its rows in another order."""
    return Sample(
        name=sample.name,
        expression=sample.expression[order],
        lattice=sample.lattice[order],
        labels_true=None if sample.labels_true is None else sample.labels_true[order],
    )
