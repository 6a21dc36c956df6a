"""Keeping a result on the Tune page, and opening the link to it elsewhere, without a browser."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.method import pipeline
from core.params import preset, replaced
from core.result import AutoencoderReport
from core.work.runs import open_record
from tests.small_tissue import small_sample
from tests.tissue_view import given

APP = Path(__file__).resolve().parents[2] / "app.py"
OLD_RECORD = APP.parent / "tests" / "data" / "record_0_1"


@pytest.fixture(autouse=True)
def _one_run_for_each_click(monkeypatch):
    """AppTest lets the first run of each click start over, and with it a button forgets that it was pressed."""
    monkeypatch.setattr("ui.shell.navigation.only_through_app", lambda: None)


@pytest.fixture
def samples(samples_folder):
    """The samples of `app`, without a first look at them."""
    lab.write(small_sample("first"), samples_folder / "first.h5")
    lab.write(small_sample("second", n_rows=20, n_layers=4), samples_folder / "second.h5")
    return samples_folder


@pytest.fixture
def record(samples_folder):
    record = open_record(samples_folder.parent / "models")
    yield record
    record.close()


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def labelled(widgets, label):
    return next(widget for widget in widgets if widget.label == label)


def warnings(app):
    return " ".join(item.value.replace("\\", "") for item in app.warning)


def badges(app):
    return " ".join(item.value for item in app.markdown)


def cards(app):
    return {metric.label: metric.value for metric in app.metric}


def kept_from_page(app, name):
    app.session_state["who"] = "Ada"
    labelled(app.text_input, "Name").input(name)
    labelled(app.text_area, "Note").input("Layer 4 is thin")
    labelled(app.toggle, "Star").set_value(True)
    return labelled(app.button, "Keep").click().run()


def test_what_is_kept_on_the_page_is_in_the_record_with_name_note_and_star(app, samples_folder, record):
    app.slider("widget:pooling.window").set_value(3).run()
    assert labelled(app.text_input, "Name").value == "Paper without autoencoder, 3 clusters, window k 3"
    kept_from_page(app, "My best")
    assert not app.exception
    (run,) = record.runs()
    assert (run.name, run.note, run.who, run.starred) == ("My best", "Layer 4 is thin", "Ada", True)
    assert run.params == replaced(preset("paper", n_clusters=3), ("pooling", "window"), 3)
    expected = pipeline.run(lab.read(samples_folder / "first.h5"), run.params)
    np.testing.assert_array_equal(record.result(run).labels, expected.labels)
    assert "Kept: My best" in badges(app)
    assert app.query_params["run"] == run.id
    assert any(code.value.endswith(f"?run={run.id}") for code in app.code)


def test_the_address_names_the_run_only_while_its_settings_are_shown(app, record):
    kept_from_page(app, "First")
    (run,) = record.runs()
    app.slider("widget:pooling.window").set_value(2).run()
    assert "run" not in app.query_params
    assert "Kept:" not in badges(app)
    app.button("widget:step.back").click().run()
    assert app.query_params["run"] == run.id
    assert "Kept: First" in badges(app)


def test_a_kept_run_is_renamed_where_it_was_kept(app, record):
    kept_from_page(app, "First")
    labelled(app.text_input, "Name").input("Second")
    labelled(app.button, "Save changes").click().run()
    assert [run.name for run in record.runs()] == ["Second"]
    assert "Kept: Second" in badges(app)


def test_a_run_that_release_0_1_kept_is_shown_and_said_to_be_of_another_method(record, samples, monkeypatch):
    sample, params = lab.read(samples / "first.h5"), preset("paper", n_clusters=3)
    monkeypatch.setattr("core.work.runs.making.code_version", lambda: "0.1.0+5e884898")
    old = record.keep(sample, pipeline.run(sample, params), who="Ada")
    again = opened(run=old.id)
    assert not again.exception
    assert "Kept: " in badges(again)
    assert record.run(old.id).code_version == "0.1.0+5e884898"
    assert "Another version of the method made this run" in " ".join(item.proto.help for item in again.markdown)


def test_the_link_alone_opens_the_run_in_another_session(samples, record):
    sample = lab.read(samples / "second.h5")
    params = replaced(preset("recommended", n_clusters=3), ("clustering", "random_state"), 5)
    kept = record.keep(sample, pipeline.run(sample, params), name="For you")
    colleague = opened(run=kept.id)
    assert not colleague.exception
    assert colleague.selectbox("widget:sample").value == "second.h5"
    assert colleague.selectbox("widget:preset").value == "recommended"
    assert colleague.number_input("widget:clustering.random_state").value == 5
    assert colleague.number_input("widget:clustering.n_clusters").value == 3
    assert "Kept: For you" in badges(colleague)
    assert not colleague.warning
    assert "n_clusters" in colleague.query_params
    usual = record.keep(sample, pipeline.run(sample, preset("paper", n_clusters=4)))
    assert "n_clusters" not in opened(run=usual.id).query_params
    assert cards(colleague)["ARI"] == f"{kept.scores.ari:.3f}"


def test_the_link_to_a_run_of_a_record_that_version_0_1_wrote_still_opens_it(samples):
    shutil.copytree(OLD_RECORD, samples.parent / "models", dirs_exist_ok=True)
    shutil.copy(OLD_RECORD / "first.h5", samples / "first.h5")
    facts = next(
        run for run in json.loads((OLD_RECORD / "expected.json").read_text()) if run["name"] == "Bent, renamed"
    )
    colleague = opened(run=facts["id"])
    assert not colleague.exception
    assert not colleague.error
    assert not colleague.warning
    assert colleague.selectbox("widget:sample").value == "first.h5"
    assert "Kept: Bent, renamed" in badges(colleague)
    assert cards(colleague)["ARI"] == f"{facts['scores']['ari']:.3f}"


def test_a_link_shows_the_labels_that_were_kept_also_where_no_model_is_trained(samples, record):
    sample = lab.read(samples / "first.h5")
    params = replaced(preset("paper-ae", n_clusters=3), ("pooling", "window"), 2)
    made = pipeline.run(sample, replaced(params, ("embedding", "kind"), "none"))
    trained = dataclasses.replace(
        made, params=params, autoencoder=AutoencoderReport(explained_variance=0.5, losses=(2.0, 1.0))
    )
    colleague = opened(run=record.keep(sample, trained, name="Trained").id)
    assert not colleague.exception
    assert not colleague.error
    assert cards(colleague)["ARI"] == f"{made.scores.ari:.3f}"
    assert "Kept: Trained" in badges(colleague)
    assert labelled(colleague.button, "Train")


def test_a_link_to_a_run_whose_sample_is_missing_or_changed_says_so(samples, record):
    gone = small_sample("gone", n_rows=12)
    kept = record.keep(gone, pipeline.run(gone, preset("paper", n_clusters=3)), name="Lost")
    assert re.search(r"Lost was made on gone, which is not here: import it on Add data", warnings(opened(run=kept.id)))
    lab.write(small_sample("gone", n_rows=14), samples / "gone.h5")
    changed = opened(run=kept.id)
    assert "Lost was made on other data than gone now holds, so its settings were computed again" in warnings(changed)
    assert changed.selectbox("widget:sample").value == "gone.h5"
    assert "Kept:" not in badges(changed)


def test_a_link_to_a_run_that_is_not_here_says_so_and_takes_the_rest_of_the_address(samples):
    other = opened(run="0" * 32, sample="second.h5", window="3")
    assert "No run 00000000000000000000000000000000 is kept here" in warnings(other)
    assert other.slider("widget:pooling.window").value == 3
    assert other.selectbox("widget:sample").value == "second.h5"
    assert "run" not in other.query_params
    assert "is not the id of a run" in warnings(opened(run="<script>"))


def test_a_record_that_cannot_be_used_is_told_where_a_result_is_kept(app, samples_folder, record):
    (samples_folder.parent / "models" / "runs.sqlite3").write_bytes(b"This is not a database." * 100)
    kept_from_page(app, "Nowhere")
    assert not app.exception
    assert "not a database" in " ".join(item.value for item in app.error)
    assert given(app)["maps"][0]["title"] == "Predicted"
