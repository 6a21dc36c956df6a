import dataclasses
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import sparse

from core.errors import SampleFileError
from core.io import lab
from core.io.lab import reading, writing
from core.io.lab.deepdish_bridge import deepdish_io, deepdish_save
from core.sample import UNANNOTATED, Sample, TissueImage
from tests.lab_files import COUNTS, LABELS, LATTICE, write_h5, write_sparse_h5


def assert_same(left: Sample, right: Sample) -> None:
    for field in dataclasses.fields(Sample):
        one, other = getattr(left, field.name), getattr(right, field.name)
        if isinstance(one, TissueImage):
            assert one.scale == other.scale
            one, other = one.pixels, other.pixels
        if isinstance(one, sparse.csr_array):
            assert isinstance(other, sparse.csr_array)
            one, other = one.toarray(), other.toarray()
        np.testing.assert_array_equal(one, other, err_msg=field.name)


# --- the lab's files as they are -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "n_spots", "n_genes", "n_layers"),
    [
        ("sample_151507.h5", 4226, 1159, 7),
        ("sample_151507_named.h5", 4226, 1159, 7),
        ("sample_151669.h5", 3661, 1375, 5),
        ("sample_small_deepdish.h5", 600, 120, 7),
    ],
)
def test_the_labs_files_have_the_spots_genes_and_layers_that_their_readme_states(
    spca_dat: Path, file: str, n_spots: int, n_genes: int, n_layers: int
):
    sample = lab.read(spca_dat / file)
    assert (sample.n_spots, sample.n_genes, len(sample.layer_names)) == (n_spots, n_genes, n_layers)
    assert sample.expression.dtype == np.float64


def test_positions_of_real_sections_lie_on_the_visium_lattice(spca_dat: Path):
    for file in ("sample_151507.h5", "sample_151669.h5", "sample_151507_named.h5"):
        row, col = lab.read(spca_dat / file).lattice.T
        assert not ((row + col) % 2).any()
        assert row.min() >= 0
        assert row.max() < 78
        assert 78 <= col.max() < 128


def test_positions_stored_either_way_round_give_the_same_section(spca_dat: Path):
    plain = lab.read(spca_dat / "sample_151507.h5")
    named = lab.read(spca_dat / "sample_151507_named.h5")
    assert plain.content_hash == dataclasses.replace(named, gene_names=None).content_hash
    assert plain.annotation_hash == named.annotation_hash
    assert plain.gene_names is None
    assert named.gene_names[0] == "ENSG00000187608"
    assert named.barcodes[0] == "AAACAACGAATAGTTC-1"


def test_the_deepdish_file_holds_spots_and_genes_of_the_section_it_was_cut_from(spca_dat: Path):
    small = lab.read(spca_dat / "sample_small_deepdish.h5")
    whole = lab.read(spca_dat / "sample_151507.h5")
    labels = dict(zip(map(tuple, whole.lattice), whole.labels_true, strict=True))
    assert [labels[tuple(index)] for index in small.lattice] == list(small.labels_true)


def test_a_real_section_survives_writing_and_the_labs_own_loader_opens_it(spca_dat: Path, tmp_path: Path):
    sample = lab.read(spca_dat / "sample_151507_named.h5")
    lab.write(sample, tmp_path / "sample_151507_named.h5")
    assert_same(lab.read(tmp_path / "sample_151507_named.h5"), sample)
    loaded = deepdish_io().load(str(tmp_path / "sample_151507_named.h5"))
    with h5py.File(spca_dat / "sample_151507_named.h5") as original:
        np.testing.assert_array_equal(loaded["X"], original["X"][:])
        np.testing.assert_array_equal(loaded["Y"], original["Y"][:])
        np.testing.assert_array_equal(loaded["pos"], original["pos"][:].T)
        np.testing.assert_array_equal(loaded["gene"], original["gene"][:])
    assert loaded["pos"].shape == (2, 4226)
    assert loaded["Y"].dtype.kind == "S"


