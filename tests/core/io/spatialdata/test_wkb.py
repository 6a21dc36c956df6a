"""Which shapes reach GEOS: written here as the standard says, and by GEOS itself."""

import struct

import numpy as np
import pytest
import shapely

from core.io.spatialdata.wkb import is_plain

SQUARE = shapely.box(0, 0, 2, 1)
HOLED = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(1, 1), (2, 1), (2, 2)], [(4, 4), (5, 4), (5, 5)]])
PLAIN = [shapely.Point(1, 2), SQUARE, HOLED, shapely.Polygon(), shapely.MultiPolygon([HOLED, SQUARE, HOLED])]
OTHERS = [
    shapely.LineString([(0, 0), (1, 1)]),
    shapely.MultiPoint([(0, 0), (1, 1)]),
    shapely.GeometryCollection([SQUARE]),
    shapely.GeometryCollection([shapely.GeometryCollection([SQUARE])]),
]


@pytest.mark.parametrize("flavour", ["extended", "iso"])
@pytest.mark.parametrize("byte_order", [0, 1])
@pytest.mark.parametrize("system", [False, True])
@pytest.mark.parametrize("lifted", [False, True])
def test_points_polygons_and_several_polygons_are_plain_in_every_spelling(flavour, byte_order, system, lifted):
    for shape in PLAIN + OTHERS:
        spoken = shapely.force_3d(shape, 7.0) if lifted else shape
        spoken = shapely.set_srid(spoken, 4326) if system else spoken
        written = shapely.to_wkb(
            spoken, flavor=flavour, byte_order=byte_order, include_srid=system and flavour == "extended"
        )
        assert is_plain(written) is (shape in PLAIN), shape


@pytest.mark.parametrize("kind", [4, 5, 6, 7])
def test_shapes_inside_shapes_are_not_plain_however_deep(kind):
    assert not is_plain(struct.pack("<BII", 1, kind, 1) * 500_000 + shapely.to_wkb(SQUARE))


def test_a_shape_within_a_later_part_is_found():
    deep = struct.pack("<BII", 1, 6, 1) * 1000
    assert not is_plain(struct.pack("<BII", 1, 6, 3) + 2 * shapely.to_wkb(HOLED, byte_order=1) + deep)


@pytest.mark.parametrize("kind", [8, 9, 10, 11, 12, 13, 15, 16, 17])
def test_curves_and_surfaces_are_not_plain(kind):
    assert not is_plain(struct.pack("<BII", 1, kind, 1) + shapely.to_wkb(SQUARE))


@pytest.mark.parametrize("whole", [shapely.to_wkb(shape) for shape in PLAIN])
def test_what_is_cut_off_or_lies_about_its_lengths_ends_at_once_and_never_raises(whole):
    random = np.random.default_rng(5)
    for cut in range(len(whole)):
        is_plain(whole[:cut])
        number = struct.pack("<I", int(random.integers(2**32)))
        is_plain(whole[:cut] + number + whole[cut + 4 :])
    assert not is_plain(struct.pack("<BII", 1, 6, 2**32 - 1) + whole)
