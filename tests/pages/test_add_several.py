"""Sources of several sections, and files that contradict themselves, on the Add data page."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from core.io import lab
from tests.h5ad_files import saved, visium_adata
from tests.incoming_tissue import barcodes, tissue, write_folder, write_zip
from tests.pages.test_add_data import button, settled, texts, upload


@pytest.fixture(autouse=True)
def through_app(once_through_app):
    """Run every page through `app.py`."""


@pytest.fixture
def page(once_through_app, app, tmp_path, monkeypatch):
    """The Add data page on a server with two samples."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return app.switch_page("pages/add_data.py").run()


def two_samples(tmp_path: Path) -> bytes:
    """A zip of two folders."""
    import shutil

    for name in ("block_a", "block_b"):
        write_folder(tmp_path / "both" / name)
    return Path(shutil.make_archive(str(tmp_path / "both"), "zip", tmp_path / "both")).read_bytes()


def test_of_several_samples_one_is_chosen_and_saved(page, tmp_path, samples_folder):
    upload(page, two_samples(tmp_path), "both.zip")
    picker = page.selectbox(key="widget:import.section")
    assert (picker.options, picker.value) == (["block_a", "block_b"], None)
    assert button(page, "save") is None
    picker.select("block_b").run()
    settled(page)
    assert page.text_input(key="widget:import.name").value == "block_b"
    assert page.selectbox(key="widget:import.section").options == ["block_a", "block_b"]
    button(page, "save").click().run()
    assert not page.exception
    assert lab.read(samples_folder / "block_b.h5").n_spots == tissue().n_spots
    assert not (samples_folder / "block_a.h5").exists()


def test_each_of_several_samples_is_saved_by_one_click(page, tmp_path, samples_folder):
    upload(page, two_samples(tmp_path), "both.zip")
    button(page, "import.each").click().run()
    settled(page)
    assert any("Saved as 2 samples" in item.value for item in page.success)
    for name in ("block_a", "block_b"):
        kept = lab.read(samples_folder / f"{name}.h5")
        assert kept.expression.tolist() == tissue().expression.tolist()
        assert "both.zip" in kept.source


def test_a_table_of_several_sections_asks_which_is_meant(page, tmp_path, samples_folder):
    upload(page, write_zip(tmp_path / "packed.zip").read_bytes())
    rows = [f"{name};{section};{label}" for section, label in (("s1", "a"), ("s2", "b")) for name in barcodes(tissue())]
    content = "\n".join(["spot;section;region", *rows]).encode()
    page.file_uploader(key="widget:import.table").set_value(("mine.csv", content, "text/csv")).run()
    settled(page)
    assert any("it holds several sections" in text for text in texts(page))
    assert button(page, "save") is None
    page.selectbox(key="widget:import.table_section").select("s2").run()
    settled(page)
    button(page, "save").click().run()
    assert set(lab.read(samples_folder / "block_a.h5").labels_true.tolist()) == {"b"}


def test_where_array_and_pixels_contradict_the_reader_chooses(page, tmp_path, samples_folder):
    adata = visium_adata(tissue())
    adata.obs[["array_row", "array_col"]] = adata.obs[["array_col", "array_row"]].to_numpy()
    upload(page, saved(adata, tmp_path).read_bytes(), "mine.h5ad")
    assert any("only where they change places" in text for text in texts(page))
    picker = page.selectbox(key="widget:import.positions")
    assert picker.value == "found"
    picker.select("array").run()
    settled(page)
    button(page, "save").click().run()
    kept = lab.read(samples_folder / "mine.h5")
    np.testing.assert_array_equal(kept.lattice, np.asarray(tissue().lattice)[:, ::-1])
