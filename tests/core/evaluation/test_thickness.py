"""Thickness and distance across the layers, on tissue whose layers were drawn with known thickness."""

import csv
import dataclasses
import io
import json

import numpy as np
import pytest
from scipy.spatial import cKDTree

from core.coordinates import off_lattice, on_lattice
from core.depth import Bend, FoundDirection, across_layers_um, bending_terms
from core.evaluation.thickness import (
    COLUMNS,
    FEWEST_WAYS,
    Thickness,
    Thicknesses,
    facts,
    measure,
    thickness_csv,
    weighted_quantiles,
)
from core.evaluation.ways import positions_um, trace_ways
from core.method.bending import find_bend
from core.sample import UNANNOTATED
from tests.sections import real_sections

VISIUM = on_lattice(np.array([(row, col) for row in range(78) for col in range(128) if (row + col) % 2 == 0]))
CENTRE = np.array([3200.0, -2500.0])
BORDERS = np.array([3300.0, 3600.0, 4000.0, 4700.0, 6000.0, 8000.0])
"""Radii in um; what lies before the first and after the last goes on beyond the tissue."""


def bent(coefficients, centre=(0.0, 0.0), scale=1000.0):
    bend = Bend(centre_um=tuple(centre), scale_um=scale, coefficients=tuple(coefficients))
    return FoundDirection(angle=0.0, method="bending", support=0.9, bend=bend)


def fitted(depth, coordinates, degree):
    """The polynomial of a degree that comes nearest to a depth."""
    low, high = coordinates.tissue_um.min(axis=0), coordinates.tissue_um.max(axis=0)
    centre, scale = (low + high) / 2, float((high - low).max()) / 2
    terms = bending_terms((coordinates.tissue_um - centre) / scale, degree)
    coefficients = np.linalg.lstsq(terms - terms.mean(axis=0), depth - depth.mean(), rcond=None)[0]
    return bent(coefficients, centre, scale)


def radius(coordinates, centre=CENTRE):
    return np.hypot(*(coordinates.tissue_um - centre).T)


def layers_between(borders, along):
    return np.searchsorted(borders, along, side="right").astype(str)


def medians(found, coordinates, labels):
    return {item.label: item.median_um for item in measure(found, coordinates, labels, None).predicted if item.known}


def expected(borders):
    return {str(number): size for number, size in enumerate(np.diff(borders), start=1)}


BOWL = bent((0, 0, 1000.0, 0, 1000.0), CENTRE)  # the square of the radius: circles, at a slope that grows with it


def test_arcs_are_as_thick_as_they_were_drawn_though_the_slope_of_depth_is_not_one():
    assert medians(BOWL, VISIUM, layers_between(BORDERS, radius(VISIUM))) == pytest.approx(expected(BORDERS), rel=0.05)


def test_positions_on_arcs_are_differences_of_radii():
    found, true = positions_um(BOWL, VISIUM), radius(VISIUM)
    assert found == pytest.approx(true - true.min(), abs=1)


def test_arcs_whose_depth_is_found_from_expression_are_as_thick_as_they_were_drawn():
    true = radius(VISIUM)
    rng = np.random.default_rng(0)
    waves = np.column_stack([np.cos(np.pi * k * (true - true.min()) / np.ptp(true)) for k in (1, 2, 3)])
    found = find_bend(waves + 0.3 * rng.standard_normal(waves.shape), VISIUM)
    assert medians(found, VISIUM, layers_between(BORDERS, true)) == pytest.approx(expected(BORDERS), rel=0.05)


def test_a_sine_shaped_stack_of_parallel_layers_is_as_thick_as_it_was_drawn():
    """Depth is the distance from a sine-shaped surface, so that layers between its levels are parallel by construction."""
    half = VISIUM.tissue_um[:, ::-1] / 2
    spots = off_lattice(half[half[:, 0] < 900])  # no deeper than where the sine's normals meet
    x = np.linspace(-4000, 8000, 40_000)
    surface = np.column_stack([x, 150 * np.sin(2 * np.pi * x / 3200) - 500])
    true = cKDTree(surface).query(spots.tissue_um)[0]
    borders = np.array([600.0, 800.0, 1050.0, 1350.0])
    found = fitted(true, spots, degree=9)
    assert medians(found, spots, layers_between(borders, true)) == pytest.approx(expected(borders), rel=0.05)
    apart = positions_um(found, spots)
    assert np.quantile(np.abs((apart - np.median(apart)) - (true - np.median(true))), 0.9) < 25


