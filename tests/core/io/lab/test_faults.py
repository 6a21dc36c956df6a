from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import sparse

from core.errors import DomainsError, DuplicateSpotError, SampleError, SampleFileError
from core.io import lab
from core.io.lab.deepdish_bridge import deepdish_io
from tests.lab_files import COUNTS, LABELS, LATTICE, write_h5, write_sparse_h5

OUTLINES = {
    "outline_corners": np.zeros((4, 2), np.int16),
    "outline_begins": np.array([0, 4, 4, 4, 4]),
    "outline_unit_um": np.full(1, 0.05),
}


def refusal(path: Path) -> str:
    """The sentence for a file, which `read` and `peek` share where no counts are needed to see it."""
    with pytest.raises(DomainsError) as caught:
        lab.read(path)
    assert caught.type in (SampleFileError, SampleError, DuplicateSpotError)
    sentence = str(caught.value)
    assert path.name in sentence
    assert "\n" not in sentence
    assert lab.peek(path).problem in ("", sentence)
    return sentence


def test_spots_without_positions_get_the_sentence_of_the_style_guide(tmp_path: Path):
    path = write_h5(tmp_path / "sample_151507.h5", X=np.ones((4226, 2)), pos=np.zeros((2, 4225), int))
    assert refusal(path) == (
        "sample_151507.h5 has 4226 rows in `X` but 4225 columns in `pos`: each spot needs one position. "
        "Was the file cut off while copying?"
    )


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"X": None}, ["no `X`", "(`pos`)"]),
        ({"X": None, "matrix": COUNTS}, ["no `X`", "`matrix`"]),
        ({"pos": None}, ["no `pos`", "(`X`)"]),
        ({"X": COUNTS.T}, ["`X` has 3 rows", "`pos` has 4 columns", "transposed"]),
        ({"X": COUNTS[0]}, ["`X`", "(3,)"]),
        ({"X": COUNTS.astype("S")}, ["`X` holds text, where numbers belong"]),
        ({"X": COUNTS.astype(complex)}, ["`X` holds complex numbers"]),
        ({"X": COUNTS > 0}, ["`X` holds"]),
        ({"X": np.zeros((4, 0))}, ["`X`", "(4, 0)"]),
        ({"X": np.zeros((0, 3)), "pos": np.zeros((2, 0))}, ["`X`", "(0, 3)"]),
        ({"X": np.where(COUNTS == 5, np.nan, COUNTS)}, ["`X`", "NaN"]),
        ({"X": np.where(COUNTS == 5, np.inf, COUNTS)}, ["`X`", "infinity"]),
        ({"X": -COUNTS}, ["`X`", "negative"]),
        ({"pos": LATTICE.T + 0.5}, ["`pos`", "not whole numbers"]),
        ({"pos": np.where(LATTICE.T == 3, np.nan, LATTICE.T)}, ["`pos`", "not whole numbers"]),
        ({"pos": LATTICE.T * 1e300}, ["`pos`", "too large"]),
        ({"pos": LATTICE.T.astype("S")}, ["`pos` holds text, where numbers belong"]),
        ({"pos": np.ones((3, 4), int)}, ["`pos`", "(3, 4)"]),
        ({"pos": LATTICE.T * 0}, ["4 spots share", "row 0, column 0"]),
        ({"Y": LABELS[:3].astype("S")}, ["4 rows in `X`", "3 labels in `Y`"]),
        ({"Y": np.ones(4)}, ["`Y` holds values of type float64, where text belongs"]),
        ({"gene": np.array([b"a", b"b"])}, ["3 columns in `X`", "2 names in `gene`"]),
        ({"gene": np.arange(3)}, ["`gene`", "where text belongs"]),
        ({"cell": np.array([b"a", b"b"])}, ["4 rows in `X`", "2 names in `cell`"]),
        ({"pxl_row_in_fullres": np.ones(4)}, ["no `pxl_col_in_fullres`"]),
        ({"pxl_row_in_fullres": np.ones(3), "pxl_col_in_fullres": np.ones(4)}, ["3 entries in `pxl_row_in_fullres`"]),
        ({"pxl_row_in_fullres": np.full(4, np.nan), "pxl_col_in_fullres": np.ones(4)}, ["not finite"]),
        ({"rgb": np.ones((4, 4), int)}, ["`rgb`", "(4, 4)"]),
        ({"rgb": np.full((4, 3), 256)}, ["`rgb`", "0 to 255"]),
        ({"image": np.zeros((2, 2, 3), np.uint8)}, ["`image`", "no `image_scale`"]),
        ({"image": np.zeros((2, 2, 4), np.uint8), "image_scale": np.ones(1)}, ["`image`", "(2, 2, 4)"]),
        ({"image": np.zeros((2, 2, 3), np.int32), "image_scale": np.ones(1)}, ["`image`", "int32"]),
        ({"image": np.zeros((2, 2), np.uint8), "image_scale": np.ones(1)}, ["`image`", "3 dimensions"]),
        ({"image": np.zeros((2, 2, 3), np.uint8), "image_scale": np.ones(2)}, ["`image_scale`", "2 entries"]),
        ({"image": np.zeros((2, 2, 3), np.uint8), "image_scale": np.zeros(1)}, ["`image`", "above 0"]),
        ({"image": np.zeros((4800, 4800, 3), np.uint8), "image_scale": np.ones(1)}, ["`image`", "65 MiB"]),
        ({"outline_corners": np.zeros((4, 2), np.int16)}, ["`outline_corners`", "no `outline_begins`"]),
        (OUTLINES | {"outline_begins": np.array([0, 4, 4])}, ["`outlines` has 2 entries"]),
        (OUTLINES | {"outline_begins": np.array([0, 9, 2, 3, 4])}, ["do not rise from 0 to their 4 corners"]),
        (OUTLINES | {"outline_corners": np.zeros((4, 2), np.int32)}, ["whole numbers of 16 bits"]),
        (OUTLINES | {"outline_unit_um": np.zeros(1)}, ["unit of outlines", "0.000001 to 100 µm"]),
        (OUTLINES | {"outline_unit_um": np.full(1, 1e308)}, ["unit of outlines", "1e+308"]),
        (OUTLINES | {"outline_unit_um": np.ones(2)}, ["one number"]),
        ({"synthetic": np.array([b"no"])}, ["`synthetic`"]),
    ],
)
def test_each_fault_of_a_file_is_said_in_one_sentence_with_its_name(
    tmp_path: Path, entries: dict[str, Any], words: list[str]
):
    sentence = refusal(write_h5(tmp_path / "sample_odd.h5", **entries))
    for word in words:
        assert word in sentence, sentence


