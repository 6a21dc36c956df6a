"""Journeys over the Runs page, from `app.py`; what its files hold is in tests/core/report and tests/browser."""

import dataclasses
import re
import sqlite3
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.annotation_labels import from_labels
from core.evaluation.matching import domains_of
from core.guidance import Guidance
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.marker_table import MarkerTable
from core.method import pipeline
from core.params import preset, replaced
from core.work.runs import one_file, open_record
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from ui.data.kept_runs import KeptRun
from ui.runs import downloads

PAPER = preset("paper", n_clusters=3)


@pytest.fixture(autouse=True)
def through_app(once_through_app):
    """Run every page through `app.py`."""


@pytest.fixture
def record(samples_folder):
    """The record that the app takes for its own."""
    return open_record(samples_folder.parent / "models")


@pytest.fixture
def sample(samples_folder):
    lab.write(small_sample("first"), samples_folder / "first.h5")
    return lab.read(samples_folder / "first.h5")


def kept(record, sample, params=PAPER, **facts):
    return record.keep(sample, pipeline.run(sample, params), **facts)


def opened(*chosen):
    app = AppTest.from_file(APP, default_timeout=120)
    app.session_state["chosen runs"] = tuple(run.id for run in chosen)
    app.switch_page("pages/runs.py").run()
    assert not app.exception
    assert not app.error
    return app


def listed(app):
    return app.dataframe[0].value["Name"].tolist()


def settings_table(app):
    return app.dataframe[-1].value


def press(app, name):
    button = next(item for item in app.button if item.key == f"widget:runs.{name}")
    assert not button.disabled
    button.click().run()
    assert not app.exception
    assert not app.error


def offered(app):
    return {item.proto.label: not item.proto.disabled for item in app.get("download_button")}


def test_where_no_run_is_kept_the_page_says_what_to_do_next(sample, record):
    app = opened()
    assert "press Keep" in " ".join(item.value for item in app.markdown)
    assert app.get("page_link")
    assert not app.dataframe
    assert [item.label for item in app.text_input] == ["Your name"]  # in the sidebar


def test_runs_are_listed_the_latest_first_with_scores_and_the_knobs_that_differ(sample, record):
    kept(record, sample, name="older")
    run = kept(record, sample, replaced(PAPER, ("pooling", "window"), 3), name="newer", starred=True, note="good")
    table = opened().dataframe[0].value
    assert table["Name"].tolist() == ["newer", "older"]
    assert table["★"].tolist() == ["★", ""]
    assert table["ARI"][0] == pytest.approx(run.scores.ari)
    assert table["Window k"].tolist() == [3, 6]
    assert "Scale alpha" not in table
    assert table["Clusters"].tolist() == [3, 3]


def test_no_cell_of_the_table_is_a_formula_where_a_spreadsheet_opens_what_streamlit_saves_of_it(sample, record):
    kept(record, sample, name='=HYPERLINK("http://evil.example")', note="@SUM(A1)", who="+1+1")
    table = opened().dataframe[0].value
    assert [table[name][0] for name in ("Name", "Note", "By")] == [
        '\'=HYPERLINK("http://evil.example")', "'@SUM(A1)", "'+1+1"
    ]  # fmt: skip


def test_neither_the_file_of_marker_genes_nor_the_heads_of_compared_runs_hold_a_formula(sample, record):
    table = MarkerTable(markers={"A": ("G",), "B": ("H",)}, source="a;=1+1")
    found = pipeline.run(sample, PAPER)
    result = dataclasses.replace(found, labels=found.labels % 2, guidance=Guidance(markers=table), names=("A", "B"))
    run = record.keep(sample, result, name="b;=2+2")
    listed, compared = (part.value for part in opened(run).dataframe[:2])
    assert listed["Guided"][0] == "by 2 marker genes of 2 domains from a;'=1+1"
    assert pd.isna(listed["Clusters"][0])  # the number asked of a label-free run, and not that of its domains
    assert any("b;'=2+2" in name for name in compared.columns)
    assert not any(re.search(r"^[=+@-]|[;\t][=+@-]", name) for name in compared.columns)


def test_every_word_that_is_looked_for_must_occur_and_what_is_hidden_stays_chosen(sample, record):
    runs = [
        kept(record, sample, name=name, note=note)
        for name, note in (("wide window", "good"), ("wide", "bad"), ("narrow window", "good"))
    ]
    app = opened(*runs[:2])
    app.text_input("widget:runs.find").set_value("WIDE good").run()
    assert listed(app) == ["wide window"]
    app.text_input("widget:runs.find").set_value("nowhere").run()
    assert listed(app) == []
    assert not app.exception
    assert "**2 chosen**, both hidden by filters" in [item.value for item in app.markdown]


