"""Two sections of one tissue whose layers are known: depth from 0 to 1, and four factors that are smooth functions of it."""

import numpy as np
import pytest

from core.coordinates import Coordinates
from core.method.bending import find_bend
from core.method.common_depth import common_depths


def layered(from_depth, to_depth, *, turned=False, pitch_um=100.0, seed=0, wave=1.0):
    """A square of 30 x 30 spots that crosses layers between two depths, from left to right or from right to left."""
    rows, columns = np.divmod(np.arange(900), 30)
    true = from_depth + (to_depth - from_depth) * columns / 29
    factors = np.column_stack((np.cos(3 * wave * true), np.sin(4 * wave * true), true**2, np.cos(7 * wave * true)))
    noise = np.random.default_rng(seed).normal(scale=0.1, size=factors.shape)
    places = np.column_stack((rows, 29 - columns if turned else columns)).astype(float)
    return factors + noise, Coordinates(positions=places, unit_um=(pitch_um, pitch_um), on_lattice=False), true


def together(*sections):
    factors, coordinates, _ = zip(*sections, strict=True)
    return common_depths(factors, coordinates, [find_bend(*pair) for pair in zip(factors, coordinates, strict=True)])


@pytest.mark.parametrize("turned", [False, True])
def test_spots_of_one_layer_have_one_depth_in_sections_that_begin_elsewhere_are_turned_and_of_another_pitch(turned):
    one, other = layered(0, 1), layered(0.3, 1, turned=turned, pitch_um=55.0, seed=1)
    found = together(one, other)
    assert found is not None
    true, depths = np.concatenate((one[2], other[2])), np.concatenate(found)
    line = np.polyfit(true, depths, 1)
    assert np.abs(np.polyval(line, true) - depths).max() < 0.05 * np.ptp(depths)


def test_sections_in_which_other_layers_lie_have_no_depth_in_common():
    one, other = layered(0, 1), layered(0, 1, seed=1, wave=5.0)
    assert together(one, other) is None


def test_a_section_without_layers_leaves_all_without_a_common_depth():
    factors, coordinates, true = layered(0, 1, seed=2)
    shuffled = np.random.default_rng(0).permutation(factors)
    assert together(layered(0, 1), (shuffled, coordinates, true)) is None


def test_the_order_of_spots_changes_no_depth():
    one, (factors, coordinates, true) = layered(0, 1), layered(0.2, 0.9, seed=1)
    order = np.random.default_rng(0).permutation(900)
    first = together(one, (factors, coordinates, true))
    again = together(one, (factors[order], coordinates[order], true))
    assert np.allclose(again[1], first[1][order], atol=1e-6)
