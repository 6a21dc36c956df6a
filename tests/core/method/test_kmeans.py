import numpy as np
import pytest
from sklearn.cluster import KMeans

from core.method.kmeans import lloyd


def blobs(seed: int, n_spots: int = 1500, n_features: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(6, n_features)) * 1.5
    features = middles[rng.integers(0, 6, n_spots)] + rng.normal(size=(n_spots, n_features))
    return features - features.mean(axis=0)


def scikit_learn(features: np.ndarray, centres: np.ndarray, max_iter: int) -> KMeans:
    return KMeans(len(centres), init=centres, n_init=1, max_iter=max_iter, tol=0, algorithm="lloyd").fit(features)


@pytest.mark.parametrize("n_clusters", [2, 5, 8, 30])
@pytest.mark.parametrize("seed", range(5))
def test_labels_and_inertia_are_those_of_scikit_learn_from_the_same_centres(seed, n_clusters):
    features = blobs(seed)
    centres = features[np.random.default_rng(seed).choice(len(features), n_clusters, replace=False)]
    theirs = scikit_learn(features, centres, 300)
    labels, inertia = lloyd(features, centres, 300)
    assert np.array_equal(labels, theirs.labels_)
    assert inertia == pytest.approx(theirs.inertia_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("max_iter", [1, 2, 5])
def test_stopping_early_gives_the_labels_of_scikit_learn_stopped_as_early(max_iter):
    features = blobs(1)
    centres = features[:7]
    assert np.array_equal(lloyd(features, centres, max_iter)[0], scikit_learn(features, centres, max_iter).labels_)


def test_one_cluster_holds_everything_and_its_inertia_is_the_variance():
    features = blobs(2)
    labels, inertia = lloyd(features, features[:1], 10)
    assert not labels.any()
    assert inertia == pytest.approx((features**2).sum())


def test_a_cluster_without_spots_takes_the_one_farthest_from_its_centre():
    features = np.array([[0.0], [1.0], [2.0], [10.0]])
    labels, _ = lloyd(features, np.array([[1.0], [100.0]]), 10)
    assert labels.tolist() == [0, 0, 0, 1]


def test_fewer_distinct_spots_than_clusters_leave_clusters_empty():
    features = np.repeat([[0.0, 0.0], [5.0, 5.0]], 10, axis=0)
    labels, inertia = lloyd(features, features[[0, 1, 10]], 50)
    assert len(np.unique(labels)) == 2
    assert inertia == pytest.approx(0, abs=1e-9)


def test_neither_features_nor_centres_are_modified():
    features = blobs(3)
    centres = features[:4].copy()
    kept = features.copy(), centres.copy()
    lloyd(features, centres, 20)
    assert np.array_equal(features, kept[0])
    assert np.array_equal(centres, kept[1])
