import numpy as np
import pytest

from core.method.lattice import across_layers_um, canonical_order, depth, tissue_um
from tests.sections import shipped_part


def test_neighbouring_spots_lie_100_um_apart():
    centre = np.array([[10, 10]])
    around = np.array([[10, 12], [10, 8], [9, 9], [9, 11], [11, 9], [11, 11]])
    distances = np.linalg.norm(tissue_um(around) - tissue_um(centre), axis=1)
    np.testing.assert_allclose(distances, 100.0)


def test_depth_along_rows_and_along_columns_by_hand():
    lattice = np.array([[3, 7]])
    assert depth(lattice, 0.0) == pytest.approx(3)
    assert depth(lattice, np.pi / 2) == pytest.approx(-7)


@pytest.mark.parametrize("angle", [0.0, 0.38, 1.2, np.pi / 2, 2.9])
def test_moving_at_right_angles_to_the_arrow_keeps_the_depth(angle):
    along = np.array([-across_layers_um(angle)[1], across_layers_um(angle)[0]])
    rows_and_columns = np.array([[along[1] / (50 * np.sqrt(3)), along[0] / 50]])
    assert depth(rows_and_columns, angle) == pytest.approx(0, abs=1e-12)


def test_the_arrow_points_to_greater_depth():
    arrow = across_layers_um(0.38)
    assert depth(np.array([[arrow[1] / (50 * np.sqrt(3)), arrow[0] / 50]]), 0.38) > 0


def test_the_canonical_order_is_the_same_for_every_shuffle():
    lattice = shipped_part(300).lattice
    shuffled = np.random.default_rng(0).permutation(lattice)
    assert np.array_equal(lattice[canonical_order(lattice)], shuffled[canonical_order(shuffled)])
