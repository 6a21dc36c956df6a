import dataclasses

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from core.errors import ParameterError, SampleError
from core.io import lab
from core.method import factors
from core.method.cache import StepCache
from core.method.joint import JointPipeline, suggested_n_clusters
from core.method.shared_genes import counts_of, shared_genes
from core.params import preset, replaced
from core.sample import Sample
from tests.sections import SHIPPED

N_GENES = 200


def subset(sample, spots, name, genes=None):
    """Some spots of a sample, as a section of its own."""
    genes = np.arange(sample.n_genes) if genes is None else genes
    return Sample(
        name=name,
        expression=sample.expression[spots][:, genes],
        lattice=sample.lattice[spots],
        labels_true=sample.labels_true[spots],
        gene_names=sample.gene_names[genes],
    )


@pytest.fixture(scope="module", autouse=True)
def few_fits():
    """Half as many fits: enough to show what holds for any number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.method.joint.N_FITS", 6)
        yield


@pytest.fixture(scope="module")
def whole():
    sample = lab.read(SHIPPED)
    return subset(sample, np.arange(sample.n_spots), "whole", np.arange(N_GENES))


@pytest.fixture(scope="module")
def halves(whole):
    """Left and right half of the shipped section: each crosses all layers."""
    right = whole.lattice[:, 1] > np.median(whole.lattice[:, 1])
    return [subset(whole, np.flatnonzero(~right), "left"), subset(whole, np.flatnonzero(right), "right")]


@pytest.fixture(scope="module")
def params(halves):
    return preset("recommended", n_clusters=suggested_n_clusters(halves))


@pytest.fixture(scope="module")
def together(halves, params):
    return JointPipeline(halves).run(params)


def labels_by_place(results, samples):
    return {
        (sample.name, *index): label
        for sample in samples
        for index, label in zip(sample.lattice.tolist(), results[sample.name].labels.tolist(), strict=True)
    }


def share_named_alike(results, halves):
    """Share of the right half's spots in the layer that their label is commonest in, in the left half."""
    left, right = halves
    layers = np.unique(left.labels_true)
    names = {
        label: max(
            layers, key=lambda layer: np.count_nonzero(left.labels_true[results["left"].labels == label] == layer)
        )
        for label in np.unique(results["left"].labels)
    }
    return np.mean([names.get(k) == layer for k, layer in zip(results["right"].labels, right.labels_true, strict=True)])


def test_a_label_means_the_same_layer_in_two_halves_of_which_one_holds_nearly_all_white_matter(together, halves):
    # Centring alone puts the white matter of one half upon the grey matter of the other: 0.26 instead of above 0.5.
    assert share_named_alike(together, halves) > 0.5


def test_a_deeper_sequenced_section_gets_the_labels_that_it_would_get_anyway(halves, params, together):
    # Three times the counts of every gene is the same tissue: only the median library size, common to both, moves.
    deeper = dataclasses.replace(halves[1], expression=3 * halves[1].expression)
    again = JointPipeline([halves[0], deeper]).run(params)
    assert adjusted_rand_score(together["right"].labels, again["right"].labels) > 0.8


def test_genes_that_one_section_counts_three_times_as_often_in_every_spot_tell_no_sections_apart(halves, params):
    scale = np.where(np.arange(N_GENES) < 20, 3.0, 1.0)
    tilted = dataclasses.replace(halves[1], expression=halves[1].expression * scale)
    assert share_named_alike(JointPipeline([halves[0], tilted]).run(params), halves) > 0.5


def common_factors(expressions, coordinates, n_factors, hops):
    return [raw.averaged(hops) for raw in factors.raw_factors(expressions, coordinates, n_factors)]


def test_no_neighbourhood_crosses_sections(halves):
    # Averaging five times spreads a value over five rings; it must not reach the other section, whose spots lie beside.
    counts = [half.expression for half in halves]
    moved = [counts[0].copy(), counts[1]]
    coordinates = [half.coordinates for half in halves]
    alone = common_factors([counts[1], counts[0]], coordinates[::-1], 4, 5)
    beside = common_factors(
        moved, [coordinates[0], dataclasses.replace(coordinates[1], positions=coordinates[1].positions + 1000.0)], 4, 5
    )
    assert np.allclose(np.abs(alone[0]), np.abs(beside[1]), atol=1e-6)


def test_one_section_is_the_case_of_one_of_common_factors(whole):
    first = common_factors([whole.expression], [whole.coordinates], 8, 1)[0]
    assert np.array_equal(first, factors.spatial_factors(whole.expression, whole.coordinates, 8, 1))


