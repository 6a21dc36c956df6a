"""Journeys over the advice and the charts below the maps of Tune, from `app.py`."""

import dataclasses
import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import LimitError
from core.io import lab
from core.work.board.board import JobStatus, shared_board
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from ui.data import compute, jobs
from ui.tune import views

CHART = "widget:chart"


def spec(app, index=-1):
    return json.loads(app.get("plotly_chart")[index].proto.spec)


def above(app, index=-1):
    return " ".join(note["text"] for note in spec(app, index)["layout"]["annotations"])


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


def test_below_the_depth_profile_stands_the_thickness_of_domains_beside_that_of_layers(app):
    predicted, annotated = (item.value for item in app.table)
    assert predicted.columns.tolist() == ["Predicted", "Thickness", "Ways"]
    assert annotated["Annotated"].tolist() == ["Layer 1", "Layer 2", "Layer 3"]
    # Layer 2 of `small_tissue` lies between the others; those go on beyond the tissue.
    assert annotated["Thickness"][0] == annotated["Thickness"][2] == "unknown"
    assert re.fullmatch(r"\d+ µm \(\d+ to \d+\)", annotated["Thickness"][1])
    assert "This table as CSV" in {item.proto.label for item in app.get("download_button")}
    choose(app, "Confusion")
    assert not app.table


def test_where_the_unit_is_unknown_profile_and_thickness_say_units(samples_folder):
    plain = small_sample("bare")
    cells = dataclasses.replace(plain, lattice=None, coords_um=plain.tissue_um[:, ::-1], unit_known=False)
    lab.write(cells, samples_folder / "bare.h5")
    app = AppTest.from_file(APP, default_timeout=120).run()
    assert spec(app)["layout"]["xaxis"]["ticksuffix"] == " units"
    assert "units of the file" in notes(app)
    assert " units (" in app.table[1].value["Thickness"][1]


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


def repeat_button(app):
    return next((item for item in app.button if item.key == "widget:repeat"), None)


def choose_repeats(app, seed):
    """Choose the repeats; tests take seeds of their own, since all share one board."""
    app.number_input("widget:clustering.random_state").set_value(seed).run()
    return choose(app, "Repeats")


def press_repeat(app, seed):
    """Press the button of the repeats, and look up their job."""
    repeat_button(choose_repeats(app, seed)).click().run()
    assert not app.exception
    return shared_board().jobs()[-1]


@pytest.fixture
def endless(monkeypatch):
    """Repeats that take minutes."""
    monkeypatch.setattr(views, "N_REPEATS", 100_000)


def test_repeats_wait_for_a_click_run_in_the_background_and_wait_for_another_after_a_knob_moved(app, monkeypatch):
    monkeypatch.setattr(compute, "start", lambda *args: pytest.fail("the page may not wait for repeats"))
    job = press_repeat(app, 101)
    assert shared_board().wait(job.id, 240)
    app.run()
    assert f"Scores of {views.N_REPEATS} starts" in above(app)
    assert repeat_button(app) is None
    app.number_input("widget:clustering.n_clusters").set_value(4).run()
    assert not repeat_button(app).disabled


def test_done_repeats_are_found_again_by_another_session(app):
    job = press_repeat(app, 102)
    assert shared_board().wait(job.id, 240)
    other = choose_repeats(AppTest.from_file(APP, default_timeout=120).run(), 102)
    assert f"Scores of {views.N_REPEATS} starts" in above(other)
    assert shared_board().jobs()[-1].id == job.id


def test_repeats_under_way_say_how_far_they_are_end_on_cancel_and_are_offered_again(app, endless):
    job = press_repeat(app, 103)
    assert repeat_button(app) is None
    assert "left" in notes(app)
    app.button("widget:cancel repeat").click().run()
    assert shared_board().job(job.id).status is JobStatus.CANCELLED
    assert "The last repeats were cancelled." in notes(app)
    assert not repeat_button(app).disabled


def test_repeats_that_fail_say_why_and_are_offered_again(app, samples_folder):
    choose_repeats(app, 104)
    (samples_folder / "first.h5").write_bytes((samples_folder / "second.h5").read_bytes())
    repeat_button(app).click().run()
    assert shared_board().wait(shared_board().jobs()[-1].id, 240)
    lab.write(small_sample("first"), samples_folder / "first.h5")
    choose(app.run(), "Repeats")
    assert "changed on the disk" in app.error[0].value
    assert not repeat_button(app).disabled


def test_confidence_is_drawn_for_a_consensus_and_explained_where_there_is_one_fit(app):
    assert "single fit" in choose(app, "Confidence").info[0].value
    app.selectbox("widget:clustering.read_out").select("mixture").run()
    assert "How often each spot keeps its domain" in above(app)
    assert not app.info


def test_how_many_waits_for_a_click_shows_the_curve_and_takes_its_number_only_when_told(app):
    app.number_input("widget:clustering.random_state").set_value(105).run()
    choose(app, "How many").button("widget:try numbers").click().run()
    assert shared_board().wait(shared_board().jobs()[-1].id, 120)
    app.run()
    curve = shared_board().jobs()[-1].result
    assert curve.reason.split(":")[0] in notes(app)
    before = app.number_input("widget:clustering.n_clusters").value
    assert before == 3
    if curve.suggested is not None:
        app.button("widget:take number").click().run()
        assert app.number_input("widget:clustering.n_clusters").value == curve.suggested


def test_three_runs_take_the_next_seeds(app):
    app.number_input("widget:clustering.random_state").set_value(4).run()
    choose(app, "Three runs")
    assert [f"Seed {seed}" in above(app) for seed in (3, 4, 5, 6, 7)] == [False, True, True, True, False]


def test_without_an_annotation_tables_say_why_they_are_empty_and_the_others_are_drawn(samples_folder):
    lab.write(small_sample("bare", annotated=False), samples_folder / "bare.h5")
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
    monkeypatch.setattr("core.figures.export.Chromium.find_browser", lambda **kwargs: None)
    app.run()
    assert not app.exception
    assert all("none was found. Install one" in item.value for item in app.warning)
    buttons = [item for item in app.get("download_button") if item.proto.label.endswith(kind)]
    assert len(buttons) == len(app.warning) == 2
    assert all(item.proto.disabled for item in buttons)
    others = [item for item in app.get("download_button") if item.proto.label.endswith(("HTML", "CSV"))]
    assert len(others) == 5  # maps, labels and thickness in Export; the chart, and the table below it
    assert not any(item.proto.disabled for item in others)


@pytest.mark.parametrize(
    ("chart", "button", "asks"),
    [
        ("Repeats", "repeat", "repeat"),
        ("How many", "try numbers", "try_numbers"),
        ("Markers", "markers", "find_markers"),
    ],
)
def test_a_full_board_refuses_each_job_below_the_maps_in_a_sentence(app, monkeypatch, chart, button, asks):
    def refuse(*args):
        raise LimitError("Ada has 8 jobs waiting: wait for one of them.")

    app.number_input("widget:clustering.random_state").set_value(917).run()
    choose(app, chart)
    monkeypatch.setattr(jobs, asks, refuse)
    app.button(f"widget:{button}").click().run()
    assert not app.exception
    assert any("Ada has 8 jobs waiting" in error.value for error in app.error)
