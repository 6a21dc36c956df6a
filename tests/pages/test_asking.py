"""Journeys over Ask a region on Tissue and on Tune, from `app.py`, without a browser."""

import dataclasses
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.annotation import Region, new_annotation
from core.evaluation.differential import Group, find_differential
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.work import tasks
from core.work.board.board import shared_board
from tests.core.work import chores
from tests.pages.conftest import APP, on_tissue
from tests.small_tissue import small_sample

GENES = [*(f"GENE{number}" for number in range(11)), "<b>bold</b>"]


@pytest.fixture
def named(samples_folder):
    sample = dataclasses.replace(small_sample("asked"), gene_names=np.array(GENES))
    lab.write(sample, samples_folder / "asked.h5")
    return sample


def compare(app):
    button = next(item for item in app.button if item.key == "widget:ask")
    button.click().run()
    assert shared_board().wait(shared_board().jobs()[-1].id, 120)
    app.run()
    assert not app.exception
    return app


def words(app):
    return " ".join(item.value for item in [*app.caption, *app.info]).replace("\\", "")


def charts(app):
    return [json.loads(item.proto.spec) for item in app.get("plotly_chart")]


def test_a_layer_against_another_gives_the_table_of_the_test_itself(named):
    app = compare(on_tissue(group="Layer 2", against="Layer 3"))
    labels = named.labels_true
    expected = find_differential(
        named.expression, Group("2", labels == "Layer2"), Group("3", labels == "Layer3"), named.gene_names
    ).table()
    (table,) = app.dataframe
    assert table.value["gene"].tolist() == expected["gene"].tolist()
    np.testing.assert_allclose(table.value["p_adjusted"], expected["p_adjusted"])
    assert "not replicates" in words(app)
    assert "Layer 2: " in words(app).replace("*", "")
    names = {trace["name"].split(" (")[0] for trace in charts(app)[1]["data"]}
    assert {"More in Layer 2", "More in Layer 3"} <= names


def test_the_two_groups_are_in_the_address_and_a_link_asks_the_same(named):
    app = on_tissue()
    app.selectbox("widget:ask.group").set_value("Layer 3").run()
    app.selectbox("widget:ask.against").set_value("Layer 1").run()
    assert (app.query_params["group"], app.query_params["against"]) == ("Layer 3", "Layer 1")
    linked = on_tissue(group="Layer 3", against="Layer 1")
    assert (linked.selectbox("widget:ask.group").value, linked.selectbox("widget:ask.against").value) == (
        "Layer 3",
        "Layer 1",
    )


def test_a_link_to_tune_asks_the_same_and_says_nothing_of_it_beside_another_chart(named):
    query = {"sample": "asked.h5", "chart": "ask", "group": "Layer 3 (annotated)", "against": "Layer 1 (annotated)"}
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert app.selectbox("widget:ask.group").value == "Layer 3 (annotated)"
    assert app.selectbox("widget:ask.against").value == "Layer 1 (annotated)"
    app.selectbox("widget:ask.against").set_value("Layer 2 (annotated)").run()
    assert "Layer 2 (annotated)" in app.query_params["against"]
    app.button_group(key="widget:chart").set_value("Flow").run()
    assert "group" not in app.query_params


def test_regions_of_an_annotation_that_the_sample_is_compared_with_are_asked_for(named, samples_folder):
    store = AnnotationStore(samples_folder / "asked.h5", named)
    regions = Region("<b>Top</b>", "#123456"), Region("Below", "#ABCDEF")
    assigned = np.where(np.arange(named.n_spots) < 60, 0, 1)
    drawn = new_annotation(named.n_spots, name="mine", author="Ana", regions=regions).with_assigned(assigned)
    app = compare(on_tissue(sample="asked.h5", truth=store.save(drawn, "Ana").annotation.id, group="<b>Top</b>"))
    expected = find_differential(named.expression, Group("Top", assigned == 0), None, named.gene_names).table()
    assert app.dataframe[0].value["gene"].tolist() == expected["gene"].tolist()
    assert "<b>Top</b>: 60 spots" in words(app).replace("*", "")


def test_a_group_that_is_not_there_is_named_and_another_is_taken(named):
    app = on_tissue(group="<b>Layer 9</b>")
    assert "There is no group “<b>Layer 9</b>” here: choose another." in words(app)
    assert app.selectbox("widget:ask.group").value == "Layer 1"


def test_the_search_finds_genes_by_part_of_a_name_by_several_names_and_says_where_there_is_none(named):
    app = compare(on_tissue(group="Layer 1"))
    for wanted, found in (
        ("ene1", {"GENE1", "GENE10"}),
        ("GENE2, gene7", {"GENE2", "GENE7"}),
        ("<b>", {"<b>bold</b>"}),
    ):
        app.text_input("widget:ask.search").set_value(wanted).run()
        assert set(app.dataframe[0].value["gene"]) == found
    app.text_input("widget:ask.search").set_value("nowhere").run()
    assert "No gene of this sample has such a name." in words(app)


def test_violins_are_of_the_first_genes_until_others_are_named(named):
    app = compare(on_tissue(group="Layer 1", against="Layer 2"))
    first = app.dataframe[0].value["gene"].tolist()[:3]
    assert app.multiselect("widget:ask.genes").value == first
    app.multiselect("widget:ask.genes").set_value(["GENE5", "<b>bold</b>"]).run()
    figure = charts(app)[-1]
    assert [figure["layout"][axis]["title"]["text"] for axis in ("yaxis", "yaxis2")] == [
        "GENE5",
        "&lt;b&gt;bold&lt;/b&gt;",
    ]
    assert {trace["name"] for trace in figure["data"] if trace["type"] == "violin"} >= {"Layer 1", "Layer 2", "Layer 3"}


def test_groups_that_cannot_be_compared_get_a_sentence_and_no_button(samples_folder):
    plain = small_sample("alone")
    labels = np.where(np.arange(plain.n_spots) == 7, "WM", "Layer1")
    lab.write(dataclasses.replace(plain, labels_true=labels), samples_folder / "alone.h5")
    app = on_tissue(group="White matter")
    assert "White matter has one spot: a test needs at least two" in words(app)
    assert not [item for item in app.button if item.key == "widget:ask"]


def test_a_comparison_can_be_cancelled_and_said_so(named, monkeypatch):
    monkeypatch.setattr(tasks, "differential", chores.endless)
    app = on_tissue(group="Layer 3")
    next(item for item in app.button if item.key == "widget:ask").click().run()
    next(item for item in app.button if item.label in ("Cancel", "Leave")).click().run()
    assert shared_board().wait(shared_board().jobs()[-1].id, 240)
    app.run()
    assert "The last comparison was cancelled." in words(app)


def test_without_annotation_and_selection_the_page_says_what_to_do(samples_folder):
    lab.write(dataclasses.replace(small_sample("bare"), labels_true=None), samples_folder / "bare.h5")
    assert "press Lasso on the map" in words(on_tissue())


def test_on_tune_domains_and_layers_can_be_asked_for(named):
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["chart"] = "ask"
    app.run()
    assert not app.exception
    options = app.selectbox("widget:ask.group").options
    assert {"Layer 1 (predicted)", "Layer 1 (annotated)"} <= set(options)
    compare(app)
    assert len(app.dataframe[0].value) == 12
    assert app.button_group("widget:ask.by").options == ["Predicted", "Annotated"]
