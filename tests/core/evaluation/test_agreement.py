import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from core.evaluation.agreement import agreement
from core.result import Scores


def test_ari_and_nmi_by_hand():
    # Contingency [[2, 0, 0], [0, 1, 1]]: sum C(n_ij, 2) = 1, rows 1 + 1, columns 1, all pairs 6.
    # ARI = (1 - 2 * 1 / 6) / ((2 + 1) / 2 - 2 / 6) = 4 / 7. NMI = log 2 / ((log 2 + 1.5 log 2) / 2) = 0.8.
    scores = agreement(np.array([0, 0, 1, 2]), np.array(["Layer1", "Layer1", "WM", "WM"]))
    assert scores.ari == pytest.approx(4 / 7)
    assert scores.nmi == pytest.approx(0.8)
    assert (scores.ari_all, scores.nmi_all) == (scores.ari, scores.nmi)


def test_unannotated_spots_are_left_out_of_one_score_and_a_class_of_their_own_in_the_other():
    labels_true = np.array(["Layer1", "Layer1", "WM", "WM", "NA", "NA"])
    scores = agreement(np.array([0, 0, 1, 1, 0, 1]), labels_true)
    assert (scores.ari, scores.nmi) == (1.0, 1.0)
    # Contingency [[2, 0], [0, 2], [1, 1]]: (2 - 3 * 6 / 15) / ((3 + 6) / 2 - 3 * 6 / 15) = 0.8 / 3.3.
    assert scores.ari_all == pytest.approx(0.8 / 3.3)


def test_names_of_clusters_do_not_matter():
    rng = np.random.default_rng(0)
    labels_true = np.array(["a", "b", "c"])[rng.integers(0, 3, 200)]
    labels_pred = rng.integers(0, 4, 200)
    renamed = np.array([7, 3, 0, 5])[labels_pred]
    assert agreement(labels_pred, labels_true).ari == pytest.approx(agreement(renamed, labels_true).ari)


@pytest.mark.parametrize("seed", range(20))
def test_ari_and_nmi_are_those_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    n_spots, n_layers, n_clusters = rng.integers([2, 1, 1], [300, 8, 12])
    layer = rng.integers(0, n_layers, n_spots)
    labels_pred = np.where(rng.random(n_spots) < rng.random(), layer, rng.integers(0, n_clusters, n_spots))
    labels_true = np.array([f"Layer{i}" for i in range(8)])[layer]
    scores = agreement(labels_pred, labels_true)
    assert scores.ari == pytest.approx(adjusted_rand_score(labels_true, labels_pred), abs=1e-12)
    assert scores.nmi == pytest.approx(normalized_mutual_info_score(labels_true, labels_pred), abs=1e-12)


@pytest.mark.parametrize(
    ("labels_pred", "labels_true"), [([0], "a"), ([0, 0], "aa"), ([0, 1], "ab"), ([0, 1], "aa"), ([0, 0], "ab")]
)
def test_labels_without_pairs_to_tell_apart_are_scored_as_scikit_learn_does(labels_pred, labels_true):
    scores = agreement(np.array(labels_pred), np.array(list(labels_true)))
    assert scores.ari == adjusted_rand_score(list(labels_true), labels_pred)
    assert scores.nmi == normalized_mutual_info_score(list(labels_true), labels_pred)


def test_without_an_annotation_there_are_no_scores():
    assert agreement(np.zeros(3, dtype=int), None) == Scores()
    assert agreement(np.zeros(3, dtype=int), np.array(["NA", "NA", "NA"])) == Scores()