def test_sample_sweep_and_star_narrow_the_list_down(samples_folder, sample, record):
    lab.write(small_sample("second", n_rows=20), samples_folder / "second.h5")
    kept(record, lab.read(samples_folder / "second.h5"), name="elsewhere", starred=True)
    [swept] = record.keep_all(sample, [pipeline.run(sample, PAPER)], who="", sweep="windows")
    record.change(swept.id, name="swept")
    kept(record, sample, name="by hand")
    app = opened()
    app.selectbox("widget:runs.sample").select("first").run()
    assert listed(app) == ["by hand", "swept"]
    assert app.selectbox("widget:runs.sweep").options[3].startswith("first, 1 run, 20")
    app.selectbox("widget:runs.sweep").select_index(3).run()
    assert listed(app) == ["swept"]
    app.selectbox("widget:runs.sweep").select("Kept by hand").run()
    assert listed(app) == ["by hand"]
    app.selectbox("widget:runs.sample").select("All samples").run()
    app.selectbox("widget:runs.show").select("Starred").run()
    assert listed(app) == ["elsewhere"]


def test_a_sweep_has_one_row_that_opens_and_its_runs_are_named_by_what_differs(sample, record):
    turned = [
        replaced(replaced(PAPER, ("pooling", "window"), window), ("clustering", "random_state"), seed)
        for window in (2, 3)
        for seed in (0, 1)
    ]
    swept = record.keep_all(sample, [pipeline.run(sample, params) for params in turned], who="", sweep="windows")
    record.change(swept[0].id, starred=True)
    kept(record, sample, name="by hand")
    app = opened()
    assert listed(app) == ["by hand", "Window k 2, Seed 0", "Sweep: 3 runs over Window k, Seed"]
    app.selectbox("widget:runs.sweep").select_index(3).run()  # as a tick does, which AppTest cannot
    assert sorted(listed(app)) == [f"Window k {window}, Seed {seed}" for window in (2, 3) for seed in (0, 1)]
    app.selectbox("widget:runs.sweep").select("Every run of every sweep").run()
    assert len(listed(app)) == 5


def test_a_deleted_run_comes_back_by_undo_and_from_the_list_of_the_deleted(sample, record):
    run = kept(record, sample, name="gone")
    kept(record, sample, name="stays")
    app = opened(run)
    press(app, "delete")
    assert listed(app) == ["stays"]
    assert [found.name for found in record.runs()] == ["stays"]
    press(app, "undo")
    assert listed(app) == ["stays", "gone"]
    press(app, "delete")
    app.selectbox("widget:runs.show").select("Deleted").run()
    assert listed(app) == ["gone"]
    app.session_state["chosen runs"] = (run.id,)
    app.run()
    press(app, "restore")
    assert listed(app) == []
    assert sorted(found.name for found in record.runs()) == ["gone", "stays"]


def test_stars_and_names_are_changed_in_the_record(sample, record):
    run = kept(record, sample)
    app = opened(run)
    press(app, "star")
    assert record.run(run.id).starred
    assert next(item for item in app.button if item.key == "widget:runs.star").label == "Unstar"
    app.text_input[1].set_value("A better <name>")
    app.text_area[0].set_value("because")
    next(item for item in app.button if item.label == "Save").click().run()
    assert not app.exception
    assert (record.run(run.id).name, record.run(run.id).note) == ("A better <name>", "because")
    assert listed(app) == ["A better <name>"]


def test_chosen_runs_stand_side_by_side_with_what_differs(sample, record):
    one = kept(record, sample, name="six")
    other = kept(record, sample, replaced(PAPER, ("pooling", "window"), 3), name="three")
    app = opened(one, other)
    words = [item.value for item in app.markdown]
    assert {"**Agreement**", "**Layers found**", "**Scores and settings**"} <= set(words)
    assert len(app.get("plotly_chart")) == 2
    table = settings_table(app)
    knobs = table[table["Step"] != "Score"]
    assert knobs.values.tolist() == [["Pooling", "Window k", "6", "3"]]
    assert table[table["Knob or score"] == "ARI"].values.tolist()[0][2:] == [
        f"{run.scores.ari:.3f}" for run in (one, other)
    ]
    app.toggle("widget:runs.all settings").set_value(True).run()
    assert not app.exception
    assert len(settings_table(app)) > len(table)


