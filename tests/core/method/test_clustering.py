import dataclasses

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from benchmarks import reference
from core.depth import depth
from core.errors import ParameterError
from core.method import pipeline
from core.method.clustering import cluster
from core.method.pooling import pool_window
from core.params import ClusteringParams, PoolingParams, preset
from core.sample import Sample
from tests.sections import shipped_part, shuffled_spots


@pytest.fixture(scope="module")
def sample():
    return shipped_part()


def test_two_groups_on_a_line_by_hand():
    lattice = np.array([[0, 0], [1, 1], [10, 0], [11, 1]])
    labels = cluster(np.zeros((4, 1)), lattice, ClusteringParams(n_clusters=2), starts=np.array([0, 2]))
    assert labels.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_projected_kmeans_gives_the_labels_of_the_papers_rotated_distance(sample, seed):
    pooled = pool_window(sample.expression, sample.lattice, PoolingParams())
    starts = np.random.default_rng(seed).choice(sample.n_spots, 7, replace=False)
    ours = cluster(
        pooled, sample.lattice, ClusteringParams(n_clusters=7), depths=depth(sample.lattice, 0.38), starts=starts
    )
    assert np.array_equal(ours, reference.rotated_kmeans(sample.lattice, pooled, starts, 0.38))


@pytest.mark.parametrize("direction", ["off", "preclustering", "expression", "bending"])
@pytest.mark.parametrize("name", ["paper", "recommended"])
@pytest.mark.parametrize("kind", ["none", "pca"])
def test_shuffling_the_spots_does_not_change_the_partition(sample, name, direction, kind):
    params = preset(name, 7)
    params = dataclasses.replace(
        params,
        direction=dataclasses.replace(params.direction, method=direction),
        embedding=dataclasses.replace(params.embedding, kind=kind),
    )
    order = np.random.default_rng(1).permutation(sample.n_spots)
    straight = pipeline.run(sample, params).labels
    shuffled = pipeline.run(shuffled_spots(sample, order), params).labels
    assert np.array_equal(straight[order], shuffled)


@pytest.mark.parametrize("name", ["paper", "recommended"])
def test_shuffling_the_genes_hardly_changes_the_partition(sample, name):
    genes = np.random.default_rng(2).permutation(sample.n_genes)
    other = Sample(name="genes", expression=sample.expression[:, genes], lattice=sample.lattice)
    straight = pipeline.run(sample, preset(name, 7)).labels
    assert adjusted_rand_score(straight, pipeline.run(other, preset(name, 7)).labels) >= 0.999


def test_the_seed_alone_decides_the_random_starts(sample):
    pooled = pool_window(sample.expression, sample.lattice, PoolingParams())
    runs = [
        cluster(
            pooled, sample.lattice, ClusteringParams(n_clusters=7, random_state=seed), depths=depth(sample.lattice, 0.4)
        )
        for seed in (3, 3, 4)
    ]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_without_weight_only_position_counts(sample):
    params = ClusteringParams(n_clusters=4, x_weight=0.0)
    noise = np.random.default_rng(0).normal(size=(sample.n_spots, 5))
    assert np.array_equal(cluster(noise, sample.lattice, params), cluster(np.zeros_like(noise), sample.lattice, params))


def test_the_best_of_several_starts_is_no_worse_than_any_of_them(sample):
    pooled = pool_window(sample.expression, sample.lattice, PoolingParams())
    features = np.hstack([sample.lattice, pooled])

    def spread(labels):
        return sum(((features[labels == c] - features[labels == c].mean(axis=0)) ** 2).sum() for c in np.unique(labels))

    best = spread(cluster(pooled, sample.lattice, ClusteringParams(n_clusters=7, n_init=5)))
    first = spread(cluster(pooled, sample.lattice, ClusteringParams(n_clusters=7, n_init=1)))
    assert best <= first * (1 + 1e-12)


def test_more_clusters_than_spots_are_refused_in_words():
    with pytest.raises(ParameterError, match="9 clusters were asked for, but the sample has 2 spots"):
        cluster(np.zeros((2, 1)), np.array([[0, 0], [1, 1]]), ClusteringParams(n_clusters=9))


def test_clustering_leaves_its_input_alone(sample):
    pooled = pool_window(sample.expression, sample.lattice, PoolingParams())
    pooled.flags.writeable = False
    before = pooled.copy()
    cluster(pooled, sample.lattice, ClusteringParams(n_clusters=3))
    assert np.array_equal(pooled, before)
