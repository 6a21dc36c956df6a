"""Lines of equal depth, on a plain slope and on a bowl, where geometry says what they must be."""

import numpy as np
import pytest

from core.coordinates import on_lattice
from core.depth import Bend
from core.figures.depth_lines import depth_lines

PLACES = on_lattice(np.array([(row, col) for row in range(40) for col in range(70) if (row + col) % 2 == 0]))


def test_on_a_slope_lines_run_straight_across_with_equally_many_rows_between():
    down = Bend(centre_um=(0.0, 0.0), scale_um=1000.0, coefficients=(0.0, 1000.0))
    lines = depth_lines(PLACES, down)
    heights = [line[:, 1].mean() for line in lines]
    assert all(np.ptp(line[:, 1]) < 1 for line in lines)
    assert np.diff(heights) / 86.6025 == pytest.approx(np.full(8, 4), abs=1.01)  # rows: a tenth of 40, to the nearest


def test_in_a_bowl_lines_are_circles_about_its_bottom():
    bowl = Bend(centre_um=(1700.0, 1700.0), scale_um=1000.0, coefficients=(0.0, 0.0, 1000.0, 0.0, 1000.0))
    for line in depth_lines(PLACES, bowl):
        radii = np.hypot(*(line - [1700, 1700]).T)
        assert np.ptp(radii) < 0.02 * radii.mean() + 5


def test_lines_end_where_the_tissue_does():
    left_half = PLACES[PLACES.tissue_um[:, 0] < 1500]
    right_too = np.concatenate(depth_lines(PLACES, Bend(centre_um=(0, 0), scale_um=1e3, coefficients=(0.0, 1e3))))
    left_only = np.concatenate(depth_lines(left_half, Bend(centre_um=(0, 0), scale_um=1e3, coefficients=(0.0, 1e3))))
    assert right_too[:, 0].max() > 3300
    assert left_only[:, 0].max() < 1650