def test_one_run_is_shown_with_all_its_settings_though_the_sample_was_renamed(samples_folder, sample, record):
    run = kept(record, sample)
    (samples_folder / "first.h5").rename(samples_folder / "renamed.h5")
    app = opened(run)
    assert not app.info
    assert not next(item for item in app.button if item.key == "widget:runs.open").disabled
    assert "**Agreement**" not in [item.value for item in app.markdown]
    assert {"Window k", "X weight", "Clusters"} <= set(settings_table(app)["Knob or score"])


def test_more_than_six_are_too_many_to_compare_but_not_to_star(sample, record):
    runs = [kept(record, sample, name=f"run {number}") for number in range(7)]
    app = opened(*runs)
    assert "7 runs are chosen: choose up to 6" in app.info[0].value
    assert not app.get("plotly_chart")
    press(app, "star")
    assert all(run.starred for run in record.runs())


def test_a_run_whose_sample_is_gone_shows_its_small_map_and_settings(samples_folder, sample, record):
    run = kept(record, sample, name="orphan")
    (samples_folder / "first.h5").unlink()
    lab.write(small_sample("second", n_rows=20), samples_folder / "second.h5")
    app = opened(run)
    assert "The sample first is not here" in app.info[0].value
    assert app.get("image")
    assert len(settings_table(app)) > 5
    assert next(item for item in app.button if item.key == "widget:runs.open").disabled
    files = offered(app)
    assert not files["Labels as CSV"]
    assert files["Report"]
    assert files["Script that repeats it"]
    assert files["Run as one file"]


def test_a_run_whose_row_is_damaged_is_named_and_the_others_are_listed(samples_folder, sample, record):
    damaged, _ = kept(record, sample, name="damaged"), kept(record, sample, name="good")
    record.close()
    with sqlite3.connect(samples_folder.parent / "models" / "runs.sqlite3") as rows:
        rows.execute("UPDATE runs SET facts = '{' WHERE id = ?", (damaged.id,))
    rows.close()
    app = opened()
    assert listed(app) == ["good"]
    assert damaged.id in app.warning[0].value
    assert "backup" in app.warning[0].value


def test_who_kept_a_damaged_run_dismisses_it_and_others_cannot(samples_folder, sample, record, ana):
    runs = {who: kept(record, sample, name="damaged", who=who) for who in ("Ana", "Ben")}
    unknown = kept(record, sample, name="damaged", who="Ana")
    record.close()
    with sqlite3.connect(samples_folder.parent / "models" / "runs.sqlite3") as rows:
        rows.execute("UPDATE runs SET params = '{'")
        rows.execute("UPDATE runs SET facts = '{' WHERE id = ?", (unknown.id,))  # which says no more whose it was
    rows.close()
    app = opened()
    press(app, "dismiss")
    assert runs["Ana"].id not in app.warning[0].value
    assert runs["Ben"].id in app.warning[0].value
    assert unknown.id in app.warning[0].value
    assert not any(item.key == "widget:runs.dismiss" for item in app.button)


def test_a_run_whose_labels_are_lost_says_so_and_still_shows_its_settings(samples_folder, sample, record):
    run = kept(record, sample, name="damaged")
    (Path(samples_folder.parent / "models" / "runs") / run.artifacts["labels.npy"]).write_bytes(b"no labels")
    app = opened(run)
    assert "damaged" in app.warning[0].value
    assert len(settings_table(app)) > 5
    assert not offered(app)["Report"]


def test_a_run_opens_in_tune_with_its_sample_and_every_knob(samples_folder, sample, record):
    lab.write(small_sample("second", n_rows=20), samples_folder / "second.h5")
    moved = replaced(
        replaced(preset("recommended", n_clusters=4), ("pooling", "window"), 3), ("clustering", "random_state"), 5
    )
    app = opened(run := kept(record, sample, moved, name="deep"))
    assert app.code[0].value.endswith(f"?run={run.id}")
    press(app, "open")
    assert app.title[0].value == "Tune"
    assert app.selectbox("widget:sample").value == "first.h5"
    assert app.selectbox("widget:preset").value == "recommended"
    assert any("Kept: deep" in item.value for item in app.markdown)
    assert app.slider("widget:pooling.window").value == 3
    assert app.number_input("widget:clustering.random_state").value == 5


