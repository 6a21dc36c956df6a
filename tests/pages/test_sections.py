"""Journeys over the Sections page, from `app.py`."""

import dataclasses
import functools
import subprocess
import sys

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.report.script import reproduction_script
from core.work.board.board import shared_board
from core.work.runs.reported import reported
from tests.named_tissue import named_sample
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from tests.tissue_view import all_given
from ui.data import jobs
from ui.data.record import record
from ui.sections import address, view

PICK, START, CLUSTERS = "widget:sections", "widget:cluster together", "widget:sections.clustering.n_clusters"


@pytest.fixture
def folder(samples_folder):
    lab.write(named_sample("one"), samples_folder / "one.h5")
    lab.write(named_sample("two", 20), samples_folder / "two.h5")
    return samples_folder


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    app.switch_page("pages/sections.py")
    for name, values in query.items():
        app.query_params[name] = values
    return app.run()


def finished(app):
    assert shared_board().wait(shared_board().jobs()[-1].id, 240)
    return app.run()


def maps(app):
    """Titles of the maps of each section."""
    return [[item["title"] for item in view["maps"]] for view in all_given(app)]


def errors(app):
    return " ".join(item.value for item in app.error)


def test_two_sections_are_chosen_clustered_and_turned_and_the_link_keeps_all_of_it(folder):
    app = opened()
    assert "Choose two or more sections" in app.info[0].value
    app.multiselect(PICK).set_value(["one.h5", "two.h5"]).run()
    assert maps(app) == [["Predicted", "Annotated"]] * 2
    waiting = "Press Cluster together\nto find domains"
    assert [view["maps"][0]["message"] for view in all_given(app)] == [waiting] * 2
    app.button(START).click().run()
    finished(app)
    assert not app.exception
    assert [[title.split()[0] for title in titles] for titles in maps(app)] == [["Predicted,", "Annotated"]] * 2
    one, two = (view["maps"][0] for view in all_given(app))
    assert dict(zip(one["names"], one["colours"], strict=True)) == dict(zip(two["names"], two["colours"], strict=True))
    table = app.dataframe[0].value
    assert table["Section"].tolist() == ["one", "two"]
    assert table["Domains"].tolist() == ["3", "3"]
    assert all(float(score) > 0.7 for score in table["ARI"])
    assert any(caption.value.startswith("Chosen for this tissue: averaged over ") for caption in app.caption)
    assert any("Whether they then agree with experts as well as each alone" in caption.value for caption in app.caption)
    assert any(caption.value.endswith("3 of 3 domains lie in both.") for caption in app.caption)
    assert not app.warning
    # Asked for once, knobs act at once.
    app.number_input(CLUSTERS).set_value(2).run()
    finished(app)
    assert app.dataframe[0].value["Domains"].tolist() == ["2", "2"]
    again = opened(**{name: app.query_params[name] for name in ("section", "n_clusters", "started")})
    assert again.multiselect(PICK).value == ["one.h5", "two.h5"]
    assert again.dataframe[0].value["Domains"].tolist() == ["2", "2"]


def test_while_knobs_are_followed_the_maps_are_those_of_before_and_cannot_be_taken_home(folder, monkeypatch):
    lab.write(named_sample("three", 18), folder / "three.h5")
    app = finished(opened(section=["one.h5", "two.h5"], started=["1"]))
    before = [view["maps"][0]["labels"] for view in all_given(app)]
    can_leave = [button.label for button in app.get("download_button")]
    monkeypatch.setattr(jobs, "cluster_together", lambda samples, params: None)  # never starts
    app.number_input(CLUSTERS).set_value(5).run()
    np.testing.assert_equal([view["maps"][0]["labels"] for view in all_given(app)], before)
    assert maps(app) == [["Predicted, ARI " + title.split()[-1], "Annotated"] for title, _ in maps(app)]
    assert len(app.get("download_button")) < len(can_leave)
    app.multiselect(PICK).set_value(["one.h5"]).run()
    app.multiselect(PICK).set_value(["one.h5", "three.h5"]).run()
    assert maps(app) == [["Predicted", "Annotated"]] * 2  # never those of other sections


