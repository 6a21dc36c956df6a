"""Shapes in a GeoJSON file, or in a selection of Xenium Explorer, with their names and colours; not yet where they lie on a sample."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from core.annotation import as_colour
from core.errors import AnnotationError, SampleFileError
from core.io import archives
from core.io.geojson import explorer
from core.io.geojson.unit import measured_um, named_unit
from core.memory import check_fits
from core.text import counted, decoded, file_name, shown

MOST_BYTES = 64 << 20
"""A longer file is not read."""

MOST_SHAPES = 50_000
"""A file of more is not read."""

FURTHEST = 1e9
"""No image and no tissue has coordinates further from the origin."""

MOST_CROSSINGS = 50_000
"""More are not mended in one file: a second's work."""

_SIGN_BYTES = {b"[": 80, b"{": 240, b",": 40}
"""Memory of what stands behind such a sign, as Python's lists, mappings and numbers."""

_LINE_BYTES = 150  # of a corner of a selection, beside its numbers
_SIDES_ASKED = 256, 2048  # of which it is counted how often one crosses the other
_DEEPEST = 16  # collections inside collections
_NAMED_BY = ("name", "label", "region", "annotation", "class", "layer", "cell_type", "id")
_COLOURED_BY = ("color", "colour", "colorRGB", "stroke", "fill")
_POLYGONS = ("Polygon", "MultiPolygon")
_OTHERS = ("Point", "MultiPoint", "LineString", "MultiLineString")


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One drawn area.

    Parameters
    ----------
    name : str
        As the file has it; empty where it has none.
    colour : str or None
        `#RRGGBB`.
    area : shapely.Geometry
        Polygon or MultiPolygon, valid, in the unit of the file, x and y.
    """

    name: str
    colour: str | None
    area: shapely.Geometry


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """What a file holds.

    Parameters
    ----------
    file_name : str
    shapes : tuple of Shape
        In the order of the file, at least one.
    unit : str
        What the file says of itself (`named_unit`); else empty.
    um_per_unit : float or None
        By areas that the file gives in square micrometres; None where it gives none.
    notes : tuple of str
        What was mended or left out, in sentences.
    """

    file_name: str
    shapes: tuple[Shape, ...]
    unit: str = ""
    um_per_unit: float | None = None
    notes: tuple[str, ...] = ()


def is_geojson(path: Path, name: str | None = None) -> bool:
    """Whether a file is to be read as shapes, and not as labels.

    Parameters
    ----------
    path : Path
        Plain or compressed with gzip; one that cannot be opened is left to its reader, which says why.
    name : str, optional
        What people call it.

    Returns
    -------
    bool
        True where it starts as JSON does, or as a selection of Xenium Explorer, or its name says so.
    """
    if (name or path.name).lower().removesuffix(".gz").endswith(".geojson"):
        return True
    try:
        with archives.unzipped(path) as file:
            beginning = file.read(1 << 10)
            return beginning.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") or explorer.is_selection(beginning)
    except (SampleFileError, OSError):
        return False


def read(path: Path, name: str | None = None) -> Drawing:
    """Read a file of shapes.

    Parameters
    ----------
    path : Path
        Plain or compressed with gzip.
    name : str, optional
        What messages call it; its own name by default.

    Returns
    -------
    Drawing

    Raises
    ------
    AnnotationError
        If it is missing, too large, neither GeoJSON nor a selection of Xenium Explorer, or has no area.
    """
    try:
        with archives.unzipped(path) as file:
            content = file.read(MOST_BYTES + 1)
    except SampleFileError as error:
        raise AnnotationError(str(error)) from error
    except OSError as error:
        raise AnnotationError(f"{shown(path, 300)} cannot be read: {error.strerror or error}.") from error
    return parse(content, name or file_name(path))


def parse(content: bytes, name: str) -> Drawing:
    """Read the text of a file of shapes.

    Parameters
    ----------
    content : bytes
        Not trusted.
    name : str
        Of the file, for messages.

    Returns
    -------
    Drawing

    Raises
    ------
    AnnotationError
        As :func:`read`.
    """
    if len(content) > MOST_BYTES:
        raise AnnotationError(
            f"{name} is larger than {MOST_BYTES >> 20} MiB: leave out the outlines of cells, and save the regions alone."
        )
    of_lines = _LINE_BYTES * content.count(b"\n") if explorer.is_selection(content[: 1 << 10]) else 0
    try:
        check_fits(2 * len(content) + of_lines + sum(n * content.count(sign) for sign, n in _SIGN_BYTES.items()), name)
    except SampleFileError as error:
        raise AnnotationError(str(error)) from error
    plain = _plain(content, name)
    left_out = _LeftOut()
    known = [
        (properties, shape)
        for properties, found in _geometries(plain, {}, 0, left_out)
        for shape in _shapes(properties, found, left_out)
    ]
    shapes = tuple(shape for _, shape in known)
    um_per_unit = measured_um((properties, shape.area) for properties, shape in known)
    notes = tuple(f"{name}: {sentence}." for sentence in map(_in_words, left_out.items()))
    if not shapes:
        raise AnnotationError(" ".join((f"{name} holds no area: regions are polygons of GeoJSON.", *notes)))
    return Drawing(file_name=name, shapes=shapes, unit=named_unit(plain), um_per_unit=um_per_unit, notes=notes)


def _plain(content: bytes, name: str) -> Any:
    if explorer.is_selection(content[: 1 << 10]):
        return explorer.selections(decoded(content), name, MOST_SHAPES)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise AnnotationError(
            f"{name} is no GeoJSON ({shown(error, 100).rstrip('.')}): export the regions as GeoJSON, not compressed in a folder."
        ) from error


class _LeftOut(Counter[str]):
    """What was mended or left out of a file, and how much more of it is looked at; crossings grow with the square of corners."""

    crossings = MOST_CROSSINGS
    polygons = MOST_SHAPES

    def count_polygon(self) -> None:
        self.polygons -= 1
        if self.polygons < 0:
            raise AnnotationError(
                f"The file holds more than {MOST_SHAPES:,} shapes: leave out the outlines of cells, and save the regions alone."
            )

    def can_mend(self, polygon: shapely.Geometry) -> bool:
        if self.crossings < 0:  # to count them takes its time, too
            return False
        self.crossings -= n_crossings(polygon)
        return self.crossings >= 0


_WORDS = {
    "mended": ("shape crosses itself and was made valid: what it runs around belongs to it",
               "shapes cross themselves and were made valid: what they run around belongs to them"),
    "tangled": ("shape crosses itself too often to be mended, and was left out: draw around the region once",
                "shapes cross themselves too often to be mended, and were left out: draw around each region once"),
    "no area": ("point or line, which holds no spots, was left out", "points or lines, which hold no spots, were left out"),
    "not numbers": ("shape whose coordinates are not finite numbers was left out",
                    "shapes whose coordinates are not finite numbers were left out"),
    "too far": ("shape lies further from the origin than any image reaches, and was left out",
                "shapes lie further from the origin than any image reaches, and were left out"),
    "empty": ("shape has fewer than three corners, or no area, and was left out",
              "shapes have fewer than three corners, or no area, and were left out"),
    "unknown": ("entry is no geometry of GeoJSON and was left out", "entries are no geometries of GeoJSON and were left out"),
    "too deep": ("collection is nested too deeply and was left out", "collections are nested too deeply and were left out"),
}  # fmt: skip


def _in_words(entry: tuple[str, int]) -> str:
    what, number = entry
    return counted(number, *_WORDS[what])


def _geometries(
    plain: Any, properties: Mapping[str, Any], depth: int, left_out: _LeftOut
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Go through collections to each polygon, with the properties of its feature."""
    if depth > _DEEPEST:
        left_out["too deep"] += 1
        return
    kind = plain.get("type") if isinstance(plain, dict) else None
    inner: Any = ()
    if isinstance(plain, list) and depth == 0:  # as older versions of QuPath write
        inner = plain
    elif kind == "FeatureCollection":
        inner = plain.get("features")
    elif kind == "GeometryCollection":
        inner = plain.get("geometries")
    elif kind == "Feature":
        own = plain.get("properties")
        properties, inner = own if isinstance(own, dict) else {}, [plain.get("geometry")]
        properties = {"id": plain.get("id"), **properties} if isinstance(plain.get("id"), str) else properties
    elif kind in _POLYGONS:
        yield properties, plain
    else:
        left_out["no area" if kind in _OTHERS or (plain is None and depth) else "unknown"] += 1
    for item in inner if isinstance(inner, list) else ():
        yield from _geometries(item, properties, depth + 1, left_out)


