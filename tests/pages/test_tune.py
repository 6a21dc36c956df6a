"""Journeys over the first page, from `app.py`, without a browser."""

import dataclasses
import math
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.averaging import chosen_in_words
from core.io import lab
from core.method import early_steps, pipeline
from core.params import preset
from tests.pages.conftest import has_way_back
from tests.small_tissue import small_sample
from tests.tissue_view import given
from ui.shell import session

APP = Path(__file__).resolve().parents[2] / "app.py"
LATE = ["clustering.x_weight", "clustering.n_clusters", "clustering.random_state", "clustering.n_init"]


def new_app():
    return AppTest.from_file(APP, default_timeout=120)


def key(address):
    return f"widget:{address}"


def titles(app):
    return [item["title"] for item in given(app)["maps"]]


def cards(app):
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def captions(app):
    return [item.value for item in app.caption]


def badges(app):
    return " ".join(item.value for item in app.markdown)


def expected(app_folder, name, params):
    return pipeline.run(lab.read(app_folder / f"{name}.h5"), params)


def test_opening_the_page_shows_predicted_beside_annotated_with_scores(app, samples_folder):
    assert not app.exception
    assert not app.error
    assert titles(app) == ["Predicted", "Annotated"]
    result = expected(samples_folder, "first", preset("paper", n_clusters=3))
    assert cards(app)["ARI"] == (f"{result.scores.ari:.3f}", f"{result.scores.ari_all:.3f}")
    assert cards(app)["NMI"] == (f"{result.scores.nmi:.3f}", f"{result.scores.nmi_all:.3f}")
    assert cards(app)["Direction"][0] == f"{math.degrees(result.direction.angle):.1f}°"
    assert cards(app)["PAS"] == (f"{result.scores.pas:.1%}", f"{result.scores.chaos:.4f}")
    assert cards(app)["Stability"] == ("–", f"{result.scores.smallest_share:.1%}")


@pytest.mark.parametrize("name", ["paper", "paper-ae"])
def test_every_control_shows_what_the_preset_says(app, name):
    app.selectbox(key("preset")).select(name).run()
    params = preset(name, n_clusters=3)
    assert app.slider(key("pooling.window")).value == params.pooling.window
    assert app.number_input(key("pooling.scale")).value == params.pooling.scale
    assert app.selectbox(key("embedding.kind")).value == params.embedding.kind
    assert app.selectbox(key("direction.method")).value == params.direction.method
    for address in LATE:
        assert app.number_input(key(address)).value == getattr(params.clustering, address.split(".")[1])
    assert not app.exception


