import gzip
import re
import shutil
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from core.errors import SampleFileError
from core.io.incoming import ImportChoices
from core.io.visium import spaceranger
from tests import space_ranger
from tests.sections import space_ranger_section
from tests.space_ranger import BARCODES, COUNTS

ALL = ImportChoices(genes="all", annotation="layer")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return space_ranger.write_output(tmp_path / "block_7")


def packed(folder: Path, kind: str) -> Path:
    """Pack a folder, itself included."""
    return Path(shutil.make_archive(str(folder), kind, folder.parent, folder.name))


def assert_is_the_small_tissue(sample) -> None:
    counts = sample.expression if isinstance(sample.expression, np.ndarray) else sample.expression.toarray()
    assert counts.tolist() == COUNTS.tolist()
    assert sample.barcodes.tolist() == BARCODES
    assert sample.gene_names.tolist() == ["SNAP25", "MBP", "MBP"]
    assert sample.lattice.tolist() == [[0, 0], [0, 2], [2, 0], [3, 1]]
    assert sample.coords_px.tolist() == [[100, 200], [100, 300], [260, 200], [180, 300]]
    assert sample.labels_true.tolist() == ["Layer1", "Layer1", "WM", "NA"]
    assert (sample.image.pixels.shape, sample.image.scale) == ((40, 60, 3), 0.1)
    assert sample.name == "block_7"


def test_a_folder_is_one_sample_with_counts_positions_image_and_labels_by_barcode(output):
    assert_is_the_small_tissue(spaceranger.read(output, ALL))


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar"])
def test_an_archive_of_the_folder_is_the_same_sample(output, kind):
    assert_is_the_small_tissue(spaceranger.read(packed(output, kind), ALL))


def test_the_matrix_itself_finds_spatial_beside_it(output):
    assert_is_the_small_tissue(spaceranger.read(output / "filtered_feature_bc_matrix.h5", ALL))


def test_a_folder_called_outs_takes_its_name_from_the_one_above(output, tmp_path):
    output.rename(tmp_path / "outs")
    (tmp_path / "block_7").mkdir()
    (tmp_path / "outs").rename(tmp_path / "block_7" / "outs")
    assert_is_the_small_tissue(spaceranger.read(tmp_path / "block_7", ALL))
    assert_is_the_small_tissue(spaceranger.read(tmp_path / "block_7" / "outs", ALL))
    assert_is_the_small_tissue(spaceranger.read(packed(tmp_path / "block_7", "gztar"), ALL))


def test_the_older_layout_of_the_matrix_reads_the_same(output):
    space_ranger.write_h5(output / "filtered_feature_bc_matrix.h5", version=2)
    assert_is_the_small_tissue(spaceranger.read(output, ALL))


@pytest.mark.parametrize("is_packed", [True, False])
def test_the_three_text_files_read_the_same(output, is_packed):
    (output / "filtered_feature_bc_matrix.h5").unlink()
    space_ranger.write_text_matrix(output / "filtered_feature_bc_matrix", packed=is_packed)
    assert_is_the_small_tissue(spaceranger.read(output, ALL))
    assert_is_the_small_tissue(spaceranger.read(packed(output, "zip"), ALL))


def test_what_10x_offers_for_download_needs_no_unpacking(output):
    shutil.make_archive(str(output / "Mouse_spatial"), "gztar", output, "spatial")
    shutil.rmtree(output / "spatial")
    (output / "filtered_feature_bc_matrix.h5").rename(output / "Mouse_filtered_feature_bc_matrix.h5")
    sample = spaceranger.read(output, ALL)
    assert sample.name == "Mouse"
    assert sample.coords_px.tolist() == [[100, 200], [100, 300], [260, 200], [180, 300]]
    assert sample.image is not None


def test_bins_of_visium_hd_lie_off_the_lattice_at_their_index_times_their_size(tmp_path):
    space_ranger.write_bins(tmp_path / "brain" / "binned_outputs", 8)
    space_ranger.write_bins(tmp_path / "brain" / "binned_outputs", 16)
    sample = spaceranger.read(tmp_path / "brain", ImportChoices(genes="all"))
    assert sample.lattice is None
    assert sample.coords_um.tolist() == [[0, 0], [0, 8], [16, 40], [24, 40]]
    assert sample.coords_px.tolist() == [[0, 0], [0, 20], [40, 100], [60, 100]]
    assert sample.name == "brain"
    bins = next(check for check in spaceranger.survey(tmp_path / "brain").checks if check.what == "Bins")
    assert bins.found == "Squares of 8 µm, off Visium's lattice; there are bins of 16 µm, too."
    larger = spaceranger.read(tmp_path / "brain" / "binned_outputs" / "square_016um", ImportChoices(genes="all"))
    assert larger.coords_um.max() == 80


