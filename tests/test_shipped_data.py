import csv
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from core.io import lab
from core.sample import Sample

FOLDER = Path(__file__).parents[1] / "spca_dat"
SECTION = FOLDER / "151673.h5"


@pytest.fixture(scope="module")
def shipped() -> Sample:
    return lab.read(SECTION)


def test_the_readme_states_the_sha256_of_the_file_beside_it() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    stated = re.search(r"sha256 of `151673\.h5` \| `([0-9a-f]{64})`", readme)
    assert stated is not None
    assert stated[1] == hashlib.sha256(SECTION.read_bytes()).hexdigest()


def test_the_section_is_small_enough_for_git() -> None:
    assert SECTION.stat().st_size <= 4_000_000


def test_its_licence_lies_beside_it() -> None:
    licence = (FOLDER / "LICENSE-paste2.txt").read_text(encoding="utf-8")
    assert "Copyright (c) 2023, Princeton University" in licence
    assert "Redistributions in binary form must reproduce" in licence


def test_it_holds_2000_genes_in_whole_counts(shipped: Sample) -> None:
    assert shipped.expression.shape == (2929, 2000)
    assert shipped.expression.dtype == np.int32


def test_its_layers_are_those_of_the_cortex_and_every_spot_has_one(shipped: Sample) -> None:
    assert shipped.layer_names == ["Layer1", "Layer2", "Layer3", "Layer4", "Layer5", "Layer6", "WM"]
    assert shipped.annotated.all()


def test_its_spots_lie_on_the_visium_lattice(shipped: Sample) -> None:
    row, col = shipped.lattice.T
    assert ((row + col) % 2 == 0).all()
    assert row.min() >= 0
    assert row.max() <= 77
    assert col.min() >= 0
    assert col.max() <= 127


def test_array_rows_run_along_pixel_rows_and_columns_along_columns(shipped: Sample) -> None:
    assert shipped.coords_px is not None
    for axis in (0, 1):
        assert np.corrcoef(shipped.lattice[:, axis], shipped.coords_px[:, axis])[0, 1] > 0.999


def test_barcodes_and_genes_are_unique_and_barcodes_are_space_rangers(shipped: Sample) -> None:
    assert shipped.barcodes is not None
    assert shipped.gene_names is not None
    assert len(set(shipped.barcodes)) == shipped.n_spots
    assert len(set(shipped.gene_names)) == shipped.n_genes
    assert all(re.fullmatch("[ACGT]{16}-1", barcode) for barcode in shipped.barcodes)


@pytest.mark.parametrize(
    ("gene", "layer"),
    [("RELN", "Layer1"), ("HPCAL1", "Layer2"), ("PCP4", "Layer5"), ("MOBP", "WM"), ("MBP", "WM")],
)
def test_published_markers_peak_in_their_layer(shipped: Sample, gene: str, layer: str) -> None:
    # Maynard et al. 2021; RELN: the Cajal-Retzius cells of the surface.
    assert shipped.gene_names is not None
    counts = np.asarray(shipped.expression)
    rate = counts[:, shipped.gene_names == gene].sum(axis=1) / counts.sum(axis=1)
    by_layer = {name: rate[shipped.labels_true == name].mean() for name in shipped.layer_names}
    assert max(by_layer, key=lambda name: by_layer[name]) == layer


def test_colours_are_those_of_an_h_and_e_stain(shipped: Sample) -> None:
    # Haematoxylin and eosin are purple and pink: green is what they take away.
    assert shipped.spot_rgb is not None
    red, green, blue = shipped.spot_rgb.mean(axis=0)
    assert green < min(red, blue)


def test_positions_and_layers_are_space_rangers_and_the_experts(shipped: Sample, shared_data: Path) -> None:
    folder = shared_data / "spaceranger" / "151673"
    positions = read_rows(folder / "spatial" / "tissue_positions_list.csv")
    layers = read_rows(folder / "annotation.csv")
    assert shipped.barcodes is not None
    assert shipped.coords_px is not None
    assert shipped.labels_true is not None
    index = np.array([positions[barcode] for barcode in shipped.barcodes], dtype=int)
    np.testing.assert_array_equal(index[:, 1:3], shipped.lattice)
    np.testing.assert_array_equal(index[:, 3:5], shipped.coords_px)
    assert [layers[barcode][0].replace("L", "Layer") for barcode in shipped.barcodes] == shipped.labels_true.tolist()


def read_rows(path: Path) -> dict[str, list[str]]:
    with path.open(newline="") as file:
        return {row[0]: row[1:] for row in csv.reader(file)}
