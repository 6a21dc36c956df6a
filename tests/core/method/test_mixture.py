import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from core.errors import ParameterError
from core.method import mixture
from core.method.merging import by_ward, merged, ridged
from core.method.mixture import consensus, fit_many, merge_each, reduced, sizes


def slabs(seed: int = 0, n_each: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four groups that overlap along one wide direction and are apart across it: a case for a shared covariance."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(4), n_each)
    stretched = rng.normal(size=(len(truth), 3)) * [12.0, 1.0, 1.0]
    return stretched + np.column_stack((0 * truth, 6.0 * truth, 0 * truth)), truth, rng.permutation(len(truth))


def on_a_line(order: np.ndarray) -> np.ndarray:
    return np.column_stack((order, np.zeros_like(order)))


def labels_of(features, positions, n_clusters, seed=0):
    fits = fit_many(features, positions, n_clusters, seed)
    return consensus(merge_each(fits, features, positions, n_clusters), positions, n_clusters, seed)


def test_groups_that_only_a_shared_covariance_tells_apart_are_found():
    features, truth, order = slabs()
    assert adjusted_rand_score(truth, labels_of(features, on_a_line(order), 4)) > 0.95


def test_one_fit_is_a_tied_mixture_as_scikit_learn_fits_it_from_the_same_start():
    features, truth, _ = slabs(1)
    features = features - features.mean(axis=0)
    weights, offsets = mixture._tied_mixture(features, np.ones(3), truth, 4)
    theirs = GaussianMixture(
        4,
        covariance_type="tied",
        max_iter=1000,
        tol=1e-9,
        means_init=[features[truth == k].mean(axis=0) for k in range(4)],
    ).fit(features)
    assert (theirs.predict(features) == (features @ weights + offsets).argmax(axis=1)).mean() > 0.99


def test_shuffling_the_spots_changes_no_label():
    features, _, order = slabs(2)
    other = np.random.default_rng(0).permutation(len(features))
    straight = labels_of(features, on_a_line(order), 5)
    assert np.array_equal(straight[other], labels_of(features[other], on_a_line(order)[other], 5))


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_the_number_of_threads_changes_no_label(n_threads):
    features, _, order = slabs(3)
    with threadpool_limits(n_threads):
        labels = labels_of(features, on_a_line(order), 4)
    assert np.array_equal(labels, labels_of(features, on_a_line(order), 4))


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 12])
def test_there_are_as_many_domains_as_asked_for(n_clusters):
    features, _, order = slabs(4)
    assert np.unique(labels_of(features, on_a_line(order), n_clusters)).tolist() == list(range(n_clusters))


def test_neighbouring_numbers_of_clusters_share_their_fits():
    assert sizes(4) == sizes(8)
    assert min(sizes(20)) > 20


def test_merging_by_wards_rule_joins_the_pair_that_costs_least_by_hand():
    # Variance 1 within; centres at 0, 3 and 10 of 100, 100 and 2 spots: 100 * 100 / 200 * 9 = 450 and 100 * 2 / 102 * 49 = 96.
    rng = np.random.default_rng(0)
    values = np.concatenate([centre + _standard(rng, n) for centre, n in ((0, 100), (3, 100), (10, 2))])[:, None]
    labels = np.repeat([0, 1, 2], [100, 100, 2])
    ((joined,),) = merged(values, labels, [2], np.arange(len(labels)), rules=[by_ward])
    assert joined[1] == joined[2] != joined[0]


def _standard(rng: np.random.Generator, n: int) -> np.ndarray:
    values = rng.normal(size=n)
    return (values - values.mean()) / values.std()


def test_many_features_are_reduced_to_their_components():
    features = np.random.default_rng(0).normal(size=(300, 100))
    assert reduced(features, on_a_line(np.arange(300))).shape == (300, 64)


def test_more_clusters_than_spots_are_refused_in_words():
    with pytest.raises(ParameterError, match="9 clusters were asked for, but the sample has 3 spots"):
        fit_many(np.zeros((3, 2)), on_a_line(np.arange(3)), 9, 0)


