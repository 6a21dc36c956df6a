import dataclasses
from collections import Counter

import numpy as np
import pytest

from core.depth import depth
from core.evaluation.stability import stability
from core.method import clustering, direction, early_steps, label_free_steps, mixture, pipeline, pooling, training
from core.method.cache import StepCache
from core.method.factors import spatial_factors
from core.method.neighbours import neighbour_graph
from core.params import AutoencoderParams, EmbeddingParams, MethodParams, preset
from tests.sections import shipped_part


@pytest.fixture(scope="module")
def sample():
    return shipped_part(400, 30)


@pytest.fixture
def calls(monkeypatch):
    """How often each expensive step really ran."""
    counted: Counter[str] = Counter()

    def count(module, name):
        original = getattr(module, name)

        def counting(*args, **options):
            counted[name] += 1
            return original(*args, **options)

        monkeypatch.setattr(module, name, counting)

    for module, name in (
        (early_steps, "pool_window"),
        (early_steps, "principal_components"),
        (label_free_steps, "cluster"),
        (early_steps, "raw_factors"),
        (mixture, "fit_many"),
        (direction, "from_expression"),
        (training, "train"),
    ):
        count(module, name)
    return counted


def change(params, step, **values):
    return dataclasses.replace(params, **{step: dataclasses.replace(getattr(params, step), **values)})


def test_late_knobs_never_pool_embed_or_train_again(sample, calls):
    cache = StepCache()
    params = MethodParams(
        embedding=EmbeddingParams(kind="reconstruction", autoencoder=AutoencoderParams(epochs=2, width=8))
    )
    for late in (
        {},
        {"x_weight": 3.0},
        {"n_clusters": 5},
        {"random_state": 9},
        {"init": "k-means++"},
    ):
        for method in ("off", "manual", "preclustering", "expression"):
            moved = change(change(params, "clustering", **late), "direction", method=method, angle=0.3)
            pipeline.run(sample, moved, cache=cache)
    assert (calls["pool_window"], calls["train"], calls["from_expression"]) == (1, 1, 1)


def test_the_scale_of_pooled_counts_is_a_weight_so_that_turning_it_pools_nothing_again(sample, calls):
    cache, params = StepCache(), change(preset("paper", 5), "direction", method="manual", angle=0.4)
    for scale in (1.0, 0.25, 7.5):
        scaled = change(params, "pooling", scale=scale)
        labels = pipeline.run(sample, scaled, cache=cache).labels
        pooled = pooling.pool_window(sample.expression, sample.positions, scaled.pooling)
        depths = depth(sample.positions, 0.4)
        assert np.array_equal(labels, clustering.cluster(pooled, sample.positions, params.clustering, depths=depths))
    assert calls["pool_window"] == 1


def test_a_scale_beyond_the_largest_weight_is_taken_as_it_is(sample):
    params = change(change(preset("paper", 3), "pooling", scale=1e4), "clustering", x_weight=1e5)
    assert set(pipeline.run(sample, params).labels) == {0, 1, 2}


def test_late_knobs_of_the_mixture_never_find_factors_or_pool_again_and_clusters_share_their_fits(sample, calls):
    cache, params = StepCache(), preset("recommended", 7)
    for late in ({}, {"n_clusters": 4}, {"n_clusters": 8}):
        pipeline.run(sample, change(params, "clustering", **late), cache=cache)
        pipeline.run(sample, change(change(params, "clustering", **late), "refinement", rounds=0), cache=cache)
    # After one averaging and after two, and of components, since fits of factors hardly agree here; depth takes no part.
    kinds = 3
    assert (calls["raw_factors"], calls["fit_many"], calls["pool_window"]) == (1, kinds, 0)