def _shapes(properties: Mapping[str, Any], geometry: Mapping[str, Any], left_out: _LeftOut) -> list[Shape]:
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not isinstance(polygons, list):
        left_out["empty"] += 1
        return []
    areas = [area for area in (_area(rings, left_out) for rings in polygons) if area is not None]
    if not areas:
        return []
    return [Shape(_name(properties), _colour(properties), areas[0] if len(areas) == 1 else shapely.union_all(areas))]


def _area(rings: Any, left_out: _LeftOut) -> shapely.Geometry | None:
    """Make one polygon of its outer ring and its holes; None where it is none, which is counted."""
    left_out.count_polygon()
    corners = [_corners(ring) for ring in rings] if isinstance(rings, list) else []
    problem = _problem(corners)
    if problem is not None:
        left_out[problem] += 1
        return None
    outer, *holes = (ring for ring in corners if ring is not None)
    polygon = shapely.Polygon(outer, [hole for hole in holes if len(np.unique(hole, axis=0)) > 2])
    if shapely.is_valid(polygon):
        return polygon
    if not left_out.can_mend(polygon):
        left_out["tangled"] += 1
        return None
    mended = mend(polygon)
    left_out["empty" if mended.is_empty else "mended"] += 1
    return None if mended.is_empty else mended


