"""Shares of the distance, by pairs of spots counted one by one."""

import itertools

import numpy as np
import pytest

from core.depth import depth
from core.evaluation.share import Shares, distance_shares, total_variance


@pytest.mark.parametrize("angle", [None, 0.4])
def test_shares_are_those_of_the_mean_squared_distance_over_all_pairs(angle):
    random = np.random.default_rng(1)
    lattice, expression = random.integers(0, 9, (12, 2)), random.random((12, 3))
    depths = None if angle is None else depth(lattice, angle)
    features = np.hstack([lattice if depths is None else depths[:, None], 5.0 * expression])
    n_coordinates = 2 if angle is None else 1
    pairs = [np.square(features[i] - features[j]) for i, j in itertools.combinations(range(12), 2)]
    position = sum(pair[:n_coordinates].sum() for pair in pairs) / sum(pair.sum() for pair in pairs)
    shares = distance_shares(lattice, depths, total_variance(expression), 5.0)
    assert shares.position == pytest.approx(position)
    assert shares.position + shares.expression == pytest.approx(1)


def test_without_weight_position_is_everything_and_on_one_line_of_depth_nothing():
    lattice = np.array([[3, 0], [3, 2], [3, 4]])
    assert distance_shares(lattice, None, 7.0, 0.0) == Shares(1.0, 0.0)
    assert np.ptp(depth(lattice, 0.0)) == 0
    assert distance_shares(lattice, depth(lattice, 0.0), 7.0, 1.0) == Shares(0.0, 1.0)


def test_spots_that_are_all_alike_have_no_distance_to_share():
    assert distance_shares(np.array([[3, 0], [3, 2]]), np.zeros(2), 0.0, 1.0) == Shares(0.0, 0.0)