def test_a_straight_stack_of_whole_rows_is_as_thick_as_its_rows():
    n_rows = [4, 2, 3, 11, 20]
    labels = np.repeat(np.arange(6).astype(str), [*n_rows, 78 - sum(n_rows)])[VISIUM.positions[:, 0].astype(int)]
    found = medians(FoundDirection(angle=0.0, method="manual"), VISIUM, labels)
    assert found == pytest.approx({str(i): n_rows[i] * 50 * np.sqrt(3) for i in range(1, 5)}, rel=0.02)


@pytest.mark.parametrize("angle", [0.38, 1.2, np.pi / 2, 2.6])
def test_a_straight_stack_has_the_thickness_it_was_drawn_with(angle):
    found = FoundDirection(angle=angle, method="manual")
    along = VISIUM.tissue_um @ across_layers_um(angle, VISIUM.unit_um)
    borders = along.min() + np.array([500.0, 800.0, 1300.0, 3000.0])
    assert medians(found, VISIUM, layers_between(borders, along)) == pytest.approx(expected(borders), rel=0.05)


@pytest.mark.parametrize("angle", [0.0, 0.38, 2.6])
def test_along_a_straight_direction_positions_are_differences_of_depth_to_the_last_bit(angle):
    found = FoundDirection(angle=angle, method="expression")
    depth = found.depth_um(VISIUM)
    assert np.array_equal(positions_um(found, VISIUM), depth - depth.min())


def test_a_bend_of_degree_one_measures_as_the_straight_direction_does():
    x, y = across_layers_um(0.38, VISIUM.unit_um)
    straight = FoundDirection(angle=0.38, method="manual")
    assert positions_um(bent((250 * x, 250 * y)), VISIUM) == pytest.approx(positions_um(straight, VISIUM), abs=1e-6)


def wedge(coordinates):
    """Layers that widen from left to right: levels of y / (x + 8000) are straight lines that meet far to the left."""
    return coordinates.tissue_um[:, 1] / (coordinates.tissue_um[:, 0] + 8000)


def test_in_a_fan_of_layers_ways_are_arcs_and_thickness_is_angle_times_distance_from_the_hub():
    angles = np.arctan(wedge(VISIUM))
    borders = np.array([0.1, 0.15, 0.22, 0.34])
    labels = layers_between(borders, angles)
    found = {item.label: item for item in measure(fitted(angles, VISIUM, 6), VISIUM, labels, None).predicted}
    from_hub = np.hypot(VISIUM.tissue_um[:, 0] + 8000, VISIUM.tissue_um[:, 1])
    for label, angle in expected(borders).items():
        # Quartiles over the length of the layer: by distance from the hub, each distance weighs the same.
        near, far = from_hub[labels == label].min(), from_hub[labels == label].max()
        true = angle * (near + np.array([0.25, 0.5, 0.75]) * (far - near))
        item = found[label]
        assert [item.lower_um, item.median_um, item.upper_um] == pytest.approx(true, rel=0.05)


@pytest.mark.parametrize(("first", "second"), [((1, 0), (0, -1)), ((-1, 0), (0, 1)), ((0.8, 0.6), (-0.6, 0.8))])
def test_turning_or_mirroring_the_tissue_with_its_depth_changes_no_length(first, second):
    cells = np.random.default_rng(3).uniform(0, 6000, (6000, 2))
    moved = cells @ np.array([first, second]).T
    centre = CENTRE @ np.array([first, second]).T
    here, there = off_lattice(cells[:, ::-1]), off_lattice(moved[:, ::-1])
    labels = layers_between(BORDERS, radius(here))
    other = bent((0, 0, 1000.0, 0, 1000.0), centre)
    assert positions_um(other, there) == pytest.approx(positions_um(BOWL, here), abs=1e-3)
    assert medians(other, there, labels) == pytest.approx(medians(BOWL, here, labels), rel=0.05)


