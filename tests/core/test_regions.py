import numpy as np
import pytest
import shapely

from core.coordinates import off_lattice, on_lattice
from core.regions import contains, enclosed, outline, ring, shapes

LATTICE = np.array([(row, col) for row in range(20) for col in range(30) if (row + col) % 2 == 0])
CELLS = np.random.default_rng(0).uniform(0, 400, (500, 2))


@pytest.mark.parametrize("places", [on_lattice(LATTICE), off_lattice(CELLS)], ids=["lattice", "cells"])
def test_shapes_hold_their_own_spot_and_no_two_overlap(places):
    found = shapes(places)
    points = (places.positions[:, ::-1] * [1, 3]) if places.on_lattice else places.tissue_um
    tree = shapely.STRtree(found)
    spots, hit = tree.query(shapely.points(points), predicate="within")
    assert sorted(spots.tolist()) == list(range(len(places)))
    assert (spots == hit).all()
    one, other = tree.query(found, predicate="overlaps")
    # Corners of cells are computed once for each, and differ in the last digits.
    assert (
        shapely.area(shapely.intersection(found[one], found[other])).max(initial=0) < 1e-9 * shapely.area(found).mean()
    )


def test_hexagons_tile_the_lattice_without_gaps():
    whole = outline(on_lattice(LATTICE), np.ones(len(LATTICE), dtype=bool))
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    assert whole.area == len(LATTICE) * 6  # a spot for 2 columns by 1 row, of 3 thirds


def test_the_outline_of_a_ring_has_a_hole_that_encloses_the_middle():
    places, middle = on_lattice(LATTICE), np.zeros(len(LATTICE), dtype=bool)
    middle[np.flatnonzero((LATTICE == (10, 14)).all(axis=1))] = True
    around = ring(places, middle)
    assert around.sum() == 6
    assert len(outline(places, around).interiors) == 1
    assert enclosed(places, around).tolist() == middle.tolist()


def test_a_hole_off_the_lattice_is_found():
    places, distance = off_lattice(CELLS), np.hypot(*(CELLS - 200).T)
    inside = (distance > 60) & (distance < 140)
    assert enclosed(places, inside).tolist() == (distance <= 60).tolist()


def test_an_island_in_a_hole_changes_nothing_and_no_region_encloses_nothing():
    places, distance = off_lattice(CELLS), np.hypot(*(CELLS - 200).T)
    inside = ((distance > 90) & (distance < 160)) | (distance < 30)
    assert enclosed(places, inside).tolist() == ((distance <= 90) & ~inside).tolist()
    assert not enclosed(places, np.zeros(len(CELLS), dtype=bool)).any()


def by_outline(places, inside):
    """What the outer border of the joined shapes runs around, as shapely decides it."""
    rims = shapely.get_exterior_ring(shapely.get_parts(outline(places, inside)))
    points = places.positions[:, ::-1] * [1, 3] if places.on_lattice else places.tissue_um
    return ~inside & contains(shapely.union_all(shapely.polygons(rims)), points)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["lattice", "cells"])
def test_what_a_region_with_gaps_encloses_is_what_its_outline_runs_around(kind, seed):
    random = np.random.default_rng(seed)
    if kind == "lattice":
        places = on_lattice(LATTICE[random.random(len(LATTICE)) < random.choice([0.7, 0.95, 1])])
    else:
        cells = random.uniform(0, 400, (400, 2))
        gap = np.hypot(*(cells - random.uniform(100, 300, 2)).T) < random.uniform(20, 90)
        places = off_lattice(np.concatenate([cells[~gap], cells[~gap][:3]]))
    middle = places.tissue_um.mean(axis=0) + random.normal(0, 40, 2)
    distance = np.hypot(*(places.tissue_um - middle).T) / np.ptp(places.tissue_um, axis=0).max()
    near, far = sorted(random.uniform(0, 0.6, 2))
    inside = (distance > near) & (distance < far) & (random.random(len(places)) < random.choice([0.9, 1]))
    assert enclosed(places, inside).tolist() == by_outline(places, inside).tolist()


def test_squares_that_meet_at_corners_close_a_region():
    grid = np.array([(row, column) for row in range(9) for column in range(9)]) * 10.0
    diamond = np.abs(grid - 40).sum(axis=1)
    assert enclosed(off_lattice(grid), diamond == 30).tolist() == (diamond < 30).tolist()


def test_all_spots_and_spots_on_a_line_enclose_nothing():
    line = off_lattice(np.stack([np.zeros(30), np.arange(30.0)], axis=1))
    assert not enclosed(line, np.arange(30) % 2 == 0).any()
    assert not enclosed(off_lattice(CELLS), np.ones(len(CELLS), dtype=bool)).any()


def test_spots_that_share_a_position_share_a_shape():
    twice = np.concatenate([CELLS, CELLS[:3]])
    found = shapes(off_lattice(twice))
    assert [shapely.equals(found[number], found[500 + number]) for number in range(3)] == [True] * 3


def test_one_spot_and_a_line_of_spots_have_shapes():
    assert shapes(off_lattice(np.array([[5.0, 5.0]])))[0].area > 0
    line = off_lattice(np.stack([np.zeros(30), np.arange(30.0)], axis=1))
    assert outline(line, np.ones(30, dtype=bool)).geom_type == "Polygon"


def test_points_on_the_border_belong_to_an_area():
    square = shapely.box(0, 0, 2, 2)
    assert contains(square, np.array([[1, 1], [0, 1], [2, 2], [2.1, 1]])).tolist() == [True, True, True, False]
