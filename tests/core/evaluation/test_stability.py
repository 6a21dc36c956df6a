import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, fowlkes_mallows_score

from core.evaluation.stability import adjusted_rand, agreement_with_others, confidence, fowlkes_mallows, stability


@pytest.fixture
def runs():
    rng = np.random.default_rng(0)
    first = np.repeat([0, 1, 2], 40)
    return [first, np.where(rng.random(120) < 0.2, rng.integers(5, size=120), first), rng.integers(2, size=120)]


def test_both_tables_are_those_of_scikit_learn(runs):
    for table, score in ((adjusted_rand, adjusted_rand_score), (fowlkes_mallows, fowlkes_mallows_score)):
        expected = [[score(one, other) for other in runs] for one in runs]
        assert table(runs, runs) == pytest.approx(np.array(expected))
        assert table(runs[:1], runs[1:]) == pytest.approx(np.array(expected)[:1, 1:])


def test_names_of_clusters_mean_nothing(runs):
    renamed = [np.array([4, 1, 0, 3, 2])[run] for run in runs]
    assert np.array_equal(adjusted_rand(runs, runs), adjusted_rand(renamed, runs))
    assert np.array_equal(confidence(runs[0], runs), confidence(runs[0], renamed))


def test_runs_that_agree_are_fully_stable_and_others_are_not(runs):
    assert stability([runs[0]] * 3) == 1
    assert stability([np.zeros(5, int)] * 2) == 1
    assert stability(runs) < 0.5
    assert agreement_with_others([runs[0], runs[0], runs[2]])[0] > agreement_with_others([runs[0], runs[0], runs[2]])[2]


def test_confidence_counts_the_runs_that_keep_a_spot_by_hand():
    labels = np.array([0, 0, 0, 1, 1])
    runs = [np.array([5, 5, 5, 2, 2]), np.array([1, 1, 0, 0, 0]), np.array([0, 0, 0, 1, 2]), np.array([3, 3, 3, 3, 4])]
    # Paired with 0 and 1: 5 and 2; 1 and 0; 0 and 1 (or 2: of equals the first); 3 and 4.
    assert confidence(labels, runs).tolist() == [1, 1, 0.75, 0.75, 0.75]