def test_everything_is_offered_and_nothing_is_made_before_the_click(samples_folder, record, monkeypatch):
    plain = small_sample("named")
    barcodes = np.array([f"SPOT{spot}-1" for spot in range(plain.n_spots)])
    lab.write(dataclasses.replace(plain, barcodes=barcodes), samples_folder / "named.h5")
    run = kept(record, lab.read(samples_folder / "named.h5"))
    for name in ("html_report", "as_bytes", "labels_csv", "loupe_csv", "write_h5ad", "reproduction_script"):
        monkeypatch.setattr(downloads, name, lambda *args, **kwargs: pytest.fail("made though nobody asked"))
    files = offered(opened(run))
    wanted = [
        "Report",
        "Maps as SVG",
        "Labels as CSV",
        "Thickness as CSV",
        "Labels for Loupe",
        "Sample as h5ad",
        "Script that repeats it",
        "Run as one file",
    ]
    assert dict.fromkeys(wanted, True).items() <= files.items()


def until_read(app):
    """A worker reads the file; the page looks for it by itself."""
    while not app.success and not app.error:
        app.run()
        assert not app.exception


def test_a_run_that_somebody_sent_is_taken_in_and_chosen(samples_folder, sample, record, tmp_path):
    elsewhere = open_record(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    run = kept(elsewhere, sample, name="sent")
    elsewhere.export(run.id, tmp_path / "sent.run.zip")
    app = opened()
    app.get("file_uploader")[0].upload(
        "sent.run.zip", (tmp_path / "sent.run.zip").read_bytes(), "application/zip"
    ).run()
    until_read(app)
    assert listed(app) == ["sent"]
    assert record.run(run.id).labels_hash == run.labels_hash
    assert app.session_state["chosen runs"] == (run.id,)
    assert any("not computed here" in item.value for item in app.markdown)
    next(item for item in app.button if item.label == "Check").click().run()
    while record.run(run.id).imported:
        app.run()
        assert not app.exception
    app.run()
    assert not any("not computed here" in item.value for item in app.markdown)


def test_a_file_that_is_no_run_is_refused_with_a_sentence(sample, record):
    app = opened()
    app.get("file_uploader")[0].upload("bad.zip", b"PK\x03\x04 nothing", "application/zip").run()
    until_read(app)
    assert "is not a run that was exported" in app.error[0].value


def test_a_run_that_somebody_sent_is_read_by_a_worker_and_not_in_the_process_of_the_server(
    sample, record, tmp_path, monkeypatch
):
    (tmp_path / "elsewhere").mkdir()
    elsewhere = open_record(tmp_path / "elsewhere")
    run = kept(elsewhere, sample, name="sent")
    elsewhere.export(run.id, tmp_path / "sent.run.zip")
    monkeypatch.setattr(one_file, "read", lambda *args: pytest.fail("read in this process"))
    app = opened()
    app.get("file_uploader")[0].upload("s.run.zip", (tmp_path / "sent.run.zip").read_bytes(), "application/zip").run()
    until_read(app)
    assert listed(app) == ["sent"]


def test_a_record_that_cannot_be_opened_ends_in_a_sentence(sample, monkeypatch, tmp_path):
    monkeypatch.setenv("RUNS_URL", f"sqlite:///{tmp_path}")  # a folder
    app = AppTest.from_file(APP, default_timeout=120).run()
    app.switch_page("pages/runs.py").run()
    assert not app.exception
    assert len(app.error) == 1


def test_a_name_is_never_read_as_markdown(sample, record):
    one, other = (kept(record, sample, name=f"**{name}** [x](http://evil) <b>") for name in "ab")
    app = opened(one, other)
    assert not any("](http" in item.value for item in (*app.markdown, *app.caption, *app.subheader))


@pytest.mark.parametrize(("setting", "left"), [("owner", ["of Ben"]), ("everyone", [])])
def test_who_keeps_a_run_deletes_it_unless_the_server_lets_everyone(sample, record, monkeypatch, setting, left):
    monkeypatch.setenv("SPCA_DELETE", setting)
    runs = [kept(record, sample, name=f"of {who}", who=who) for who in ("Ada", "Ben")]
    app = opened(*runs)
    app.session_state["who"] = "Ada"
    press(app, "delete")
    assert not app.exception
    assert [run.name for run in record.runs()] == left
    assert bool(app.warning) == bool(left)


@pytest.mark.parametrize(("setting", "may"), [("owner", False), ("everyone", True)])
def test_the_words_of_another_on_a_run_stay_unless_the_server_lets_everyone(sample, record, monkeypatch, setting, may):
    monkeypatch.setenv("SPCA_DELETE", setting)
    theirs = kept(record, sample, name="theirs", who="Ben")
    app = opened(theirs)
    app.session_state["who"] = "Ada"
    app.run()
    assert any(item.label == "Save" for item in app.button) == may
    press(app, "star")
    assert record.run(theirs.id).starred
    tune = AppTest.from_file(APP, default_timeout=120)
    tune.session_state["who"] = "Ada"
    tune.query_params["run"] = theirs.id
    tune.run()
    name = next(item for item in tune.text_input if item.label == "Name")
    assert name.disabled != may
    next(item for item in tune.button if item.label == "Save changes").click().run()
    assert not tune.exception
    assert record.run(theirs.id).name == "theirs"


def test_a_guest_who_gives_a_name_still_deletes_what_was_kept_before_and_nobody_elses(sample, record):
    theirs = kept(record, sample, name="theirs", who="Ben")
    app = opened(theirs)
    mine = kept(record, sample, name="mine", who=app.text_input("widget:who").value)
    app.text_input("widget:who").set_value("Ada").run()
    app.session_state["chosen runs"] = (mine.id, theirs.id)
    press(app.run(), "delete")
    assert listed(app) == ["theirs"]


def linked(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    app.switch_page("pages/runs.py")
    for name, values in query.items():
        app.query_params[name] = values
    return app.run()


def test_a_link_shows_the_chosen_runs_in_their_order_and_the_filters(sample, record):
    runs = [
        kept(record, sample, replaced(PAPER, ("pooling", "window"), window), name=f"run {window}")
        for window in (2, 3, 4)
    ]
    app = opened(runs[2], runs[0])
    app.text_input("widget:runs.find").set_value("run").run()
    query = dict(app.query_params.items())
    assert query["chosen"] == [runs[2].id, runs[0].id]
    other = linked(**query)
    assert not other.exception
    assert not other.warning
    assert other.session_state["chosen runs"] == (runs[2].id, runs[0].id)
    assert other.text_input("widget:runs.find").value == "run"
    assert settings_table(other).columns.tolist() == settings_table(app).columns.tolist()
    press(other, "none")
    assert "chosen" not in other.query_params


def test_a_link_keeps_the_camera_of_the_maps_and_refuses_one_that_they_cannot_have(sample, record):
    run = kept(record, sample)
    for camera, warned in (("200,200,300", 0), ("here", 1)):
        app = linked(chosen=run.id, **{"view.first": camera})
        assert not app.exception
        assert len(app.warning) == warned
        assert ("view.first" in app.query_params) == (not warned)
    assert "`view.first=here` in the address was ignored" in app.warning[0].value


def test_a_link_lists_starred_runs_alone_and_what_it_asks_for_in_vain_is_said(sample, record):
    runs = [kept(record, sample, replaced(PAPER, ("pooling", "window"), window)) for window in (2, 3)]
    record.change(runs[0].id, starred=True)
    app = linked(show="Starred", sample="nowhere", chosen=[runs[1].id, "<b>"])
    assert not app.exception
    words = " ".join(item.value for item in app.warning)
    assert "There is no nowhere here to list runs by." in words
    assert "1 run that the address asks for is not kept here." in words
    assert len(listed(app)) == 1
    assert app.session_state["chosen runs"] == (runs[1].id,)
    assert dict(app.query_params.items()) == {"show": "Starred", "chosen": runs[1].id}


def test_the_h5ad_of_a_run_has_the_annotations_that_lie_beside_its_sample(samples_folder, sample, record, tmp_path):
    run = kept(record, sample)
    top = sample.lattice[:, 0] < 5
    drawn = from_labels(np.where(top, "Top", "NA"), name="mine", author="Ana")
    AnnotationStore(samples_folder / "first.h5", sample).save(drawn, "Ana")
    result = record.result(run)
    domains = domains_of(sample, result.labels)
    chosen = KeptRun(run=run, name="one", result=result, file="first.h5", sample=sample, domains=domains)
    offer = next(offer for offer in downloads._OFFERS if offer.label == "Sample as h5ad")
    (tmp_path / "out.h5ad").write_bytes(offer.make(chosen))
    assert (anndata.read_h5ad(tmp_path / "out.h5ad").obs["mine"] == "Top").tolist() == top.tolist()
