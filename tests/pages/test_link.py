"""Addresses that carry settings, the history, the pin and what can be taken away, without a browser."""

import csv
import dataclasses
import io
import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given as cases
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core.errors import ParameterError
from core.io import lab
from core.io.export import labels_csv
from core.method import pipeline
from core.params import PRESETS, MethodParams, RefinementParams, preset, replaced
from tests.pages.conftest import has_way_back
from tests.tissue_view import given
from ui.shell import address as page_address
from ui.shell.session import Settings

APP = Path(__file__).resolve().parents[2] / "app.py"
ANGLE, DIRECTION = ("direction", "angle"), ("direction", "method")


def key(address):
    return f"widget:{address}"


def cards(app):
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def warnings(app):
    return " ".join(item.value.replace("\\", "") for item in app.warning)


def test_a_link_sets_every_knob_that_it_names_and_computes_with_them(app, samples_folder):
    linked = opened(
        sample="second.h5", preset="paper", window="3", angle="0.38", seed="7", n_clusters="4", refinement="1"
    )
    assert not linked.exception
    assert linked.selectbox(key("sample")).value == "second.h5"
    assert linked.slider(key("pooling.window")).value == 3
    assert linked.slider(key("direction.angle")).value == pytest.approx(math.degrees(0.38), abs=0.005)
    start = preset("paper", n_clusters=4)
    params = dataclasses.replace(
        start,
        pooling=dataclasses.replace(start.pooling, window=3),
        direction=dataclasses.replace(start.direction, method="manual", angle=0.38),
        clustering=dataclasses.replace(start.clustering, random_state=7),
        refinement=RefinementParams(rounds=1),
    )
    result = pipeline.run(lab.read(samples_folder / "second.h5"), params)
    assert cards(linked)["ARI"][0] == f"{result.scores.ari:.3f}"


def test_a_link_of_version_0_1_with_hops_opens_with_the_window_that_does_the_same(app):
    linked = opened(sample="second.h5", preset="recommended", hops="2")
    assert not warnings(linked)
    assert linked.slider(key("pooling.window")).value == 3
    assert linked.number_input(key("pooling.scale")).value == 1
    assert (linked.query_params["window"], "hops" in linked.query_params) == ("3", False)
    assert page_address.settings_of({"preset": "paper", "hops": "2"}) == (Settings(preset="paper"), [])


def test_the_address_that_a_session_writes_shows_another_session_the_same(app):
    app.slider(key("pooling.window")).set_value(2).run()
    app.number_input(key("clustering.x_weight")).set_value(0.25).run()
    app.selectbox(key("direction.method")).select("manual").run()
    app.slider(key("direction.angle")).set_value(-28.5).run()
    assert app.query_params["window"] == "2"
    assert app.query_params["x_weight"] == "0.25"
    assert app.query_params["angle"] == "-0.4974"
    assert "n_clusters" not in app.query_params
    other = opened(**dict(app.query_params.items()))
    assert cards(other)["ARI"] == cards(app)["ARI"]
    assert other.slider(key("direction.angle")).value == -28.5
    app.slider(key("pooling.window")).set_value(6).run()
    assert "window" not in app.query_params


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("window", "99", "window=99` in the address was ignored: `window` is 99, but must be between 0 and 40"),
        ("window", "3.5", "must be a whole number"),
        ("angle", "nan", "must be a finite number"),
        ("embedding", "<script>", "must be one of none, pca"),
        ("n_clusters", "1" * 5000, "was ignored"),
        ("os.system", "1", "there is no such knob"),
        ("preset", "best", "There is no preset `best`"),
        ("sample", "../../etc/passwd", "There is no sample ../../etc/passwd here"),
    ],
)
def test_what_an_address_asks_for_in_vain_is_said_and_the_rest_is_done(app, name, value, words):
    linked = opened(**{"seed": "5", name: value})
    assert not linked.exception
    assert not linked.error
    assert words in warnings(linked)
    assert linked.number_input(key("clustering.random_state")).value == 5
    assert linked.slider(key("pooling.window")).value == 6
    assert linked.query_params.get(name) in (None, "paper", "first.h5")


