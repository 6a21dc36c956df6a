"""One domain has one name and one colour on every page and in every file, from `app.py`."""

import csv
import dataclasses
import io
import json
import sqlite3
import zipfile

import anndata
import h5py
import numpy as np
import pytest
from PIL import Image, ImageColor
from streamlit.testing.v1 import AppTest

from core.evaluation.matching import domains_of
from core.figures.colours import domain_colours
from core.io import lab
from core.method import pipeline
from core.params import preset
from core.work.board.board import shared_board
from core.work.runs import open_record
from core.work.runs.artifacts import labels_hash
from tests.named_tissue import named_sample
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from tests.tissue_view import all_given, given
from ui.runs import downloads as run_downloads
from ui.sections import view as sections_view
from ui.shell import domain_names
from ui.shell.guards import as_markdown
from ui.sweep import section_runs
from ui.tune import downloads

PARAMS = preset("paper", n_clusters=5)
MARKED = "<b>*Tumour*</b>"


@pytest.fixture(autouse=True)
def through_app(once_through_app):
    """Run every page through `app.py`."""


@pytest.fixture
def record(samples_folder):
    """The record that the app takes for its own."""
    return open_record(samples_folder.parent / "models")


@pytest.fixture(params=[True, False], ids=["annotated", "bare"])
def sample(request, samples_folder):
    plain = small_sample("first")
    barcodes = np.array([f"SPOT{spot}-1" for spot in range(plain.n_spots)])
    bare = {} if request.param else {"labels_true": None}
    lab.write(dataclasses.replace(plain, barcodes=barcodes, **bare), samples_folder / "first.h5")
    return lab.read(samples_folder / "first.h5")


