"""Journeys over the Tissue page, from `app.py`, without a browser."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.sample import TissueImage
from tests.small_tissue import small_sample
from tests.tissue_view import given

APP = Path(__file__).resolve().parents[2] / "app.py"
GENES = [f"GENE{number}" for number in range(12)]


def key(name):
    return f"widget:{name}"


def on_tissue(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run().switch_page("pages/tissue.py").run()


@pytest.fixture
def named(samples_folder):
    """A sample with names of genes and an image."""
    plain = small_sample("named")
    image = TissueImage(pixels=np.full((30, 40, 3), 200, dtype=np.uint8), scale=0.1)
    sample = dataclasses.replace(
        plain, gene_names=np.array(GENES), coords_px=plain.lattice * [12.0, 10.0], image=image, source="A test's tissue"
    )
    lab.write(sample, samples_folder / "named.h5")
    return sample


@pytest.fixture
def app(named):
    return on_tissue()


def only_map(app):
    (item,) = given(app)["maps"]
    return item


def choose(app, kind):
    app.button_group(key("view kind")).set_value(kind).run()


def bars(app):
    (bar,) = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    return bar["text"]


def log_normalised(sample):
    """ln(1 + counts), each spot's scaled to the median of all spots."""
    totals = sample.expression.sum(axis=1)
    return np.log1p(sample.expression * (np.median(totals) / totals)[:, None])


def captions(app):
    return " ".join(item.value for item in app.caption)


def test_the_page_opens_on_the_annotation_with_the_facts_of_the_sample(app, named):
    assert not app.exception
    assert only_map(app)["title"] == "Annotated"
    assert any("**192** spots, **12** genes, **3** layers" in item.value for item in app.markdown)
    assert "A test's tissue" in captions(app)
    counts = [int((named.labels_true == layer).sum()) for layer in ("Layer1", "Layer2", "Layer3", "NA")]
    assert [text.split()[0] for text in bars(app)] == [str(count) for count in counts]


def test_each_view_colours_the_spots_by_what_it_says(app, named):
    choose(app, "counts")
    np.testing.assert_allclose(only_map(app)["values"], named.expression.sum(axis=1))
    choose(app, "genes")
    np.testing.assert_allclose(only_map(app)["values"], (named.expression > 0).sum(axis=1))
    app.selectbox(key("gene")).select("GENE7").run()
    assert only_map(app)["title"] == "GENE7"
    np.testing.assert_allclose(only_map(app)["values"], log_normalised(named)[:, 7], rtol=1e-6)
    app.button_group(key("values")).set_value(True).run()
    np.testing.assert_allclose(only_map(app)["values"], named.expression[:, 7])
    assert only_map(app)["unit"] == "counts"
    assert app.button_group(key("view kind")).value == "gene"
    assert not app.exception


def test_the_ends_of_the_scale_follow_the_numbers_and_start_anew_with_another_gene(app, named):
    app.selectbox(key("gene")).select("GENE1").run()
    column = log_normalised(named)[:, 1]
    ends = pytest.approx([column.min(), np.percentile(column, 99)])
    assert only_map(app)["limits"] == ends
    app.number_input(key("limit.high")).set_value(9.0).run()
    assert only_map(app)["limits"] == pytest.approx([column.min(), 9.0])
    app.number_input(key("limit.low")).set_value(None).run()
    assert only_map(app)["limits"] == ends
    app.number_input(key("limit.high")).set_value(9.0).run()
    app.selectbox(key("gene")).select("GENE2").run()
    assert only_map(app)["limits"][1] == pytest.approx(np.percentile(log_normalised(named)[:, 2], 99))


def test_a_gene_of_fewer_than_a_hundredth_of_the_spots_is_seen(samples_folder, named):
    counts = named.expression.copy()
    counts[:, 1] = np.arange(named.n_spots) == 3
    lab.write(dataclasses.replace(named, expression=counts), samples_folder / "named.h5")
    app = on_tissue(show="gene", gene="GENE1", values="counts")
    assert only_map(app)["limits"] == [0.0, 1.0]