def test_the_sentence_about_the_address_goes_once_a_knob_is_moved(app):
    linked = opened(window="99")
    linked.number_input(key("clustering.n_clusters")).set_value(2).run()
    assert not linked.warning


def leaves(params, above=()):
    for item in dataclasses.fields(params):
        value = getattr(params, item.name)
        if dataclasses.is_dataclass(value):
            yield from leaves(value, (*above, item.name))
        else:
            yield (*above, item.name), item


def allowed(item):
    meta = item.metadata
    if meta["choices"]:
        return st.sampled_from(list(meta["choices"]))
    kind = st.integers if isinstance(item.default, int) else st.floats
    return kind(min_value=meta["min"], max_value=meta["max"])


@st.composite
def settings(draw):
    moved = draw(st.lists(st.sampled_from(list(leaves(MethodParams()))), unique_by=lambda leaf: leaf[0]))
    return Settings(draw(st.sampled_from(list(PRESETS))), {address: draw(allowed(item)) for address, item in moved})


def computed_with(chosen):
    params = preset(chosen.preset)
    for address, value in chosen.changes.items():
        params = replaced(params, address, value)
    # An angle counts only where the direction is set by hand.
    return params if params.direction.method == "manual" else replaced(params, ANGLE, 0.0)


@cases(settings())
def test_any_settings_survive_the_way_through_an_address(chosen):
    read, passed_over = page_address.settings_of(page_address.query_of(chosen))
    assert passed_over == []
    assert computed_with(read) == computed_with(chosen)


@cases(st.dictionaries(st.sampled_from(["window", "angle", "embedding", "seed", "preset", "x"]), st.text(max_size=30)))
def test_no_address_brings_settings_outside_their_limits(query):
    read, _ = page_address.settings_of(query)
    try:
        computed_with(read)
    except ParameterError:
        pytest.fail("An address brought a value that is refused.")


def test_back_and_forward_go_through_the_settings_tried(app):
    assert app.button(key("step.back")).disabled
    for window in (3, 4):
        app.slider(key("pooling.window")).set_value(window).run()
    before = cards(app)["ARI"]
    app.button(key("step.back")).click().run()
    assert app.slider(key("pooling.window")).value == 3
    assert app.query_params["window"] == "3"
    app.button(key("step.back")).click().run()
    assert app.slider(key("pooling.window")).value == 6
    assert app.button(key("step.back")).disabled
    app.button(key("step.forward")).click().run()
    app.button(key("step.forward")).click().run()
    assert (app.slider(key("pooling.window")).value, cards(app)["ARI"]) == (4, before)
    assert app.button(key("step.forward")).disabled


def test_the_browsers_own_back_brings_the_settings_of_that_address(app):
    app.slider(key("pooling.window")).set_value(3).run()
    app.slider(key("pooling.window")).set_value(4).run()
    app.query_params["window"] = "3"  # as the browser sends it
    app.run()
    assert app.slider(key("pooling.window")).value == 3


def test_an_address_that_asks_for_the_same_settings_adds_nothing_to_the_history(app):
    app.selectbox(key("direction.method")).select("manual").run()
    app.slider(key("direction.angle")).set_value(-28.5).run()
    app.selectbox(key("direction.method")).select("off").run()  # of the angle the address now says nothing
    app.switch_page("pages/tissue.py").run()
    app.query_params["show"] = "counts"  # as the browser sends it
    app.run()
    assert app.button_group(key("view kind")).value == "counts"
    app.switch_page("pages/tune.py").run()
    app.button(key("step.back")).click().run()
    assert app.selectbox(key("direction.method")).value == "manual"
    assert app.slider(key("direction.angle")).value == -28.5


def test_cards_say_how_a_result_differs_from_the_pinned_one(app):
    pinned = float(cards(app)["ARI"][0])
    app.button(key("pin")).click().run()
    assert cards(app)["ARI"][1] == "+0.000"
    app.number_input(key("clustering.n_clusters")).set_value(2).run()
    value, change = cards(app)["ARI"]
    assert float(change) == pytest.approx(float(value) - pinned, abs=0.0011)
    assert all(metric.delta for metric in app.metric)
    app.selectbox(key("sample")).select("second.h5").run()
    assert app.button(key("pin")).label == "Pin"
    assert cards(app)["ARI"][1] != "+0.000"


