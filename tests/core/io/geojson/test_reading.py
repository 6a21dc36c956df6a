import gzip
import json
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import AnnotationError
from core.io.geojson import parse, read
from core.io.geojson.reading import n_crossings

SQUARE = [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]]


def feature(coordinates, kind="Polygon", **properties):
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def parsed(plain):
    return parse(json.dumps(plain).encode(), "a.geojson")


def only(plain):
    (shape,) = parsed(plain).shapes
    return shape


def test_qupath_gives_name_and_colour_by_the_class():
    shape = only(feature(SQUARE, objectType="annotation", name="left one",
                         classification={"name": "Layer 4", "color": [200, 0, 16]}))  # fmt: skip
    assert (shape.name, shape.colour, shape.area.area) == ("Layer 4", "#C80010", 16)
    older = only([feature(SQUARE, classification={"name": "Tumor", "colorRGB": -3670016})])
    assert (older.name, older.colour) == ("Tumor", "#C80000")


def test_xenium_explorer_and_napari_give_the_name_of_the_shape():
    assert only(feature(SQUARE, name="Selection 1", color="#ffcc00")).colour == "#FFCC00"
    assert only(feature(SQUARE, name="Selection 1")).name == "Selection 1"
    assert only(feature(SQUARE, label="inner")).name == "inner"
    assert only(feature(SQUARE, classification="Stroma")).name == "Stroma"
    assert (
        only(feature(SQUARE, name="", color=[300, 0, 0])).name
        == only({"type": "Polygon", "coordinates": SQUARE}).name
        == ""
    )


def test_collections_of_all_kinds_are_gone_through():
    two = [SQUARE, [[[10, 0], [12, 0], [12, 2]]]]
    inner = {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": SQUARE},
             {"type": "MultiPolygon", "coordinates": two}, {"type": "Point", "coordinates": [1, 1]}]}  # fmt: skip
    drawing = parsed(
        {"type": "FeatureCollection",
         "features": [{"type": "Feature", "geometry": inner, "properties": {"name": "n"}},
                      {"type": "Feature", "geometry": None, "properties": None}]}
    )  # fmt: skip
    assert [(shape.name, shape.area.area) for shape in drawing.shapes] == [("n", 16), ("n", 18)]
    assert drawing.notes == ("a.geojson: 2 points or lines, which hold no spots, were left out.",)


def test_holes_stay_holes_and_parts_stay_parts():
    with_hole = [*SQUARE, [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]]
    area = only(feature([with_hole, [[[10, 0], [12, 0], [12, 2]]]], "MultiPolygon")).area
    assert area.area == 16 - 1 + 2
    assert not shapely.intersects_xy(area, 1.5, 1.5)


def test_a_shape_that_crosses_itself_keeps_all_that_it_runs_around_and_that_is_said():
    bow_tie = [[[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]]]
    drawing = parsed(feature(bow_tie))
    assert drawing.shapes[0].area.area == 8  # two triangles of 4
    assert "1 shape crosses itself and was made valid" in drawing.notes[0]
    overlapping = [[[0, 0], [4, 0], [4, 4], [0, 4], [0, -2], [2, -2], [2, 2], [1, 2], [1, -1], [0, -1]]]
    assert shapely.intersects_xy(only(feature(overlapping)).area, 1.5, 1)  # where a lasso overlaps its own beginning


def test_heights_and_rings_that_are_not_closed_are_read():
    assert only(feature([[[0, 0, 7], [4, 0, 7], [4, 4, 7], [0, 4]]])).area.area == 16


def test_a_polygon_of_a_hundred_thousand_corners_is_read():
    turns = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    area = only(feature([np.column_stack([np.cos(turns), np.sin(turns)]).tolist()])).area
    assert shapely.get_num_coordinates(area) == 100_001
    assert area.area == pytest.approx(np.pi, rel=1e-8)


