"""Strokes from a file on the page Guide, from `app.py`, without a browser."""

import dataclasses
import time

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from streamlit.testing.v1 import AppTest

from core.io import lab, stroke_files
from core.io.annotation_store import AnnotationStore
from core.work.board.board import shared_board
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from tests.tissue_view import given

BARE = small_sample("first")
NAMES = [f"SPOT{number}-1" for number in range(BARE.n_spots)]


def key(*parts):
    return "widget:" + ".".join(parts)


@pytest.fixture
def sample(samples_folder, ana):
    sample = dataclasses.replace(BARE, barcodes=np.array(NAMES))
    lab.write(sample, samples_folder / "first.h5")
    return sample


@pytest.fixture
def store(sample, samples_folder):
    return AnnotationStore(samples_folder / "first.h5", sample)


def table(painted):
    return "".join(f"{spot},{domain}\n" for spot, domain in [("barcode", "label"), *painted.items()]).encode()


FEW = {NAMES[number]: str(BARE.labels_true[number]) for number in range(7, BARE.n_spots, 14)}


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=120).run().switch_page("pages/guide.py")
    app.query_params["preset"] = "recommended"
    return app.run()


def with_file(app, content, name="strokes.csv"):
    app.get("file_uploader")[0].upload(name, content, "text/csv")
    return settled(app.run())


def settled(app, seconds=120):
    """Run until a worker has read the file, and the page has seen it."""
    end = time.monotonic() + seconds
    while not all(job.finished for job in shared_board().jobs()):
        assert time.monotonic() < end
        time.sleep(0.05)
    app.run()
    assert not app.exception
    return app


def beginning_with(content):
    app = opened()
    app.radio(key("guide", "kind")).set_value("file").run()
    return with_file(app, content)


def kept(store):
    (entry,) = store.entries()
    made = entry.annotation
    return {int(spot): made.names[made.assigned[spot]] for spot in np.flatnonzero(made.assigned >= 0)}


def read_aloud(painted):
    return {NAMES.index(spot): domain.replace("Layer", "Layer ") for spot, domain in painted.items()}


def test_a_file_begins_strokes_and_what_follows_is_undone_as_what_is_painted(sample, store):
    app = beginning_with(table(FEW))
    assert any(f"strokes.csv paints {len(FEW)} spots of 3 domains" in item.value for item in app.caption)
    assert store.entries() == []
    app.button(key("guide", "begin with file")).click().run()
    assert not app.exception
    assert kept(store) == read_aloud(FEW)
    left = np.array([name not in FEW for name in NAMES]) & (sample.labels_true != "NA")
    drawn = given(app)["maps"][1]
    found = np.array(drawn["names"])[drawn["labels"]]
    score = adjusted_rand_score(sample.labels_true[left], found[left])
    assert {metric.label: metric.value for metric in app.metric}["ARI, guided"] == f"{score:.3f}"
    app.button(key("annotation", "undo")).click().run()
    assert kept(store) == {}
    app.button(key("annotation", "redo")).click().run()
    assert kept(store) == read_aloud(FEW)


def test_a_file_paints_over_strokes_in_one_step_and_leaves_the_rest(sample, store):
    app = beginning_with(table(FEW))
    app.button(key("guide", "begin with file")).click().run()
    more = {NAMES[7]: "L3", NAMES[8]: "Vessel"}
    with_file(app, table(more), "more.csv")
    app.button(key("guide", "paint file")).click().run()
    assert not app.exception
    assert kept(store) == read_aloud(FEW) | {7: "Layer 3", 8: "Vessel"}
    (entry,) = store.entries()
    assert entry.annotation.names == ["Layer 1", "Layer 2", "Layer 3", "Vessel"]
    assert len({region.colour for region in entry.annotation.regions}) == 4
    app.button(key("annotation", "undo")).click().run()
    assert kept(store) == read_aloud(FEW)


def test_the_server_itself_never_reads_the_file_and_redraws_do_not_read_it_again(sample, store, monkeypatch):
    def read_here(*_):
        raise AssertionError("read in the server's own process")

    monkeypatch.setattr(stroke_files, "read_strokes", read_here)
    app = beginning_with(table(FEW))
    n_read = len(shared_board().jobs())
    app.run()
    assert len(shared_board().jobs()) == n_read
    assert not app.button(key("guide", "begin with file")).disabled


@pytest.fixture
def begun(sample):
    app = opened()
    app.radio(key("guide", "kind")).set_value("file").run()
    return app


def test_what_paints_nothing_is_told_with_the_files_own_name_and_nothing_can_be_taken(begun, store):
    for content, sentence in (
        (b"", "mine.csv is no table"),
        (b"barcode\nSPOT1-1\n", "mine.csv is no table"),
        (b"barcode,label\nNOBODY-1,WM\n", "mine.csv names none of the sample's spots"),
        (b"barcode,label\nSPOT1-1,WM\nSPOT1-1,L1\n", "SPOT1-1 is painted in several domains, and so in none."),
        (b"PK\x03\x04", "mine.csv"),
        (b"\0" * ((64 << 20) + 1), "mine.csv is larger than 64 MiB"),
    ):
        app = with_file(begun, content, "mine.csv")
        assert sentence in " ".join(item.value for item in app.error)
        assert app.button(key("guide", "begin with file")).disabled
    assert store.entries() == []


def test_what_is_left_out_is_told_before_anything_is_painted(begun, store):
    content = "barcode\tlabel\nSPOT3-1\t<b>x</b>\nSPOT5-1\tL1\nSPOT9-1\tL1\nSPOT9-1\tL2\nNOBODY\tL1\n".encode("utf-16")
    app = with_file(begun, content, "mine.csv")
    said = " ".join(item.value for item in app.caption)
    assert "mine.csv paints 2 spots of 2 domains." in said
    assert "1 row names no spot of the sample, and is left out." in said
    assert "SPOT9-1 is painted in several domains" in said
    app.button(key("guide", "begin with file")).click().run()
    assert kept(store) == {3: "<b>x</b>", 5: "Layer 1"}


def test_one_domain_alone_and_every_spot_painted_say_what_follows(begun, store):
    app = with_file(begun, table({NAMES[3]: "Tumour"}))
    app.button(key("guide", "begin with file")).click().run()
    assert "Only Tumour is painted" in given(app)["maps"][1]["message"]
    with_file(app, table(dict(zip(NAMES, np.where(np.arange(len(NAMES)) % 2, "a", "b"), strict=True))), "all.csv")
    app.button(key("guide", "paint file")).click().run()
    assert not app.exception
    assert any("Every annotated spot is painted" in item.value for item in app.caption)
