"""Maps to scale: outlines, scale bar and arrow against hand-made tissue."""

import math

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.coordinates import off_lattice, on_lattice
from core.depth import across_layers_um
from core.figures import tissue
from core.figures.colours import STYLES

HEXAGON_UM2 = 100**2 * math.sqrt(3) / 2  # neighbours 100 um apart
SPOTS = [(row, col) for row in range(8) for col in range(10) if (row + col) % 2 == 0]


CELLS = off_lattice(np.random.default_rng(0).uniform(0, 500, (300, 2)))


def boxes(x_um, y_um):
    corners = np.column_stack((x_um, y_um))
    cells = np.split(corners, np.flatnonzero(np.isnan(x_um)))
    return [(*np.nanquantile(c[:, 0], [0, 1]), *np.nanquantile(c[:, 1], [0, 1])) for c in cells]


def signed_area(x_um, y_um):
    loops = np.split(np.column_stack((x_um, y_um)), np.flatnonzero(np.isnan(x_um)))
    loops = [loop[~np.isnan(loop[:, 0])] for loop in loops]
    return sum(float(np.dot(p[:-1, 0], p[1:, 1]) - np.dot(p[1:, 0], p[:-1, 1])) / 2 for p in loops)


def test_one_spot_is_a_hexagon_as_wide_as_spots_are_apart():
    x_um, y_um = tissue.outlines(on_lattice(np.array([[3, 5]])))
    assert len(x_um) == 7
    assert (x_um[0], y_um[0]) == (x_um[-1], y_um[-1])
    assert (np.ptp(x_um), np.ptp(y_um)) == pytest.approx((100, 200 / math.sqrt(3)))
    assert (x_um[:-1].mean(), y_um[:-1].mean()) == pytest.approx((5 * 50, 3 * 50 * math.sqrt(3)))


@given(st.sets(st.sampled_from(SPOTS), min_size=1))
def test_outlines_enclose_one_hexagon_for_every_spot_whatever_the_holes(spots):
    x_um, y_um = tissue.outlines(on_lattice(np.array(sorted(spots))))
    assert abs(signed_area(x_um, y_um)) == pytest.approx(len(spots) * HEXAGON_UM2)


def test_touching_spots_share_one_outline_and_a_hole_has_its_own():
    ring = np.array([(0, 1), (0, 3), (1, 0), (1, 4), (2, 1), (2, 3)])
    assert np.isnan(tissue.outlines(on_lattice(ring))[0]).sum() == 1
    assert np.isnan(tissue.outlines(on_lattice(np.vstack((ring, [[1, 2]]))))[0]).sum() == 0


def test_spots_of_both_parities_are_drawn_one_by_one():
    x_um, _ = tissue.outlines(on_lattice(np.array([[0, 0], [0, 1]])))
    assert np.isnan(x_um).sum() == 1


def test_no_spots_make_an_empty_outline():
    for coordinates in (on_lattice(np.array(SPOTS)), CELLS):
        assert len(tissue.outlines(coordinates[np.zeros(len(coordinates), dtype=bool)])[0]) == 0


def test_cells_cover_as_much_as_their_squares_and_lie_inside_what_is_drawn():
    grid = off_lattice(np.argwhere(np.ones((30, 20))) * 10.0)
    x_um, y_um = tissue.outlines(grid)
    assert abs(signed_area(x_um, y_um)) == pytest.approx(300 * 200, rel=0.05)
    for x, y in grid.tissue_um:
        assert any(x0 <= x <= x1 and y0 <= y <= y1 for x0, x1, y0, y1 in boxes(x_um, y_um))


def test_few_spots_are_all_drawn_where_they_are():
    spots, at = tissue.thinned(CELLS)
    assert (spots == np.arange(300)).all()
    assert at is CELLS


