"""Journeys over several genes, sets of genes and their links on Tissue, from `app.py`, without a browser."""

import dataclasses

import numpy as np
import pytest

from core.evaluation.gene_sets import score_set
from core.figures.blending import corners
from core.io import lab
from core.method.normalisation import log_normalised
from tests.pages.conftest import on_tissue
from tests.small_tissue import small_sample
from tests.tissue_view import given

GENES = [*(f"GENE{number}" for number in range(10)), "<b>bold</b>", "GENE0"]
IDS = np.array([f"ENSG{number:011}" for number in range(12)])


@pytest.fixture
def named(samples_folder):
    plain = small_sample("named")
    counts = np.array(plain.expression)
    counts[:, 9] = 0
    sample = dataclasses.replace(plain, expression=counts, gene_names=np.array(GENES), gene_ids=IDS)
    lab.write(sample, samples_folder / "named.h5")
    return sample


def titles(app):
    return [item["title"] for item in given(app)["maps"]]


def captions(app):
    return " ".join(item.value for item in app.caption).replace("\\", "")


def test_two_genes_are_blended_in_one_map_whose_hover_text_has_both(named):
    app = on_tissue(show="several")
    app.multiselect("widget:several genes").set_value(["GENE3", "GENE9"]).run()
    (item,) = given(app)["maps"]
    assert (item["title"], item["names"]) == ("GENE3 and GENE9", [])
    values = np.asarray(log_normalised(named.expression))[:, 3]
    highest, lowest = (item["colours"][item["labels"][spot]] for spot in (values.argmax(), values.argmin()))
    assert highest == corners(2, "light")[1, 0]  # GENE9 has no counts
    assert (lowest == corners(2, "light")[0, 0]) == (values.min() < values.max() / 16)
    hover = given(app)["hover_only"]
    assert [line["title"] for line in hover] == ["GENE3", "GENE9", "Annotated"]
    np.testing.assert_allclose(hover[0]["values"], values, rtol=1e-6)
    assert app.query_params["several"] == "GENE3,GENE9"


def test_more_than_three_genes_are_side_by_side_and_two_where_it_is_asked_for(named):
    app = on_tissue(show="several", several="GENE1,GENE2,GENE3,GENE4")
    assert titles(app) == ["GENE1", "GENE2", "GENE3", "GENE4"]
    assert app.button_group("widget:how").disabled
    app.multiselect("widget:several genes").set_value(["GENE1", "GENE2"]).run()
    assert titles(app) == ["GENE1 and GENE2"]
    app.button_group("widget:how").set_value(True).run()
    assert titles(app) == ["GENE1", "GENE2"]
    assert app.query_params["how"] == "beside"


def test_fields_of_genes_and_values_are_told_only_what_they_do_not_show(named):
    # See `session.show_unless_shown`: two genes that are chosen one after the other quickly both arrive.
    app = on_tissue(show="several")
    genes = app.multiselect("widget:several genes").set_value(["GENE3"]).run().multiselect("widget:several genes")
    assert (genes.value, genes.proto.set_value) == (["GENE3"], False)
    values = app.button_group("widget:values").set_value(True).run().button_group("widget:values")
    assert (values.value, values.proto.set_value) == (True, False)


def test_a_set_is_a_score_and_missing_names_are_named(named):
    app = on_tissue(show="set")
    assert given(app)["maps"][0]["message"].startswith("A score needs at least 2 genes")
    app.text_area("widget:gene set").set_value("GENE1;gene2\nENSG00000000004, NOTHERE GENE1").run()
    assert not app.exception
    (item,) = given(app)["maps"]
    expected = score_set(log_normalised(named.expression), (1, 2, 4))
    np.testing.assert_allclose(item["values"], expected, rtol=1e-5, atol=1e-6)
    assert item["unit"] == "score"
    assert "3 genes found." in captions(app)
    assert "1 name not found in this sample: NOTHERE." in captions(app)


def test_a_link_shows_the_same_set_and_genes_by_identifier(named):
    app = on_tissue(show="set", set="GENE1,GENE2,GENE5")
    assert app.text_area("widget:gene set").value == "GENE1, GENE2, GENE5"
    assert app.query_params["set"] == "GENE1,GENE2,GENE5"
    assert titles(on_tissue(show="gene", gene="ENSG00000000007")) == ["GENE7"]
    assert titles(on_tissue(show="several", several="ENSG00000000007,GENE2")) == ["GENE7 and GENE2"]


def test_names_are_offered_with_their_identifiers(named):
    options = on_tissue(show="gene").selectbox("widget:gene").options
    assert "GENE7 · ENSG00000000007" in options
    assert options.count("GENE0 · ENSG00000000000") == 1


@pytest.mark.parametrize(
    "text",
    ["", "  ,;", "GENE1", "GENE1 GENE1 gene1", "<script>alert(1)</script>", " ".join(f"NO{i}" for i in range(10_000))],
)
def test_what_is_no_set_shows_no_score_and_nothing_breaks(named, text):
    app = on_tissue(show="set")
    app.text_area("widget:gene set").set_value(text).run()
    assert not app.exception
    assert given(app)["maps"][0]["message"]
    assert not app.error


def test_ten_thousand_names_are_scored_by_those_that_are_there_and_left_out_of_the_address(named):
    app = on_tissue(show="set")
    app.text_area("widget:gene set").set_value(" ".join(["GENE1", "GENE2", *(f"NO{i}" for i in range(10_000))])).run()
    assert given(app)["maps"][0]["values"] is not None
    assert "10,000 names not found in this sample: NO0, " in captions(app)
    assert "too long for a link" in captions(app)
    assert "set" not in app.query_params


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"how": "mixed"}, "it can only be beside"),
        ({"several": "G" * 3000}, "at most 2,000 characters"),
        ({"set": "G," * 3000}, "at most 2,000 characters"),
    ],
)
def test_what_an_address_says_amiss_is_passed_over_with_a_sentence(named, query, words):
    assert words in on_tissue(**query).warning[0].value.replace("\\", "")


def test_genes_that_the_sample_lacks_are_named_and_others_are_shown(named):
    app = on_tissue(show="several", several="<b>x</b>,GENE4")
    assert titles(app) == ["GENE4"]
    assert "1 name not found in this sample: <b>x</b>." in captions(app)
    assert titles(on_tissue(show="several", several="NOT,HERE")) == ["<b>bold</b> and GENE0"]


def test_a_sample_without_names_offers_no_genes(samples_folder):
    lab.write(small_sample("plain"), samples_folder / "plain.h5")
    app = on_tissue(show="set", set="GENE1,GENE2")
    assert titles(app) == ["Annotated"]
    assert app.button_group("widget:view kind").options == ["Annotation", "Counts per spot", "Genes per spot"]
