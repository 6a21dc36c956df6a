"""Journeys with cells off the lattice, from `app.py`, without a browser."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.io.export import spots_csv
from core.io.synthetic import synthesise
from core.method import pipeline
from core.params import PRESETS, preset
from tests.tissue_view import fetched, given, shared_store

APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture(scope="module")
def cells():
    return synthesise(1000, n_genes=20, cells=True)


@pytest.fixture
def store(monkeypatch):
    return shared_store(monkeypatch)


@pytest.fixture
def app(samples_folder, cells, store):
    lab.write(cells, samples_folder / "cells.h5")
    return AppTest.from_file(APP, default_timeout=120).run()


def test_tune_clusters_cells_and_draws_them_where_they_lie(app, cells, store):
    assert not app.exception
    assert not app.error
    spots = fetched(app, store)
    assert [item["title"].split()[0] for item in given(app)["maps"]] == ["Predicted", "Annotated"]
    np.testing.assert_allclose(spots["centres_um"].reshape(-1, 2), cells.coords_um[:, ::-1], rtol=1e-5)
    assert spots["array_um"] is None
    assert spots["width_um"] == pytest.approx(10, rel=0.15)
    expected = pipeline.run(cells, preset("paper", n_clusters=7)).scores.ari
    assert {metric.label: metric.value for metric in app.metric}["ARI"] == f"{expected:.3f}"


@pytest.mark.parametrize("chart", ["Depth profile", "Confusion", "Flow", "Three runs"])
def test_every_chart_of_tune_is_drawn_for_cells(app, chart):
    app.button_group(key="widget:chart").set_value(chart).run()
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) >= 2


@pytest.mark.parametrize("page", ["tissue", "method"])
def test_the_other_pages_open_on_cells(app, page):
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_runs_on_cells_and_shuffling_them_changes_no_label(name, cells):
    params = preset(name, n_clusters=4)
    labels = pipeline.run(cells, params).labels
    assert len(np.unique(labels)) > 1
    if not params.embedding.needs_training:  # training draws its batches in the order of the file
        order = np.random.default_rng(0).permutation(cells.n_spots)
        shuffled = type(cells)(name="s", expression=cells.expression[order], coords_um=cells.coords_um[order])
        assert np.array_equal(pipeline.run(shuffled, params).labels, labels[order])


def test_positions_of_cells_leave_in_micrometres(cells):
    (header, row) = csv.reader(io.StringIO(spots_csv(cells, [7])))
    assert header == ["spot", "x_um", "y_um", "layer"]
    assert [float(row[2]), float(row[1])] == pytest.approx(cells.coords_um[7].tolist(), abs=1e-3)
