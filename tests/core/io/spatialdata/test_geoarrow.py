"""GeoArrow's nested lists, written here as its memory layout says, become the shapes that they stand for."""

import numpy as np
import pyarrow as pa
import pytest
import shapely

from core.errors import SampleFileError
from core.io.spatialdata import geoarrow

SQUARE = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0]]
HOLE = [[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0, 1.0], [1.0, 1.0]]
FAR = [[x + 9, y] for x, y in SQUARE]
SEPARATED = pa.struct([("x", pa.float64()), ("y", pa.float64())])
INTERLEAVED = pa.list_(pa.float64(), 2)


def column(rows, n_lists, corner):
    kind = corner
    for _ in range(n_lists):
        kind = pa.list_(kind)
    return pa.chunked_array([pa.array([_spelled(row, corner) for row in rows], kind)])


def _spelled(row, corner):
    if row is None or isinstance(row[0], float):
        return row if row is None or corner is INTERLEAVED else dict(zip("xy", row, strict=True))
    return [_spelled(part, corner) for part in row]


@pytest.mark.parametrize("corner", [SEPARATED, INTERLEAVED])
def test_polygons_of_one_and_of_several_parts_are_those_that_shapely_makes(corner):
    one = [shapely.Polygon(SQUARE, [HOLE]), shapely.Polygon(FAR)]
    found = geoarrow.polygons(column([[SQUARE, HOLE], [FAR]], 2, corner), "shapes/cells")
    assert shapely.equals_exact(found, one).all()
    several = [shapely.MultiPolygon(one), shapely.MultiPolygon([one[1]])]
    found = geoarrow.polygons(column([[[SQUARE, HOLE], [FAR]], [[FAR]]], 3, corner), "shapes/cells")
    assert shapely.equals_exact(found, several).all()


def test_a_part_of_a_column_is_that_part():
    rows = [[SQUARE], [FAR, HOLE], [FAR], [SQUARE, HOLE]]
    whole = geoarrow.polygons(column(rows, 2, SEPARATED), "shapes/cells")
    assert shapely.equals_exact(geoarrow.polygons(column(rows, 2, SEPARATED)[1:3], "shapes/cells"), whole[1:3]).all()


def test_a_missing_polygon_encloses_nothing_and_a_missing_point_lies_nowhere():
    found = geoarrow.polygons(column([[SQUARE], None, [FAR]], 2, SEPARATED), "shapes/cells")
    assert shapely.is_empty(found).tolist() == [False, True, False]
    points = geoarrow.points(column([[1.0, 2.0], None], 0, SEPARATED), "shapes/cells")
    np.testing.assert_array_equal(points, [[1.0, 2.0], [np.nan, np.nan]])


@pytest.mark.parametrize(
    "other",
    [
        column([SQUARE, FAR], 1, SEPARATED),  # lines, or several points
        pa.chunked_array([pa.array([[[[1.0]]], [[[2.0]]]])]),
        pa.chunked_array([pa.array([{"lon": 1.0, "lat": 2.0}])]),
    ],
)
def test_what_is_neither_is_a_sentence(other):
    read = geoarrow.polygons if geoarrow.depth(other.type) else geoarrow.points
    with pytest.raises(SampleFileError, match="write the store again, with shapes as WKB"):
        read(other, "shapes/cells")