def test_a_large_high_resolution_image_is_made_smaller_and_spots_stay_on_their_pixels(output):
    pixels = np.zeros((1200, 2400, 3), dtype=np.uint8)
    pixels[520:, 400:600] = 255  # below the spot in row 260 + half, column 200 + half, at half scale
    Image.fromarray(pixels).save(output / "spatial" / "tissue_hires_image.png")
    (output / "spatial" / "tissue_lowres_image.png").unlink()
    sample = spaceranger.read(output, ALL)
    assert sample.image.pixels.shape == (600, 1200, 3)
    assert sample.image.scale == 0.25


def test_only_genes_are_kept_and_the_rest_is_said(output):
    kinds = ["Gene Expression", "Antibody Capture", "Gene Expression"]
    space_ranger.write_h5(output / "filtered_feature_bc_matrix.h5", kinds=kinds)
    sample = spaceranger.read(output, ALL)
    assert np.asarray(sample.expression).tolist() == COUNTS[:, [0, 2]].tolist()
    found = [check.found for check in spaceranger.survey(output).checks if check.status == "notice"]
    assert found == ["Not only genes: 1 of Antibody Capture."]


@pytest.mark.parametrize("version", [2, 3])
def test_ensembl_identifiers_come_beside_the_symbols(output, version):
    space_ranger.write_h5(output / "filtered_feature_bc_matrix.h5", version=version)
    sample = spaceranger.read(output, ALL)
    assert sample.gene_names.tolist() == space_ranger.GENES
    assert sample.gene_ids.tolist() == [f"ENSG{number:011}" for number in range(len(space_ranger.GENES))]


def test_spots_outside_the_tissue_are_left_out_and_counted(output):
    barcodes = ["AAAC-1", "AAAT-1", "AACA-1", "AACC-1"]
    space_ranger.write_h5(output / "filtered_feature_bc_matrix.h5", barcodes=barcodes)
    assert spaceranger.read(output, ALL).barcodes.tolist() == ["AAAC-1", "AACA-1", "AACC-1"]
    positions = next(check for check in spaceranger.survey(output).checks if check.what == "Positions")
    assert positions.found == "3 spots have counts and a position under tissue, 1 only counts, 1 only a position."


def test_a_survey_lists_what_is_there_without_reading_counts(output):
    with h5py.File(output / "filtered_feature_bc_matrix.h5", "a") as file:
        del file["matrix/data"]
    found = spaceranger.survey(output)
    assert found.importable
    assert (found.kind, found.name, found.n_spots, found.n_genes) == ("Space Ranger output", "block_7", 4, 3)
    assert (found.annotations, found.suggested_annotation) == ({"layer": 2}, "layer")
    assert {check.what: check.found for check in found.checks} == {
        "Counts": "4 spots, 3 genes (filtered_feature_bc_matrix.h5).",
        "Gene names": "1 name stands for more than one gene.",
        "Image": "60 x 40 pixels.",
        "Positions": "All 4 spots under tissue.",
        "Annotation": "annotation.csv labels 3 of 4 spots: layer (2 classes).",
    }


def test_several_samples_are_named_and_one_is_asked_for(output, tmp_path):
    shutil.copytree(output, tmp_path / "block_8")
    with pytest.raises(SampleFileError, match=r"holds 2 matrices \(block_7/filt.*, block_8/filt.*\): give one of them"):
        spaceranger.survey(tmp_path)


def test_a_folder_with_something_else_says_what_to_give(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(SampleFileError, match=r"holds no filtered_feature_bc_matrix\.h5 .* calls `outs`"):
        spaceranger.survey(tmp_path)


def test_a_missing_table_of_positions_is_a_bad_check_and_a_sentence(output):
    shutil.rmtree(output / "spatial")
    bad = [check for check in spaceranger.survey(output).checks if check.status == "bad"]
    assert [check.what for check in bad] == ["Positions"]
    assert "put the `spatial` folder" in bad[0].found
    with pytest.raises(SampleFileError, match="There is no table of positions"):
        spaceranger.read(output, ALL)


def test_positions_of_another_slide_are_refused(output):
    positions = output / "spatial" / "tissue_positions_list.csv"
    positions.write_text(positions.read_text().replace("AA", "TT"))
    assert not spaceranger.survey(output).importable
    with pytest.raises(SampleFileError, match="None of the 4 barcodes"):
        spaceranger.read(output, ALL)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("indptr", [0, 2, 1, 5, 9], "row ends that do not fit"),
        ("indptr", [0, 2, 4, 6], "row ends that do not fit"),
        ("indices", [0, 2, 0, 1, 1, 2, 0, 1, 3], "an index of 3 among its 3 features"),
        ("indices", [0, 2, 0, 1, 1, 2, 0, 1, 2**40], "an index of 2147483647 among its 3 features"),
        ("data", [1, 2], "2 values, 9 indices"),
        ("data", ["a"], "no list of numbers called `data`"),
        ("shape", [10**9, 10**9], "declares 1000000000 x 1000000000 features x barcodes, but names 3 and 4"),
        ("barcodes", ["AAAC-1"] * 4, "names a barcode twice"),
        ("barcodes", [1, 2, 3, 4], "no list of names called `barcodes`"),
        ("features/feature_type", ["Antibody Capture"] * 3, "counts no genes"),
        ("features/name", ["A"], "declares 3 x 4 features x barcodes, but names 1"),
    ],
)
def test_each_fault_of_a_matrix_is_said_in_one_sentence_with_its_file(output, key, value, words):
    path = output / "filtered_feature_bc_matrix.h5"
    with h5py.File(path, "a") as file:
        del file["matrix"][key]
        file["matrix"][key] = np.array(value, dtype="S18") if isinstance(value[0], str) else np.array(value)
    with pytest.raises(SampleFileError) as caught:
        spaceranger.read(output, ALL)
    assert str(caught.value).startswith(path.name)
    assert words in str(caught.value)


