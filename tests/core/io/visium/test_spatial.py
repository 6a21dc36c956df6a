import dataclasses
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import SampleFileError
from core.io import lab
from core.io.visium import spatial
from core.sample import Sample

ROWS = ["AAAC-1,1,0,0,100,200", "AAAG-1,1,0,2,100,300", "AAAT-1,0,1,1,180,250", "AACA-1,1,1,3,180,350"]
HEADER = "barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As an older Space Ranger writes it: no header; red at the first spot, where rows and columns differ."""
    (tmp_path / "tissue_positions_list.csv").write_text("\n".join(ROWS) + "\n")
    (tmp_path / "scalefactors_json.json").write_text(
        json.dumps({"tissue_lowres_scalef": 0.1, "tissue_hires_scalef": 0.5})
    )
    pixels = np.zeros((40, 60, 3), dtype=np.uint8)
    pixels[10, 20] = (255, 0, 0)
    Image.fromarray(pixels).save(tmp_path / "tissue_lowres_image.png")
    return tmp_path


def make_sample(barcodes: list[str] | None = None) -> Sample:
    lattice = np.array([[1, 3], [0, 0]])
    names = None if barcodes is None else np.array(barcodes)
    return Sample(name="two", expression=np.array([[1, 2], [3, 4]]), lattice=lattice, barcodes=names)


@pytest.mark.parametrize("barcodes", [None, ["AACA-1", "AAAC-1"]])
def test_spots_are_found_by_barcode_or_by_array_position_and_lie_on_their_pixels(folder, barcodes):
    sample = spatial.attach(make_sample(barcodes), spatial.read_spatial(folder))
    assert sample.coords_px.tolist() == [[180, 350], [100, 200]]
    row, col = (sample.coords_px[1] * sample.image.scale).astype(int)
    assert sample.image.pixels[row, col].tolist() == [255, 0, 0]


def test_barcodes_decide_where_a_sample_has_them(folder):
    sample = spatial.attach(make_sample(["AAAG-1", "AAAC-1"]), spatial.read_spatial(folder))
    assert sample.coords_px.tolist() == [[100, 300], [100, 200]]


def test_the_newer_table_with_its_header_reads_the_same(folder):
    older = spatial.read_spatial(folder)
    (folder / "tissue_positions_list.csv").unlink()
    (folder / "tissue_positions.csv").write_text("\n".join([HEADER, *ROWS]) + "\n")
    newer = spatial.read_spatial(folder)
    assert newer.barcodes.tolist() == older.barcodes.tolist() == ["AAAC-1", "AAAG-1", "AACA-1"]
    np.testing.assert_array_equal(newer.coords_px, older.coords_px)


def test_the_high_resolution_image_serves_with_its_own_scale_where_the_low_one_is_missing(folder):
    (folder / "tissue_lowres_image.png").rename(folder / "tissue_hires_image.png")
    assert spatial.read_spatial(folder).image.scale == 0.5


def test_positions_alone_are_enough(folder):
    (folder / "tissue_lowres_image.png").unlink()
    sample = spatial.attach(make_sample(), spatial.read_spatial(folder))
    assert sample.image is None
    assert sample.coords_px is not None


def test_neither_image_nor_pixels_change_what_a_clustering_depends_on(folder):
    bare = make_sample()
    assert spatial.attach(bare, spatial.read_spatial(folder)).content_hash == bare.content_hash


def test_spots_outside_the_tissue_of_the_folder_are_refused_with_their_number(folder):
    with pytest.raises(SampleFileError, match=r"^1 of 2 spots .* by barcode .*AAAT-1.* another section\?$"):
        spatial.attach(make_sample(["AAAT-1", "AAAC-1"]), spatial.read_spatial(folder))


def declared_png(width: int, height: int) -> bytes:
    """A picture that its header says is large, and nothing more."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + start + struct.pack(">I", 1000) + b"IDAT"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("tissue_lowres_image.png", b"not a picture", "not a whole PNG"),
        ("tissue_lowres_image.png", b"GIF89a" + bytes(50), "not a whole PNG"),
        ("tissue_lowres_image.png", declared_png(6000, 6000), "more than a sample keeps"),
        ("tissue_lowres_image.png", declared_png(60_000, 60_000), "more than a sample keeps"),
        ("scalefactors_json.json", b"{", "cannot be read"),
        ("scalefactors_json.json", b"[" * 100_000, "cannot be read"),
        ("scalefactors_json.json", b"[]", "no number above 0 called `tissue_lowres_scalef`"),
        ("scalefactors_json.json", b'{"tissue_lowres_scalef": -1}', "no number above 0"),
        ("scalefactors_json.json", b'{"tissue_lowres_scalef": NaN}', "no number above 0"),
        ("scalefactors_json.json", b'{"tissue_lowres_scalef": ' + b"1" * 401 + b"}", "no number above 0"),
        ("scalefactors_json.json", b'{"tissue_lowres_scalef": 1e308}', "no number above 0"),
        ("scalefactors_json.json", b'{"tissue_lowres_scalef": 1e-308}', "no number above 0"),
        ("tissue_positions_list.csv", b"", "needs the columns barcode, in_tissue"),
        ("tissue_positions_list.csv", b"AAAC-1,1,0\n", "needs the columns barcode, in_tissue"),
        ("tissue_positions_list.csv", b"AAAC-1,1,0,0,x,200\n", "text where positions belong"),
        ("tissue_positions_list.csv", b"AAAC-1,1,0,0,inf,200\n", "not finite"),
        ("tissue_positions_list.csv", b"AAAC-1,1,0,1e300,100,200\n", "not whole numbers"),
        ("tissue_positions_list.csv", b"AAAC-1,1,0.5,0,100,200\n", "not whole numbers"),
        ("tissue_positions_list.csv", b"\xff\xfe\x00", "cannot be read as a table"),
    ],
)
def test_each_fault_of_a_folder_is_said_in_one_sentence_with_its_file(folder, name, content, words):
    (folder / name).write_bytes(content)
    with pytest.raises(SampleFileError) as caught:
        spatial.read_spatial(folder)
    assert str(caught.value).startswith(name)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_positions_says_what_to_give(tmp_path):
    with pytest.raises(SampleFileError, match=r"holds neither tissue_positions\.csv nor tissue_positions_list\.csv"):
        spatial.read_spatial(tmp_path)


@pytest.mark.parametrize("section", ["151507", "151669"])
def test_spots_of_a_real_section_lie_on_stained_tissue_not_on_the_glass(shared_data, tmp_path, section):
    sample = lab.read(shared_data / "spca_dat" / f"sample_{section}.h5")
    placed = spatial.attach(sample, spatial.read_spatial(shared_data / "histology" / section))
    lab.write(placed, tmp_path / f"{section}.h5")
    read = lab.read(tmp_path / f"{section}.h5")
    np.testing.assert_array_equal(read.image.pixels, placed.image.pixels)
    rows, cols = (read.coords_px * read.image.scale).astype(int).T
    green = read.image.pixels[..., 1]
    assert green[rows, cols].mean() < green.mean() - 20
    assert dataclasses.replace(read, name="").content_hash == sample.content_hash