def n_crossings(polygon: shapely.Geometry) -> int:
    """Estimate how often the rings of a polygon cross themselves and each other, from some of their sides.

    Parameters
    ----------
    polygon : shapely.Polygon

    Returns
    -------
    int
    """
    rings = [shapely.get_coordinates(ring) for ring in (polygon.exterior, *polygon.interiors)]
    sides = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
    lines = shapely.linestrings(sides)
    asked, others = (lines[:: -(-len(lines) // n_most)] for n_most in _SIDES_ASKED)
    found, _ = shapely.STRtree(others).query(asked, predicate="crosses")
    return math.ceil(len(found) * len(lines) ** 2 / len(asked) / len(others) / 2)


def mend(polygon: shapely.Geometry) -> shapely.Geometry:
    """Make a polygon that crosses itself valid.

    Parameters
    ----------
    polygon : shapely.Geometry

    Returns
    -------
    shapely.Geometry
        Polygon or MultiPolygon. What a ring runs around once or more belongs to it, as where a lasso overlaps its own
        beginning; holes are taken out.
    """
    valid = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
    return shapely.union_all([part for part in shapely.get_parts(valid) if part.area > 0])


def _problem(corners: list[np.ndarray | None]) -> str | None:
    if not corners or any(ring is None for ring in corners):
        return "not numbers" if corners else "empty"
    known = [ring for ring in corners if ring is not None]
    if not all(np.isfinite(ring).all() for ring in known):
        return "not numbers"
    if any(np.abs(ring).max(initial=0) > FURTHEST for ring in known):
        return "too far"
    return "empty" if len(np.unique(known[0], axis=0)) < 3 else None


def _corners(ring: Any) -> np.ndarray | None:
    """Corners of a ring, without the height that some have; None where they are no numbers."""
    try:
        corners = np.array(ring, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        try:  # some corners have a height
            corners = np.array([corner[:2] for corner in ring], dtype=np.float64)
        except (TypeError, ValueError, OverflowError, KeyError):
            return None
    if corners.size == 0:
        return np.empty((0, 2))
    return corners[:, :2] if corners.ndim == 2 and corners.shape[1] >= 2 else None


def _name(properties: Mapping[str, Any]) -> str:
    """Name of the class, as QuPath has it, or else of the shape."""
    named = properties.get("classification")
    found = named.get("name") if isinstance(named, dict) else named
    candidates = (found, *(properties.get(key) for key in _NAMED_BY))
    return next((str(name) for name in candidates if isinstance(name, str | int) and str(name).strip()), "")


def _colour(properties: Mapping[str, Any]) -> str | None:
    named = properties.get("classification")
    places = (named, properties) if isinstance(named, dict) else (properties,)
    for place in places:
        for key in _COLOURED_BY:
            found = _as_hexadecimal(place.get(key))
            if found is not None:
                return found
    return None


def _as_hexadecimal(value: Any) -> str | None:
    if isinstance(value, list) and len(value) >= 3 and all(isinstance(part, int | float) for part in value[:3]):
        parts = [float(part) for part in value[:3]]
        if not all(math.isfinite(part) and 0 <= part <= 255 for part in parts):
            return None
        return "#{:02X}{:02X}{:02X}".format(*(round(part) for part in parts))
    if isinstance(value, int) and not isinstance(value, bool):  # QuPath up to 0.3: bits of a signed number
        return f"#{value & 0xFFFFFF:06X}"
    return as_colour(value)