@pytest.mark.parametrize(
    ("coordinates", "said"),
    [
        ([[[0, 0], [4, float("nan")], [4, 4]]], "not finite numbers"),
        ([[[0, 0], [4, float("inf")], [4, 4]]], "not finite numbers"),
        ([[["a", 0], [4, 0], [4, 4]]], "not finite numbers"),
        ([[[10**400, 0], [4, 0], [4, 4]]], "not finite numbers"),
        ([[{"x": 1}, [4, 0], [4, 4]]], "not finite numbers"),
        ([[[1], [4], [5]]], "not finite numbers"),
        ([[[1e12, 0], [4, 0], [4, 4]]], "further from the origin than any image"),
        ([[[0, 0], [4, 0], [0, 0]]], "fewer than three corners"),
        ([[[0, 0], [1, 1], [2, 2], [0, 0]]], "no area"),
        ([[]], "fewer than three corners"),
        ([], "fewer than three corners"),
        (None, "fewer than three corners"),
        ("POLYGON", "fewer than three corners"),
    ],
)
def test_a_shape_that_is_none_is_left_out_and_said_and_takes_no_other_with_it(coordinates, said):
    drawing = parsed([feature(coordinates), feature(SQUARE)])
    assert [shape.area.area for shape in drawing.shapes] == [16]
    assert said in drawing.notes[0]
    with pytest.raises(AnnotationError, match=said):
        parsed(feature(coordinates))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\x00\xff\xfe", b"PK\x03\x04", b"<html>", b"[" * 100_000, b"1" * 5_000]
)
def test_a_file_that_is_no_json_is_a_sentence(content):
    with pytest.raises(AnnotationError, match=r"a.geojson (is no GeoJSON|holds no area)"):
        parse(content, "a.geojson")


@pytest.mark.parametrize("plain", [{}, [], None, 5, {"type": "Topology"}, {"type": "FeatureCollection", "features": {}},
                                   {"type": ["Polygon"]}, {"type": "Feature"}, [[1, 2], [3, 4]]])  # fmt: skip
def test_json_without_regions_is_a_sentence(plain):
    with pytest.raises(AnnotationError, match=r"a.geojson holds no area"):
        parsed(plain)


def test_collections_in_collections_end_somewhere():
    plain: dict[str, Any] = {"type": "Polygon", "coordinates": SQUARE}
    for _ in range(200):
        plain = {"type": "GeometryCollection", "geometries": [plain]}
    with pytest.raises(AnnotationError, match="1 collection is nested too deeply"):
        parsed(plain)


def test_a_file_is_measured_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("core.io.geojson.reading.MOST_BYTES", 1 << 10)
    large = tmp_path / "a.geojson"
    large.write_bytes(b" " * 2000)
    with pytest.raises(AnnotationError, match=r"a.geojson is larger than"):
        read(large)
    packed = tmp_path / "b.geojson.gz"
    packed.write_bytes(gzip.compress(b" " * (1 << 24)))
    with pytest.raises(AnnotationError, match=r"larger than|unpack|bomb|times"):
        read(packed)


@pytest.mark.parametrize(
    ("inside", "n"), [("[],", 2_000_000), ("{},", 500_000), ("[1,2],", 1_000_000), ("0,", 2_000_000)]
)
def test_text_that_stands_for_many_times_as_much_memory_is_not_taken_apart(monkeypatch, inside, n):
    monkeypatch.setenv("SPCA_MAX_MEMORY", "64M")
    with pytest.raises(AnnotationError, match=r"a.geojson would take \d+ MiB of memory, and at most 64 MiB"):
        parse(f'{{"type":"FeatureCollection","features":[{inside * n}0]}}'.encode(), "a.geojson")


def test_plain_and_compressed_files_are_read_and_missing_ones_are_named(tmp_path):
    text = json.dumps(feature(SQUARE)).encode()
    (tmp_path / "a.geojson").write_bytes(b"\xef\xbb\xbf" + text)
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(text))
    assert [read(tmp_path / name).shapes[0].area.area for name in ("a.geojson", "b.json.gz")] == [16, 16]
    for missing in (tmp_path / "c.geojson", tmp_path):
        with pytest.raises(AnnotationError, match=r"There is no file|is a folder|cannot be read"):
            read(missing)


