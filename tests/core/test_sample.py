import dataclasses

import numpy as np
import pytest
from scipy import sparse

from core.errors import DuplicateSpotError, SampleError
from core.sample import Sample
from tests.small_tissue import small_sample

LATTICE = np.array([[0, 0], [0, 2], [1, 1]])
COUNTS = np.array([[1, 0], [0, 2], [3, 0]])


COORDS_UM = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])


def make(**changes):
    return Sample(**{"name": "tiny", "expression": COUNTS, "lattice": LATTICE} | changes)


@pytest.mark.parametrize(
    "same",
    [
        COUNTS.astype(np.float64),
        COUNTS.astype(np.uint8),
        np.asfortranarray(COUNTS),
        sparse.csr_array(COUNTS),
        sparse.csr_array((np.array([1, 0, 2, 3]), np.array([0, 1, 1, 0]), np.array([0, 2, 3, 4])), shape=(3, 2)),
    ],
)
def test_the_content_hash_is_that_of_the_counts_however_they_are_stored(same):
    assert make(expression=same).content_hash == make().content_hash


def test_the_content_hash_sees_counts_positions_and_genes_but_no_annotation_or_image():
    genes = np.array(["A", "B"])
    changed = [
        make(expression=COUNTS + 1),
        make(expression=COUNTS.T.reshape(3, 2)),
        make(lattice=LATTICE + 1),
        make(gene_names=genes),
        make(gene_names=genes[::-1]),
    ]
    assert len({sample.content_hash for sample in [make(), *changed]}) == 6
    labels = np.array(["Layer1", "WM", "NA"])
    ids = np.array(["ENSG00000000001", ""])
    same = make(labels_true=labels, gene_ids=ids, spot_rgb=np.zeros((3, 3), dtype=np.uint8), name="other")
    assert same.content_hash == make().content_hash
    assert same.annotation_hash != make().annotation_hash


def test_off_the_lattice_the_content_hash_sees_where_cells_are_however_they_are_stored():
    cells = make(lattice=None, coords_um=COORDS_UM)
    assert cells.content_hash not in (make().content_hash, make(lattice=COORDS_UM.astype(int)).content_hash)
    assert cells.content_hash != make(lattice=None, coords_um=COORDS_UM + 0.5).content_hash
    assert cells.content_hash == make(lattice=None, coords_um=np.asfortranarray(COORDS_UM.astype(int))).content_hash


def test_the_hash_of_the_spots_sees_positions_barcodes_and_stain_but_no_counts_or_annotation():
    barcodes, layers, rgb = np.array(["a", "b", "c"]), np.array(["x", "y", "y"]), np.zeros((3, 3), dtype=np.uint8)
    changed = [
        make(lattice=LATTICE + 1),
        make(lattice=None, coords_um=COORDS_UM),
        make(lattice=None, coords_um=COORDS_UM + 0.5),
        make(coords_px=COORDS_UM),
        make(barcodes=barcodes),
        make(barcodes=barcodes[::-1]),
        make(spot_rgb=rgb),
        make(spot_rgb=rgb + 1),
    ]
    assert len({sample.spots_hash for sample in [make(), *changed]}) == 9
    assert make(expression=COUNTS + 1, labels_true=layers).spots_hash == make().spots_hash
    assert make(barcodes=barcodes.astype(object)).spots_hash == make(barcodes=barcodes).spots_hash


def test_the_content_hash_of_a_lattice_sample_is_the_one_under_which_models_were_kept():
    assert make().content_hash == "292d98bbde07c7ca578eea6319c171a8"


def test_on_the_lattice_positions_are_array_indices_and_off_it_micrometres_over_the_unit():
    assert make().on_lattice
    assert make().positions.tolist() == LATTICE.tolist()
    assert make().tissue_um[1].tolist() == [100.0, 0.0]
    cells = make(lattice=None, coords_um=COORDS_UM)
    assert not cells.on_lattice
    np.testing.assert_allclose(cells.positions * cells.unit_um, COORDS_UM)
    np.testing.assert_allclose(cells.tissue_um, COORDS_UM[:, ::-1])
    for array in (cells.positions, cells.tissue_um, make().positions):
        assert not array.flags.writeable


