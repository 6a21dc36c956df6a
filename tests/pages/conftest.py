"""A folder of small samples, and the app opened on it."""

import re
from pathlib import Path

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test

from core.io import lab
from tests.small_tissue import small_sample
from ui.data import user
from ui.tune import redraw

APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture(autouse=True)
def the_papers_preset_first(monkeypatch):
    """Most journeys turn the paper's knobs; what a server shows without this setting is in `test_first_picture.py`."""
    monkeypatch.setenv("SPCA_PRESET", "paper")


@pytest.fixture(autouse=True)
def whole_pages(monkeypatch):
    """Draw the whole page at once and at every move: `AppTest` knows only what its last run drew, and has no browser that would
    ask for the rest. Parts are tested in the browser."""
    monkeypatch.setattr(redraw, "alone", lambda *names: None)
    monkeypatch.setattr(redraw, "let_maps_be_drawn", lambda place: None)


def has_way_back(app, knob):
    """Whether Tune shows the button that undoes a knob: those without something to undo are hidden by a rule of style."""
    rules = (item.proto.body for item in app.get("html"))
    (rule,) = (text for text in rules if text.startswith(("<style>.st-key-widget-back-", "<style>nothing")))
    assert any(item.key == f"widget:back.{knob}" for item in app.button)
    return f".st-key-widget-back-{knob.replace('.', '-')}" not in re.split("[, ]+", rule.removeprefix("<style>"))


@pytest.fixture
def samples_folder(tmp_path, monkeypatch):
    """An empty folder of samples and one of models, which the app takes for its own."""
    folder, models = tmp_path / "samples", tmp_path / "models"
    folder.mkdir()
    models.mkdir()
    monkeypatch.setenv("SPCA_DATA", str(folder))
    monkeypatch.setenv("SPCA_MODELS", str(models))
    return folder


@pytest.fixture
def ana(monkeypatch):
    """Every browser says that it is Ana's. (Functions that modules import by name stay as they are: a module that is first imported
    by the test would keep a replaced one for good.)"""
    monkeypatch.setattr(user, "cookie", lambda: "Ana")


@pytest.fixture
def app(samples_folder):
    """The app on two small samples: `first` with 3 layers, `second` with 4."""
    lab.write(small_sample("first"), samples_folder / "first.h5")
    lab.write(small_sample("second", n_rows=20, n_layers=4), samples_folder / "second.h5")
    return AppTest.from_file(APP, default_timeout=120).run()


@pytest.fixture
def once_through_app(monkeypatch):
    """Run each page once, as a server does that has run `app.py` before.

    `AppTest` makes Streamlit forget that at every run: it then runs the page bare first, and a button's press is lost.
    """
    monkeypatch.setattr(PagesManager, "uses_pages_directory", False)
    monkeypatch.setattr(app_test, "PagesManager", type("Forgetful", (PagesManager,), {}))


def on_tissue(**query):
    """Open Tissue with these entries in its address."""
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    app = app.run().switch_page("pages/tissue.py").run()
    assert not app.exception
    return app
