"""Array positions against coordinates, and units by spacing."""

import numpy as np
import pytest

from core.io.placing import compare
from core.io.spacing import guess

LATTICE = np.array([(row, col) for row in range(8) for col in range(12) if (row + col) % 2 == 0])
"""On Visium's array rows are 86.6 um apart, and columns 50."""

PIXELS = LATTICE * np.array([100 * np.sqrt(3) / 2, 50.0]) * 1.4 + np.array([700.0, 1500.0])
TURN = np.array([[0.8, -0.6], [0.6, 0.8]])


@pytest.mark.parametrize(
    "coords", [PIXELS, PIXELS @ TURN, PIXELS[:, ::-1] * [1, -1], PIXELS * [-1, 1], np.rint(PIXELS), PIXELS / 1000]
)
def test_a_shift_a_turn_a_mirror_and_a_scale_change_nothing(coords):
    assert compare(LATTICE, coords) == "alike"


def test_rows_and_columns_of_the_array_are_told_by_their_pitch_whichever_is_called_which():
    assert compare(LATTICE[:, ::-1], PIXELS) == "array exchanged"
    assert compare(LATTICE[:, ::-1], PIXELS @ TURN) == "array exchanged"
    assert compare(LATTICE, PIXELS[:, ::-1]) == "coordinates exchanged"


def test_positions_of_other_spots_fit_nothing():
    order = np.random.default_rng(0).permutation(len(LATTICE))
    assert compare(LATTICE, PIXELS[order]) == "apart"
    assert compare(LATTICE, PIXELS * [1, 2]) == "apart"


def test_few_spots_tell_nothing():
    assert compare(LATTICE[:5, ::-1], PIXELS[:5]) == "alike"


GRID = np.array([(row, col) for row in range(20) for col in range(20)], dtype=float)


@pytest.mark.parametrize(
    ("spacing", "unit", "known"), [(12.0, 1.0, True), (0.012, 1000.0, True), (138.0, 1.0, False), (2.0, 1.0, False)]
)
def test_cells_lie_5_to_50_um_apart_so_that_spacing_tells_um_from_mm_and_not_from_pixels(spacing, unit, known):
    places = (
        GRID + np.random.default_rng(3).uniform(-0.3, 0.3, GRID.shape)
    ) * spacing  # cells never lie as an array does
    found = guess(places)
    assert (found.um_per_unit, found.is_known) == (unit, known)
    assert "units apart" in found.because


@pytest.mark.parametrize(("pitch", "unit", "known"), [(30.0, 1.0, False), (0.02, 1000.0, True)])
def test_an_array_may_lie_in_pixels_which_are_never_a_thousandth_apart(pitch, unit, known):
    found = guess((GRID * pitch).round(3))
    assert (found.um_per_unit, found.is_known) == (unit, known)