def test_the_unannotated_are_no_layer_and_no_cluster_is_asked_for_them():
    sample = make(labels_true=np.array(["Layer1", "WM", "NA"]))
    assert sample.layer_names == ["Layer1", "WM"]
    assert sample.annotated.tolist() == [True, True, False]
    assert sample.suggested_n_clusters() == 2
    assert make().suggested_n_clusters() == 8


def test_a_sample_cannot_be_changed():
    sample = make()
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.name = "x"
    with pytest.raises(ValueError, match="read-only"):
        sample.expression[0, 0] = 5
    COUNTS[0, 0] = 1  # the caller's own array stays the caller's


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"expression": -COUNTS}, SampleError, "negative values (the lowest is -3)"),
        ({"expression": np.where(COUNTS == 3, np.nan, COUNTS)}, SampleError, "not finite"),
        ({"expression": COUNTS.astype(str)}, SampleError, "where numbers belong"),
        ({"expression": COUNTS[:0]}, SampleError, "needs one row a spot"),
        ({"lattice": LATTICE * 0}, DuplicateSpotError, "3 spots share the array position (row 0, column 0)"),
        ({"lattice": LATTICE.T}, SampleError, "each spot needs an array row and an array column"),
        ({"lattice": LATTICE + 0.5}, SampleError, "where whole numbers"),
        ({"lattice": LATTICE[:2]}, SampleError, "`lattice` has 2 entries, but `X` has 3 spots"),
        ({"lattice": None}, SampleError, "There are no positions"),
        ({"coords_um": COORDS_UM}, SampleError, "a sample lies on the lattice or off it"),
        ({"lattice": None, "coords_um": COORDS_UM[:2]}, SampleError, "`coords_um` has 2 entries, but `X` has 3 spots"),
        ({"lattice": None, "coords_um": COORDS_UM[:, 0]}, SampleError, "`coords_um` has the shape (3,)"),
        ({"lattice": None, "coords_um": COORDS_UM.astype(str)}, SampleError, "where numbers belong"),
        (
            {"lattice": None, "coords_um": np.where(COORDS_UM > 0, COORDS_UM, np.nan)},
            SampleError,
            "`coords_um` holds values that are not finite",
        ),
        ({"lattice": None, "coords_um": COORDS_UM * 1e9}, SampleError, "is it in micrometres?"),
        ({"lattice": None, "coords_um": COORDS_UM * 0}, SampleError, "Most spots in `coords_um` lie at one point"),
        ({"labels_true": np.array(["WM"])}, SampleError, "`labels_true` has 1 entry, but `X` has 3 spots"),
        ({"gene_ids": np.array(["A"])}, SampleError, "`gene_ids` has 1 entry, but `X` has 2 genes"),
        ({"gene_names": np.array(["A"])}, SampleError, "`gene_names` has 1 entry, but `X` has 2 genes"),
    ],
)
def test_what_is_not_a_sample_is_refused_in_words(changes, kind, sentence):
    with pytest.raises(kind) as refused:
        make(**changes)
    assert sentence in str(refused.value)


def test_each_spot_has_a_barcode_of_its_own_that_can_be_printed():
    sample = small_sample("s")
    names = np.array([f"AAAC{number}-1" for number in range(sample.n_spots)])
    assert dataclasses.replace(sample, barcodes=names).n_spots == sample.n_spots
    twice = names.copy()
    twice[1] = twice[0]
    with pytest.raises(SampleError, match="2 spots have the barcode 'AAAC0-1'"):
        dataclasses.replace(sample, barcodes=twice)
    damaged = names.copy()
    damaged[3] = "A\0C"
    with pytest.raises(SampleError, match=r"The barcode 'A\?C' holds signs that cannot be printed"):
        dataclasses.replace(sample, barcodes=damaged)


def test_counts_and_pixels_without_end_are_damage():
    sample = small_sample("s")
    counts = np.asarray(sample.expression, dtype=float).copy()
    counts[0, 0] = 1e308
    with pytest.raises(SampleError, match=r"up to 1e\+308, where counts belong"):
        dataclasses.replace(sample, expression=counts)
    pixels = np.zeros((sample.n_spots, 2))
    pixels[0, 0] = 1e308
    with pytest.raises(SampleError, match="more than any image has"):
        dataclasses.replace(sample, coords_px=pixels)