def test_a_late_knob_begins_at_no_early_step_after_large_ones_were_dropped(sample, calls):
    # The budget of a tissue whose factors are large, and whose labels are small; another's large step drives the former out.
    cache, params = StepCache(max_bytes=6400 * sample.n_spots), preset("recommended", 7)
    pipeline.run(sample, params, cache=cache)
    cache.get("of another tissue", lambda: np.zeros(4600 * sample.n_spots // 8))
    before = dict(calls)
    for rounds in (0, 2, 3):
        pipeline.run(sample, change(params, "refinement", rounds=rounds), cache=cache)
    assert dict(calls) == before


def test_stability_is_counted_once_for_all_rounds_of_refinement(sample, monkeypatch):
    cache, counted = StepCache(), []
    real = stability
    monkeypatch.setattr(label_free_steps, "stability", lambda *given: counted.append(1) or real(*given))
    params = change(preset("recommended", 7), "pooling", window=2)  # of factors alone
    moved = [change(params, "refinement", rounds=rounds) for rounds in (0, 1, 2)]
    scores = {pipeline.run(sample, one, cache=cache).scores.stability for one in moved}
    assert len(scores) == 1
    assert counted == [1]


def test_refinement_leaves_fewer_spots_among_strangers(sample):
    plain, voted = (
        pipeline.run(sample, change(preset("paper", 7), "refinement", rounds=rounds)).labels for rounds in (0, 3)
    )
    graph = neighbour_graph(sample.coordinates).tocoo()
    assert (voted[graph.row] != voted[graph.col]).sum() < (plain[graph.row] != plain[graph.col]).sum()


def test_the_same_run_again_computes_nothing(sample, calls):
    cache = StepCache()
    params = preset("recommended", 7)
    first = pipeline.run(sample, params, cache=cache)
    before = dict(calls)
    again = pipeline.run(sample, params, cache=cache)
    assert dict(calls) == before
    assert np.array_equal(first.labels, again.labels)


def test_an_early_knob_is_never_answered_from_an_older_result(sample):
    cache = StepCache()
    variants = [
        preset("paper", 7),
        change(preset("paper", 7), "pooling", window=3),
        change(preset("paper", 7), "pooling", scale=0.1),
        change(preset("paper", 7), "embedding", kind="pca", n_components=5),
        change(preset("paper", 7), "embedding", kind="pca", n_components=2),
    ]
    for params in variants:
        cached = pipeline.run(sample, params, cache=cache).labels
        assert np.array_equal(cached, pipeline.run(sample, params).labels)


def test_repeats_equal_single_runs_with_the_same_seeds(sample):
    params = preset("paper", 7)
    for offset, result in enumerate(pipeline.repeat(sample, params, 3)):
        alone = pipeline.run(sample, change(params, "clustering", random_state=offset))
        assert np.array_equal(result.labels, alone.labels)
        assert result.params == alone.params


def test_a_given_angle_counts_modulo_pi(sample):
    params = change(preset("paper", 7), "direction", method="manual", angle=0.4)
    turned = change(params, "direction", angle=0.4 - np.pi)
    assert np.array_equal(pipeline.run(sample, params).labels, pipeline.run(sample, turned).labels)
    assert pipeline.run(sample, turned).direction.angle == pytest.approx(0.4)


def test_off_leaves_both_coordinates_and_reports_no_direction(sample):
    result = pipeline.run(sample, change(preset("paper", 7), "direction", method="off"))
    assert result.direction is None
    assert result.autoencoder is None


def test_the_annotation_changes_scores_and_nothing_else(sample):
    blind = dataclasses.replace(sample, labels_true=None)
    params = preset("recommended", 7)
    with_annotation, without = pipeline.run(sample, params), pipeline.run(blind, params)
    assert np.array_equal(with_annotation.labels, without.labels)
    assert with_annotation.scores.ari is not None
    assert without.scores.ari is None


def test_a_cache_keeps_to_its_budget_and_drops_what_was_used_longest_ago():
    cache = StepCache(max_bytes=28_000)
    made = []

    def array(name):
        return cache.get(name, lambda: made.append(name) or np.zeros(1000))

    for name in ("a", "b", "c", "a", "d", "a", "b"):
        array(name)
        assert cache.nbytes <= 28_000
    assert made == ["a", "b", "c", "d", "b"]
    cache.get("huge", lambda: np.zeros(10_000))
    assert "huge" not in cache


def test_what_a_cache_shares_cannot_be_changed():
    kept = StepCache().get("key", lambda: np.zeros(3))
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1


def test_every_knob_of_the_paper_moves_the_recommended_preset(sample):
    cache, params = StepCache(), change(preset("recommended", 7), "direction", method="manual", angle=0.4)
    labels = pipeline.run(sample, params, cache=cache).labels
    for moved in (
        change(params, "pooling", window=1),
        change(params, "pooling", scale=16.0),
        change(params, "clustering", x_weight=0.2),
        change(params, "direction", angle=2.0),
    ):
        assert (pipeline.run(sample, moved, cache=cache).labels != labels).any(), moved


def test_a_straight_depth_by_hand_at_weight_0_cuts_the_recommended_preset_into_bands(sample):
    params = change(preset("recommended", 4), "direction", method="manual", angle=0.4)
    plain = change(change(params, "refinement", rounds=0), "clustering", x_weight=0.0)
    result = pipeline.run(sample, plain)
    depths = result.direction.depth(sample.coordinates)
    assert (np.diff(result.labels[np.argsort(depths)]) != 0).sum() == len(np.unique(result.labels)) - 1
    assert result.direction.bend is None


def test_a_scale_of_1_is_no_scale_and_a_large_one_makes_log_ratios(sample):
    plain, large = (spatial_factors(sample.expression, sample.coordinates, 4, 1, scale) for scale in (1.0, 1e6))
    assert np.array_equal(plain, spatial_factors(sample.expression, sample.coordinates, 4, 1))
    assert not np.allclose(np.abs(plain), np.abs(large), atol=0.1)
