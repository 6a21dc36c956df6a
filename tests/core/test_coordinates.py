import numpy as np
import pytest

from core.coordinates import area_per_spot_um2, canonical_order, off_lattice, on_lattice
from tests.sections import shipped_part


def hexagons(n_rows: int = 40, n_cols: int = 60) -> np.ndarray:
    lattice = np.array([(row, col) for row in range(n_rows) for col in range(n_cols) if (row + col) % 2 == 0])
    return lattice * [86.6025, 50.0]


def squares(side: int = 40) -> np.ndarray:
    return np.argwhere(np.ones((side, side))) * 10.0


def strewn(n_cells: int = 2000) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1000, (n_cells, 2))


@pytest.mark.parametrize(("coords_um", "expected_um2"), [(hexagons(), 8660.25), (squares(), 100.0), (strewn(), 500.0)])
def test_the_area_of_a_spot_is_that_of_the_tissue_over_the_number_of_spots(coords_um, expected_um2):
    assert area_per_spot_um2(coords_um) == pytest.approx(expected_um2, rel=0.1)


def test_a_hole_and_a_crowded_corner_hardly_change_the_area_of_a_spot():
    cells = strewn(4000)
    kept = cells[np.linalg.norm(cells - 500, axis=1) > 150]
    crowd = np.random.default_rng(1).uniform(0, 60, (400, 2))
    assert area_per_spot_um2(np.vstack((kept, crowd))) == pytest.approx(250.0, rel=0.15)


def test_the_area_of_a_spot_does_not_depend_on_the_order_of_the_file():
    cells = strewn(9000)
    assert area_per_spot_um2(cells) == area_per_spot_um2(np.random.default_rng(2).permutation(cells))


@pytest.mark.parametrize("n_cells", [1, 2, 7])
def test_few_cells_have_an_area_too(n_cells):
    assert area_per_spot_um2(strewn(n_cells)) > 0


@pytest.mark.parametrize("window", [3, 6, 10])
def test_a_window_holds_as_many_cells_as_it_would_hold_visium_spots(window):
    cells = off_lattice(strewn(8000)).positions
    visium = on_lattice(np.argwhere(np.indices((81, 81)).sum(axis=0) % 2 == 0)).positions

    def n_inside(positions):
        middle = positions[np.linalg.norm(positions - np.median(positions, axis=0), axis=1).argsort()[:200]]
        return np.mean([(np.abs(positions - one) < window - 0.5).all(axis=1).sum() for one in middle])

    assert n_inside(cells) == pytest.approx(n_inside(visium), rel=0.15)


def test_neighbouring_spots_of_the_lattice_lie_100_um_apart():
    centre, *around = on_lattice(np.array([[10, 10], [10, 12], [10, 8], [9, 9], [9, 11], [11, 9], [11, 11]])).tissue_um
    np.testing.assert_allclose(np.linalg.norm(np.array(around) - centre, axis=1), 100.0)


def test_a_picture_has_x_from_the_horizontal_and_y_from_the_vertical_position():
    cells = off_lattice(np.array([[1.0, 20.0], [3.0, 40.0]]))
    np.testing.assert_allclose(cells.tissue_um, [[20.0, 1.0], [40.0, 3.0]])
    np.testing.assert_allclose(cells[np.array([False, True])].tissue_um, [[40.0, 3.0]])


def test_the_canonical_order_is_the_same_for_every_shuffle():
    lattice = shipped_part(300).lattice
    shuffled = np.random.default_rng(0).permutation(lattice)
    assert np.array_equal(lattice[canonical_order(lattice)], shuffled[canonical_order(shuffled)])
