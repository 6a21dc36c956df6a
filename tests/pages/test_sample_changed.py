"""A sample whose file is deleted, cut off, emptied or replaced while people look at it."""

import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from tests.pages.conftest import APP
from tests.small_tissue import small_sample

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
