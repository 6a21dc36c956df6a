"""Journeys over the Method page, from `app.py`, without a browser."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.method import early_steps
from tests.pages.conftest import APP
from tests.small_tissue import small_sample


@pytest.fixture
def page(app):
    return app.switch_page("pages/method.py").run()


def key(*parts):
    return "widget:method." + ".".join(parts)


def headings(page, lesson):
    notes = json.loads(page.get("plotly_chart")[lesson].proto.spec)["layout"]["annotations"]
    return [note["text"].split("</b>")[0].removeprefix("<b>") for note in notes]


def words(page, lesson):
    return " ".join(
        note["text"] for note in json.loads(page.get("plotly_chart")[lesson].proto.spec)["layout"]["annotations"]
    )


def test_the_page_draws_a_figure_for_each_of_the_four_steps(page):
    assert not page.exception
    assert not page.error
    assert [item.value.split(".")[0] for item in page.subheader] == ["1", "2", "3", "4"]
    assert headings(page, 0)[2:] == ["Clusters, unpooled", "Clusters, pooled"]
    assert headings(page, 1) == ["X weight 0.1", "X weight 2", "X weight 5", "X weight 20"]
    assert headings(page, 2) == ["Without direction", "With direction", "Annotated"]
    assert headings(page, 3) == ["Annotated", "Seed 0", "Seed 1", "Seed 2"]


def test_each_knob_changes_its_own_figure_and_no_other(page):
    knobs = [
        (0, page.slider(key("window")), 2),
        (0, page.selectbox(key("gene", "first")), 7),
        (1, page.number_input(key("weight")), 0.5),
        (2, page.slider(key("angle", "first")), 44.0),
        (3, page.number_input(key("seed")), 5),
    ]
    for lesson, knob, value in knobs:
        before = [chart.proto.spec for chart in page.get("plotly_chart")]
        knob.set_value(value).run()
        after = [chart.proto.spec for chart in page.get("plotly_chart")]
        assert not page.exception
        assert [old != new for old, new in zip(before, after, strict=True)] == [index == lesson for index in range(4)]
    assert headings(page, 0)[:2] == ["Gene 7, counted", "Gene 7, pooled"]
    assert headings(page, 1)[0] == "X weight 0.5"
    assert headings(page, 3)[1:] == ["Seed 5", "Seed 6", "Seed 7"]


def test_late_knobs_never_pool_again(page, monkeypatch):
    monkeypatch.setattr(early_steps, "pool_window", lambda *args: pytest.fail("pooled again"))
    page.number_input(key("weight")).set_value(3.0).run()
    page.number_input(key("seed")).set_value(9).run()
    assert not page.exception


def test_without_an_annotation_the_figures_are_drawn_and_nothing_is_scored(samples_folder):
    lab.write(small_sample("bare", annotated=False), samples_folder / "bare.h5")
    page = AppTest.from_file(APP, default_timeout=120).run().switch_page("pages/method.py").run()
    assert not page.exception
    assert headings(page, 3) == ["Seed 0", "Seed 1", "Seed 2"]
    assert "ARI" not in words(page, 1) + words(page, 2) + words(page, 3)


def test_an_empty_folder_says_what_to_do(samples_folder):
    page = AppTest.from_file(APP, default_timeout=120).run().switch_page("pages/method.py").run()
    assert not page.exception
    assert "python -m core fetch paste2" in page.info[0].value