# --- writing -------------------------------------------------------------------------------------------------------


def test_writing_and_reading_a_dense_sample_changes_nothing(sample: Sample, tmp_path: Path):
    lab.write(sample, tmp_path / "sample_small.h5")
    read = lab.read(tmp_path / "sample_small.h5")
    assert_same(read, sample)
    assert read.expression.dtype == np.int32


def test_cells_off_the_lattice_are_written_and_read_with_their_micrometres(sample: Sample, tmp_path: Path):
    cells = dataclasses.replace(sample, lattice=None, coords_um=np.array([[0.5, 9], [-3, 4], [1e6, 7], [8, 0.25]]))
    lab.write(cells, path := tmp_path / "sample_small.h5")
    assert_same(lab.read(path), cells)
    assert lab.read(path).content_hash == cells.content_hash
    assert lab.peek(path).n_spots == 4
    assert deepdish_io().load(path)["coords_um"].tolist() == cells.coords_um.tolist()


def test_a_sample_read_and_written_again_gives_the_same_file(sample: Sample, tmp_path: Path):
    lab.write(sample, tmp_path / "a.h5")
    lab.write(lab.read(tmp_path / "a.h5"), tmp_path / "b.h5")
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.h5", "b.h5")}
    assert len(digests) == 1


def test_writing_and_reading_a_sparse_sample_keeps_it_sparse_and_deepdish_loads_a_csr_matrix(
    sample: Sample, tmp_path: Path
):
    stored = dataclasses.replace(sample, expression=sparse.csr_array(COUNTS))
    lab.write(stored, tmp_path / "sample_small.h5")
    read = lab.read(tmp_path / "sample_small.h5")
    assert_same(read, stored)
    assert read.content_hash == sample.content_hash
    loaded = deepdish_io().load(str(tmp_path / "sample_small.h5"))["X"]
    assert sparse.isspmatrix_csr(loaded)
    np.testing.assert_array_equal(loaded.toarray(), COUNTS)
    assert loaded.dtype == np.int32


def test_what_is_written_needs_no_plug_in_to_be_read(sample: Sample, tmp_path: Path):
    big = dataclasses.replace(
        sample,
        expression=np.ones((400, 3)),
        lattice=np.stack([np.arange(400), np.arange(400)], axis=1),
        **dict.fromkeys(("labels_true", "barcodes", "coords_px", "spot_rgb")),
    )
    lab.write(big, tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert (file["X"].compression, file["X"].shuffle) == ("gzip", True)


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "sample_small.h5"
    lab.write(sample, path)
    before = path.read_bytes()

    def save_half(draft: Path, contents: dict[str, Any], level: int) -> None:
        draft.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "deepdish_save", save_half)
    with pytest.raises(SampleFileError, match=r"sample_small\.h5 cannot be written \(No space left on device\)"):
        lab.write(sample, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["sample_small.h5"]


def test_writing_into_a_folder_that_is_not_there_is_said_in_a_sentence(sample: Sample, tmp_path: Path):
    with pytest.raises(SampleFileError, match="cannot be written"):
        lab.write(sample, tmp_path / "nowhere" / "a.h5")


def test_a_source_that_looks_like_a_pickle_to_pytables_is_written_as_plain_text(sample: Sample, tmp_path: Path):
    marker = tmp_path / "ran"
    exploit = f"cos\nsystem\n(S'touch {marker}'\ntR."
    lab.write(dataclasses.replace(sample, source=exploit), tmp_path / "a.h5")
    assert lab.read(tmp_path / "a.h5").source == exploit
    deepdish_io().load(str(tmp_path / "a.h5"))
    assert not marker.exists()


# --- the many ways to write a sample --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pos", [LATTICE.T, LATTICE, LATTICE.T.astype(float), LATTICE.astype(">i2"), LATTICE.astype("u8")]
)
def test_positions_read_the_same_from_either_orientation_and_any_number_type(tmp_path: Path, pos: np.ndarray):
    np.testing.assert_array_equal(lab.read(write_h5(tmp_path / "a.h5", pos=pos)).lattice, LATTICE)


