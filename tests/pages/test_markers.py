"""Journeys over marker genes below the maps of Tune, from `app.py`."""

import dataclasses
import json
import zlib

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.work import tasks
from core.work.board.board import JobStatus, shared_board
from tests.core.work import chores
from tests.pages.conftest import APP
from tests.small_tissue import small_sample

GENES = [f"GENE{number}" for number in range(12)]


@pytest.fixture
def app(samples_folder, request):
    """A sample whose genes 0, 3, 6, 9 belong to its first layer, 1, 4, 7, 10 to its second, and so on.

    All tests share one board, which finds known markers again: each test has counts of its own.
    """
    counts = small_sample("named", random_state=zlib.crc32(request.node.name.encode()))
    sample = dataclasses.replace(counts, gene_names=np.array(GENES))
    lab.write(sample, samples_folder / "named.h5")
    return choose(AppTest.from_file(APP, default_timeout=120).run())


def choose(app, *, n_clusters=3):
    app.button_group("widget:chart").set_value("Markers").run()
    app.number_input("widget:clustering.n_clusters").set_value(n_clusters).run()
    assert not app.exception
    return app


def button(app):
    return next((item for item in app.button if item.key == "widget:markers"), None)


def find(app, seconds=120):
    button(app).click().run()
    assert not app.exception
    job = shared_board().jobs()[-1]
    assert shared_board().wait(job.id, seconds)
    app.run()
    assert not app.exception
    return job


def notes(app):
    return " ".join(item.value for item in app.caption)


def dot_plot(app):
    return json.loads(app.get("plotly_chart")[-1].proto.spec)


def test_markers_wait_for_a_click_and_then_lead_with_the_genes_of_each_layer(app):
    assert not app.dataframe
    find(app)
    assert button(app) is None
    picker = app.selectbox("widget:markers of")
    assert picker.options == ["Layer 1", "Layer 2", "Layer 3"]
    for index, cluster in enumerate(picker.options):
        app.selectbox("widget:markers of").select(cluster).run()
        table = app.dataframe[0].value
        assert set(table["gene"][:4]) == {f"GENE{index + 3 * number}" for number in range(4)}
        assert (table["log2_fold_change"][:4] > 1).all()
    rows = dot_plot(app)["layout"]["yaxis"]["ticktext"]
    assert ["Layer 1" in rows[0], "Layer 2" in rows[1], "Layer 3" in rows[2]] == [True] * 3
    assert "proves nothing" in notes(app)


def test_a_reload_and_another_session_find_them_again_and_a_moved_knob_asks_anew(app):
    find(choose(app, n_clusters=4))
    n_jobs = len(shared_board().jobs())
    other = choose(AppTest.from_file(APP, default_timeout=120).run(), n_clusters=4)
    assert len(other.dataframe) == 1
    assert len(shared_board().jobs()) == n_jobs
    choose(other, n_clusters=5)
    assert not other.dataframe
    assert not button(other).disabled


def test_a_search_under_way_says_how_far_it_is_ends_on_cancel_and_is_offered_again(app, monkeypatch):
    monkeypatch.setattr(tasks, "markers", chores.endless)
    choose(app, n_clusters=6)
    button(app).click().run()
    job = shared_board().jobs()[-1]
    assert "left" in notes(app)
    app.button("widget:cancel search for markers").click().run()
    assert shared_board().job(job.id).status is JobStatus.CANCELLED
    assert "The last search was cancelled." in notes(app)
    assert not button(app).disabled


def test_a_cluster_of_one_spot_is_named_and_left_out(app, samples_folder):
    sample = lab.read(samples_folder / "named.h5")
    expression = sample.expression.copy()
    expression[100] = 3000
    lab.write(dataclasses.replace(sample, expression=expression), samples_folder / "named.h5")
    app.slider("widget:pooling.window").set_value(1)
    app.number_input("widget:clustering.x_weight").set_value(1000.0).run()
    find(app.run())
    assert "has 1 spot" in notes(app)


def test_one_cluster_alone_fails_with_a_sentence(app):
    find(choose(app, n_clusters=1))
    assert "All spots are in one cluster" in app.error[0].value
    assert not button(app).disabled


def test_the_file_holds_every_gene_of_every_domain(app):
    find(choose(app, n_clusters=7))
    (item,) = [item for item in app.get("download_button") if item.proto.label == "All genes as CSV"]
    assert item.proto.deferred_file_id


def test_without_names_genes_are_numbered(samples_folder):
    lab.write(small_sample("bare", annotated=False), samples_folder / "bare.h5")
    app = choose(AppTest.from_file(APP, default_timeout=120).run())
    find(app)
    assert app.dataframe[0].value["gene"][0].startswith("Gene ")


def test_a_link_holds_the_domain_that_is_chosen(app):
    find(app)
    assert "domain" not in app.query_params
    app.selectbox("widget:markers of").select("Layer 3").run()
    address = dict(app.query_params)
    assert (address["chart"], address["domain"].isdigit()) == ("markers", True)
    for domain, chosen in ((address["domain"], "Layer 3"), ("99", "Layer 1"), ("Layer 3", "Layer 1")):
        other = AppTest.from_file(APP, default_timeout=120)
        for entry, value in (address | {"domain": domain}).items():
            other.query_params[entry] = value
        other.run()
        picker = other.selectbox("widget:markers of")
        assert not other.exception
        assert picker.format_func(picker.value) == chosen
        assert any("number of a domain" in item.value for item in other.warning) == (domain == "Layer 3")


def test_no_gene_of_the_table_is_a_formula_where_a_spreadsheet_opens_what_streamlit_saves_of_it(samples_folder):
    sample = dataclasses.replace(
        small_sample("formulas", random_state=81), gene_names=np.array([f"=GENE{number}()" for number in range(12)])
    )
    lab.write(sample, samples_folder / "named.h5")
    app = choose(AppTest.from_file(APP, default_timeout=120).run())
    find(app)
    genes = app.dataframe[0].value["gene"].tolist()
    assert genes
    assert all(gene.startswith("'=GENE") for gene in genes)