def test_of_many_cells_one_in_each_square_is_drawn_and_the_squares_cover_the_tissue_once(monkeypatch):
    monkeypatch.setattr(tissue, "MOST_SQUARES", 300)
    # A regular grid, 100 x 90 cells at 8 um: each has 64 um2 of tissue, and so a square 64 * 9000 / 300 = 1920 um2.
    rows, columns = np.divmod(np.random.default_rng(1).permutation(9000), 100)
    cells = off_lattice(np.column_stack((rows, columns)) * 8.0 + 1000)
    spots, at = tissue.thinned(cells)
    side = at.spot_um2**0.5
    assert side**2 == pytest.approx(1920, rel=0.06)
    assert 300 <= len(spots) == len(at) <= 380  # those at the rim are cut
    away = np.abs(cells.tissue_um[spots] - at.tissue_um)
    assert away.max() <= side / 2 * (1 + 1e-9)  # each drawn cell lies in its square
    assert len(np.unique(np.rint(at.tissue_um / side - 0.5), axis=0)) == len(at)  # no two squares are the same
    nearest = np.abs(cells.tissue_um[:, None] - at.tissue_um[None]).max(axis=2).min(axis=1)
    assert nearest.max() <= side / 2 * (1 + 1e-9)  # each cell lies in a square that is drawn


def test_cells_of_two_labels_share_one_raster_and_the_picture_grows_with_their_border_only():
    grid = off_lattice(np.argwhere(np.ones((40, 40))) * 10.0)
    left = grid.tissue_um[:, 0] < 200
    x_um, _ = tissue.outlines(grid[left])
    other_um, _ = tissue.outlines(grid[~left])
    assert len(x_um) < len(grid[left])
    step = (np.nanmin(other_um) - np.nanmin(x_um)) / math.sqrt(grid.spot_um2) * 2
    assert step == pytest.approx(round(step))


@pytest.mark.parametrize(
    ("width_um", "expected"), [(6400, 1000), (8000, 2000), (7999, 1000), (400, 100), (21_000, 5000)]
)
def test_the_scale_bar_is_round_and_at_most_a_quarter_of_the_tissue(width_um, expected):
    assert tissue.scale_bar_um(width_um) == expected


@pytest.mark.parametrize(("length_um", "name"), [(1000, "1 mm"), (5000, "5 mm"), (500, "500 µm")])
def test_lengths_are_written_as_people_read_them(length_um, name):
    assert tissue.length_name(length_um) == name


def test_no_length_is_in_micrometres_where_nobody_said_how_long_a_unit_is():
    assert tissue.length_name(2000, "units") == "2,000 units"
    figure = go.Figure()
    cells = off_lattice(np.argwhere(np.ones((20, 20))) * 8.0, unit_known=False)
    tissue.add_scale_bar(figure, cells, STYLES["light"])
    assert [item.text for item in figure.layout.annotations] == ["20 units"]
    assert "µm" not in tissue.hover(cells, ["a"] * 400, [""] * 400, 1).hovertemplate


@given(st.floats(-math.pi, math.pi))
def test_the_arrow_runs_along_the_steepest_rise_of_depth_on_the_tissue(angle):
    def depth_at(x_um, y_um):
        return math.cos(angle) * y_um / (50 * math.sqrt(3)) - math.sin(angle) * x_um / 50

    x, y = across_layers_um(angle, on_lattice(np.array(SPOTS)).unit_um)
    around = np.radians(np.arange(0, 360, 5))
    assert math.hypot(x, y) == pytest.approx(1)
    assert depth_at(x, y) >= max(depth_at(math.cos(a), math.sin(a)) for a in around) - 1e-12


def test_without_rotation_the_arrow_points_straight_down_the_rows():
    assert across_layers_um(0.0, CELLS.unit_um) == pytest.approx([0, 1])


@pytest.mark.parametrize("coordinates", [on_lattice(np.array(SPOTS)), CELLS])
def test_the_arrow_stays_on_the_tissue(coordinates):
    figure = go.Figure()
    tissue.add_direction(figure, coordinates, 0.38, STYLES["light"])
    points = [tuple(map(float, point.split(","))) for point in figure.layout.shapes[0].path.strip("MZ").split("L")]
    left, right, top, bottom = tissue.extent_um(coordinates)
    assert all(left < x < right and top < y < bottom for x, y in points)
