"""Spots that listen to those like them."""

import numpy as np
import pytest
from scipy import sparse

from core.method.listening import Listening, heard


def linked(weights: np.ndarray) -> Listening:
    return Listening(links=sparse.csr_array(weights), alike=np.zeros(len(weights), dtype=np.int16))


@pytest.fixture
def some():
    """Thirty spots with links of many strengths, and what they think by themselves."""
    rng = np.random.default_rng(0)
    weights = np.triu(rng.random((30, 30)), 1)
    return linked(weights + weights.T), rng.dirichlet(np.ones(3), 30)


def test_two_spots_of_other_opinions_that_listen_to_each_other_nearly_agree_by_hand():
    found = heard(linked(np.array([[0.0, 1.0], [1.0, 0.0]])), np.eye(2), 0.1)
    # s = (t + 0.1) / 1.1 and t = s / 1.1, so s = 0.11 / 0.21
    np.testing.assert_allclose(found[:, 0], [0.11 / 0.21, 0.1 / 0.21], atol=1e-4)


def test_how_strong_links_are_altogether_does_not_matter(some):
    listening, opinions = some
    stronger = linked(7 * listening.links.toarray())
    np.testing.assert_allclose(heard(stronger, opinions, 0.1), heard(listening, opinions, 0.1), atol=1e-4)


def test_a_fixed_spot_keeps_its_opinion_and_is_heard_by_the_others(some):
    listening, opinions = some
    fixed = np.arange(30) == 4
    sure = np.where(fixed[:, None], [1.0, 0.0, 0.0], opinions)
    found = heard(listening, sure, 0.1, fixed)
    assert found[4].tolist() == [1, 0, 0]
    assert found[:, 0].mean() > heard(listening, opinions, 0.1)[:, 0].mean()


def test_the_order_of_work_changes_digits_alone(some):
    listening, opinions = some
    found = heard(listening, opinions, 0.1, order=np.random.default_rng(1).permutation(30))
    np.testing.assert_allclose(found, heard(listening, opinions, 0.1), atol=1e-4)
    np.testing.assert_allclose(found.sum(axis=1), 1)
