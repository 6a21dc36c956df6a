"""Shapes of a SpatialData store: the centres of circles and polygons, by their names."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SampleFileError
from core.io.spatialdata.store import Store
from core.io.tabular.columns import MAX_COLUMN_BYTES, MAX_ROWS, as_texts, undone
from core.io.tabular.text import as_names
from core.memory import check_fits
from core.text import shown

_FILE = "shapes.parquet"
_OLD_KINDS = {0: "POINT", 3: "POLYGON", 6: "MULTIPOLYGON"}
_N_OFFSETS = {"POINT": 0, "POLYGON": 2, "MULTIPOLYGON": 3}


def centres(store: Store, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Read where shapes lie.

    Parameters
    ----------
    store : Store
    key : str
        Of an element, such as `shapes/cell_circles`.

    Returns
    -------
    names : ndarray of shape (n_shapes,), str
    xy : ndarray of shape (n_shapes, 2), float64
        Centroids, in the element's own axes.

    Raises
    ------
    SampleFileError
        If it is damaged.
    """
    path = store.file(key, _FILE)
    return _old(store, key) if path is None else _of_parquet(path, key)


def _of_parquet(path: Path, key: str) -> tuple[np.ndarray, np.ndarray]:
    import shapely
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as file:
            _check(file, key)
            index = _index_column(file.schema_arrow)
        wanted = ["geometry", *([index] if index else [])]
        with parquet.ParquetFile(path, read_dictionary=wanted) as file:
            table = file.read(columns=wanted, use_pandas_metadata=False)
        written = [undone(table[name], f"`{shown(key)}`") for name in wanted]
        centres = _decoded(written[0], key)
    except (
        ArrowException,
        OSError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        shapely.errors.ShapelyError,
    ) as error:
        raise SampleFileError(f"`{shown(key)}` holds no shapes that can be read: write the store again.") from error
    names = as_texts(written[1], path) if index else np.arange(len(centres)).astype(str)
    return names, centres


def _decoded(geometry: Any, key: str) -> np.ndarray:
    """Read shapes as WKB, or points as GeoArrow's pairs of numbers."""
    import shapely
    from pyarrow import types

    if types.is_binary(geometry.type) or types.is_large_binary(geometry.type):
        return _centroids(shapely.from_wkb(np.array(geometry.to_pylist(), dtype=object)))
    if not types.is_struct(geometry.type):
        raise SampleFileError(
            f"`{shown(key)}` holds outlines as GeoArrow: write the store again with shapes as WKB, its default."
        )
    pairs = geometry.combine_chunks()
    return np.column_stack([pairs.field(axis).to_numpy().astype(np.float64) for axis in ("x", "y")])


def _check(file: Any, key: str) -> None:
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    size = sum(group.column(number).total_uncompressed_size for group in groups for number in range(group.num_columns))
    if file.metadata.num_rows > MAX_ROWS or size > 4 * MAX_COLUMN_BYTES:
        raise SampleFileError(f"`{shown(key)}` unpacks to {size >> 20:,} MiB of shapes, more than are read.")
    check_fits(4 * size, f"`{shown(key)}`")


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
    """Read shapes of version 0.1, whose coordinates are arrays of zarr."""
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
    return names, _centroids(np.asarray(shapes))


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