def spelled(output, end):
    """Write another end of barcodes into the table of positions."""
    (path,) = (output / "spatial").glob("tissue_positions*.csv")
    path.write_text(re.sub("([ACGT]{4})-1", rf"\1{end}", path.read_text()))
    return output


@pytest.mark.parametrize("end", ["", ".1"])
def test_barcodes_of_positions_that_lost_their_number_are_those_of_the_matrix(output, end):
    assert_is_the_small_tissue(spaceranger.read(spelled(output, end), ALL))
    assert spaceranger.survey(output).importable


def test_barcodes_of_positions_with_another_number_are_of_another_section(output):
    with pytest.raises(SampleFileError, match="are both of one sample"):
        spaceranger.read(spelled(output, "-2"), ALL)
    (bad,) = [check for check in spaceranger.survey(output).checks if check.status == "bad"]
    assert "they are spelled as AAAC-1 and AACC-2" in bad.found


def test_one_endless_barcode_is_refused_before_it_widens_all_of_them(output):
    path = output / "filtered_feature_bc_matrix.h5"
    with h5py.File(path, "a") as file:
        del file["matrix/barcodes"]
        file["matrix/barcodes"] = np.array(["A", "B", "C", "D" * 5000], dtype=object)
    with pytest.raises(SampleFileError, match="`barcodes` holds text of more than 1024 bytes"):
        spaceranger.read(output, ALL)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("matrix.mtx.gz", b"%%MatrixMarket matrix array real general\n3 4\n", "does not begin as"),
        ("matrix.mtx.gz", b"%%MatrixMarket matrix coordinate integer general\n3 4 999999999999\n", "than it can hold"),
        (
            "matrix.mtx.gz",
            b"%%MatrixMarket matrix coordinate integer general\n1000000000 1000000000 1\n",
            "of one sample",
        ),
        ("matrix.mtx.gz", b"%%MatrixMarket matrix coordinate integer general\nmany\n", "does not say how many"),
        ("matrix.mtx.gz", b"%%MatrixMarket matrix coordinate integer general\n3 4 2\n1 1 5\n", "is damaged"),
        ("matrix.mtx.gz", b"%%MatrixMarket matrix coordinate integer general\n3 4 1\n9 1 5\n", "is damaged"),
        ("barcodes.tsv.gz", b"", "is empty"),
        ("features.tsv.gz", b"E\tA\tGene Expression\n", "of one sample"),
    ],
)
def test_each_fault_of_the_text_files_is_said_in_one_sentence_with_its_file(output, name, content, words):
    (output / "filtered_feature_bc_matrix.h5").unlink()
    folder = space_ranger.write_text_matrix(output / "filtered_feature_bc_matrix")
    (folder / name).write_bytes(gzip.compress(content))
    with pytest.raises(SampleFileError) as caught:
        spaceranger.read(output, ALL)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("section", ["151673", "151675"])
def test_a_real_section_is_read_as_plain_h5py_and_csv_read_it(shared_data, section):
    sample = spaceranger.read(shared_data / "spaceranger" / section, ALL)
    plain = space_ranger_section(shared_data / "spaceranger" / section)
    np.testing.assert_array_equal(sample.expression, plain.expression)
    np.testing.assert_array_equal(sample.lattice, plain.lattice)
    spelled = [name.replace("L", "Layer") for name in plain.labels_true.tolist()]
    assert sample.labels_true.tolist() == spelled
    rows, cols = (sample.coords_px * sample.image.scale).astype(int).T
    green = sample.image.pixels[..., 1]
    assert green[rows, cols].mean() < green.mean() - 20


def test_a_real_section_packed_is_the_same_sample(shared_data, tmp_path):
    folder = shared_data / "spaceranger" / "151673"
    with tarfile.open(tmp_path / "151673.tar.gz", "w:gz", compresslevel=1) as tar:
        tar.add(folder, "151673")
    unpacked = spaceranger.read(folder, ImportChoices())
    assert spaceranger.read(tmp_path / "151673.tar.gz", ImportChoices()).content_hash == unpacked.content_hash