def test_the_recommended_preset_shows_its_own_controls_and_hides_those_that_play_no_part(app, samples_folder):
    n_layers = len(lab.read(samples_folder / "first.h5").layer_names)
    params = preset("recommended", n_clusters=n_layers)
    app.selectbox(key("preset")).select("recommended").run()
    assert not app.exception
    assert app.slider(key("pooling.window")).value == params.pooling.window == 0
    assert app.number_input(key("embedding.n_components")).value == params.embedding.n_components
    assert app.selectbox(key("clustering.read_out")).value == "mixture"
    assert app.slider(key("refinement.rounds")).value == params.refinement.rounds == 0
    assert app.number_input(key("clustering.n_clusters")).value == n_layers
    assert app.number_input(key("pooling.scale")).value == app.number_input(key("clustering.x_weight")).value == 1
    assert app.slider(key("direction.degree")).value == 3
    shown = {widget.key for widget in (*app.slider, *app.number_input)}
    assert not shown & {key(hidden) for hidden in ("clustering.n_init", "clustering.max_iter", "direction.angle")}
    assert cards(app)["ARI"][0] == f"{expected(samples_folder, 'first', params).scores.ari:.3f}"
    assert cards(app)["Direction"][0] == "Bending"  # the layers of this tissue are plain
    captions = [caption.value for caption in app.caption]
    found = expected(samples_folder, "first", params)
    assert f"Found for this tissue: {found.averaging.window}" in captions  # already where the page opens
    assert chosen_in_words(found.averaging, found.direction) in captions
    app.slider(key("pooling.window")).set_value(2).run()
    by_hand = " ".join(caption.value for caption in app.caption)
    assert "Found for this tissue" not in by_hand
    assert "averaged over" not in by_hand


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("clustering.x_weight", 0.01),
        ("clustering.n_clusters", 2),
        ("clustering.random_state", 3),
        ("clustering.n_init", 5),
        ("clustering.max_iter", 1),
        ("pooling.scale", 0.5),
        ("pooling.window", 1),
        ("embedding.kind", "pca"),
        ("clustering.init", "k-means++"),
        ("direction.method", "off"),
        ("direction.method", "expression"),
    ],
)
def test_moving_a_knob_computes_with_that_value_and_back_returns(app, samples_folder, address, value):
    step, name = address.split(".")
    before = preset("paper", n_clusters=3)
    if address == "embedding.kind":
        app.selectbox(key(address)).select(value)
        app.run()
        app.number_input(key("embedding.n_components")).set_value(5)
        params = dataclasses.replace(
            before, embedding=dataclasses.replace(before.embedding, kind="pca", n_components=5)
        )
    else:
        widget = next(
            item
            for kind in ("slider", "number_input", "selectbox")
            for item in app.get(kind)
            if item.key == key(address)
        )
        widget.set_value(value)
        params = dataclasses.replace(before, **{step: dataclasses.replace(getattr(before, step), **{name: value})})
    app.run()
    result = expected(samples_folder, "first", params)
    assert not app.exception
    assert cards(app)["ARI"][0] == f"{result.scores.ari:.3f}"
    assert cards(app)["Direction"][0] == (
        "Off" if result.direction is None else f"{math.degrees(result.direction.angle):.1f}°"
    )
    assert has_way_back(app, address)
    app.button(key(f"back.{address}")).click().run()
    assert not has_way_back(app, address)


def test_going_on_by_hand_starts_from_the_direction_that_was_found(app):
    found = cards(app)["Direction"][0]
    app.selectbox(key("direction.method")).select("manual").run()
    assert f"{app.slider(key('direction.angle')).value:.1f}°" == found
    assert cards(app)["Direction"] == (found, "by hand")


def test_going_on_by_hand_never_starts_from_a_direction_that_was_found_on_another_sample(app):
    assert cards(app)["Direction"][0] != "0.0°"
    app.selectbox(key("direction.method")).select("off").run()
    app.selectbox(key("sample")).select("second.h5").run()
    app.selectbox(key("direction.method")).select("manual").run()
    assert app.slider(key("direction.angle")).value == 0.0


def test_a_direction_by_hand_is_drawn_as_an_arrow_in_the_recommended_preset_too(app):
    app.selectbox(key("preset")).select("recommended").run()
    assert given(app)["maps"][0]["arrow"] is None
    app.selectbox(key("direction.method")).select("manual").run()
    before = given(app)["maps"][0]
    app.slider(key("direction.angle")).set_value(50.0).run()
    turned = given(app)["maps"][0]
    assert turned["arrow"] is not None
    assert turned["arrow"] != before["arrow"]


def test_the_arrow_turns_with_the_angle(app):
    app.selectbox(key("direction.method")).select("manual").run()
    drawn = given(app)["maps"][0]["arrow"]
    app.slider(key("direction.angle")).set_value(71.5).run()
    assert cards(app)["Direction"][0] == "71.5°"
    assert given(app)["maps"][0]["arrow"] != drawn


def test_the_reset_beside_the_preset_puts_all_knobs_back(app):
    app.number_input(key("clustering.n_clusters")).set_value(2).run()
    app.slider(key("pooling.window")).set_value(2).run()
    assert "2 knobs moved" in captions(app)
    undone = "preset", "pooling.window", "clustering.n_clusters"
    assert [has_way_back(app, name) for name in (*undone, "clustering.random_state")] == [True, True, True, False]
    app.button(key("back.preset")).click().run()
    assert "Unchanged" in captions(app)
    assert not any(has_way_back(app, name) for name in undone)
    assert (app.number_input(key("clustering.n_clusters")).value, app.slider(key("pooling.window")).value) == (3, 6)