def tune(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in {"sample": "first.h5", "preset": "paper", "n_clusters": "5", **query}.items():
        app.query_params[name] = value
    return app.run()


def looks(app, title):
    """Name and colour of each spot in the map with that title."""
    [item] = [item for item in given(app)["maps"] if title in item["title"]]
    return [(item["names"][label], item["colours"][label]) for label in item["labels"]]


def fields(app):
    """The fields of names, by what they hold."""
    return {item.value: item for item in app.text_input if str(item.key).startswith("widget:name.")}


def press(app, *words):
    [button] = [item for item in app.button if all(word in f"{item.label} {item.help}" for word in words)]
    return button.click().run()


def test_one_partition_has_one_name_and_one_colour_on_all_pages(sample, record):
    result = pipeline.run(sample, PARAMS)
    found = domains_of(sample, result.labels)
    shades = domain_colours(found, sample.classes, "light")
    expected = [(found.names[label], shades[label]) for label in result.labels.tolist()]
    assert len(set(expected)) == 5
    app = tune()
    assert looks(app, "Predicted") == expected
    assert set(fields(app)) == {name for name, _ in expected}
    kept, [swept] = record.keep(sample, result), record.keep_all(sample, [result], who="Ada", sweep="0123456789abcdef")
    assert {domain.cluster: domain.name for domain in swept.domains} == found.names
    for run in (kept, swept):
        assert looks(tune(run=run.id), "Predicted") == expected
    runs = AppTest.from_file(APP, default_timeout=120)
    runs.session_state["chosen runs"] = (kept.id, swept.id)
    runs.switch_page("pages/runs.py").run()
    assert looks(runs, "1  ") == looks(runs, "2  ") == expected
    small = np.asarray(Image.open(io.BytesIO(section_runs.map_of(sample, swept, "light"))).convert("RGBA"))
    inside, counts = np.unique(small[small[..., 3] == 255][:, :3], axis=0, return_counts=True)
    drawn = set(map(tuple, inside[counts > 20].tolist()))
    assert drawn >= {ImageColor.getrgb(shade) for shade in shades.values()}


def test_a_name_holds_on_maps_charts_and_in_every_file_until_it_is_taken_back(sample, record, monkeypatch):
    made = {}
    monkeypatch.setattr(downloads, "download", lambda label, make, *words, **more: made.update({label: make}))
    app = tune()
    own = looks(app, "Predicted")
    first, second = sorted(fields(app))[:2]
    fields(app)[first].set_value(MARKED).run()
    assert not app.exception
    renamed = [(MARKED if name == first else name, shade) for name, shade in own]
    assert looks(app, "Predicted") == renamed
    names = [name for name, _ in renamed]
    check_files(sample, made, names)
    profile = next(json.loads(chart.proto.spec) for chart in app.get("plotly_chart") if "Tumour" in chart.proto.spec)
    assert any(trace.get("name") == "&lt;b&gt;*Tumour*&lt;/b&gt;" for trace in profile["data"])
    # Two of one name are one, in one colour.
    fields(app)[second].set_value(MARKED).run()
    assert len({look for look in looks(app, "Predicted") if look[0] == MARKED}) == 1
    assert "5 domains are exported as 4" in " ".join(item.value for item in app.caption)
    [table] = [item.value for item in app.table if "Predicted" in item.value]
    thick = csv.DictReader(io.StringIO(made["Thickness as CSV"]().decode()))
    ways = {row["name"]: f"{row['n_whole']} of {row['n_ways']}" for row in thick if row["labels"] == "predicted"}
    escaped = [as_markdown(name) for name in ways]
    assert dict(zip(table["Predicted"], table["Ways"], strict=True)) == dict(zip(escaped, ways.values(), strict=True))
    check_files(sample, made, [MARKED if name == second else name for name in names])
    press(app, "Undo the last name")
    assert looks(app, "Predicted") == renamed
    press(app, f"Call it {first.replace('_', '')} again")
    assert looks(app, "Predicted") == own
    check_files(sample, made, [name for name, _ in own])
    press(app, "Undo the last name")
    assert looks(app, "Predicted") == renamed


def check_files(sample, made, names):
    """Every file of Export has these names, spot by spot."""
    with_labels = list(csv.DictReader(io.StringIO(made["Labels as CSV"]().decode())))
    assert [row["domain"] for row in with_labels] == names
    assert len({row["cluster"] for row in with_labels}) == 5
    assert [row["domain"] for row in csv.DictReader(io.StringIO(made["Labels for Loupe"]().decode()))] == names
    with h5py.File(io.BytesIO(made["Sample as the lab's h5"]())) as file:
        labels = file["labels"][:]
    if labels.dtype.kind in "iu":  # numbers, where nobody gave names
        assert MARKED not in names
    else:
        assert [label.decode() for label in labels] == names
    adata = anndata.read_h5ad(io.BytesIO(made["Sample as h5ad"]()))
    assert adata.obs["domain"].tolist() == names
    assert len(adata.uns["domain_colors"]) == len(set(names))
    thick = csv.DictReader(io.StringIO(made["Thickness as CSV"]().decode()))
    assert {row["name"] for row in thick if row["labels"] == "predicted"} == set(names)
    page = made["Maps as HTML"]().decode()
    assert all((name in page) or name == MARKED for name in names)
    assert MARKED not in page


def test_names_are_kept_with_the_run_for_everyone_and_changed_where_it_is_shown(sample, record, tmp_path):
    app = tune()
    first = min(fields(app))
    fields(app)[first].set_value("Tumour").run()
    press(app, "Keep")
    [run] = record.runs()
    assert "Tumour" in {domain.name for domain in run.domains}
    colleague = tune(run=run.id)
    assert "Tumour" in fields(colleague)
    fields(colleague)["Tumour"].set_value("Scar").run()
    assert "Scar" in {name for name, _ in looks(tune(run=run.id), "Predicted")}
    record.export(run.id, tmp_path / "a.run.zip")
    with zipfile.ZipFile(tmp_path / "a.run.zip") as file:
        assert "Scar" in file.read("run.json").decode()
    press(colleague, f"Call it {first} again")
    assert looks(tune(run=run.id), "Predicted") == looks(tune(), "Predicted")


@pytest.mark.parametrize("bad", ["bell\a", "\x1b[31mred"])
def test_a_name_that_files_cannot_hold_is_refused_with_a_sentence_and_the_field_snaps_back(sample, bad):
    app = tune()
    own = fields(app)
    fields(app)[min(own)].set_value(bad).run()
    assert not app.exception
    assert "must be 1 to 80 characters that can be printed" in app.error[0].value
    assert set(fields(app)) == set(own)


def test_a_record_without_names_opens_and_has_the_same_ones(sample, record, samples_folder):
    run = record.keep(sample, pipeline.run(sample, PARAMS))
    record.close()
    with sqlite3.connect(samples_folder.parent / "models" / "runs.sqlite3") as database:
        [[facts]] = database.execute("SELECT facts FROM runs").fetchall()
        before = json.loads(facts)
        del before["domains"]
        database.execute("UPDATE runs SET facts = ?", [json.dumps(before)])
    assert record.run(run.id).domains == ()
    app = tune(run=run.id)
    assert looks(app, "Predicted") == looks(tune(), "Predicted")
    first = min(fields(app))
    fields(app)[first].set_value("Tumour").run()
    assert "Tumour" in {name for name, _ in looks(tune(run=run.id), "Predicted")}


def test_names_given_in_the_session_are_in_the_run_as_one_file(sample, record, tmp_path, monkeypatch):
    run = record.keep(sample, pipeline.run(sample, PARAMS))
    made = {}
    monkeypatch.setattr(run_downloads, "download", lambda label, make, *args, **options: made.update({label: make}))
    app = AppTest.from_file(APP, default_timeout=120)
    app.session_state["names of domains"] = {
        (sample.content_hash, labels_hash(record.result(run).labels)): domain_names._Names({1: MARKED})
    }
    app.session_state["chosen runs"] = (run.id,)
    app.switch_page("pages/runs.py").run()
    assert not app.exception
    file = tmp_path / "run.zip"
    file.write_bytes(made["Run as one file"]())
    assert {domain.cluster: domain.given for domain in record.run(run.id).domains if domain.given} == {}
    brought = open_record(tmp_path / "elsewhere").import_(file)
    assert {domain.cluster: domain.given for domain in brought.domains if domain.given} == {1: MARKED}


@pytest.fixture
def sections(samples_folder):
    """An annotated section, and one without an annotation, whose domains are called as in the other."""
    lab.write(named_sample("one"), samples_folder / "one.h5")
    lab.write(named_sample("two", 20, annotated=False), samples_folder / "two.h5")
    return {name: lab.read(samples_folder / f"{name}.h5") for name in ("one", "two")}


def together():
    app = AppTest.from_file(APP, default_timeout=120)
    app.switch_page("pages/sections.py")
    app.query_params["section"] = ["one.h5", "two.h5"]
    app.query_params["started"] = ["1"]
    app.run()
    assert shared_board().wait(shared_board().jobs()[-1].id, 240)
    return app.run()


def drawn(app):
    """Name and colour of each spot in the predicted map of each section."""
    predicted = [view["maps"][0] for view in all_given(app)]
    return [[(item["names"][label], item["colours"][label]) for label in item["labels"]] for item in predicted]


def test_domains_of_sections_are_renamed_together_and_the_names_hold_in_files_in_runs_and_in_the_report(
    sections, record, monkeypatch
):
    made, of_runs = {}, {}
    monkeypatch.setattr(sections_view, "download", lambda label, make, *words, **more: made.update({label: make}))
    monkeypatch.setattr(run_downloads, "download", lambda label, make, *words, **more: of_runs.update({label: make}))
    app = together()
    own = drawn(app)
    assert set(fields(app)) == {"Layer 1", "Layer 2", "Layer 3"}
    fields(app)["Layer 3"].set_value(MARKED).run()
    assert not app.exception
    renamed = [[(MARKED if name == "Layer 3" else name, shade) for name, shade in of_one] for of_one in own]
    assert drawn(app) == renamed
    names = {name: [called for called, _ in of_one] for name, of_one in zip(sections, renamed, strict=True)}
    with zipfile.ZipFile(io.BytesIO(made["Labels as CSV"]())) as archive:
        for name in sections:
            rows = csv.DictReader(io.StringIO(archive.read(f"{name}_labels.csv").decode()))
            assert [row["domain"] for row in rows] == names[name]
    with zipfile.ZipFile(io.BytesIO(made["Sections as h5ad"]())) as archive:
        for name in sections:
            with archive.open(f"{name}_domains.h5ad") as file:
                assert anndata.read_h5ad(io.BytesIO(file.read())).obs["domain"].tolist() == names[name]
    next(button for button in app.button if button.label == "Keep").click().run()
    kept = {run.sample_name: run for run in record.runs()}
    for name, looks_of_one in zip(sections, renamed, strict=True):
        assert looks(tune(sample=f"{name}.h5", run=kept[name].id), "Predicted") == looks_of_one
    # What is kept has later names, too, and those taken back.
    fields(app)["Layer 1"].set_value("Rim").run()
    assert all("Rim" in {item.given for item in record.run(run.id).domains} for run in kept.values())
    press(app, "Undo the last name")
    assert drawn(app) == renamed
    runs = AppTest.from_file(APP, default_timeout=120)
    runs.session_state["chosen runs"] = tuple(kept[name].id for name in sections)
    runs.switch_page("pages/runs.py").run()
    assert not runs.exception
    in_runs = dict(zip(sections, all_given(runs), strict=True))
    for name, looks_of_one in zip(sections, renamed, strict=True):
        item = in_runs[name]["maps"][-1]
        assert [(item["names"][label], item["colours"][label]) for label in item["labels"]] == looks_of_one
    page = of_runs["Report"]().decode()
    assert page.count('"name":"&lt;b&gt;*Tumour*&lt;\\u002fb&gt;"') >= len(kept)
    assert MARKED not in page
    with zipfile.ZipFile(io.BytesIO(of_runs["Labels as CSV"]())) as archive:
        for name in sections:
            [entry] = [entry for entry in archive.namelist() if f"_{name}_" in entry]
            rows = csv.DictReader(io.StringIO(archive.read(entry).decode()))
            assert [row["domain"] for row in rows] == names[name]
    press(app, "Undo the last name")
    assert drawn(app) == own
    assert {item.given for run in kept.values() for item in record.run(run.id).domains} == {""}


def test_the_small_map_of_a_section_has_the_colours_that_it_has_among_the_others(sections, record):
    app = together()
    next(button for button in app.button if button.label == "Keep").click().run()
    for run, look in zip(sorted(record.runs(), key=lambda run: run.sample_name), drawn(app), strict=True):
        small = np.asarray(Image.open(io.BytesIO(record.picture(run))).convert("RGBA"))
        seen = set(map(tuple, small[small[..., 3] == 255][:, :3].tolist()))
        assert seen >= {ImageColor.getrgb(shade) for _, shade in look}
