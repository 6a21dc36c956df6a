import numpy as np
import pytest
from sklearn.cluster import KMeans

from core.method import kmeans
from core.method.kmeans import Spots, lloyd, sketch


def blobs(seed: int, n_spots: int = 1500, n_features: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(6, n_features)) * 1.5
    return middles[rng.integers(0, 6, n_spots)] + rng.normal(size=(n_spots, n_features)) + 7.0


def spots(features: np.ndarray, n_coordinates: int = 0, weight: float = 1.0, seed: int | None = None) -> Spots:
    """The first columns as position, the others as expression, to be worked through in any order."""
    order = np.arange(len(features)) if seed is None else np.random.default_rng(seed).permutation(len(features))
    expression = features[:, n_coordinates:] / weight
    return Spots(features[:, :n_coordinates], expression, weight, sketch(expression, order), order)


def scikit_learn(features: np.ndarray, centres: np.ndarray, max_iter: int) -> KMeans:
    return KMeans(len(centres), init=centres, n_init=1, max_iter=max_iter, tol=0, algorithm="lloyd").fit(features)


@pytest.mark.parametrize("n_features", [5, 80], ids=["whole sketch", "partial sketch"])
@pytest.mark.parametrize("n_clusters", [2, 8, 30])
@pytest.mark.parametrize("seed", range(4))
def test_labels_and_inertia_are_those_of_scikit_learn_from_the_same_centres(seed, n_clusters, n_features):
    features = blobs(seed, n_features=n_features)
    first = np.random.default_rng(seed).choice(len(features), n_clusters, replace=False)
    theirs = scikit_learn(features, features[first], 300)
    labels, inertia = lloyd(spots(features), first, 300)
    assert np.array_equal(labels, theirs.labels_)
    assert inertia == pytest.approx(theirs.inertia_)


@pytest.mark.parametrize("weight", [0.01, 1.0, 50.0])
def test_position_and_weighted_expression_count_as_columns_of_one_matrix(weight):
    features = blobs(4, n_features=60)
    first = np.arange(7)
    assert np.array_equal(
        lloyd(spots(features, 2, weight), first, 300)[0], scikit_learn(features, features[first], 300).labels_
    )


def test_the_order_of_work_orders_the_labels_and_changes_nothing_else():
    features = blobs(5, n_features=60)
    shuffled = spots(features, seed=1)
    indices = np.argsort(shuffled.order)[:6]
    labels = lloyd(shuffled, indices, 300)[0]
    assert np.array_equal(labels, lloyd(spots(features), np.arange(6), 300)[0][shuffled.order])


def test_poor_directions_change_no_label(monkeypatch):
    features = blobs(6, n_features=60)
    monkeypatch.setattr(kmeans, "_DIRECTIONS", 1)
    labels = lloyd(spots(features), np.arange(6), 300)[0]
    assert np.array_equal(labels, scikit_learn(features, features[:6], 300).labels_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("max_iter", [1, 2, 5])
def test_stopping_early_gives_the_labels_of_scikit_learn_stopped_as_early(max_iter):
    features = blobs(1)
    labels = lloyd(spots(features), np.arange(7), max_iter)[0]
    assert np.array_equal(labels, scikit_learn(features, features[:7], max_iter).labels_)


def test_one_cluster_holds_everything_and_its_inertia_is_the_variance():
    features = blobs(2)
    labels, inertia = lloyd(spots(features), np.array([0]), 10)
    assert not labels.any()
    assert inertia == pytest.approx(((features - features.mean(axis=0)) ** 2).sum())


def test_a_cluster_without_spots_takes_the_one_farthest_from_its_centre():
    features = np.array([[0.0], [0.0], [2.0], [10.0]])
    labels, _ = lloyd(spots(features), np.array([0, 1]), 10)
    assert labels.tolist() == [0, 0, 0, 1]


def test_fewer_distinct_spots_than_clusters_leave_clusters_empty():
    features = np.repeat([[0.0, 0.0], [5.0, 5.0]], 10, axis=0)
    labels, inertia = lloyd(spots(features), np.array([0, 1, 10]), 50)
    assert len(np.unique(labels)) == 2
    assert inertia == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("n_features", [3, 40])
def test_spots_that_are_all_alike_are_one_cluster(n_features):
    assert not lloyd(spots(np.ones((50, n_features))), np.array([0]), 10)[0].any()


def test_a_sketch_splits_the_squared_distance_from_the_mean_without_loss():
    features = blobs(7, n_features=60)
    made = sketch(features, np.arange(len(features)))
    whole = ((features - features.mean(axis=0)) ** 2).sum(axis=1)
    assert np.allclose((made.coordinates**2).sum(axis=1) + made.residuals**2, whole)
    assert made.coordinates.shape[1] < 60


def test_expression_is_not_modified():
    features = blobs(3, n_features=60)
    kept = features.copy()
    lloyd(spots(features), np.arange(4), 20)
    assert np.array_equal(features, kept)