@pytest.mark.parametrize(
    ("coords_um", "words"),
    [
        (np.zeros((3, 2)), "has 4 rows in `X`, but `coords_um` has the shape (3, 2)"),
        (np.arange(8.0).reshape(2, 4), "`coords_um` has the shape (2, 4)"),
        (np.arange(8.0), "`coords_um` has the shape (8,): it needs 2 dimensions"),
        (np.array([[b"a", b"b"]] * 4), "`coords_um` holds text, where numbers belong"),
        (np.array([[1.0, 2], [3, np.inf], [5, 6], [7, 8]]), "not finite"),
        (np.zeros((4, 2)), "Most spots in `coords_um` lie at one point"),
    ],
)
def test_each_fault_of_positions_off_the_lattice_is_said_in_one_sentence(tmp_path: Path, coords_um: Any, words: str):
    assert words in refusal(write_h5(tmp_path / "bad.h5", pos=None, coords_um=coords_um))


def test_a_file_on_and_off_the_lattice_is_refused(tmp_path: Path):
    path = write_h5(tmp_path / "bad.h5", coords_um=np.arange(8.0).reshape(4, 2))
    assert "has both `pos` and `coords_um`" in refusal(path)


def test_spots_that_share_a_position_keep_their_own_kind_of_error(tmp_path: Path):
    lattice = LATTICE.copy()
    lattice[3] = lattice[0]
    with pytest.raises(DuplicateSpotError, match=r"^sample_twice\.h5: 2 spots share .*row 0, column 0"):
        lab.read(write_h5(tmp_path / "sample_twice.h5", pos=lattice))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": None}, ["without `data`"]),
        ({"shape": np.array([4, 3, 1])}, ["`shape`"]),
        ({"shape": np.array([-1, 3])}, ["-1 spots"]),
        ({"shape": np.array([4, 10**12])}, ["1000000000000 genes"]),
        ({"shape": np.array([5, 3])}, ["5 spots", "`indptr` has 5 entries"]),
        ({"shape": np.array([4, 2])}, ["`indices`", "between 0 and 1"]),
        ({"indices": np.array([1, 2, 0, 2, 0, 1, -1])}, ["`indices`", "-1"]),
        ({"indices": np.zeros(6, int)}, ["7 values but 6 indices"]),
        ({"indices": np.zeros(7)}, ["not whole numbers"]),
        ({"indptr": np.array([0, 3, 2, 4, 7])}, ["`indptr`", "does not rise"]),
        ({"indptr": np.array([1, 2, 3, 4, 7])}, ["`indptr`", "does not rise"]),
        ({"indptr": np.array([0, 2, 3, 4, 8])}, ["`indptr`", "does not rise"]),
        ({"data": COUNTS[COUNTS > 0].astype("S")}, ["`data` holds text"]),
        ({"data": np.full(7, np.nan)}, ["NaN"]),
    ],
)
def test_each_fault_of_a_sparse_matrix_is_said_in_one_sentence(
    tmp_path: Path, changes: dict[str, Any], words: list[str]
):
    sentence = refusal(write_sparse_h5(tmp_path / "sample_odd.h5", sparse.csr_matrix(COUNTS), **changes))
    for word in words:
        assert word in sentence, sentence


def test_a_sparse_matrix_of_another_kind_is_refused_by_name(tmp_path: Path):
    path = write_sparse_h5(tmp_path / "a.h5", sparse.csr_matrix(COUNTS))
    with h5py.File(path, "a") as file:
        file["X"].attrs["format"] = np.bytes_("bsr")
    assert "'bsr'" in refusal(path)


def test_compression_that_needs_a_plug_in_is_named(tmp_path: Path):
    deepdish_io().save(
        str(tmp_path / "a.h5"), {"X": np.ones((400, 3)), "pos": np.ones((2, 400), int)}, compression="blosc"
    )
    assert "`X` is compressed with blosc" in refusal(tmp_path / "a.h5")


# --- listing --------------------------------------------------------------------------------------------------------
