"""Regions as GeoJSON, as QuPath, Xenium Explorer and napari write and read them."""

from core.io.geojson.placing import FLIPS, UNITS, Placed, place
from core.io.geojson.reading import Drawing, Shape, is_geojson, parse, read
from core.io.geojson.writing import as_geojson

__all__ = ["FLIPS", "UNITS", "Drawing", "Placed", "Shape", "as_geojson", "is_geojson", "parse", "place", "read"]
