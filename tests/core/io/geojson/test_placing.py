import dataclasses
import json

import numpy as np
import pytest
import shapely

from core.errors import AnnotationError
from core.io.geojson import Drawing, Shape, parse, place
from core.sample import TissueImage
from tests.small_tissue import small_sample

SCALE = 0.05


def drawing(*areas, names=None, unit=""):
    names = names or [f"r{number}" for number in range(len(areas))]
    shapes = tuple(Shape(name, None, area) for name, area in zip(names, areas, strict=True))
    return Drawing(file_name="a.geojson", shapes=shapes, unit=unit)


@pytest.fixture(scope="module")
def with_image(shipped):
    height, width = np.ceil((shipped.coords_px.max(axis=0) + 1500) * SCALE).astype(int)
    image = TissueImage(pixels=np.zeros((height, width, 3), dtype=np.uint8), scale=SCALE)
    return dataclasses.replace(shipped, image=image)


def one_by_one(areas, points):
    """Which spots shapely itself finds in each area, asked for one at a time."""
    return [[area.intersects(shapely.Point(x, y)) for x, y in points] for area in areas]


def blobs(points, seed, n=4):
    """Irregular shapes with a hole each, such as people draw."""
    random, span = np.random.default_rng(seed), np.ptp(points, axis=0).max()
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    for centre in points[random.choice(len(points), n, replace=False)]:
        radius = span * random.uniform(0.1, 0.3) * (1 + 0.3 * np.sin(3 * turns + random.uniform(0, 6)))
        ring = centre + radius[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
        yield shapely.Polygon(ring, [centre + (ring - centre) * 0.3])


@pytest.mark.parametrize("name", ["spaceranger/151673", "tissues/merfish_0.09.h5ad", "tissues/mob_200um.h5ad"])
def test_polygons_hit_the_spots_that_shapely_says_to_the_last_one(imported, name):
    sample = imported(name)
    points = sample.tissue_um if sample.coords_px is None else sample.coords_px[:, ::-1].astype(float)
    areas = list(blobs(points, seed=5))
    # Corners on spots, where being inside is decided in the last digit.
    areas.append(shapely.Polygon(points[np.random.default_rng(1).choice(len(points), 3, replace=False)]))
    placed = place(drawing(*areas), sample, unit="um" if sample.coords_px is None else "px", flip="none")
    expected = np.full(sample.n_spots, -1)
    for number, inside in enumerate(one_by_one(areas, points)):
        expected[np.array(inside)] = number
    assert (placed.assigned == expected).all()
    assert (placed.assigned >= 0).any()


def test_a_spot_in_several_regions_belongs_to_the_last_and_that_is_said(shipped):
    points = shipped.coords_px[:, ::-1].astype(float)
    whole, part = shapely.box(*points.min(axis=0), *points.max(axis=0)), shapely.Point(points[0]).buffer(500)
    n_part = sum(one_by_one([part], points)[0])
    placed = place(drawing(whole, part), shipped)
    assert (placed.assigned == 1).sum() == n_part
    assert f"{n_part} spots in several regions belong to the one that comes last" in " ".join(placed.notes)
    same = place(drawing(whole, part, names=["a", "a"]), shipped)
    assert (same.assigned == 0).all()
    assert "several regions" not in " ".join(same.notes)


LAYER_SETS = [None, ["Layer1"], ["Layer4", "Layer5"], ["WM"]]


def layers(sample, chosen):
    """Hulls of layers, drawn as loosely as people do, in full-resolution pixels."""
    names = chosen or sample.layer_names
    points = sample.coords_px[:, ::-1].astype(float)
    return [
        shapely.concave_hull(shapely.MultiPoint(points[sample.labels_true == name]), 0.2).buffer(60) for name in names
    ]


@pytest.mark.parametrize("chosen", LAYER_SETS)
@pytest.mark.parametrize("unit", ["px", "image px"])
def test_pixels_of_either_image_are_recognised_and_said_with_their_scale(with_image, chosen, unit):
    by = {"px": 1.0, "image px": SCALE}[unit]
    areas = [shapely.transform(area, lambda corners: corners * by) for area in layers(with_image, chosen)]
    placed, told = place(drawing(*areas), with_image), place(drawing(*areas), with_image, unit=unit, flip="none")
    assert (placed.unit, placed.flip) == (unit, "none")
    assert (placed.assigned == told.assigned).all()
    spacing_px = np.median(np.sort(np.hypot(*(with_image.coords_px - with_image.coords_px[0]).T))[1:4])
    assert placed.um_per_unit == pytest.approx(100 / spacing_px / by, rel=0.02)  # neighbours are 100 µm apart
    words = {"px": "pixels of the full-resolution image", "image px": "pixels of the small image"}[unit]
    assert f"a.geojson was read in {words} (1 unit is {placed.um_per_unit:.4g} µm)" in placed.said


def test_micrometres_of_the_image_are_recognised_where_all_layers_are_drawn(with_image):
    um = place(drawing(*layers(with_image, None)), with_image, unit="px").um_per_unit
    areas = [shapely.transform(area, lambda corners: corners * um) for area in layers(with_image, None)]
    placed = place(drawing(*areas), with_image)
    assert (placed.unit, placed.flip) == ("um", "none")
    assert "was read in µm: 7 regions" in placed.said


@pytest.mark.parametrize("name", ["shipped", "spaceranger/151673", "spaceranger/151675"])
@pytest.mark.parametrize("unit", ["px", "um"])
def test_a_single_layer_is_never_read_in_a_wrong_unit_without_asking(shipped, imported, name, unit):
    sample = shipped if name == "shipped" else imported(name)
    um = {"px": 1.0, "um": place(drawing(*layers(sample, None)), sample, unit="px").um_per_unit}[unit]
    unsure = []
    for layer in sample.layer_names:
        areas = [shapely.transform(area, lambda corners: corners * um) for area in layers(sample, [layer])]
        placed = place(drawing(*areas), sample)
        assert unit in (placed.unit, *placed.others), layer
        assert placed.others or placed.unit == unit
        assert sum("say which is right" in note for note in placed.notes) == len(placed.others)
        unsure += [layer] * bool(placed.others)
    assert len(unsure) <= 3  # of seven
    assert unsure == ["Layer1"] or unit == "um"


def with_measurements(area, um, **properties):
    feature = {"type": "Feature", "geometry": shapely.geometry.mapping(area), "properties": properties}
    measured = {"Area µm^2": area.area * um**2, "Perimeter µm": area.length * um, "Num points": True}
    feature["properties"] |= {"measurements": measured}
    return feature


def test_areas_that_the_file_gives_in_micrometres_settle_the_unit(shipped):
    um = place(drawing(*layers(shipped, None)), shipped, unit="px").um_per_unit
    for unit, factor in (("px", 1.0), ("um", um)):
        for layer in shipped.layer_names:
            (area,) = [
                shapely.transform(one, lambda corners, factor=factor: corners * factor)
                for one in layers(shipped, [layer])
            ]
            text = json.dumps(with_measurements(area, um / factor))
            placed = place(parse(text.encode(), "a.geojson"), shipped)
            assert (placed.unit in {"px": ["px"], "um": ["um", "array um"]}[unit], "px" in placed.others) == (
                True,
                False,
            )


@pytest.mark.parametrize(
    "said", [{"unit": "micron"}, {"units": "µm"}, {"spatial_domains": {"unit": "um"}}, {"unit": ["px"], "units": "UM"}]
)
def test_a_file_that_names_its_unit_is_believed(shipped, said):
    um = place(drawing(*layers(shipped, None)), shipped, unit="px").um_per_unit
    (area,) = [shapely.transform(one, lambda corners: corners * um) for one in layers(shipped, ["Layer4"])]
    whole = {"type": "FeatureCollection", "features": [with_measurements(area, 17.0)], **said}
    placed = place(parse(json.dumps(whole).encode(), "a.geojson"), shipped)
    assert (placed.unit, placed.others) == ("um", ())


@pytest.mark.parametrize("value", [-1, 0, "12", None, True, [3], 1e400, {}])
def test_measurements_that_are_none_say_nothing(shipped, value):
    (area,) = layers(shipped, ["WM"])
    feature = with_measurements(area, 1.0)
    feature["properties"]["measurements"]["Area µm^2"] = value
    assert parse(json.dumps(feature).encode(), "a.geojson").um_per_unit is None


def test_exchanged_and_upward_axes_are_recognised_and_said(with_image):
    height = with_image.image.pixels.shape[0] / SCALE
    right = place(drawing(*layers(with_image, None)), with_image)
    for flip, move, said in (
        ("swapped", lambda corners: corners[:, ::-1], "with x and y exchanged"),
        (
            "mirrored",
            lambda corners: np.column_stack([corners[:, 0], height - corners[:, 1]]),
            "with y counted upwards",
        ),
    ):
        areas = [shapely.transform(area, move) for area in layers(with_image, None)]
        told = place(drawing(*areas), with_image, unit="px", flip=flip)
        assert (told.assigned == right.assigned).all()
        found = place(drawing(*areas), with_image)
        assert (found.unit, found.flip, said in found.said) == ("px", flip, True)


def test_negative_coordinates_are_axes_that_point_upwards(shipped):
    areas = [shapely.transform(area, lambda corners: corners * [1, -1]) for area in layers(shipped, ["WM"])]
    placed = place(drawing(*areas), shipped)
    assert placed.flip == "mirrored"
    assert (placed.assigned == place(drawing(*layers(shipped, ["WM"])), shipped).assigned).all()


def test_the_length_of_a_unit_can_be_given(imported):
    sample = imported("tissues/merfish_0.09.h5ad")
    area = shapely.Point(sample.tissue_um.mean(axis=0) / 0.2125).buffer(300 / 0.2125)
    placed = place(drawing(area), sample, unit=0.2125, flip="none")
    inside = np.hypot(*(sample.tissue_um - sample.tissue_um.mean(axis=0)).T) < 299
    assert (placed.assigned[inside] == 0).all()
    assert (placed.assigned == 0).sum() < inside.sum() * 1.05


@pytest.mark.parametrize("move", [lambda corners: corners + 1e6, lambda corners: corners * 1e-5 + 5])
def test_regions_off_the_tissue_are_a_sentence_with_both_extents(shipped, move):
    areas = [shapely.transform(area, move) for area in layers(shipped, ["WM"])]
    with pytest.raises(
        AnnotationError, match=r"No region of a.geojson lies on a spot: its coordinates run from \(.*those of spots"
    ):
        place(drawing(*areas), shipped)


def test_one_region_off_the_tissue_is_named_and_kept_in_the_legend(shipped):
    (good,) = layers(shipped, ["WM"])
    placed = place(drawing(good, shapely.box(-50, -50, -40, -40)), shipped, unit="px", flip="none")
    assert [region.name for region in placed.regions] == ["r0", "r1"]
    assert "No spot belongs to r1." in placed.notes


def test_names_of_any_length_and_with_markup_become_names_of_regions(shipped):
    (area,) = layers(shipped, ["WM"])
    placed = place(drawing(area, area, area, names=["<b>x</b>", "y" * 10_000, ""]), shipped)
    assert [region.name for region in placed.regions] == ["<b>x</b>", "y" * 57 + "...", "Region 3"]
    assert "1 name of regions could not stay as in the file" in placed.notes[0]


def test_the_outlines_of_all_cells_are_no_regions(shipped):
    areas = shapely.points(shipped.coords_px[:200, ::-1].astype(float))
    with pytest.raises(AnnotationError, match="There are 200 regions of different names"):
        place(drawing(*shapely.buffer(areas, 20)), shipped)


@pytest.mark.parametrize(
    ("unit", "flip", "said"),
    [
        ("cm", None, "'cm' is no unit of coordinates: choose px, image px, um, array um"),
        ("image px", None, "151673 has no positions in pixels of the small image: choose among px, um, array um"),
        (0.0, None, "cannot be 0.0 µm"),
        (float("nan"), None, "cannot be nan µm"),
        (None, "sideways", "'sideways' says nothing of axes"),
    ],
)
def test_a_unit_that_there_is_not_is_a_sentence(shipped, unit, flip, said):
    with pytest.raises(AnnotationError, match=said):
        place(drawing(*layers(shipped, ["WM"])), shipped, unit=unit, flip=flip)


def test_a_sample_of_no_image_is_looked_at_in_micrometres():
    sample = small_sample("one")
    area = shapely.box(-1, -1, 1200, 400)
    inside = (sample.tissue_um <= (1200, 400)).all(axis=1)
    placed = place(drawing(area), sample)
    assert (placed.unit, (placed.assigned == 0).tolist()) == ("array um", inside.tolist())
    assert place(drawing(area), sample, unit="um").unit == "array um"


@pytest.mark.parametrize("most", [1, 100, 4_000_000])
def test_shapes_are_looked_at_in_parts_with_the_same_result(shipped, monkeypatch, most):
    points = shipped.coords_px[:, ::-1].astype(float)
    areas = list(blobs(points, seed=3))
    monkeypatch.setattr("core.io.geojson.placing._MOST_NEAR", most)
    placed = place(drawing(*areas), shipped, unit="px", flip="none")
    expected = np.full(shipped.n_spots, -1)
    for number, area in enumerate(areas):
        expected[shapely.intersects_xy(area, points)] = number
    assert (placed.assigned == expected).all()


def test_shapes_that_lie_over_one_another_hundreds_of_times_are_a_sentence(shipped, monkeypatch):
    monkeypatch.setattr("core.io.geojson.placing._MOST_NEAR", 100)
    monkeypatch.setattr("core.io.geojson.placing._TIMES_OVER", 3)
    points = shipped.coords_px[:, ::-1].astype(float)
    whole = shapely.box(*points.min(axis=0), *points.max(axis=0))
    assert (place(drawing(*[whole] * 3), shipped, unit="px", flip="none").assigned == 2).all()
    with pytest.raises(AnnotationError, match="lie over one another so often"):
        place(drawing(*[whole] * 4), shipped, unit="px", flip="none")
