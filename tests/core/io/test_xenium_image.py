"""The thumbnail of Xenium's morphology image lies on the cells, and nothing that is wrong with it keeps them out."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from core.io import found_files, importing
from core.io.incoming import ImportChoices
from tests.instruments import COORDS_UM, COUNTS, write_xenium

UM_PER_PX = 0.2125
HEIGHT, WIDTH = 6800, 2000
"""Of the full resolution; cells lie within 400 um to the right and 1400 um down."""

TOP, LEFT = 5000, 800
"""Of a bright square of 400 pixels, in an image that is dark elsewhere."""

FILES = {
    "morphology_focus/morphology_focus_0000.ome.tif": "version 2",
    "morphology_focus/ch0000_dapi.ome.tif": "version 4",
    "morphology_focus.ome.tif": "version 1",
    "morphology_mip.ome.tif": "version 1",
}


def write_image(path: Path, compression: Any = "jpeg2000") -> Path:
    """Write a pyramid as Xenium has it: 16 bits in tiles of 1024 pixels, each level half as large."""
    path.parent.mkdir(exist_ok=True)
    pixels = np.full((HEIGHT, WIDTH), 90, dtype=np.uint16)
    pixels[TOP : TOP + 400, LEFT : LEFT + 400] = 9000
    how = {"tile": (1024, 1024), "photometric": "minisblack", "compression": compression}
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(pixels, subifds=5, resolution=(1e4 / UM_PER_PX, 1e4 / UM_PER_PX), **how)
        for number in range(1, 6):
            file.write(pixels[:: 2**number, :: 2**number], subfiletype=1, **how)
    return path


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return write_image(tmp_path_factory.mktemp("image") / "a.ome.tif").read_bytes()


@pytest.fixture
def folder(tmp_path):
    made = write_xenium(tmp_path / "run")
    (made / "experiment.xenium").write_text(json.dumps({"major_version": 5, "pixel_size": UM_PER_PX}))
    return made


def put(folder, content, file="morphology_focus/morphology_focus_0000.ome.tif"):
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(content)


def said(path):
    (check,) = [check for check in importing.survey(path).checks if check.what == "Image"]
    return check


def imported(path):
    sample = importing.read(path, ImportChoices())
    assert (np.asarray(sample.expression) == COUNTS).all()
    assert (sample.coords_um == COORDS_UM).all()
    return sample


@pytest.mark.parametrize("file", FILES)
def test_what_is_bright_in_the_image_is_bright_where_its_micrometres_are(folder, image, file):
    put(folder, image, file)
    assert said(folder).status == "good"
    assert said(folder).found.startswith(Path(file).name)
    sample = imported(folder)
    np.testing.assert_allclose(sample.coords_px, COORDS_UM / UM_PER_PX, rtol=1e-12)
    pixels, scale = sample.image.pixels, sample.image.scale
    assert max(pixels.shape[:2]) <= 1200
    np.testing.assert_allclose(scale, max(pixels.shape[:2]) / HEIGHT)
    rows, columns = np.nonzero(pixels[:, :, 0] > 128)
    # The first and the last bright pixel of the thumbnail, within one of its pixels.
    np.testing.assert_allclose([rows.min(), rows.max() + 1], np.array([TOP, TOP + 400]) * scale, atol=1)
    np.testing.assert_allclose([columns.min(), columns.max() + 1], np.array([LEFT, LEFT + 400]) * scale, atol=1)


def test_the_first_stain_is_shown(folder, image):
    put(folder, b"not read", "morphology_focus/morphology_focus_0001.ome.tif")
    put(folder, image)
    assert said(folder).found.startswith("morphology_focus_0000.ome.tif, ")


def test_without_an_image_nothing_is_missing(folder):
    assert (said(folder).found, said(folder).status) == ("None, which is fine.", "good")
    assert imported(folder).image is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is cut off"), (b"II*\0\x08" + bytes(40), "without a size"), (b"?" * 99, "is no TIFF")],
)
def test_a_bad_image_is_left_out_with_a_notice(folder, content, sentence):
    put(folder, content)
    check = said(folder)
    assert (check.status, check.advice) == ("notice", "It is left out.")
    assert sentence in check.found
    assert imported(folder).image is None


@pytest.mark.parametrize(
    "manifest",
    [None, "{", "[]", "{}", '{"pixel_size": "0.2"}', '{"pixel_size": 0}', '{"pixel_size": true}', "1" * 5000],
)
def test_an_image_whose_pixels_have_no_known_size_is_left_out(folder, image, manifest):
    put(folder, image)
    (folder / "experiment.xenium").unlink()
    if manifest is not None:
        (folder / "experiment.xenium").write_text(manifest)
    assert "experiment.xenium" in said(folder).found
    assert said(folder).status == "notice"
    assert imported(folder).image is None


def packed(folder):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    return path


def test_a_small_image_in_an_archive_is_read_and_a_large_one_is_not_unpacked(folder, image, monkeypatch):
    put(folder, image)
    path = packed(folder)
    assert imported(path).image is not None
    monkeypatch.setattr(found_files, "MAX_LARGE_BYTES", len(image) - 1)
    assert "unpack the archive, and give the folder" in said(path).found
    assert imported(path).image is None
