import numpy as np
import pytest

from core.errors import ParameterError
from core.method import mixture
from core.method.pipeline import Pipeline
from core.method.tree import DomainTree, Fitted, Join, domain_tree
from core.params import preset
from tests.sections import shipped_part

CENTRES = np.array([0.0, 3.0, 40.0, 46.0, 400.0])
"""Of five groups: the first two are nearest to one another, the next two follow, the last is far from all."""


def groups(centres: np.ndarray = CENTRES, n_each: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(len(centres)), n_each)
    features = np.column_stack((centres[truth] + 0.3 * rng.normal(size=len(truth)), rng.normal(size=len(truth))))
    return features, np.column_stack((np.arange(len(truth)), np.zeros(len(truth)))), truth


def fitted(features: np.ndarray, positions: np.ndarray) -> Fitted:
    labels = mixture.fit_many(features, positions, 3, 0, n_fits=6)
    return Fitted(labels=labels, features=features, positions=positions, widths=np.ones(features.shape[1]))


@pytest.fixture(scope="module")
def real() -> tuple[DomainTree, np.ndarray]:
    sample, params = shipped_part(1500, 200), preset("recommended", 5)
    pipeline = Pipeline(sample)
    return pipeline.tree(params), pipeline.run(params).labels


def test_domains_join_in_the_order_in_which_they_lie_apart():
    features, positions, truth = groups()
    tree = domain_tree(truth, [fitted(features, positions)], 0)
    assert [{join.kept, join.gone} for join in tree.joins[-4:-2]] == [{0, 1}, {2, 3}]
    assert np.unique(tree.cut(3)[truth == 0]).tolist() == np.unique(tree.cut(3)[truth == 1]).tolist()
    assert len(np.unique(tree.cut(2)[truth < 4])) == 1


def test_cut_at_the_number_of_the_result_it_is_the_result(real):
    tree, labels = real
    assert tree.cut(tree.n_clusters).tolist() == labels.tolist()


def test_each_step_splits_one_domain_and_all_others_keep_their_number_and_their_spots(real):
    tree, _ = real
    assert tree.n_leaves > tree.n_clusters
    for n_domains in range(1, tree.n_leaves):
        coarse, fine = tree.cut(n_domains), tree.cut(n_domains + 1)
        changed = np.unique(coarse[coarse != fine])
        assert len(np.unique(fine)) == n_domains + 1
        assert len(changed) == 1  # spots left one domain only
        assert (fine == changed[0]).any()  # whose larger part keeps its number
        assert (fine[fine != coarse] == fine[fine != coarse][0]).all()  # and went to one new domain


def test_the_larger_part_keeps_the_number(real):
    tree, _ = real
    for n_domains in range(tree.n_clusters, tree.n_leaves):
        fine, join = tree.cut(n_domains + 1), tree.joins[tree.n_leaves - n_domains - 1]
        assert (fine == join.kept).sum() >= (fine == join.gone).sum()


def test_how_far_domains_are_apart_is_a_share_and_one_where_every_fit_and_every_step_tells_them_apart():
    features, positions, truth = groups(np.array([0.0, 400.0]))
    agreeing = Fitted(labels=np.stack((truth, truth)), features=features, positions=positions, widths=np.ones(2))
    assert [join.apart for join in domain_tree(truth, [agreeing], 0).joins] == [1.0]
    assert all(0 <= join.apart <= 1 for join in domain_tree(truth, [fitted(features, positions)], 0).joins)


def test_no_part_is_smaller_than_a_hundredth_of_the_spots_where_its_domain_has_more(real):
    tree, labels = real
    assert np.bincount(tree.leaves).min() >= min(0.01 * len(labels), np.bincount(labels).min())


def test_there_are_no_more_leaves_than_asked_for_but_never_fewer_than_domains():
    features, positions, truth = groups()
    fits = [fitted(features, positions)]
    assert domain_tree(truth, fits, 0, most=6).n_leaves <= 6
    assert domain_tree(truth, fits, 0, most=2).n_leaves == len(CENTRES)


@pytest.mark.parametrize("n_domains", [0, 4])
def test_a_cut_that_the_tree_does_not_have_is_refused(n_domains):
    joins = (Join(kept=0, gone=2, apart=0.2), Join(kept=0, gone=1, apart=0.9))
    tree = DomainTree(leaves=np.array([0, 1, 2]), joins=joins, n_clusters=2)
    with pytest.raises(ParameterError, match="can be cut into 1 to 3"):
        tree.cut(n_domains)


def test_k_means_has_no_tree():
    with pytest.raises(ParameterError, match="single fit"):
        Pipeline(shipped_part(300, 20)).tree(preset("paper", 3))


def test_a_domain_that_a_vote_of_neighbours_left_without_spots_leaves_its_number_free():
    features, positions, truth = groups(CENTRES[:4])
    tree = domain_tree(np.where(truth < 2, 0, 5), [fitted(features, positions)], 0)
    assert np.unique(tree.cut(2)).tolist() == [0, 5]
    assert set(np.unique(tree.leaves)) - {0, 5} == set(range(6, 4 + tree.n_leaves))
    assert tree.cut(1).min() == tree.cut(1).max()


def test_branches_hold_the_leaves_that_joins_bring_together():
    joins = (Join(kept=0, gone=2, apart=0.2), Join(kept=1, gone=0, apart=0.9))
    tree = DomainTree(leaves=np.array([0, 1, 2, 1]), joins=joins, n_clusters=2)
    assert [branch.leaves for branch in tree.branches] == [(0,), (1,), (2,), (0, 2), (0, 1, 2)]
    assert [branch.parts for branch in tree.branches[3:]] == [(0, 2), (1, 3)]
    assert [branch.apart for branch in tree.branches] == [0, 0, 0, 0.2, 0.9]
    assert tree.numbers_at(2) == {0: 0, 1: 1, 2: 0}