def test_two_spots_are_read_as_the_lab_stores_them_rows_first_then_columns(tmp_path: Path):
    path = write_h5(tmp_path / "a.h5", X=COUNTS[:2], pos=np.array([[0, 1], [4, 5]]))
    np.testing.assert_array_equal(lab.read(path).lattice, [[0, 4], [1, 5]])


@pytest.mark.parametrize("dtype", ["u1", "<i4", ">i8", "<f4", ">f8", "<f2"])
def test_counts_of_any_number_type_read_as_the_same_counts_in_native_order(tmp_path: Path, dtype: str):
    sample = lab.read(write_h5(tmp_path / "a.h5", X=COUNTS.astype(dtype)))
    np.testing.assert_array_equal(sample.expression, COUNTS)
    assert sample.expression.dtype.isnative
    assert sample.expression.dtype.kind == np.dtype(dtype).kind


@pytest.mark.parametrize("missing", ["NA", "na", "", "nan", "NaN", "None", "<NA>", " NA "])
def test_every_spelling_of_no_annotation_is_unannotated(tmp_path: Path, missing: str):
    labels = np.array(["Layer1", "WM", missing, "Nature"]).astype("S")
    sample = lab.read(write_h5(tmp_path / "a.h5", Y=labels))
    assert list(sample.labels_true) == ["Layer1", "WM", UNANNOTATED, "Nature"]
    assert list(sample.annotated) == [True, True, False, True]


@pytest.mark.parametrize(
    "labels",
    [
        np.array([b"Layer1", b"WM", b"NA", b"Layer1"]),
        np.array([[b"Layer1"], [b"WM"], [b"NA"], [b"Layer1"]]),
        ["Layer1", "WM", "NA", "Layer1"],
    ],
    ids=["fixed length", "a column", "variable length"],
)
def test_labels_are_read_however_h5py_stores_text(tmp_path: Path, labels: Any):
    assert list(lab.read(write_h5(tmp_path / "a.h5", Y=labels)).labels_true) == list(LABELS)


def test_labels_that_deepdish_saved_from_unicode_are_read(tmp_path: Path):
    labels = np.array(["Weiße Substanz", "L1", "NA", "L1"])
    deepdish_save(tmp_path / "a.h5", {"X": COUNTS, "pos": LATTICE.T, "Y": labels})
    assert list(lab.read(tmp_path / "a.h5").labels_true) == list(labels)


def test_whole_numbers_as_labels_become_text_and_rs_missing_integer_unannotated(tmp_path: Path):
    labels = np.array([1, 2, -(2**31), 10], dtype=np.int32)
    assert list(lab.read(write_h5(tmp_path / "a.h5", Y=labels)).labels_true) == ["1", "2", UNANNOTATED, "10"]


def test_latin_1_text_from_r_on_windows_is_read(tmp_path: Path):
    path = write_h5(tmp_path / "a.h5", Y=np.array([b"Stra\xdfe", b"WM", b"WM", b"WM"]))
    assert lab.read(path).labels_true[0] == "Straße"


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("width", ["i4", "i8", "u8"])
def test_sparse_counts_are_read_from_rows_or_columns_and_any_width_of_index(tmp_path: Path, kind: Any, width: str):
    matrix = kind(COUNTS)
    path = write_sparse_h5(
        tmp_path / "a.h5", matrix, indices=matrix.indices.astype(width), indptr=matrix.indptr.astype(width)
    )
    sample = lab.read(path)
    assert isinstance(sample.expression, sparse.csr_array)
    np.testing.assert_array_equal(sample.expression.toarray(), COUNTS)
    assert sample.expression.dtype == np.int32


