"""Domains and names by marker genes."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from core.errors import ParameterError
from core.guidance import Guidance
from core.io import lab
from core.known_markers import KNOWN
from core.marker_table import parse
from core.method.by_markers import marker_scores, suggest_names
from core.method.neighbours import neighbour_graph
from core.method.pipeline import Pipeline
from core.params import preset
from core.strokes import strokes_of
from tests.sections import SHIPPED
from tests.teaching import LAYERS, permuted, section

PARAMS = preset("recommended", 4)
TABLE = parse("\n".join(f"{layer},GENE{number},GENE{number + 4}" for number, layer in enumerate(LAYERS)))


def scored(sample, table=TABLE):
    return marker_scores(table, sample, neighbour_graph(sample.coordinates), 2)


def named(result):
    return np.array(result.names)[result.labels]


def test_two_markers_of_each_layer_find_the_layers_and_name_them():
    sample = section("A", 0)
    result = Pipeline(sample).run_guided(PARAMS, Guidance(markers=TABLE))
    assert result.names == LAYERS
    assert np.mean(named(result) == sample.labels_true) > 0.9


def test_the_annotation_never_enters():
    sample = section("A", 0)
    runs = [Pipeline(one).run_guided(PARAMS, Guidance(markers=TABLE)).labels for one in (sample, permuted(sample))]
    assert runs[0].tolist() == runs[1].tolist()


def test_a_domain_without_its_markers_is_said_and_the_others_are_found():
    table = parse(TABLE.as_text() + "Vessel,NOWHERE\n")
    sample = section("A", 0)
    assert scored(sample, table).notes() == (
        "Vessel has no marker gene in the sample, so it cannot be found.",
        "1 marker gene is not in the sample, or the same everywhere: NOWHERE.",
    )
    assert np.mean(named(Pipeline(sample).run_guided(PARAMS, Guidance(markers=table))) == sample.labels_true) > 0.9


def test_a_domain_that_has_markers_and_no_spot_is_said():
    sample = section("A", 0)
    found, labels = scored(sample, parse(TABLE.as_text() + "Vessel,NOWHERE\n")), np.arange(sample.n_spots) % 3
    assert found.notes_on(found.names, labels) == (
        *found.notes(),
        f"{LAYERS[3]} was not found: no spot looks most like its markers.",
    )


def test_strokes_bring_a_domain_without_markers_back():
    table = parse(TABLE.as_text() + "Vessel,NOWHERE\n")
    sample = section("A", 0)
    labels = np.full(sample.n_spots, "NA", dtype="<U12")
    labels[50:54] = "Vessel"
    result = Pipeline(sample).run_guided(PARAMS, Guidance(markers=table, strokes=strokes_of(labels)))
    assert set(named(result)[50:54]) == {"Vessel"}


def test_unknown_genes_alone_are_a_sentence():
    with pytest.raises(ParameterError, match=r"marker genes of no domain.*such as GENE0.*such as x"):
        scored(section("A", 0), parse("A,x\nB,y"))


def test_a_sample_without_gene_names_is_a_sentence():
    with pytest.raises(ParameterError, match="no gene names"):
        scored(dataclasses.replace(section("A", 0), gene_names=None))


def test_a_gene_that_is_the_same_everywhere_plays_no_part():
    sample = section("A", 0)
    counts = sample.expression.copy()
    counts[:, 0] = 0
    assert scored(dataclasses.replace(sample, expression=counts)).unknown["Layer1"] == ("GENE0",)


def test_domains_found_without_names_get_those_of_their_markers_with_evidence():
    sample = section("A", 0)
    truth = np.unique(sample.labels_true, return_inverse=True)[1]
    found = suggest_names(scored(sample), truth)
    assert [one.name for one in found] == list(LAYERS)
    assert {gene for gene, _ in found[0].genes} == {"GENE0", "GENE4"}
    own = scored(sample).genes["Layer1"]["GENE0"]
    assert dict(found[0].genes)["GENE0"] == pytest.approx(own[truth == 0].mean())
    assert found[0].in_words().startswith("GENE")


def test_a_domain_whose_markers_do_not_stand_out_gets_no_name():
    sample = section("A", 0)
    found = suggest_names(scored(sample), np.arange(sample.n_spots) % 2)
    assert [one.name for one in found] == ["", ""]
    assert found[0].in_words().startswith("no markers stand out")


def test_each_shipped_marker_is_highest_in_its_layer_or_beside_it_on_the_shipped_section():
    sample = lab.read(SHIPPED)
    found = marker_scores(KNOWN["human-cortex"], sample, neighbour_graph(sample.coordinates), 2)
    layers = sorted(set(sample.labels_true))
    assert not found.missing
    for layer, genes in found.genes.items():
        for gene, values in genes.items():
            means = [values[sample.labels_true == name].mean() for name in layers]
            assert abs(int(np.argmax(means)) - layers.index(layer)) <= 1, (layer, gene)


def test_the_shipped_markers_find_the_layers_of_the_shipped_section():
    sample = lab.read(SHIPPED)
    result = Pipeline(sample).run_guided(preset("recommended", 7), Guidance(markers=KNOWN["human-cortex"]))
    assert adjusted_rand_score(sample.labels_true, named(result)) > 0.58
