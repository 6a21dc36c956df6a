"""Journeys through the Add data page, from `app.py`, without a browser."""

import tempfile
import time
from pathlib import Path

import pytest

from core.io import lab
from core.work.board.board import JobStatus, shared_board
from tests.incoming_tissue import barcodes, public_files, tissue, write_folder, write_zip
from tests.loopback import Site, served

HOSTILE = "../../<img src=x onerror=alert(1)> ![x](http://evil.example/a.png) `b`.zip"


@pytest.fixture(autouse=True)
def through_app(once_through_app):
    """Run every page through `app.py`."""


@pytest.fixture
def drafts(tmp_path, monkeypatch):
    """Where private folders of sessions are made."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def page(once_through_app, app, drafts):
    """The Add data page on a server with two samples."""
    return app.switch_page("pages/add_data.py").run()


@pytest.fixture
def packed(tmp_path):
    """Bytes of a zip of Space Ranger's output."""
    return write_zip(tmp_path / "packed.zip").read_bytes()


def button(page, key):
    return next((item for item in page.button if item.key == f"widget:{key}"), None)


def texts(page):
    kinds = ("markdown", "caption", "error", "warning", "info", "title")
    return [item.value for kind in kinds for item in getattr(page, kind)]


def settled(page, seconds=120):
    """Run until no job goes on and the page has seen it."""
    end = time.monotonic() + seconds
    while True:
        page.run()
        assert not page.exception
        if all(job.finished for job in shared_board().jobs()):
            page.run()
            if all(job.finished for job in shared_board().jobs()):
                return page
        assert time.monotonic() < end
        time.sleep(0.1)


def upload(page, content, name="block.zip"):
    page.file_uploader[0].set_value((name, content, "application/octet-stream")).run()
    return settled(page)


def test_a_zip_is_checked_shown_saved_and_opened_in_tune(page, packed, samples_folder, drafts):
    upload(page, packed)
    assert any("**Counts**: 192 spots, 12 genes" in text for text in texts(page))
    assert any("layer (3 classes)" in option for option in page.selectbox(key="widget:import.annotation").options)
    assert page.text_input(key="widget:import.name").value == "block_a"
    assert not list(samples_folder.glob("block*"))
    button(page, "save").click().run()
    assert not page.exception
    kept = lab.read(samples_folder / "block_a.h5")
    assert kept.labels_true.tolist() == tissue().labels_true.tolist()
    assert kept.barcodes.tolist() == barcodes(tissue())
    assert kept.image is not None
    assert "block.zip" in kept.source
    assert page.title[0].value == "Tune"
    assert page.selectbox(key="widget:sample").value == "block_a.h5"
    assert not list(drafts.iterdir())


def test_choices_change_what_is_kept(page, packed, samples_folder):
    upload(page, packed)
    page.selectbox(key="widget:import.genes").select("variable").run()
    page.number_input(key="widget:import.n_genes").set_value(5).run()
    page.selectbox(key="widget:import.annotation").select(None).run()
    settled(page)
    page.text_input(key="widget:import.name").input("My block: 1").run()
    button(page, "save").click().run()
    kept = lab.read(samples_folder / "My_block_1.h5")
    assert (kept.n_spots, kept.n_genes) == (192, 5)
    assert kept.labels_true is None


def test_a_table_of_labels_gives_the_annotation(page, packed, samples_folder):
    upload(page, packed)
    table = "spot;region\n" + "".join(f"{name};{'ab'[n % 2]}\n" for n, name in enumerate(barcodes(tissue())))
    page.file_uploader(key="widget:import.table").set_value(("mine.csv", table.encode(), "text/csv")).run()
    settled(page)
    assert page.selectbox(key="widget:import.annotation").value == "region"
    button(page, "save").click().run()
    assert set(lab.read(samples_folder / "block_a.h5").labels_true.tolist()) == {"a", "b"}


def test_a_name_that_is_taken_is_told_and_another_can_be_given(page, packed, samples_folder):
    before = (samples_folder / "first.h5").read_bytes()
    upload(page, packed)
    page.text_input(key="widget:import.name").input("first").run()
    button(page, "save").click().run()
    assert "already" in page.error[0].value
    assert "/" not in page.error[0].value  # the reader need not know where the server keeps things
    assert (samples_folder / "first.h5").read_bytes() == before
    page.text_input(key="widget:import.name").input("third").run()
    button(page, "save").click().run()
    assert (samples_folder / "third.h5").exists()


