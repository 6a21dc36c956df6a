"""Clusters matched with layers, by hand-made tables."""

import itertools

import numpy as np
import pytest

from core.errors import SampleError
from core.evaluation.matching import common_spots, match_clusters


def test_renamed_layers_are_matched_with_themselves():
    layers = np.array(["WM", "Layer1", "Layer1", "Layer2"])
    assert match_clusters(np.array([7, 3, 3, 5]), layers) == {3: "Layer1", 5: "Layer2", 7: "WM"}


def test_a_layer_goes_to_one_cluster_only_and_the_smaller_part_stays_alone():
    labels = np.array([0, 0, 0, 1, 1])
    assert match_clusters(labels, np.array(["WM"] * 5)) == {0: "WM", 1: None}


def test_the_pairs_share_most_spots_in_total_not_one_by_one():
    # Cluster 0 overlaps A most (3 of 5), but 0-B and 1-A share 2 + 3 = 5 spots, 0-A and 1-B only 3 + 0.
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    layers = np.array(["A", "A", "A", "B", "B", "A", "A", "A"])
    assert match_clusters(labels, layers) == {0: "B", 1: "A"}


def test_unannotated_spots_take_no_part():
    labels = np.array([0, 0, 0, 1])
    assert match_clusters(labels, np.array(["NA", "NA", "NA", "WM"])) == {0: None, 1: "WM"}


def test_without_an_annotation_every_cluster_stays_alone():
    assert match_clusters(np.array([2, 0, 2]), None) == {0: None, 2: None}


def test_the_match_is_the_best_of_all_permutations():
    random = np.random.default_rng(0)
    labels, layers = random.integers(0, 5, 200), np.array(list("ABCDE"))[random.integers(0, 5, 200)]
    table = common_spots(labels, layers, np.arange(5), list("ABCDE"))
    best = max(sum(table[i, j] for i, j in enumerate(order)) for order in itertools.permutations(range(5)))
    matched = match_clusters(labels, layers)
    assert sum(np.count_nonzero((labels == c) & (layers == layer)) for c, layer in matched.items()) == best


def test_arrays_of_two_lengths_are_refused_with_both_numbers():
    with pytest.raises(SampleError, match="3 clustered spots but 2"):
        match_clusters(np.array([0, 0, 1]), np.array(["WM", "WM"]))