def test_the_order_of_sections_spots_and_genes_changes_no_label(halves, params, together):
    rng = np.random.default_rng(0)
    shuffled = [
        subset(half, rng.permutation(half.n_spots), half.name, rng.permutation(N_GENES)) for half in reversed(halves)
    ]
    again = JointPipeline(shuffled).run(params)
    assert labels_by_place(again, shuffled) == labels_by_place(together, halves)


@pytest.mark.parametrize("n_threads", [2, 4])
def test_the_number_of_threads_changes_no_label(halves, params, together, n_threads):
    with threadpool_limits(n_threads):
        again = JointPipeline(halves).run(params)
    assert labels_by_place(again, halves) == labels_by_place(together, halves)


def test_the_annotation_changes_no_label(halves, params, together):
    bare = [dataclasses.replace(half, labels_true=None) for half in halves]
    again = JointPipeline(bare).run(params)
    assert labels_by_place(again, halves) == labels_by_place(together, halves)
    assert again["left"].scores.ari is None


def test_sparse_counts_and_a_section_off_the_lattice_may_take_part(halves, params, together):
    left, right = halves
    cells = Sample(
        name="right",
        expression=sparse.csr_array(right.expression),
        coords_um=right.tissue_um[:, ::-1],
        labels_true=right.labels_true,
        gene_names=right.gene_names,
    )
    found = JointPipeline([left, cells]).run(params)
    assert adjusted_rand_score(found["left"].labels, together["left"].labels) > 0.8
    assert found["right"].scores.ari > 0.8 * together["right"].scores.ari


def test_another_number_of_clusters_finds_no_factors_again(halves, params, monkeypatch):
    cache, told = StepCache(), []
    JointPipeline(halves, cache=cache).run(params)
    monkeypatch.setattr("core.method.joint.raw_factors", lambda *_: pytest.fail("factors were found again"))
    pipeline = JointPipeline(halves[::-1], cache=cache, on_step=lambda share, words: told.append(share))
    found = pipeline.run(replaced(params, ("clustering", "n_clusters"), 5))
    assert max(result.labels.max() for result in found.values()) == 4
    assert told == sorted(told)
    assert told[-1] == 1


def tiny(name, genes, counts=None):
    lattice = np.array([(0, 0), (0, 2), (1, 1), (1, 3)])
    counts = np.arange(4 * len(genes)).reshape(4, -1) if counts is None else counts
    return Sample(name=name, expression=counts, lattice=lattice, gene_names=np.array(genes) if genes else None)


def test_shared_genes_are_matched_by_name_and_columns_of_one_name_are_added_up():
    many = [f"g{number}" for number in range(60)]
    one, other = tiny("one", [*many, "only here"]), tiny("other", ["g3", *reversed(many)])
    names = shared_genes([one, other])
    assert set(names) == set(many)
    index = names.index("g3")
    expected = other.expression[:, 0] + other.expression[:, 1 + many[::-1].index("g3")]
    assert np.array_equal(np.asarray(counts_of(other, names))[:, index], expected)
    assert np.array_equal(np.asarray(counts_of(one, names))[:, index], np.asarray(one.expression)[:, 3])
    in_sparse = dataclasses.replace(other, expression=sparse.csr_array(other.expression))
    assert np.array_equal(counts_of(in_sparse, names).toarray(), np.asarray(counts_of(other, names)))


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        ([tiny("a", [f"g{n}" for n in range(60)])], "takes two sections or more"),
        (
            [tiny("a", [f"g{n}" for n in range(60)]), tiny("b", [f"ENSG{n}" for n in range(60)])],
            r"a and b share 0 gene names, but at least 50 are needed: a has genes such as g0 and g1; b has genes such as ENSG0",
        ),
        (
            [tiny("a", [f"g{n}" for n in range(60)]), dataclasses.replace(tiny("b", ["x"]), gene_names=None)],
            "b has no gene names",
        ),
        ([tiny("a", ["x", "y"]), tiny("b", ["x", "y"])], "b and a hold the same counts at the same positions"),
        ([tiny("a", ["x", "y"]), tiny("a", ["x", "z"])], "Two sections are called a"),
    ],
)
def test_sections_that_cannot_be_clustered_together_are_refused_with_a_sentence(samples, sentence):
    with pytest.raises(SampleError, match=sentence):
        JointPipeline(samples)


def test_the_papers_presets_are_refused_since_positions_mean_nothing_between_sections(halves):
    with pytest.raises(ParameterError, match="Start from the preset `recommended`"):
        JointPipeline(halves).run(preset("paper"))