WORDS = ["type", "FeatureCollection", "features", "Feature", "geometry", "Polygon", "MultiPolygon", "GeometryCollection",
         "geometries", "coordinates", "properties", "classification", "name", "color", "spatial_domains", "unit"]  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers(-300, 300) | st.floats() | st.sampled_from(WORDS)
RINGS = st.lists(
    st.lists(st.lists(st.floats(-9, 9) | st.integers(-9, 9), min_size=1, max_size=3), max_size=7), max_size=3
)
JSON = st.recursive(
    PLAIN | RINGS | RINGS.map(lambda rings: {"type": "Polygon", "coordinates": rings}),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=12,
)


def areas_or_sentence(plain):
    try:
        return [shape.area for shape in parsed(plain).shapes], ""
    except AnnotationError as error:
        return [], str(error)


@settings(deadline=None, max_examples=300)
@given(JSON)
def test_any_json_gives_valid_areas_or_a_sentence(plain):
    areas, sentence = areas_or_sentence(plain)
    assert areas or sentence.endswith(".")
    assert all(area.area > 0 and shapely.is_valid(area) for area in areas)


def turns(n_corners, step):
    """A star whose sides cross each other; with a small step a ring that overlaps its own beginning."""
    angles = np.arange(n_corners) * step
    return np.column_stack([np.cos(angles), np.sin(angles)]) * 100


@pytest.mark.parametrize(("n_corners", "step"), [(3_001, 3.0), (100_000, 2.0), (2_000, 1.26)])
def test_a_tangle_of_lines_is_told_and_not_mended_for_minutes(n_corners, step):
    tangle = {"type": "Polygon", "coordinates": [turns(n_corners, step).tolist()]}
    other = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9]]]}
    found = parse(json.dumps({"type": "GeometryCollection", "geometries": [tangle, other]}).encode(), "a.geojson")
    assert len(found.shapes) == 1
    assert "1 shape crosses itself too often to be mended, and was left out" in found.notes[0]


def test_crossings_are_not_counted_once_there_are_too_many(monkeypatch):
    counted = []
    monkeypatch.setattr("core.io.geojson.reading.n_crossings", lambda polygon: counted.append(polygon) or 60_000)
    tangles = [{"type": "Polygon", "coordinates": [turns(5, 4 * np.pi / 5).tolist()]}] * 4
    with pytest.raises(AnnotationError, match="4 shapes cross themselves too often"):
        parsed({"type": "GeometryCollection", "geometries": tangles})
    assert len(counted) == 1


@pytest.mark.parametrize("kind", ["Polygon", "MultiPolygon"])
def test_a_file_of_very_many_shapes_is_not_read(monkeypatch, kind):
    monkeypatch.setattr("core.io.geojson.reading._LeftOut.polygons", 3)
    several = [feature(SQUARE)] * 4 if kind == "Polygon" else feature([SQUARE] * 4, kind)
    with pytest.raises(AnnotationError, match="leave out the outlines of cells"):
        parsed(several)


def test_a_lasso_of_many_corners_that_overlaps_its_beginning_is_mended():
    lasso = turns(100_000, 2 * np.pi / 99_000) * (1 + 0.001 * np.arange(100_000)[:, None] / 100_000)
    found = parse(json.dumps({"type": "Polygon", "coordinates": [lasso.tolist()]}).encode(), "a.geojson")
    assert found.shapes[0].area.area == pytest.approx(np.pi * 100**2, rel=0.01)


def test_how_often_a_polygon_crosses_itself_is_counted():
    assert n_crossings(shapely.box(0, 0, 1, 1)) == 0
    assert n_crossings(shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])) == 1
    star = shapely.Polygon(turns(5, 4 * np.pi / 5))
    assert n_crossings(star) == 5