def test_any_rising_function_of_depth_gives_the_same_lengths():
    # r^2, r^4 + 3 r^2 and 0.01 r^2: of one set of circles.
    steep = bent((0, 0, 3000.0, 0, 3000.0, 0, 0, 0, 0, 1000.0, 0, 2000.0, 0, 1000.0), CENTRE)
    flat = bent((0, 0, 10.0, 0, 10.0), CENTRE)
    labels = layers_between(BORDERS, radius(VISIUM))
    for other in (steep, flat):
        assert positions_um(other, VISIUM) == pytest.approx(positions_um(BOWL, VISIUM), abs=1)
        assert medians(other, VISIUM, labels) == pytest.approx(medians(BOWL, VISIUM, labels), rel=0.001)


def test_depth_that_falls_measures_the_same_thickness_and_counts_from_the_other_end():
    falling = bent((0, 0, -1000.0, 0, -1000.0), CENTRE)
    labels = layers_between(BORDERS, radius(VISIUM))
    assert medians(falling, VISIUM, labels) == pytest.approx(medians(BOWL, VISIUM, labels), rel=0.02)
    total = np.ptp(radius(VISIUM))
    assert positions_um(falling, VISIUM) == pytest.approx(total - positions_um(BOWL, VISIUM), abs=1)


def test_the_order_of_spots_changes_nothing():
    order = np.random.default_rng(1).permutation(len(VISIUM))
    labels = layers_between(BORDERS, radius(VISIUM))
    assert medians(BOWL, VISIUM[order], labels[order]) == medians(BOWL, VISIUM, labels)


def test_a_layer_at_the_edge_of_the_tissue_or_of_the_annotation_has_no_thickness_but_a_reason():
    labels = layers_between(BORDERS, radius(VISIUM))
    outer = measure(BOWL, VISIUM, labels, np.where(labels == "3", UNANNOTATED, labels))
    by_label = {item.label: item for item in outer.predicted}
    assert not by_label["0"].known
    assert np.isnan(by_label["0"].median_um)
    assert f"0 of {by_label['0'].n_ways} ways" in by_label["0"].reason
    annotated = {item.label: item.known for item in outer.annotated}
    assert annotated == {"0": False, "1": True, "2": False, "4": False, "5": True, "6": False}