def test_a_damaged_file_is_one_sentence_that_names_it_and_leaves_nothing(page, packed, samples_folder, drafts):
    upload(page, packed[: len(packed) // 2])
    assert "block.zip is damaged" in page.error[0].value
    assert button(page, "save") is None
    button(page, "drop").click().run()
    assert not list(drafts.iterdir())
    assert {path.name for path in samples_folder.iterdir()} == {"first.h5", "second.h5"}
    assert page.file_uploader


def test_the_name_of_an_upload_is_neither_a_path_nor_markup(page, packed, samples_folder, drafts, tmp_path):
    upload(page, packed, HOSTILE)
    written = [path for path in tmp_path.rglob("*") if "img" in path.name or "evil" in path.name]
    assert not written
    assert not any("![" in text.replace("\\", "_\\_") for text in texts(page))
    upload_names = {path.name for path in drafts.glob("*/*.zip")}
    assert all(len(name) == 36 for name in upload_names)
    button(page, "save").click().run()
    assert (samples_folder / "block_a.h5").exists()


def test_without_configured_roots_the_server_is_not_offered(page):
    assert page.segmented_control(key="widget:way in").options == ["From this computer", "Public sections"]


def test_a_folder_below_a_root_is_checked_and_saved_and_stays_as_it_was(page, tmp_path, monkeypatch, samples_folder):
    root = tmp_path / "lab"
    folder = root / "blocks" / "b1"
    folder.mkdir(parents=True)
    write_folder(folder)
    monkeypatch.setenv("SPCA_ROOTS", str(root))
    page.run()
    page.segmented_control(key="widget:way in").set_value("server").run()
    page.selectbox(key=f"widget:entry.{root}").select("blocks").run()
    button(page, "open folder").click().run()
    page.selectbox(key=f"widget:entry.{root / 'blocks'}").select("b1").run()
    button(page, "check").click().run()
    settled(page)
    button(page, "save").click().run()
    assert not page.exception
    assert (samples_folder / "b1.h5").exists()
    assert (folder / "filtered_feature_bc_matrix.h5").exists()


def test_a_link_out_of_a_root_inside_a_folder_is_refused(page, tmp_path, monkeypatch):
    root = tmp_path / "lab"
    (root / "b1").mkdir(parents=True)
    (root / "b1" / "tissue_positions.csv").symlink_to("/etc/hostname")
    monkeypatch.setenv("SPCA_ROOTS", str(root))
    page.run()
    page.segmented_control(key="widget:way in").set_value("server").run()
    page.selectbox(key=f"widget:entry.{root}").select("b1").run()
    button(page, "check").click().run()
    assert "is a link out of lab" in page.error[0].value


@pytest.fixture
def public(tmp_path, monkeypatch):
    """The public places, on the loopback address."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with served(Site(files=public_files(tmp_path, ["151507"]))) as site:
        monkeypatch.setenv("SPCA_DLPFC_COUNTS", site.address)
        monkeypatch.setenv("SPCA_DLPFC_POSITIONS", site.address)
        yield site


def fetch(page, section):
    page.segmented_control(key="widget:way in").set_value("public").run()
    page.button_group(key="widget:sections.dlpfc").set_value([section]).run()
    button(page, "fetch.dlpfc").click().run()
    return settled(page)


def test_a_public_section_comes_by_a_click_and_opens_in_tune(page, public, samples_folder):
    fetch(page, "151507")
    assert not page.error
    assert (samples_folder / "151507_full.h5").exists()
    button(page, "open.151507_full.h5").click().run()
    assert page.title[0].value == "Tune"


def test_a_section_that_is_not_there_is_told(page, public, samples_folder):
    fetch(page, "151676")
    assert "There is nothing at" in page.error[0].value
    assert not list(samples_folder.glob("*_full.h5"))


def test_a_fetch_can_be_cancelled(page, public, samples_folder):
    public.pause = 30.0
    page.segmented_control(key="widget:way in").set_value("public").run()
    page.button_group(key="widget:sections.dlpfc").set_value(["151507"]).run()
    button(page, "fetch.dlpfc").click().run()
    end = time.monotonic() + 30
    while not public.asked:
        assert time.monotonic() < end
        time.sleep(0.05)
    page.run()
    button(page, "cancel fetch dlpfc").click().run()
    assert shared_board().jobs()[-1].status is JobStatus.CANCELLED
    assert not page.exception
    assert any("last fetch was cancelled" in text for text in texts(page))
    assert not list(Path(samples_folder).glob("*_full.h5"))