def test_a_slider_is_told_only_what_it_does_not_show(app):
    # A slider that is told its value in the moment in which it is moved again stays there, and the move is lost.
    window = app.slider(key("pooling.window")).set_value(2).run().slider(key("pooling.window"))
    assert (window.value, window.proto.set_value) == (2, False)
    window = app.button(key("back.pooling.window")).click().run().slider(key("pooling.window"))
    assert (window.value, window.proto.set_value) == (6, True)


def test_a_number_is_told_only_where_its_field_shows_another(app):
    clusters = (
        app.number_input(key("clustering.n_clusters")).set_value(4).run().number_input(key("clustering.n_clusters"))
    )
    assert (clusters.value, clusters.proto.set_value) == (4, False)
    clusters = (
        app.number_input(key("clustering.n_clusters")).set_value(-1).run().number_input(key("clustering.n_clusters"))
    )
    assert (clusters.value, clusters.proto.set_value) == (4, True)


def test_every_page_with_a_preset_says_below_it_how_many_knobs_are_moved(app):
    for page in ("tune", "sweep", "guide"):
        app.switch_page(f"pages/{page}.py").run()
        assert app.selectbox(key("preset")).label == "Preset"
        assert "Unchanged" in captions(app), page


def test_another_sample_brings_its_own_number_of_clusters_and_keeps_moved_knobs(app):
    app.slider(key("pooling.window")).set_value(3).run()
    app.selectbox(key("sample")).select("second.h5").run()
    assert app.number_input(key("clustering.n_clusters")).value == 4
    assert app.slider(key("pooling.window")).value == 3
    assert app.query_params["sample"] == "second.h5"
    assert not app.exception


def test_an_address_with_a_sample_opens_on_it_and_one_unknown_is_passed_over(app):
    for asked, shown in (("second.h5", "second.h5"), ("../../etc/passwd", "first.h5")):
        other = new_app()
        other.query_params["sample"] = asked
        assert other.run().selectbox(key("sample")).value == shown


def test_late_knobs_never_pool_again(app, monkeypatch):
    calls = []
    monkeypatch.setattr(early_steps, "pool_window", lambda *args: calls.append(args))
    for address in LATE[:3]:
        app.number_input(key(address)).set_value(2).run()
    app.selectbox(key("direction.method")).select("manual").run()
    app.slider(key("direction.angle")).set_value(30.0).run()
    assert not app.exception
    assert calls == []


def test_a_damaged_file_is_named_and_the_others_work(app, samples_folder):
    (samples_folder / "broken.h5").write_bytes(b"not HDF5")
    app.run()
    assert not app.exception
    assert "broken.h5" in app.warning[0].value
    assert app.selectbox(key("sample")).options == ["first", "second"]
    assert titles(app)[-1] == "Annotated"


def test_a_file_with_bad_counts_is_told_when_it_is_chosen_and_another_can_be_chosen(app, samples_folder):
    shutil.copy(samples_folder / "first.h5", samples_folder / "nan.h5")
    with h5py.File(samples_folder / "nan.h5", "r+") as file:
        file["X"][0, 0] = np.nan
    app.run()
    app.selectbox(key("sample")).select("nan.h5").run()
    assert not app.exception
    assert "not finite" in app.error[0].value
    app.selectbox(key("sample")).select("first.h5").run()
    assert not app.error


def test_a_run_that_fails_is_told_in_the_place_of_its_map_and_the_next_one_is_shown(app, samples_folder):
    lab.write(small_sample("few", n_rows=3), samples_folder / "few.h5")  # 36 spots
    app.run()
    app.selectbox(key("sample")).select("few.h5").run()
    app.number_input(key("clustering.n_clusters")).set_value(50).run()
    assert not app.exception
    assert not app.error
    predicted, annotated = given(app)["maps"]
    assert predicted["message"] == "50 clusters were asked for, but the sample has 36 spots."
    assert predicted["message"] in predicted["description"]
    assert annotated["title"] == "Annotated"
    assert cards(app)["ARI"] == ("–", "–")
    app.number_input(key("clustering.n_clusters")).set_value(3).run()
    assert not given(app)["maps"][0].get("message")


