"""Files in the folder of samples whose names are no text, or hold signs for terminals: pages say so, and all others are as usable."""

import os
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from tests.pages.conftest import APP
from tests.small_tissue import small_sample

PAGES = sorted(path.stem for path in (APP.parent / "pages").glob("[a-z]*.py"))


def in_bytes(folder, name):
    """A path as the system takes it, with bytes that are no UTF-8."""
    return os.path.join(os.fsencode(folder), name)


@pytest.fixture
def samples(samples_folder):
    lab.write(small_sample("first"), path := samples_folder / "first.h5")
    for name in (b"bad\xff.h5", b"a\nb\x1b[31m.h5"):
        shutil.copy(os.fsencode(path), in_bytes(samples_folder, name))
    os.mkdir(in_bytes(samples_folder, b"bad\xff.annotations"))
    return samples_folder


@pytest.mark.parametrize("page", PAGES)
def test_a_name_that_is_no_text_stops_no_page(samples, page):
    app = AppTest.from_file(APP, default_timeout=120).run()
    if page != "tune":
        app.switch_page(f"pages/{page}.py").run()
    assert not app.exception


def test_it_is_told_and_the_other_samples_are_there(samples):
    app = AppTest.from_file(APP, default_timeout=120).run()
    assert "bad?.h5 is not written in UTF-8" in " ".join(item.value for item in app.warning)
    assert app.selectbox("widget:sample").options == ["a?b?[31m", "first"]


def test_folders_of_the_server_offer_only_what_can_be_named(samples, tmp_path, monkeypatch):
    (root := tmp_path / "root").mkdir()
    shutil.copy(samples / "first.h5", root)
    shutil.copy(os.fsencode(samples / "first.h5"), in_bytes(root, b"bad\xff.h5"))
    monkeypatch.setenv("SPCA_ROOTS", str(root))
    app = AppTest.from_file(APP, default_timeout=120).run().switch_page("pages/add_data.py").run()
    app.segmented_control("widget:way in").set_value("server").run()
    assert not app.exception
    assert next(item for item in app.selectbox if item.label.startswith("In ")).options == ["first.h5"]