@pytest.mark.parametrize("key", ["Y", "cell"])
def test_one_endless_text_among_names_is_refused_before_it_widens_all_of_them(tmp_path: Path, key: str):
    texts = np.array(["A", "B", "C", "D" * 5000], dtype=object)
    write_h5(tmp_path / "a.h5", **{key: texts})
    with pytest.raises(SampleFileError, match=f"`{key}` holds text of more than 1024 bytes, where names belong"):
        lab.read(tmp_path / "a.h5")


def test_a_sparse_file_from_h5py_with_its_format_as_ragged_text_is_told_by_its_shape(tmp_path: Path):
    path = write_sparse_h5(tmp_path / "a.h5", sparse.csc_matrix(COUNTS))
    with h5py.File(path, "a") as file:
        del file["X"].attrs["format"]
        file["X"].attrs["format"] = "csc"
    np.testing.assert_array_equal(lab.read(path).expression.toarray(), COUNTS)


@pytest.mark.parametrize("chunks", [None, (1, 3), (7, 5), (50, 20)])
def test_a_dense_matrix_above_the_limit_is_read_as_the_same_counts_sparse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunks: tuple[int, int] | None
):
    counts = np.random.default_rng(0).poisson(0.3, size=(50, 20)).astype(np.int16)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("X", data=counts, chunks=chunks, compression="gzip" if chunks else None)
        file["pos"] = np.stack([np.arange(50), np.arange(50)])
    monkeypatch.setattr(reading, "DENSE_LIMIT", 999)
    monkeypatch.setattr(reading, "BLOCK_BYTES", 9 * 20 * 2)
    expression = lab.read(tmp_path / "a.h5").expression
    assert isinstance(expression, sparse.csr_array)
    assert expression.dtype == np.int16
    np.testing.assert_array_equal(expression.toarray(), counts)


def test_a_large_matrix_in_a_single_chunk_is_unpacked_once_not_for_every_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    counts = np.random.default_rng(0).poisson(0.05, size=(500, 20_000)).astype(np.int16)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("X", data=counts, chunks=counts.shape, compression="gzip", compression_opts=1)
        file["pos"] = np.stack([np.arange(500), np.arange(500)])
    monkeypatch.setattr(reading, "DENSE_LIMIT", 1)
    seconds = []
    for n_blocks in (1, 250):
        monkeypatch.setattr(reading, "BLOCK_BYTES", counts.nbytes // n_blocks)
        started = time.process_time()
        np.testing.assert_array_equal(lab.read(tmp_path / "a.h5").expression.toarray(), counts)
        seconds.append(time.process_time() - started)
    # Unpacked anew for each block it takes over 30 times as long.
    assert seconds[1] < 8 * seconds[0]


def test_a_link_within_the_file_as_deepdish_writes_them_is_followed(tmp_path: Path):
    shared = np.array([b"a", b"b", b"c", b"d"])
    deepdish_save(tmp_path / "a.h5", {"X": COUNTS, "pos": LATTICE.T, "Y": shared, "cell": shared})
    with h5py.File(tmp_path / "a.h5") as file:
        assert isinstance(file.get("cell", getlink=True), h5py.SoftLink)
    assert list(lab.read(tmp_path / "a.h5").barcodes) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("flag", [True, np.uint8(1), np.ones(1, np.uint8)])
def test_synthetic_tissue_is_known_as_such_whether_dataset_or_deepdish_scalar(tmp_path: Path, flag: Any):
    deepdish_save(tmp_path / "a.h5", {"X": COUNTS, "pos": LATTICE.T, "synthetic": flag})
    assert lab.read(tmp_path / "a.h5").synthetic
    assert lab.peek(tmp_path / "a.h5").synthetic
    assert lab.read(write_h5(tmp_path / "b.h5", synthetic=flag)).synthetic
    assert not lab.read(write_h5(tmp_path / "c.h5")).synthetic


# --- what is not a sample -------------------------------------------------------------------------------------------
