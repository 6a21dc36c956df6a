"""A sample whose file is deleted, cut off, emptied or replaced while people look at it."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.annotation import Region, new_annotation
from core.errors import SampleFileError
from core.io import lab
from core.io.annotation_store import AnnotationStore
from tests.pages.conftest import APP
from tests.painted import keep_annotation, keep_strokes
from tests.small_tissue import small_sample
from tests.tissue_view import all_given, given
from ui.data import compute

DAMAGE = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:3000]),
    "emptied": lambda path: path.write_bytes(b""),
    "replaced": lambda path: lab.write(small_sample("first", n_rows=20, n_layers=4), path),
    "deleted": lambda path: path.unlink(),
    "made a folder": lambda path: path.mkdir(),
}


def said(app):
    return " ".join(item.value for kind in ("error", "warning", "info") for item in app.get(kind))


@pytest.mark.parametrize("page", ["tune", "tissue", "annotate", "guide", "sections", "sweep", "method"])
def test_a_page_shows_what_the_file_holds_now_or_says_what_became_of_it(samples_folder, page):
    for name in ("first", "second"):
        lab.write(small_sample(name), samples_folder / f"{name}.h5")
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["sample"] = "first.h5"
    app = app.run()
    if page != "tune":
        app = app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    for what, damage in DAMAGE.items():
        damage(samples_folder / "first.h5")
        assert not app.run().exception, what
        assert ("There is no sample first.h5 here that can be read" in said(app)) == (what != "replaced"), what
    (samples_folder / "first.h5").rmdir()
    lab.write(small_sample("first"), samples_folder / "first.h5")
    assert not app.run().exception


@pytest.mark.parametrize("pressed", ["annotation.undo", "region.grow", "annotation.copy", "annotation.delete"])
def test_who_presses_a_button_of_a_sample_that_another_has_deleted_is_told_and_nothing_is_lost(
    samples_folder, ana, pressed
):
    for name in ("first", "second"):
        lab.write(sample := small_sample(name), samples_folder / f"{name}.h5")
    file, author = samples_folder / "first.h5", "Ben" if pressed == "annotation.copy" else "Ana"
    store = AnnotationStore(file, lab.read(file))
    start = new_annotation(sample.n_spots, name="mine", author=author, regions=(Region("Top", "#123456"),))
    store.save(start, author)
    drawn = store.save(start.with_assigned(np.where(np.arange(sample.n_spots) < 9, 0, -1)), author).annotation
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["sample"] = "first.h5"
    app = app.run().switch_page("pages/annotate.py").run()
    whole = file.read_bytes()
    file.unlink()
    assert not app.button(f"widget:{pressed}").click().run().exception
    assert "There is no sample first.h5 here that can be read" in said(app)
    file.write_bytes(whole)
    assert store.read(drawn.id).annotation.sizes == drawn.sizes == [9]
    assert not app.run().exception


def test_what_a_link_leads_to_is_read_again_when_it_changes(samples_folder, tmp_path):
    lab.write(small_sample("first"), elsewhere := tmp_path / "elsewhere.h5")
    (samples_folder / "first.h5").symlink_to(elsewhere)
    before = compute.file_sample(lab.peek(samples_folder / "first.h5"))
    lab.write(small_sample("first", n_rows=20, n_layers=4), elsewhere)
    after = compute.file_sample(lab.peek(samples_folder / "first.h5"))
    assert before.n_spots == small_sample("first").n_spots
    assert after.n_spots == small_sample("first", n_rows=20).n_spots
    elsewhere.unlink()
    with pytest.raises(SampleFileError, match=r"first\.h5"):
        compute.file_sample(lab.peek(samples_folder / "first.h5"))
    (samples_folder / "first.h5").unlink()
    with pytest.raises(SampleFileError, match=r"first\.h5 is not there any more"):
        compute.file_sample(lab.peek(samples_folder / "first.h5"))


@pytest.mark.parametrize("page", ["guide", "annotate"])
def test_strokes_and_regions_outlast_whatever_becomes_of_the_file_and_are_shown_on_no_other_spots(
    samples_folder, ana, page
):
    file = samples_folder / "first.h5"
    lab.write(small_sample("first"), file)
    whole = file.read_bytes()
    (keep_strokes if page == "guide" else keep_annotation)(file, "Ana")
    [kept] = (samples_folder / "first.annotations").glob("*.json")
    drawn = kept.read_bytes()
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["sample"] = "first.h5"
    app = app.run().switch_page(f"pages/{page}.py").run()
    seen = given(app)["drawing"]["annotation"]
    assert seen
    for what, damage in DAMAGE.items():
        if what == "made a folder":
            file.unlink()
        damage(file)
        assert not app.run().exception, what
        shown = all_given(app)
        assert not any((one.get("drawing") or {}).get("annotation") == seen for one in shown), what
        assert kept.read_bytes() == drawn, what
        if file.is_dir():
            file.rmdir()
        file.write_bytes(whole)
        assert not app.run().exception, what
        assert given(app)["drawing"]["annotation"] == seen, what
