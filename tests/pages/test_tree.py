"""Journeys over the tree of domains on Tune, from `app.py`."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.method.pipeline import Pipeline
from core.params import preset
from tests.pages.conftest import APP
from tests.pages.test_views import choose, notes
from tests.small_tissue import small_sample

SLIDER, BRANCH = "widget:tree.cut", "widget:tree.branch"


@pytest.fixture
def app(samples_folder, monkeypatch):
    monkeypatch.setenv("SPCA_PRESET", "recommended")
    lab.write(small_sample("first", n_rows=40, n_layers=4), samples_folder / "first.h5")
    return choose(AppTest.from_file(APP, default_timeout=120).run(), "Tree")


def tree():
    return Pipeline(small_sample("first", n_rows=40, n_layers=4)).tree(preset("recommended", 4))


def test_the_slider_walks_from_two_domains_to_all_leaves_and_starts_at_the_result(app):
    slider = app.slider(SLIDER)
    assert (slider.min, slider.value, slider.max) == (2, 4, tree().n_leaves)
    assert "tree" not in app.query_params
    slider.set_value(3).run()
    assert not app.exception
    assert (app.query_params["tree"], app.query_params["chart"]) == ("3", "tree")
    assert app.number_input("widget:clustering.n_clusters").value == 4


def test_the_slider_is_told_its_number_of_domains_only_where_it_shows_another(app):
    # See `session.show_unless_shown`: a slider that is told what it shows loses a move of that moment.
    slider = app.slider(SLIDER).set_value(3).run().slider(SLIDER)
    assert (slider.value, slider.proto.set_value) == (3, False)


def test_the_number_of_the_cut_becomes_k_when_told(app):
    assert app.button("widget:tree as K").disabled
    app.slider(SLIDER).set_value(3).run()
    app.button("widget:tree as K").click().run()
    assert app.number_input("widget:clustering.n_clusters").value == 3
    assert app.slider(SLIDER).value == 3
    assert "tree" not in app.query_params


def test_a_chosen_branch_is_counted_and_offered_as_barcodes(app):
    assert "No spots are selected: click a branch" in notes(app)
    branches = app.selectbox(BRANCH).options
    assert {"Layer 1", "Layer 2", "Layer 3", "Layer 4"} <= set(branches)
    app.selectbox(BRANCH).select("Layer 2").run()
    sizes = np.bincount(tree().cut(4))
    counted = next(item.value for item in app.caption if "selected**. Tree:" in item.value)
    assert any(counted == f"**{size} spots selected**. Tree: {size} in Layer 2." for size in sizes)


def test_a_link_opens_the_tree_at_its_cut_and_says_what_it_cannot_open(app, samples_folder):
    other = AppTest.from_file(APP, default_timeout=120)
    other.query_params["sample"], other.query_params["chart"], other.query_params["tree"] = "first.h5", "tree", "2"
    assert other.run().slider(SLIDER).value == 2
    for wrong in ("1", "21", "two", "2" * 5000):
        other = AppTest.from_file(APP, default_timeout=120)
        other.query_params["sample"], other.query_params["tree"] = "first.h5", wrong
        other.run()
        assert not other.exception
        assert any("whole number from 2 to 20" in item.value for item in other.warning)


def test_a_link_opens_the_branch_that_is_chosen_and_says_which_one_it_cannot_open(app):
    app.selectbox(BRANCH).select("Layer 2").run()
    assert app.query_params["branch"] == "Layer 2"
    for named, chosen in (("Layer 2", "Layer 2"), ("Layer <b>9", None)):
        other = AppTest.from_file(APP, default_timeout=120)
        for entry, value in {"sample": "first.h5", "chart": "tree", "branch": named}.items():
            other.query_params[entry] = value
        other.run()
        assert not other.exception
        assert other.selectbox(BRANCH).value == chosen
        assert ("This tree has no branch" in notes(other)) == (chosen is None)
    assert "branch" not in choose(app, "Flow").query_params


def test_k_means_has_a_sentence_instead(app):
    app.selectbox("widget:clustering.read_out").select("kmeans").run()
    assert not app.exception
    assert any("single fit" in item.value for item in app.info)
    assert all(item.key != SLIDER for item in app.slider)
