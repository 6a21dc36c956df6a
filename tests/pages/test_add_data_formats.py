"""Outputs of instruments come in by the Add data page: as an upload, and as a folder of the server."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.io import importing, lab
from core.io.incoming import ImportChoices
from core.io.spatialdata.writing import write_spatialdata
from core.method import pipeline
from core.params import preset
from tests import instruments
from tests.core.io.test_xenium_image import UM_PER_PX, write_image
from tests.pages.test_add_data import button, drafts, page, settled, texts, through_app, upload  # noqa: F401

WRITERS = {
    "Xenium output": instruments.write_xenium,
    "MERSCOPE output": instruments.write_merscope,
    "CosMx output": instruments.write_cosmx,
    "Visium HD output, cells": instruments.write_segmented,
    "Counts and coordinates as two tables": instruments.write_slide_seq,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_zip_of_an_output_folder_comes_in(page, samples_folder, tmp_path, kind):  # noqa: F811
    folder = WRITERS[kind](tmp_path / "packed" / "tissue_1")
    packed = shutil.make_archive(str(tmp_path / "tissue"), "zip", folder.parent)
    upload(page, Path(packed).read_bytes(), "tissue.zip")
    assert any(kind in text for text in texts(page))
    assert any("40 cells, 5 genes" in text for text in texts(page))
    button(page, "save").click().run()
    assert not page.exception
    (kept,) = [path for path in samples_folder.glob("*.h5") if path.stem in ("tissue_1", "Run1")]
    assert (np.asarray(lab.read(kept).expression) == instruments.COUNTS).all()


def test_the_morphology_image_of_xenium_comes_in_as_a_thumbnail(page, samples_folder, tmp_path):  # noqa: F811
    folder = instruments.write_xenium(tmp_path / "packed" / "tissue_1")
    write_image(folder / "morphology_focus" / "morphology_focus_0000.ome.tif")
    (folder / "experiment.xenium").write_text(f'{{"pixel_size": {UM_PER_PX}}}')
    packed = shutil.make_archive(str(tmp_path / "tissue"), "zip", folder.parent)
    upload(page, Path(packed).read_bytes(), "tissue.zip")
    assert any("353 x 1200 pixels of 1.2 µm" in text for text in texts(page))
    button(page, "save").click().run()
    assert not page.exception
    kept = lab.read(samples_folder / "tissue_1.h5")
    assert kept.image.pixels.shape == (1200, 353, 3)
    np.testing.assert_allclose(kept.coords_px, instruments.COORDS_UM / UM_PER_PX, rtol=1e-6)


def test_a_store_of_spatialdata_comes_in_by_its_path_on_the_server(page, samples_folder, tmp_path, monkeypatch):  # noqa: F811
    sample = importing.read(instruments.write_xenium(tmp_path / "run"), ImportChoices())
    (tmp_path / "lab").mkdir()
    write_spatialdata(sample, pipeline.run(sample, preset("paper", n_clusters=2)), tmp_path / "lab" / "run_2.zarr")
    monkeypatch.setenv("SPCA_ROOTS", str(tmp_path / "lab"))
    page.run()
    page.segmented_control(key="widget:way in").set_value("server").run()
    page.selectbox(key=f"widget:entry.{tmp_path / 'lab'}").select("run_2.zarr").run()
    button(page, "check").click().run()
    settled(page)
    assert any("SpatialData" in text for text in texts(page))
    button(page, "save").click().run()
    assert not page.exception
    assert lab.read(samples_folder / "run_2.h5").content_hash == sample.content_hash


def test_cells_of_stereo_seq_come_in_as_one_file(page, tmp_path):  # noqa: F811
    path = instruments.write_cell_bins(tmp_path / "S1.cellbin.gef")
    upload(page, path.read_bytes(), "S1.cellbin.gef")
    assert any("Stereo-seq output, cells" in text for text in texts(page))
    assert page.text_input(key="widget:import.name").value


def test_columns_of_coordinates_are_chosen_where_titles_do_not_tell(page, tmp_path):  # noqa: F811
    folder = instruments.write_slide_seq(tmp_path / "packed")
    table = folder / "BeadLocationsForR.csv"
    table.write_text(table.read_text().replace("xcoord,ycoord", "first,second"))
    packed = shutil.make_archive(str(tmp_path / "tissue"), "zip", folder)
    upload(page, Path(packed).read_bytes(), "tissue.zip")
    assert any("say which columns hold x and y" in text for text in texts(page))
    page.selectbox(key="widget:import.x").set_value("first").run()
    page.selectbox(key="widget:import.y").set_value("second").run()
    settled(page)
    assert any("40 cells, 5 genes" in text for text in texts(page))


def test_an_object_of_r_is_named_with_the_way_out(page):  # noqa: F811
    upload(page, b"RDX3\nX\n\x00\x00" + b"\0" * 600, "s.rds")
    assert any("anndataR" in text for text in texts(page))