def test_the_pinned_map_stands_beside_the_predicted_one_on_demand(app):
    assert app.toggle(key("compare")).disabled
    app.button(key("pin")).click().run()
    app.number_input(key("clustering.n_clusters")).set_value(2).run()
    app.toggle(key("compare")).set_value(True).run()
    assert [item["title"] for item in given(app)["maps"]] == ["Predicted", "Pinned", "Annotated"]
    predicted, pinned, _ = given(app)["maps"]
    assert (len(set(predicted["labels"])), len(set(pinned["labels"]))) == (2, 3)
    app.button(key("step.back")).click().run()
    app.button(key("pin")).click().run()
    assert [item["title"] for item in given(app)["maps"]] == ["Predicted", "Annotated"]


def test_labels_are_taken_away_as_the_command_line_writes_them(app, samples_folder):
    sample = lab.read(samples_folder / "first.h5")
    result = pipeline.run(sample, preset("paper", n_clusters=3))
    rows = list(csv.DictReader(io.StringIO(labels_csv(sample, result))))
    assert [row["spot"] for row in rows] == [str(spot) for spot in range(192)]
    assert [int(row["cluster"]) for row in rows] == result.labels.tolist()
    assert {button.proto.label for button in app.get("download_button")} >= {"Labels as CSV", "Maps as SVG"}


def test_a_name_in_the_legend_has_one_colour_in_the_pinned_map_too(app):
    app.number_input(key("clustering.n_clusters")).set_value(6).run()
    app.button(key("pin")).click().run()
    app.number_input(key("clustering.n_clusters")).set_value(5).run()
    app.toggle(key("compare")).set_value(True).run()
    predicted, pinned, annotated = (dict(zip(one["names"], one["colours"], strict=True)) for one in given(app)["maps"])
    assert any(name.startswith("Domain") for name in pinned)
    for one, other in itertools.combinations((predicted, pinned, annotated), 2):
        assert all(one[name] == other[name] for name in one.keys() & other.keys())


def test_a_link_shows_the_pinned_result_the_comparison_and_the_chart(app):
    app.slider(key("pooling.window")).set_value(2).run()
    app.selectbox(key("direction.method")).select("manual").run()
    app.button(key("pin")).click().run()
    app.toggle(key("compare")).set_value(True).run()
    app.slider(key("pooling.window")).set_value(6).run()
    app.segmented_control(key("chart")).set_value("Flow").run()
    query = dict(app.query_params.items())
    assert (query["pin"].split(",")[:2], query["compare"], query["chart"]) == (["paper", "window=2"], "1", "flow")
    other = opened(**query)
    assert not other.exception
    assert not other.warning
    assert other.segmented_control(key("chart")).value == "Flow"
    assert other.toggle(key("compare")).value is True
    assert cards(other) == cards(app)  # each with its change against the pinned result
    assert [item["title"] for item in given(other)["maps"]] == ["Predicted", "Pinned", "Annotated"]
    assert dict(other.query_params.items()) == query
    app.button(key("pin")).click().run()
    app.button(key("pin")).click().run()
    assert "pin" not in app.query_params


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"pin": "paper,window=99"}, "window=99` in the address was ignored"),
        ({"pin": "best"}, "There is no preset `best`"),
        ({"chart": "pie"}, "chart=pie` in the address was ignored"),
    ],
)
def test_what_a_link_asks_of_pin_and_chart_in_vain_is_said(app, query, words):
    linked = opened(**query)
    assert not linked.exception
    assert words in warnings(linked)


def test_an_angle_from_a_link_has_the_default_that_choosing_by_hand_on_the_page_starts_from(app):
    app.selectbox(key("direction.method")).select("manual").run()
    on_page = app.slider(key("direction.angle"))
    linked = opened(preset="paper", angle="1.2")
    assert "default 0°" not in linked.slider(key("direction.angle")).label  # nothing false is said before it is known
    angle = linked.run().slider(key("direction.angle"))
    assert not linked.exception
    assert angle.label == on_page.label
    assert "default 0°" not in angle.label
    linked.button(key("back.direction.angle")).click().run()
    assert linked.slider(key("direction.angle")).value == on_page.value
    assert not has_way_back(linked, "direction.angle")
