"""Where the spots of a consensus belong."""

import numpy as np
import pytest
from scipy import sparse

from core.method import label_free_steps
from core.method.listening import Listening
from core.method.pipeline import Pipeline
from core.method.settling import settled, shares_of_fits, to_alike, to_neighbours
from core.params import preset
from tests.sections import shipped_part


def alone(shares):
    """Nobody listens."""
    return shares


def row_of_spots(n_spots: int) -> sparse.csr_array:
    return sparse.csr_array(np.eye(n_spots, k=1) + np.eye(n_spots, k=-1))


def test_a_spot_has_the_domains_of_those_that_it_lies_with_in_each_fit_by_hand():
    labels, fits = np.array([0, 0, 1, 1]), np.array([[0, 0, 0, 1], [5, 5, 3, 3]])
    expected = (np.array([[2, 1], [2, 1], [2, 1], [0, 3]]) / 3 + [[1, 0], [1, 0], [0, 1], [0, 1]]) / 2
    np.testing.assert_allclose(shares_of_fits(labels, fits, 2), expected)


def test_a_spot_that_the_consensus_put_elsewhere_than_all_fits_goes_where_they_have_it():
    fits = np.array([[0, 0, 0, 1, 1, 1]] * 3)
    assert settled(np.array([0, 0, 1, 1, 1, 1]), fits, 2, alone).tolist() == [0, 0, 0, 1, 1, 1]


def test_how_fits_and_the_consensus_number_their_domains_does_not_matter():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 40)
    fits = np.stack([np.where(rng.random(120) < 0.2, rng.integers(0, 3, 120), truth) for _ in range(8)])
    expected = settled(fits[0], fits, 3, alone)
    numbers = rng.permuted(np.tile(np.arange(3), (8, 1)), axis=1)
    renamed = np.take_along_axis(numbers, fits, axis=1)
    assert settled(renamed[0], renamed, 3, alone).tolist() == expected.tolist()
    assert (expected == truth).mean() > (fits[0] == truth).mean()


def test_a_domain_that_would_lose_all_its_spots_keeps_those_that_it_had():
    fits = np.array([[0, 0, 0, 0, 1, 1, 1]] * 2)  # no fit knows the domain of spot 3
    assert settled(np.array([0, 0, 0, 1, 2, 2, 2]), fits, 3, alone).tolist() == [0, 0, 0, 1, 2, 2, 2]


def test_domains_are_numbered_in_the_order_of_work():
    fits = np.array([[0, 0, 1, 1]])
    assert settled(np.array([0, 0, 1, 1]), fits, 2, alone, np.array([3, 2, 1, 0])).tolist() == [1, 1, 0, 0]


def test_a_spot_between_others_of_another_domain_takes_theirs_where_fits_disagree_on_it():
    kinds = np.repeat([0, 1], 12)
    unsure = np.where(np.arange(24) == 5, 1, kinds)
    fits, links = np.array([kinds, unsure, unsure]), row_of_spots(24)
    assert settled(unsure, fits, 2, alone).tolist() == unsure.tolist()
    assert settled(unsure, fits, 2, to_neighbours(links)).tolist() == kinds.tolist()
    heard = to_alike(Listening(links=links, alike=np.zeros(24, dtype=np.int16)), np.arange(24))
    assert settled(unsure, fits, 2, heard).tolist() == kinds.tolist()


def test_very_many_spots_listen_to_their_neighbours_alone(monkeypatch):
    def look_for_alike(*_args, **_kwargs):
        pytest.fail("Spots alike were looked for.")

    sample = shipped_part(600, 60)
    monkeypatch.setattr(label_free_steps, "MOST_LISTENING", 599)
    monkeypatch.setattr(label_free_steps, "listening", look_for_alike)
    labels = Pipeline(sample).run(preset("recommended", 4)).labels
    assert np.unique(labels).tolist() == [0, 1, 2, 3]
