"""Layers of one section from another; the tissue is made up, so that its layers are known."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from core.errors import ParameterError, SampleError, TransferError
from core.guidance import UNLIKE, Guidance
from core.io import lab
from core.known_markers import KNOWN
from core.method.pipeline import Pipeline
from core.method.reference import learn
from core.method.transfer import shared_with
from core.params import preset
from core.parts import part_of
from core.strokes import strokes_of
from tests.sections import SHIPPED
from tests.teaching import LAYERS, permuted, section, without

PARAMS = preset("recommended", 4)


@pytest.fixture(scope="module")
def taught():
    return learn([section("A", 0)])


def agreeing(result, sample):
    return np.mean(np.array(result.names)[result.labels] == sample.labels_true)


def test_another_section_of_the_tissue_gets_the_same_layers_by_name(taught):
    other = section("B", 1, depth=2.0)
    result = Pipeline(other).run_guided(PARAMS, Guidance(reference=taught))
    assert result.names == (*LAYERS, UNLIKE)
    assert agreeing(result, other) > 0.95
    assert not np.any(np.array(result.names)[result.labels] == UNLIKE)


def test_the_annotation_of_the_section_never_enters(taught):
    other = section("B", 1)
    labels = [
        Pipeline(sample).run_guided(PARAMS, Guidance(reference=taught)).labels.tolist()
        for sample in (other, permuted(other), dataclasses.replace(other, labels_true=None))
    ]
    assert labels[0] == labels[1] == labels[2]


def test_what_is_learnt_does_not_depend_on_the_order_of_spots_and_genes(taught):
    sample = section("A", 0)
    order = np.random.default_rng(3).permutation(sample.n_spots)
    genes = np.random.default_rng(4).permutation(sample.n_genes)
    turned = part_of(sample, order)
    turned = dataclasses.replace(turned, expression=turned.expression[:, genes], gene_names=sample.gene_names[genes])
    again = learn([turned])
    assert again.genes == taught.genes
    np.testing.assert_allclose(np.abs(again.loadings[:, 0]), np.abs(taught.loadings[:, 0]), atol=1e-5)
    np.testing.assert_allclose(again.frequencies, taught.frequencies)


def test_a_layer_that_the_reference_lacks_is_unlike_anything_in_it():
    other = section("B", 1)
    result = Pipeline(other).run_guided(PARAMS, Guidance(reference=learn([without(section("A", 0), "Layer4")])))
    unlike = np.array(result.names)[result.labels] == UNLIKE
    assert unlike[other.labels_true == "Layer4"].mean() > 0.8
    assert unlike[other.labels_true != "Layer4"].mean() < 0.1


def test_a_layer_that_the_section_lacks_is_not_found_in_it(taught):
    other = without(section("B", 1), "Layer1")
    result = Pipeline(other).run_guided(PARAMS, Guidance(reference=taught))
    assert np.mean(np.array(result.names)[result.labels] == "Layer1") < 0.03


def test_strokes_correct_what_is_transferred_and_are_not_scored(taught):
    other = section("B", 1)
    labels = np.full(other.n_spots, "NA", dtype="<U12")
    labels[:6] = "L4"  # another spelling, and against what expression says
    labels[100:104] = "Vessel"
    guidance = Guidance(reference=taught, strokes=strokes_of(labels))
    result = Pipeline(other).run_guided(PARAMS, guidance)
    found = np.array(result.names)[result.labels]
    assert result.names == (*LAYERS, "Vessel", UNLIKE)
    assert set(found[:6]) == {"Layer4"}
    assert set(found[100:104]) == {"Vessel"}
    assert result.n_painted == 10
    assert "corrected by 10 painted spots" in guidance.in_words()


def test_several_sections_teach_together_whatever_they_hold():
    parts = [without(section("A", 0), "Layer4"), without(section("C", 2), "Layer1")]
    other = section("B", 1)
    result = Pipeline(other).run_guided(PARAMS, Guidance(reference=learn(parts)))
    assert agreeing(result, other) > 0.9


def test_genes_are_matched_by_second_names_too(taught):
    other = section("B", 1)
    renamed = dataclasses.replace(
        other, gene_names=np.array([f"other{number}" for number in range(other.n_genes)]), gene_ids=other.gene_names
    )
    genes, columns = shared_with(taught, renamed)
    assert [taught.genes[gene] for gene in genes] == other.gene_names[columns].tolist()


def test_spots_without_counts_and_few_genes_do_no_harm(taught):
    other = section("B", 1)
    counts = other.expression.copy()
    counts[:20] = 0
    few = dataclasses.replace(other, expression=counts[:, :60], gene_names=other.gene_names[:60])
    result = Pipeline(few).run_guided(PARAMS, Guidance(reference=taught))
    assert agreeing(result, few) > 0.8


def test_another_species_is_told():
    mouse = section("M", 1, kinds="Gene")
    with pytest.raises(TransferError, match=r"share 0 genes.*genes of mouse and of human.*same species"):
        shared_with(learn([section("A", 0)]), mouse)


@pytest.mark.parametrize(
    ("changed", "kind", "sentence"),
    [
        ({"labels_true": None}, TransferError, "no annotation to learn from"),
        ({"gene_names": None}, TransferError, "no gene names"),
        ({"labels_true": np.full(360, "Layer1")}, TransferError, "1 domain.*at least two"),
    ],
)
def test_what_cannot_teach_is_told(changed, kind, sentence):
    with pytest.raises(kind, match=sentence):
        learn([dataclasses.replace(section("A", 0), **changed)])


def test_a_section_that_taught_the_reference_is_told_nothing_by_it_whatever_it_is_called(taught):
    with pytest.raises(TransferError, match=r"copy is itself among the references.*own annotation"):
        Pipeline(dataclasses.replace(section("A", 0), name="copy")).run_guided(PARAMS, Guidance(reference=taught))


def test_one_section_twice_would_count_twice_and_is_refused():
    copy = dataclasses.replace(section("A", 0), name="copy")
    with pytest.raises(TransferError, match="A and copy are one section with one annotation"):
        learn([section("A", 0), copy])


def test_sections_without_shared_genes_are_told():
    with pytest.raises(SampleError, match="share 0 gene names"):
        learn([section("A", 0), section("B", 1, kinds="Gene")])


def test_a_sample_without_gene_names_is_told(taught):
    with pytest.raises(TransferError, match="no gene names"):
        shared_with(taught, dataclasses.replace(section("B", 1), gene_names=None))


def test_a_reference_and_markers_together_are_refused(taught):
    with pytest.raises(ParameterError, match="choose one"):
        Guidance(reference=taught, markers=KNOWN["human-cortex"])


def test_half_of_the_shipped_section_teaches_the_other_half_more_than_expression_alone_tells():
    whole = lab.read(SHIPPED)
    left = whole.lattice[:, 1] < np.median(whole.lattice[:, 1])
    other, params = part_of(whole, ~left), preset("recommended", 7)
    result = Pipeline(other).run_guided(params, Guidance(reference=learn([part_of(whole, left)])))
    alone = Pipeline(other).run(params)
    found = adjusted_rand_score(other.labels_true, np.array(result.names)[result.labels])
    assert found > adjusted_rand_score(other.labels_true, alone.labels)
