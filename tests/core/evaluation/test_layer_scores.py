"""Scores of single layers, against counting by hand and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from core.errors import SampleError
from core.evaluation.layer_scores import layer_scores
from core.evaluation.matching import match_clusters

LAYERS = np.array(["Layer1"] * 4 + ["Layer2"] * 4 + ["NA"] * 2)


def test_a_layer_scores_by_the_cluster_that_is_matched_with_it_by_hand():
    # Cluster 0 holds all of Layer1 and one spot of Layer2: 2 * 4 / (5 + 4). Cluster 1 holds three of Layer2: 2 * 3 / (3 + 4).
    first, second = layer_scores(np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2]), LAYERS)
    assert (first.layer, first.cluster) == ("Layer1", 0)
    assert first.f1 == pytest.approx(8 / 9)
    assert (second.layer, second.cluster) == ("Layer2", 1)
    assert second.f1 == pytest.approx(6 / 7)


def test_a_layer_found_exactly_scores_one_whatever_unannotated_spots_do():
    assert [score.f1 for score in layer_scores(np.array([5] * 4 + [3] * 4 + [5, 3]), LAYERS)] == [1, 1]


def test_one_cluster_for_all_is_one_of_the_layers_and_the_other_is_not_found():
    first, second = layer_scores(np.zeros(10, dtype=int), LAYERS)
    assert first.f1 == pytest.approx(2 / 3)
    assert first.cluster == 0
    assert second.f1 == 0
    assert second.cluster is None


def test_it_is_the_f1_of_scikit_learn_with_the_cluster_that_is_called_by_the_layer():
    random = np.random.default_rng(0)
    labels, layers = random.integers(0, 5, 300), random.choice(["A", "B", "C"], 300)
    for score in layer_scores(labels, layers):
        [called] = [cluster for cluster, layer in match_clusters(labels, layers).items() if layer == score.layer]
        assert score.f1 == pytest.approx(f1_score(layers == score.layer, labels == called))
        assert score.cluster == called


def test_without_an_annotation_there_are_no_scores():
    assert layer_scores(np.zeros(3, dtype=int), None) == []
    assert layer_scores(np.zeros(3, dtype=int), np.array(["NA"] * 3)) == []


def test_labels_of_another_sample_are_refused_with_both_lengths():
    with pytest.raises(SampleError, match="3 clustered spots but 10"):
        layer_scores(np.zeros(3, dtype=int), LAYERS)