def test_the_way_back_to_the_ends_of_the_values_is_one_click(app, named):
    app.selectbox(key("gene")).select("GENE1").run()
    assert app.button(key("back.limits")).disabled
    app.number_input(key("limit.high")).set_value(9.0).run()
    app.button(key("back.limits")).click().run()
    column = log_normalised(named)[:, 1]
    assert only_map(app)["limits"] == pytest.approx([column.min(), np.percentile(column, 99)])


def test_a_link_shows_somebody_else_the_same_gene_in_the_same_colours(app):
    app.selectbox(key("gene")).select("GENE5").run()
    app.button_group(key("values")).set_value(True).run()
    app.number_input(key("limit.low")).set_value(2.5).run()
    app.number_input(key("limit.high")).set_value(9.0).run()
    query = {name: app.query_params[name] for name in ("show", "gene", "values", "low", "high")}
    assert query == {"show": "gene", "gene": "GENE5", "values": "counts", "low": "2.5", "high": "9.0"}
    other = on_tissue(**query)
    assert (only_map(other)["title"], only_map(other)["limits"]) == ("GENE5", [2.5, 9.0])
    other.switch_page("pages/tune.py").run()
    assert "gene" not in other.query_params
    other.switch_page("pages/tissue.py").run()
    assert only_map(other)["limits"] == [2.5, 9.0]


def test_another_sample_has_ends_of_its_own(app, named, samples_folder):
    doubled = dataclasses.replace(named, name="other", expression=named.expression * 2)
    lab.write(doubled, samples_folder / "other.h5")
    app.selectbox(key("gene")).select("GENE1").run()
    app.number_input(key("limit.high")).set_value(9.0).run()
    app.selectbox(key("sample")).select("other.h5").run()
    assert only_map(app)["limits"][1] == pytest.approx(np.percentile(log_normalised(doubled)[:, 1], 99))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"show": "<b>"}, "must be one of annotation, gene, counts, genes"),
        ({"low": "5", "high": "1"}, "two numbers, the lower one first"),
        ({"low": "nan", "high": "1"}, "two numbers, the lower one first"),
        ({"high": "1"}, "two numbers, the lower one first"),
        ({"values": "ranks"}, "it can only be counts"),
        ({"gene": "G" * 300}, "no gene has so long a name"),
    ],
)
def test_what_an_address_says_amiss_is_passed_over_with_a_sentence(named, query, words):
    app = on_tissue(**query)
    assert not app.exception
    assert words in app.warning[0].value.replace("\\", "")
    assert only_map(app)["title"] == "Annotated"


def test_a_gene_of_another_section_is_said_to_be_missing(named):
    app = on_tissue(show="gene", gene="PCP4_<b>")
    assert only_map(app)["title"] == "GENE0"
    assert "has no gene PCP4" in captions(app)


def test_sample_gene_and_view_are_still_there_after_another_page(app):
    app.selectbox(key("gene")).select("GENE3").run()
    app.switch_page("pages/tune.py").run()
    assert app.query_params["sample"] == "named.h5"
    app.switch_page("pages/tissue.py").run()
    assert only_map(app)["title"] == "GENE3"
    assert app.selectbox(key("gene")).value == "GENE3"


def test_without_names_and_annotation_counts_remain(samples_folder):
    lab.write(small_sample("bare", annotated=False), samples_folder / "bare.h5")
    app = on_tissue()
    assert not app.exception
    assert only_map(app)["title"] == "Counts per spot"
    assert app.selectbox(key("gene")).disabled
    assert "no annotation" in captions(app)


def test_synthetic_tissue_is_called_so(samples_folder):
    lab.write(dataclasses.replace(small_sample("made"), synthetic=True), samples_folder / "made.h5")
    app = on_tissue()
    assert "**Synthetic:**" in captions(app)
    assert "synthetic tissue" in only_map(app)["title"]