def test_sections_that_share_no_two_domains_are_told_that_labels_may_not_mean_the_same(folder, monkeypatch):
    monkeypatch.setattr(view, "_labels", lambda results: {"one": np.array([0, 1]), "two": np.array([2, 3])})
    app = finished(opened(section=["one.h5", "two.h5"], started=["1"]))
    assert not app.exception
    assert [warning.value.split(".")[0] for warning in app.warning] == [
        "Fewer than two domains lie in both one and two"
    ]


def test_sections_without_genes_in_common_end_in_a_sentence(folder):
    lab.write(named_sample("odd", 18, prefix="ENSG"), folder / "odd.h5")
    lab.write(small_sample("nameless", 18), folder / "nameless.h5")
    app = opened(section=["one.h5", "odd.h5"])
    assert "one and odd share 0 gene names, but at least 50 are needed" in errors(app)
    app.multiselect(PICK).set_value(["one.h5", "nameless.h5"]).run()
    assert "nameless has no gene names" in errors(app)
    app.multiselect(PICK).set_value(["one.h5", "two.h5"]).run()
    assert not app.error


def test_what_cannot_be_clustered_together_is_said_before_it_is_chosen(folder):
    lab.write(named_sample("odd", 18, prefix="ENSG"), folder / "odd.h5")
    lab.write(small_sample("nameless", 18), folder / "nameless.h5")
    app = opened(section=["one.h5"])
    assert app.multiselect(PICK).options == ["nameless (cannot join)", "odd (cannot join)", "one", "two"]
    told = " ".join(item.value for item in app.caption)
    assert "Cannot join one: **nameless**: no gene names; **odd**: 0 shared genes, at least 50 are needed." in told


def test_a_section_under_another_name_cannot_join_itself(folder):
    lab.write(dataclasses.replace(named_sample("one"), name="copy"), folder / "copy.h5")
    app = opened(section=["one.h5"])
    assert "copy (cannot join)" in app.multiselect(PICK).options
    assert "**copy**: holds the same counts as a chosen one." in " ".join(item.value for item in app.caption)
    app.multiselect(PICK).set_value(["one.h5", "copy.h5"]).run()
    assert "hold the same counts at the same positions" in errors(app)
    assert [title.value for title in app.title] == ["Sections"]


def test_what_keeps_several_sections_out_is_said_once_for_all_of_them(folder):
    for name in ("a", "b", "c"):
        lab.write(small_sample(name, 18), folder / f"{name}.h5")
    told = " ".join(item.value for item in opened(section=["one.h5", "two.h5"]).caption)
    assert "Cannot join one and two: **a**, **b** and **c**: no gene names." in told


def test_a_run_of_each_section_is_kept_and_repeated_by_its_script(folder, tmp_path, once_through_app):
    app = finished(opened(section=["one.h5", "two.h5"], started=["1"]))
    next(item for item in app.text_input if item.label == "Name").set_value("Both")
    next(button for button in app.button if button.label == "Keep").click().run()
    assert "Kept: 2 runs." in app.success[0].value
    runs = {run.sample_name: run for run in record().runs()}
    assert {name: (run.name, run.together) for name, run in runs.items()} == {
        "one": ("Both", ("two",)),
        "two": ("Both", ("one",)),
    }
    script = tmp_path / "again.py"
    script.write_text(reproduction_script(reported(runs["one"], record().result(runs["one"]))))
    run = functools.partial(subprocess.run, cwd=APP.parent, capture_output=True, text=True, timeout=120, check=False)
    assert run([sys.executable, script, folder / "one.h5"]).returncode == 2
    again = run([sys.executable, script, folder / "one.h5", folder / "two.h5"])
    assert (again.returncode, again.stderr) == (0, "")


def test_an_address_that_asks_for_what_is_not_there_is_told(folder):
    app = opened(section=["one.h5", "two.h5", "gone.h5"], n_clusters=["0"], x_weight=["3"])
    told = " ".join(item.value for item in app.warning)
    assert "There is no sample gone.h5 here" in told
    assert "`n_clusters=0` in the address was ignored" in told
    assert "`x_weight=3` in the address was ignored" in told
    assert "it is not a knob of this page." in told
    assert app.number_input(CLUSTERS).value == 3


def test_a_link_of_version_0_1_with_hops_is_read_as_a_window():
    together, refused = address.together_of({"section": ["one.h5"], "hops": ["2"]})
    assert (together.changes, refused) == ({("pooling", "window"): 3, ("pooling", "scale"): 1.0}, [])