def test_spots_that_are_all_alike_do_not_crash():
    features = np.ones((50, 4))
    assert len(labels_of(features, on_a_line(np.arange(50)), 3)) == 50


def depth_and_expression(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Spots on a line; expression has two groups that have nothing to do with where a spot lies."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(2, size=400)
    expression = np.column_stack((8.0 * kinds, 0 * kinds, 0 * kinds)) + rng.normal(size=(400, 3))
    return np.column_stack((np.linspace(-4, 4, 400), expression)), kinds


def weighted(features, n_clusters, widths):
    positions = on_a_line(np.arange(len(features)))
    fits = fit_many(features, positions, n_clusters, 0, np.array(widths))
    merged_fits = merge_each(fits, features, positions, n_clusters, np.array(widths))
    return consensus(merged_fits, positions, n_clusters, 0)


def test_widths_of_one_change_no_label():
    features, _, order = slabs(5)
    fits = fit_many(features, on_a_line(order), 4, 0)
    assert np.array_equal(fits, fit_many(features, on_a_line(order), 4, 0, np.ones(3)))
    plain, wide = (merge_each(fits, features, on_a_line(order), 4, widths) for widths in (None, np.ones(3)))
    assert np.array_equal(plain, wide)


def test_without_width_expression_decides_nothing_and_domains_are_bands_of_depth():
    features, _ = depth_and_expression()
    labels = weighted(features, 3, [1.0, 0.0, 0.0, 0.0])
    assert (np.diff(labels) != 0).sum() == 2


def test_with_great_width_expression_alone_decides():
    features, kinds = depth_and_expression(1)
    assert adjusted_rand_score(kinds, weighted(features, 2, [1.0, 1e3, 1e3, 1e3])) == 1


def test_distances_are_those_of_the_metric_that_widths_stretch():
    features, truth, _ = slabs(6)
    features, widths = features - features.mean(axis=0), np.array([1.0, 0.3, 2.0])
    weights, offsets = mixture._tied_mixture(features, widths, truth, 4)
    labels = (features @ weights + offsets).argmax(axis=1)
    shares = np.eye(4)[labels].T
    rule, shift = mixture._linear_rule(features, widths, shares, features.T @ features / len(features))
    centres = np.array([features[labels == k].mean(axis=0) for k in range(4)])
    residuals = features - centres[labels]
    inverse = np.linalg.inv(ridged(residuals.T @ residuals / len(features)))
    apart = (features[:, None] - centres) * widths
    squares = np.einsum("nkd,de,nke->nk", apart, inverse, apart)
    log_densities = np.log(np.bincount(labels) / len(labels)) - squares / 2
    found = features @ rule + shift
    assert np.allclose(found - found[:, :1], log_densities - log_densities[:, :1], atol=1e-3)


def test_stretching_all_features_alike_leaves_the_way_domains_are_merged():
    features, _, order = slabs(7)
    fits = fit_many(features, on_a_line(order), 4, 0)
    twice = merge_each(fits, features, on_a_line(order), 4, np.full(3, 2.0))
    assert np.array_equal(twice, merge_each(fits, features, on_a_line(order), 4))


def test_a_small_domain_far_away_outlives_a_cut_through_a_large_one_under_the_bounded_rule_alone():
    """Ward's rule counts spots: 20 spots cost less than halves of 2000, however far they lie."""
    rng = np.random.default_rng(0)
    halves, small = rng.normal(0, 1, (2000, 2)), rng.normal([12, 0], 1, (20, 2))
    values = np.vstack([halves, small])
    fine = np.concatenate([(halves[:, 1] > 0).astype(int), np.full(20, 2)])
    by_ward, bounded = merge_each(fine[None].astype(np.int16), values, on_a_line(np.arange(len(values))), 2)
    together = [len(set(labels[:2000])) == 1 and labels[2000] != labels[0] for labels in (by_ward, bounded)]
    assert together == [False, True]
