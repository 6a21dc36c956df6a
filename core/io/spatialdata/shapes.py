"""Shapes of a SpatialData store, by their names: the centres of circles and polygons, and the corners of polygons."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SampleFileError
from core.io.spatialdata import geoarrow
from core.io.spatialdata.store import Store
from core.io.spatialdata.wkb import is_plain
from core.io.tabular.columns import MAX_COLUMN_BYTES, MAX_ROWS, as_texts, undone
from core.io.tabular.text import as_names
from core.memory import check_fits
from core.text import shown

MAX_KEPT_BYTES = 512 << 20
"""Outlines of an element that are kept until cells have their places; more of them are decoded again."""

_FILE = "shapes.parquet"
_AREAS = (3, 6)  # shapely's numbers of polygons and of those of several parts
_OLD_KINDS = {0: "POINT", 3: "POLYGON", 6: "MULTIPOLYGON"}
_SHAPES_AT_ONCE = 65_536
_N_OFFSETS = {"POINT": 0, "POLYGON": 2, "MULTIPOLYGON": 3}


Rings = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Outer rings of some shapes, as :func:`rings` yields them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shapes:
    """The shapes of an element, decoded once.

    Parameters
    ----------
    names : ndarray of shape (n_shapes,), str
    centres : ndarray of shape (n_shapes, 2), float64
        Centroids, in the element's own axes.
    rings : sequence of Rings, or None
        As :func:`rings` yields them; None where they are too many to be kept, and must be decoded again.
    """

    names: np.ndarray
    centres: np.ndarray
    rings: Sequence[Rings] | None


def read(store: Store, key: str) -> Shapes:
    """Read where shapes lie, and keep their outlines, which come with that.

    Parameters
    ----------
    store : Store
    key : str
        Of an element, such as `shapes/cell_circles`.

    Returns
    -------
    Shapes

    Raises
    ------
    SampleFileError
        If it is damaged.
    """
    path = store.file(key, _FILE)
    if path is None:
        names, shapes = _old(store, key)
        if shapes.ndim == 2:
            return Shapes(names=names, centres=shapes, rings=())
        return _whole(names, ((some, shapes[some]) for some in _slices(len(shapes))))
    names, geometry = _table(path, key)
    with _readable(key):
        if not _is_wkb(geometry) and geoarrow.depth(geometry.type) == 0:
            return Shapes(names=names, centres=geoarrow.points(geometry, key), rings=())
        return _whole(names, _decoded(geometry, key))


def _whole(names: np.ndarray, blocks: Iterator[tuple[slice, np.ndarray]]) -> Shapes:
    middles, kept, n_bytes = list[np.ndarray](), list[Rings](), 0
    for some, shapes in blocks:
        middles.append(_centroids(shapes))
        if n_bytes > MAX_KEPT_BYTES:
            continue
        found = _rings(names[some], shapes)
        kept.append(found)
        n_bytes += sum(part.nbytes for part in found)
        if n_bytes > MAX_KEPT_BYTES:
            kept.clear()
    centres = np.concatenate(middles) if middles else np.zeros((0, 2))
    return Shapes(names=names, centres=centres, rings=None if n_bytes > MAX_KEPT_BYTES else kept)


def rings(store: Store, key: str) -> Iterator[Rings]:
    """Read the outer rings of polygons, some at a time; what is a point or a hole has none.

    Parameters
    ----------
    store : Store
    key : str
        Of an element, such as `shapes/cell_boundaries`.

    Yields
    ------
    names : ndarray of shape (n_rings,), str
        Of the shape that each belongs to; a shape of several parts has several.
    lengths : ndarray of shape (n_rings,), int
        How many corners each has, one at least.
    xy : ndarray of shape (n_corners, 2), float64
        Corners of all, one ring after another, in the element's own axes.

    Raises
    ------
    SampleFileError
        If it is damaged.
    """
    path = store.file(key, _FILE)
    if path is None:
        names, shapes = _old(store, key)
        if shapes.ndim == 1:
            yield from (_rings(names[some], shapes[some]) for some in _slices(len(shapes)))
        return
    names, geometry = _table(path, key)
    with _readable(key):
        if _is_wkb(geometry) or geoarrow.depth(geometry.type):
            yield from (_rings(names[some], shapes) for some, shapes in _decoded(geometry, key))


def _slices(n_shapes: int) -> Iterator[slice]:
    return (slice(first, first + _SHAPES_AT_ONCE) for first in range(0, n_shapes, _SHAPES_AT_ONCE))


def _decoded(geometry: Any, key: str) -> Iterator[tuple[slice, np.ndarray]]:
    """Decode shapes, some at a time: as objects all of them would take several times the memory."""
    if _is_wkb(geometry):
        yield from _blocks(geometry)
        return
    for some in _slices(len(geometry)):
        yield some, geoarrow.polygons(geometry[some], key)


def _blocks(geometry: Any) -> Iterator[tuple[slice, np.ndarray]]:
    """Decode WKB, some shapes at a time.

    A shape that cannot be decoded, or is none that stores hold, is None, as one that is missing; if that is so of all, something
    else is wrong.
    """
    import shapely

    for some in _slices(len(geometry)):
        known = [shape if shape is not None and is_plain(shape) else None for shape in geometry[some].to_pylist()]
        written = np.array(known, dtype=object)
        with np.errstate(invalid="ignore"):  # of corners that are no numbers
            shapes = shapely.from_wkb(written, on_invalid="ignore")
        if shapely.is_missing(shapes).all():
            raise ValueError("none is WKB")
        yield some, shapes


def _rings(names: np.ndarray, shapes: np.ndarray) -> Rings:
    import shapely

    areas = np.flatnonzero(np.isin(shapely.get_type_id(shapes), _AREAS))
    parts, owners = shapely.get_parts(shapes[areas], return_index=True)
    outer = shapely.get_exterior_ring(parts)
    lengths = shapely.get_num_points(outer)
    filled = lengths > 0
    return names[areas[owners[filled]]], lengths[filled], shapely.get_coordinates(outer[filled])


@contextmanager
def _readable(key: str) -> Iterator[None]:
    import shapely
    from pyarrow import ArrowException

    try:
        yield
    except (
        ArrowException,
        OSError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
        shapely.errors.ShapelyError,
    ) as error:
        raise SampleFileError(f"`{shown(key)}` holds no shapes that can be read: write the store again.") from error


def _table(path: Path, key: str) -> tuple[np.ndarray, Any]:
    """Read the names of shapes, and the column that holds them, once its size is known."""
    from pyarrow import parquet, types

    with _readable(key):
        with parquet.ParquetFile(path) as file:
            _check(file, key)
            index = _index_column(file.schema_arrow)
            nested = types.is_nested(file.schema_arrow.field("geometry").type)
        wanted = ["geometry", *([index] if index else [])]
        flat = wanted[1:] if nested else wanted
        with parquet.ParquetFile(path, read_dictionary=flat) as file:
            table = file.read(columns=wanted, use_pandas_metadata=False)
        written = [undone(table[name], f"`{shown(key)}`") for name in wanted]
    names = as_texts(written[1], path) if index else np.arange(len(written[0])).astype(str)
    return names, written[0]


def _is_wkb(geometry: Any) -> bool:
    from pyarrow import types

    return bool(types.is_binary(geometry.type) or types.is_large_binary(geometry.type))


def _check(file: Any, key: str) -> None:
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    columns = [group.column(number) for group in groups for number in range(group.num_columns)]
    size = sum(column.total_uncompressed_size for column in columns)
    # Corners that come again are stored as one, and a row may have any number of them.
    unpacked = max(size, 8 * sum(column.num_values for column in columns))
    if file.metadata.num_rows > MAX_ROWS or unpacked > 4 * MAX_COLUMN_BYTES:
        raise SampleFileError(f"`{shown(key)}` unpacks to {unpacked >> 20:,} MiB of shapes, more than are read.")
    check_fits(4 * unpacked, f"`{shown(key)}`")


def _index_column(schema: Any) -> str:
    """Name of the column that holds the names of rows; empty where they are only numbered."""
    found = json.loads((schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
    name = found[0] if found and isinstance(found[0], str) else ""
    return name if name in schema.names else ""


def _centroids(shapes: np.ndarray) -> np.ndarray:
    import shapely

    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    middles = shapes if is_point.all() else np.where(is_point, shapes, shapely.centroid(shapes))
    return np.column_stack([shapely.get_x(middles), shapely.get_y(middles)])


def _old(store: Store, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Read shapes of version 0.1, whose coordinates are arrays of zarr: points as x and y, others as shapes."""
    import shapely

    try:
        kind = _OLD_KINDS.get(store.attributes(key)["spatialdata_attrs"]["geos"]["type"])
    except (KeyError, TypeError):
        kind = None
    if kind is None or not store.is_array(f"{key}/coords"):
        raise SampleFileError(f"`{shown(key)}` holds no shapes that can be read: write the store again.")
    names = as_names([str(name) for name in np.ravel(_array(store, f"{key}/Index")).tolist()], store.root / key)
    coords = _array(store, f"{key}/coords", "iuf").astype(np.float64)
    keys = [] if kind == "POINT" else sorted(name for name in store.children(key) if name.startswith("offset"))
    offsets = [_array(store, f"{key}/{name}", "iu") for name in keys]
    fitting = coords.ndim == 2 and coords.shape[1] in (2, 3) and _fit(offsets, len(coords), len(names))
    if not fitting or len(keys) != _N_OFFSETS[kind]:
        raise SampleFileError(f"`{shown(key)}` has outlines that do not fit together: write the store again.")
    if kind == "POINT":
        return names, coords[:, :2]
    try:
        shapes = shapely.from_ragged_array(shapely.GeometryType[kind], coords, tuple(offsets))
    except (ValueError, IndexError, AssertionError, shapely.errors.ShapelyError) as error:
        raise SampleFileError(
            f"`{shown(key)}` has outlines that do not fit together: write the store again."
        ) from error
    return names, np.asarray(shapes)


def _array(store: Store, key: str, kinds: str = "") -> np.ndarray:
    """Read an array, of any kind or of numbers of some kinds."""
    array = store.array(key)
    check_fits(4 * array.nbytes, f"`{shown(key)}`")
    found = store.read(array)
    if kinds and found.dtype.kind not in kinds:
        raise SampleFileError(f"`{shown(key)}` holds no numbers: write the store again.")
    return found


def _fit(offsets: list[np.ndarray], n_coords: int, n_shapes: int) -> bool:
    """Whether the starts of parts rise within what they are parts of: shapely follows them without a look."""
    size = n_coords
    for starts in offsets:
        if (
            starts.ndim != 1
            or not len(starts)
            or starts[0] < 0
            or starts[-1] > size
            or (starts[1:] < starts[:-1]).any()
        ):
            return False
        size = len(starts) - 1
    return size == n_shapes
