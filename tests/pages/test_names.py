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
from core.work.runs import open_record
from core.work.runs.artifacts import labels_hash
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from tests.tissue_view import given
from ui.runs import downloads as run_downloads
from ui.shell import domain_names
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
