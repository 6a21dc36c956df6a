"""Journeys over the advice and the charts below the maps of Tune, from `app.py`."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.figures import export
from core.io import lab_h5
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from ui import compute, views

CHART = "widget:chart"


def spec(app, place=-1):
    return json.loads(app.get("plotly_chart")[place].proto.spec)


def above(app, place=-1):
    return " ".join(note["text"] for note in spec(app, place)["layout"]["annotations"])


def notes(app):
    return " ".join(item.value for item in app.caption)


def choose(app, name):
    app.button_group(CHART).set_value(name).run()
    assert not app.exception
    return app


def test_at_first_the_depth_profile_and_the_shares_are_shown(app):
    assert "Position" in above(app, 0)
    assert "Predicted along depth" in above(app)
    assert spec(app)["layout"]["height"] == 220
    assert app.button_group(CHART).value == "Depth profile"


@pytest.mark.parametrize(("name", "kind"), [("Confusion", "heatmap"), ("Flow", "sankey")])
def test_a_chosen_chart_takes_the_place_of_the_one_before(app, name, kind):
    n_charts = len(app.get("plotly_chart"))
    choose(app, name)
    assert spec(app)["data"][0]["type"] == kind
    assert len(app.get("plotly_chart")) == n_charts


def test_hidden_charts_cost_nothing(app, monkeypatch):
    for name in ("confusion", "flow", "repeats", "three_runs"):
        monkeypatch.setattr(views, name, lambda *args, **kwargs: pytest.fail("drawn though hidden"))
    app.number_input("widget:clustering.x_weight").set_value(0.3).run()
    assert not app.exception


def test_repeats_wait_for_a_click_and_for_another_after_a_knob_moved(app, monkeypatch):
    choose(app, "Repeats")
    app.button("widget:repeat").click().run()
    assert f"Scores of {views.N_REPEATS} starts" in above(app)
    assert not [item for item in app.button if item.key == "widget:repeat"]
    app.number_input("widget:clustering.n_clusters").set_value(3).run()
    monkeypatch.setattr(compute, "start", lambda *args: pytest.fail("nothing may run before the click"))
    assert not app.button("widget:repeat").disabled


def test_three_runs_take_the_next_seeds(app):
    app.number_input("widget:clustering.random_state").set_value(4).run()
    choose(app, "Three runs")
    assert [f"Seed {seed}" in above(app) for seed in (3, 4, 5, 6, 7)] == [False, True, True, True, False]


def test_without_an_annotation_tables_say_why_they_are_empty_and_the_others_are_drawn(samples_folder):
    lab_h5.write(small_sample("bare", annotated=False), samples_folder / "bare.h5")
    app = AppTest.from_file(APP, default_timeout=120).run()
    assert "Predicted along depth" in above(app)
    for name in ("Confusion", "Flow"):
        assert "no annotation" in choose(app, name).info[0].value
    assert "Seed 2" in above(choose(app, "Three runs"))


def test_without_a_direction_depth_is_taken_from_expression_and_said_so(app):
    app.selectbox("widget:direction.method").select("off").run()
    assert not app.exception
    assert "found from expression" in notes(app)


def test_advice_follows_the_knobs(app):
    app.number_input("widget:clustering.x_weight").set_value(0.0).run()
    assert "Position drowns expression" in notes(app)
    app.number_input("widget:clustering.x_weight").set_value(1000.0).run()
    assert "Expression drowns position" in notes(app)
    app.number_input("widget:clustering.n_clusters").set_value(9).run()
    assert "9 clusters for 3 annotated layers" in notes(app)


def test_each_chart_is_offered_in_three_formats(app):
    labels = [item.label for item in app.get("download_button")]
    assert {"PNG", "SVG", "HTML"} <= set(labels)


@pytest.mark.parametrize("kind", ["PNG", "SVG"])
def test_without_a_browser_on_the_server_pictures_are_refused_with_a_sentence_and_the_rest_goes_on(
    app, monkeypatch, kind
):
    monkeypatch.setattr(export.Chromium, "find_browser", lambda **kwargs: None)
    app.run()
    assert not app.exception
    assert all("none was found. Install one" in item.value for item in app.warning)
    buttons = [item for item in app.get("download_button") if item.proto.label.endswith(kind)]
    assert len(buttons) == len(app.warning) == 2
    assert all(item.proto.disabled for item in buttons)
    others = [item for item in app.get("download_button") if item.proto.label.endswith(("HTML", "CSV"))]
    assert len(others) == 3
    assert not any(item.proto.disabled for item in others)
