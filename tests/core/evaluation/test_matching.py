"""Clusters matched with layers, by hand-made tables."""

import itertools

import numpy as np
import pytest

from core.errors import SampleError
from core.evaluation.matching import Matching, common_spots, match_clusters, match_steadily


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
    table = common_spots(labels, layers, range(5), list("ABCDE"))
    best = max(sum(table[i, j] for i, j in enumerate(order)) for order in itertools.permutations(range(5)))
    matched = match_clusters(labels, layers)
    assert sum(np.count_nonzero((labels == c) & (layers == layer)) for c, layer in matched.items()) == best


def test_arrays_of_two_lengths_are_refused_with_both_numbers():
    with pytest.raises(SampleError, match="3 clustered spots but 2"):
        match_clusters(np.array([0, 0, 1]), np.array(["WM", "WM"]))


LAYERS = np.array(list("AAAAAAAAAABBBBBBBBBB"))


def moved(first_of_b):
    """Two clusters that meet at a spot: numbers 0 and 1."""
    return (np.arange(20) >= first_of_b).astype(int)


def test_renumbered_clusters_keep_their_layers():
    before = match_steadily(moved(10), LAYERS)
    after = match_steadily(1 - moved(9), LAYERS, before)
    assert (before.layers, after.layers) == ({0: "A", 1: "B"}, {0: "B", 1: "A"})


def test_a_layer_is_kept_while_another_matching_is_hardly_better_and_given_up_when_it_is_clearly_lost():
    # Half of each cluster lies in each layer; then one spot of twenty speaks for the exchange; then all do.
    even = np.arange(20) % 2
    before = Matching(even, {0: "B", 1: "A"}, {})
    hardly = even.copy()
    hardly[1] = 0
    assert match_steadily(hardly, LAYERS, before, margin=0.1).layers == {0: "B", 1: "A"}
    assert match_steadily(hardly, LAYERS, before, margin=0.0).layers == {0: "A", 1: "B"}
    lost = Matching(moved(10), {0: "B", 1: "A"}, {})
    assert match_steadily(moved(10), LAYERS, lost).layers == {0: "A", 1: "B"}


def test_a_new_cluster_takes_a_layer_that_is_free_and_disturbs_no_other():
    layers = np.array(list("AAAAABBBBBCCCCC"))
    before = match_steadily(np.repeat([0, 1, 1], 5), layers)
    assert before.layers == {0: "A", 1: "B"}
    assert match_steadily(np.repeat([2, 0, 1], 5), layers, before).layers == {0: "B", 1: "C", 2: "A"}


def test_without_an_annotation_clusters_keep_their_colours_when_renumbered_and_when_one_goes():
    before = match_steadily(np.repeat([0, 1, 2], 4), None)
    assert before.further == {0: 0, 1: 1, 2: 2}
    assert match_steadily(np.repeat([2, 0, 1], 4), None, before).further == {2: 0, 0: 1, 1: 2}
    fewer = match_steadily(np.array([0] * 2 + [5] * 10), None, before)
    assert fewer.further == {0: 0, 5: 1}


def test_a_cluster_without_a_layer_keeps_its_own_colour_while_another_comes():
    layers = np.array(["A"] * 12)
    before = match_steadily(np.repeat([0, 1, 2], [6, 4, 2]), layers)
    assert before.further == {1: 0, 2: 1}
    after = match_steadily(np.repeat([3, 0, 1, 2], [6, 2, 2, 2]), layers, before)
    assert after.layers[3] == "A"
    assert after.further[2] == 1
    assert len(set(after.further.values())) == 3


def test_a_run_on_another_number_of_spots_is_forgotten():
    before = match_steadily(moved(10), LAYERS)
    assert match_steadily(moved(10)[:15], LAYERS[:15], before).layers == {0: "A", 1: "B"}
