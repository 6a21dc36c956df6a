import numpy as np
import pytest

from core.coordinates import COL_PITCH_UM, ROW_PITCH_UM
from core.depth import Bend, FoundDirection, across_layers_um, depth, direction_in_full

VISIUM_UM = (ROW_PITCH_UM, COL_PITCH_UM)


def test_depth_along_rows_and_along_columns_by_hand():
    lattice = np.array([[3, 7]])
    assert depth(lattice, 0.0) == pytest.approx(3)
    assert depth(lattice, np.pi / 2) == pytest.approx(-7)


@pytest.mark.parametrize("angle", [0.0, 0.38, 1.2, np.pi / 2, 2.9])
def test_moving_at_right_angles_to_the_arrow_keeps_the_depth(angle):
    along = np.array([-across_layers_um(angle, VISIUM_UM)[1], across_layers_um(angle, VISIUM_UM)[0]])
    rows_and_columns = np.array([[along[1] / (50 * np.sqrt(3)), along[0] / 50]])
    assert depth(rows_and_columns, angle) == pytest.approx(0, abs=1e-12)


def test_the_arrow_points_to_greater_depth():
    arrow = across_layers_um(0.38, VISIUM_UM)
    assert depth(np.array([[arrow[1] / (50 * np.sqrt(3)), arrow[0] / 50]]), 0.38) > 0


def test_off_the_lattice_the_arrow_points_along_the_angle_itself():
    assert across_layers_um(0.38, (7.0, 7.0)) == pytest.approx([-np.sin(0.38), np.cos(0.38)])


def test_a_bending_depth_is_said_to_explain_what_it_was_not_learnt_from():
    bend = Bend(centre_um=(0.0, 0.0), scale_um=1.0, coefficients=(1.0, 0.0))
    good, bad = (FoundDirection(angle=0.0, method="bending", support=share, bend=bend) for share in (0.8, 0.2))
    assert direction_in_full(good) == "Bending, explains 80% of the structure of expression where it was not learnt"
    assert direction_in_full(bad) == (
        "None, explains 20% of the structure of expression where it was not learnt: below 50% it takes no part"
    )
