"""Journeys inside a domain on Tune, from `app.py`."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.io.annotation_store import AnnotationStore
from tests.core.method.test_inside import halves
from tests.pages.conftest import APP
from tests.pages.test_views import choose, notes

DOMAIN, PARTS, DIRECTION = (f"widget:inside.{name}" for name in ("domain", "parts", "direction"))


@pytest.fixture
def app(samples_folder, monkeypatch):
    """Two layers, the lower of which has two halves; clustered into two."""
    monkeypatch.setenv("SPCA_PRESET", "recommended")
    lab.write(halves()[0], samples_folder / "halves.h5")
    app = AppTest.from_file(APP, default_timeout=120)
    app.run().number_input("widget:clustering.n_clusters").set_value(2).run()
    choose(app, "Inside")
    assert not app.exception
    return app


def kept(folder):
    store = AnnotationStore(folder / "halves.h5", lab.read(folder / "halves.h5"))
    return [entry.annotation for entry in store.entries()]


def split(app, name):
    app.selectbox(DOMAIN).select(name)
    app.selectbox(DIRECTION).select("off").run()
    app.button("widget:find parts").click().run()
    assert not app.exception


def test_a_domain_comes_apart_is_kept_as_an_annotation_and_joined_again(once_through_app, app, samples_folder):
    _, lower, right = halves()
    names = app.selectbox(DOMAIN).options
    assert len(names) == 2
    assert "No domain is clustered again yet" in notes(app)
    split(app, names[0])
    split(app, names[1])
    options = app.selectbox(DOMAIN).options
    assert options == [f"{name}{letter}" for name in names for letter in "ab"]
    next(item for item in app.text_input if item.label == "Name of the annotation").set_value("my halves")
    next(item for item in app.button if item.label == "Keep as annotation").click().run()
    assert any("my halves" in item.value for item in app.success)
    (annotation,) = kept(samples_folder)
    assert annotation.names == options
    assert annotation.source.startswith("domains of Recommended")
    assert annotation.source.endswith(f"inside {names[0]}, {names[1]}")
    # The lower layer's parts are its halves, but for spots beside the border, which are averaged over it.
    labels, columns = annotation.labels_true(), halves()[0].lattice[:, 1]
    away = lower & (np.abs(columns - 19.5) > 4)
    assert len(set(labels[away & right])) == len(set(labels[away & ~right])) == 1
    assert set(labels[away & right]) != set(labels[away & ~right])
    app.button("widget:undo parts").click().run()
    assert app.selectbox(DOMAIN).options == [*options[:2], names[1]]
    app.button("widget:undo parts").click().run()
    assert app.selectbox(DOMAIN).options == names
    assert app.button("widget:undo parts").disabled


def test_a_part_is_split_further_and_too_few_spots_have_a_sentence(app):
    name = app.selectbox(DOMAIN).options[0]
    split(app, name)
    split(app, f"{name}b")
    assert app.selectbox(DOMAIN).options[:3] == [f"{name}a", f"{name}b a", f"{name}b b"]
    app.number_input(PARTS).set_value(10)
    split(app, f"{name}b b")
    assert any(f"{name}b b has" in item.value and "10 parts need 300" in item.value for item in app.error)
    assert app.selectbox(DOMAIN).options[:3] == [f"{name}a", f"{name}b a", f"{name}b b"]


def test_another_partition_starts_without_parts(app):
    split(app, app.selectbox(DOMAIN).options[0])
    assert len(app.selectbox(DOMAIN).options) == 3
    app.number_input("widget:clustering.n_clusters").set_value(3).run()
    assert not app.exception
    assert "No domain is clustered again yet" in notes(app)


def test_the_papers_method_clusters_inside_a_domain_too(app):
    app.selectbox("widget:preset").select("paper").run()
    app.number_input("widget:clustering.n_clusters").set_value(2).run()
    split(app, app.selectbox(DOMAIN).options[0])
    assert len(app.selectbox(DOMAIN).options) == 3


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params.update(query)
    return app.run()


def test_a_link_shows_somebody_else_the_same_parts(app):
    names = app.selectbox(DOMAIN).options
    split(app, names[0])
    split(app, f"{names[0]}b")
    wanted = app.selectbox(DOMAIN).options
    query = dict(app.query_params.items())
    assert query["inside"] == f"{names[0]}:2:off|{names[0]}b:2:off"
    other = opened(**query)
    assert not other.exception
    assert other.selectbox(DOMAIN).options == wanted
    assert other.query_params["inside"] == query["inside"]
    assert not other.warning
    other.button("widget:undo parts").click().run()
    assert other.query_params["inside"] == f"{names[0]}:2:off"


@pytest.mark.parametrize("text", ["WM", "WM:1:off", "WM:2:sideways", "|".join(["WM:2:off"] * 21), "x" * 300 + ":2:off"])
def test_an_address_that_says_no_parts_is_told(app, text):
    query = dict(app.query_params.items())
    other = opened(**query | {"inside": text})
    assert not other.exception
    assert any("such as White matter:2:off" in item.value.replace("\\", "") for item in other.warning)
    assert "inside" not in other.query_params


def test_a_domain_that_the_address_names_and_that_is_not_here_is_told(app):
    query = dict(app.query_params.items())
    other = opened(**query | {"inside": "<b>Nowhere</b>%7C1:2:off"})
    assert not other.exception
    assert any("Nowhere" in item.value and "no such domain" in item.value for item in other.warning)
    assert "No domain is clustered again yet" in notes(other)