def test_single_stray_spots_interrupt_no_layer_and_have_no_thickness():
    labels = layers_between(BORDERS, radius(VISIUM))
    clean = medians(BOWL, VISIUM, labels)
    strays = np.random.default_rng(2).choice(len(labels), len(labels) // 50, replace=False)
    noisy = labels.copy()
    noisy[strays] = "stray"
    found = medians(BOWL, VISIUM, noisy)
    assert "stray" not in found
    assert found == pytest.approx(clean, rel=0.03)


def test_quartiles_weigh_by_length_as_counted_by_hand():
    # Half of the weight lies on 10, in two values; the middles of the weights are at 1/6, 1/2, 5/6.
    assert weighted_quantiles(np.array([30.0, 10.0, 20.0]), np.ones(3), (1 / 6, 0.5, 5 / 6)) == pytest.approx(
        [10, 20, 30]
    )
    assert weighted_quantiles(np.array([10.0, 20.0]), np.array([3.0, 1.0]), (0.375,)) == pytest.approx([10])


def test_the_table_says_its_unit_and_leaves_what_is_unknown_empty():
    labels = layers_between(BORDERS, radius(VISIUM))
    unknown = off_lattice(VISIUM.tissue_um[:, ::-1], unit_known=False)
    for coordinates, unit in ((VISIUM, "um"), (unknown, "unit of the file")):
        found = measure(BOWL, coordinates, labels, labels)
        rows = list(csv.DictReader(io.StringIO(thickness_csv(found))))
        assert tuple(rows[0]) == COLUMNS
        assert {row["unit"] for row in rows} == {unit} == {facts(found)["unit"]}
        first, second = rows[:2]
        assert (first["thickness"], first["lower_quartile"]) == ("", "")
        assert first["reason"]
        assert float(second["thickness"]) == pytest.approx(300, rel=0.05)
        assert int(second["n_whole"]) >= FEWEST_WAYS
        assert json.loads(json.dumps(facts(found), allow_nan=False))["predicted"]["0"]["thickness"] is None


def test_layers_have_the_names_of_domains_in_the_table_and_in_json_and_none_is_lost():
    for spelled, names in (("Layer3", "WM"), ("Layer 3", "White matter")), (("L3", "Layer3"), ("L3", "Layer3")):
        found = Thicknesses(
            unit="µm",
            predicted=(Thickness(label="Layer 3"),),
            annotated=tuple(Thickness(label=label) for label in spelled),
        )
        rows = list(csv.DictReader(io.StringIO(thickness_csv(found))))
        assert [row["name"] for row in rows] == ["Layer 3", *names]
        assert tuple(facts(found)["annotated"]) == names


@pytest.mark.slow
def test_grey_matter_of_real_sections_is_two_to_four_millimetres_thick(shared_data):
    """Layers 2 to 6 of the annotation with layer 1 apart, which ends at the edge: human cortex is 2 to 4 mm thick (Fischl and Dale 2000)."""
    from core.method.pipeline import Pipeline
    from core.params import preset

    for name in ("151673", "151675"):
        sample = real_sections(shared_data)[name]
        found = Pipeline(sample).direction(preset("recommended", 7))
        of_layer = {item.label: item for item in measure(found, sample.coordinates, sample.labels_true, None).predicted}
        grey = sum(of_layer[f"L{number}"].median_um for number in range(2, 7))
        assert 2000 < grey < 4000, name
        assert not of_layer["WM"].known


def test_where_only_the_unit_is_unknown_lengths_stay_the_same():
    known = off_lattice(VISIUM.tissue_um[:, ::-1])
    unknown = dataclasses.replace(known, unit_known=False)
    assert np.array_equal(positions_um(BOWL, known), positions_um(BOWL, unknown))
    assert (known.length_unit, unknown.length_unit) == ("µm", "units")


def test_a_cell_far_from_all_others_takes_no_memory_and_changes_little():
    cells = np.random.default_rng(5).uniform(0, 4000, (3000, 2))
    far = off_lattice(np.vstack([cells, [4e6, 4e6]]))
    found, labels = FoundDirection(angle=0.0, method="manual"), layers_between([1000, 1600, 2500], far.tissue_um[:, 1])
    assert medians(found, far, labels) == pytest.approx({"1": 600, "2": 900}, rel=0.05)


def test_a_depth_without_slope_has_neither_ways_nor_thickness():
    level = bent((0.0, 0.0))
    assert not positions_um(level, VISIUM).any()
    (only,) = measure(level, VISIUM, np.zeros(len(VISIUM), dtype=int), None).predicted
    assert not only.known


def test_a_cell_far_away_from_the_tissue_changes_no_thickness_and_asks_for_no_more_memory():
    cells = np.random.default_rng(0).uniform(0, 2000, (4000, 2))
    labels = np.searchsorted([600.0, 1000.0], cells[:, 0]).astype(str)
    across = FoundDirection(angle=0.0, method="manual")
    near = medians(across, off_lattice(cells), labels)
    stray = off_lattice(np.vstack([cells, [(900_000.0, 900_000.0)]]))
    assert trace_ways(across, stray).points.nbytes < 50e6
    assert medians(across, stray, np.append(labels, "2"))["1"] == pytest.approx(near["1"], rel=0.05)


@pytest.mark.parametrize("far", [(), (900_000.0,), (900_000_000.0,)], ids=["together", "1 m away", "900 m away"])
def test_the_spot_of_each_point_of_a_way_is_the_nearest_one_however_far_others_lie(far):
    cells = np.vstack([np.random.default_rng(1).uniform(0, 2000, (3000, 2)), *([[(x, x)] for x in far])])
    ways = trace_ways(FoundDirection(angle=0.3, method="manual"), off_lattice(cells))
    kept = ways.spots < len(cells)
    apart = np.linalg.norm(ways.points[kept] - ways.tissue[ways.spots[kept]], axis=1)
    nearest, _ = cKDTree(ways.tissue[:-1]).query(ways.points[kept])
    assert np.count_nonzero(kept) > 10_000
    assert apart == pytest.approx(nearest, rel=1e-3, abs=1e-3)