def test_an_empty_folder_says_what_to_do(samples_folder):
    app = new_app().run()
    assert not app.exception
    assert "python -m core fetch paste2" in app.info[0].value


def test_a_missing_folder_says_what_to_do(samples_folder):
    samples_folder.rmdir()
    app = new_app().run()
    assert not app.exception
    assert "python -m core fetch paste2" in app.info[0].value


def test_a_sample_that_changes_on_disk_is_read_again(app, samples_folder):
    lab.write(small_sample("first", n_rows=18), samples_folder / "first.h5")
    app.run()
    assert "216 spots" in badges(app)


def test_without_an_annotation_one_map_is_shown_and_no_scores(samples_folder):
    lab.write(small_sample("bare", annotated=False), samples_folder / "bare.h5")
    app = new_app().run()
    assert not app.exception
    assert titles(app) == ["Predicted"]
    assert cards(app)["ARI"] == ("–", "–")


def test_synthetic_tissue_is_called_so_in_the_picker_the_header_and_the_map(samples_folder):
    made = dataclasses.replace(small_sample("made"), synthetic=True)
    lab.write(made, samples_folder / "made.h5")
    app = new_app().run()
    assert app.selectbox(key("sample")).options == ["made (synthetic)"]
    assert "Synthetic tissue" in badges(app)
    assert all("synthetic tissue" in title for title in titles(app))


def test_the_shipped_section_is_chosen_where_nothing_else_is(samples_folder):
    for name in ("151507", "151673"):
        lab.write(small_sample(name), samples_folder / f"{name}.h5")
    app = new_app().run()
    assert app.selectbox(key("sample")).value == "151673.h5"


def test_settings_know_their_widgets_by_address():
    assert session.widget_key("pooling", "window") == key("pooling.window")


def test_where_another_preset_is_chosen_recommended_is_one_click_away_and_back_leads_back(app):
    app.button("widget:try recommended").click().run()
    assert not app.exception
    assert app.selectbox("widget:preset").value == "recommended"
    assert not [button for button in app.button if button.key == "widget:try recommended"]
    app.button("widget:step.back").click().run()
    assert app.selectbox("widget:preset").value == "paper"


def test_a_number_that_is_not_taken_is_said_below_its_field_which_goes_back_to_the_one_in_use(app):
    app.number_input(key("pooling.scale")).set_value(-1.0).run()
    assert not app.exception
    assert app.number_input(key("pooling.scale")).value == 2.0
    said = [caption.value for caption in app.caption if "-1 was not taken" in caption.value]
    assert said == [":material/error: -1 was not taken: Scale alpha may be 0.000001 to 1,000,000,000. 2 is still used."]
    assert "scale" not in app.query_params
    app.number_input(key("pooling.scale")).set_value(3.0).run()
    assert app.query_params["scale"] == "3.0"
    assert not [caption for caption in app.caption if "not taken" in caption.value]


def test_an_angle_is_shown_in_degrees_and_stays_in_radians_to_the_last_bit(samples_folder, app):
    linked = new_app()
    linked.query_params["angle"] = "0.3812345678"
    linked.run()
    assert linked.slider(key("direction.angle")).value == pytest.approx(21.84, abs=0.005)
    assert cards(linked)["Direction"][0] == "21.8°"
    linked.number_input(key("clustering.n_clusters")).set_value(2).run()
    assert linked.query_params["angle"] == "0.3812345678"
    linked.slider(key("direction.angle")).set_value(30.0).run()
    assert float(linked.query_params["angle"]) == pytest.approx(math.pi / 6, abs=5e-5)
    assert linked.slider(key("direction.angle")).value == 30.0


def test_a_knob_that_takes_no_part_does_not_count_as_moved(app):
    app.slider(key("pooling.window")).set_value(3).run()
    assert "1 knob moved" in captions(app)
    app.selectbox(key("direction.method")).select("manual").run()
    app.slider(key("direction.angle")).set_value(20.0).run()
    assert "3 knobs moved" in captions(app)
    app.selectbox(key("direction.method")).select("off").run()  # the angle of before is remembered, and turns nothing
    assert "2 knobs moved" in captions(app)
