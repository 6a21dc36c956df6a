"""Shapes as GeoArrow has them: nested lists of corners, whose starts shapely follows once they are known to rise.

Layout after "GeoArrow memory layout": points are pairs of numbers, polygons lists of rings, several polygons lists of polygons.
"""

from typing import Any

import numpy as np

from core.errors import SampleFileError
from core.text import shown

_POLYGON, _MULTIPOLYGON = 2, 3  # lists inside of one another


def depth(kind: Any) -> int:
    """Count how many lists lie in one another.

    Parameters
    ----------
    kind : pyarrow.DataType

    Returns
    -------
    int
        0 of points.
    """
    from pyarrow import types

    n_lists = 0
    while types.is_list(kind) or types.is_large_list(kind):
        kind, n_lists = kind.value_type, n_lists + 1
    return n_lists


def points(column: Any, key: str) -> np.ndarray:
    """Read points.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    key : str
        Of the element, for messages.

    Returns
    -------
    ndarray of shape (n_points, 2), float64
        NaN where one is missing.

    Raises
    ------
    SampleFileError
        If they are none.
    """
    return _corners(_one(column), key)


def polygons(column: Any, key: str) -> np.ndarray:
    """Read polygons, of one or several parts.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Some rows.
    key : str
        Of the element, for messages.

    Returns
    -------
    ndarray of shape (n_rows,), object
        Of shapely; empty where one is missing.

    Raises
    ------
    SampleFileError
        If they are none, or do not fit together.
    """
    import shapely

    kinds = {_POLYGON: shapely.GeometryType.POLYGON, _MULTIPOLYGON: shapely.GeometryType.MULTIPOLYGON}
    kind = kinds.get(depth(column.type))
    if kind is None:
        raise _refused(key)
    inner, offsets, n_inside = _one(column), [], len(column)
    for _ in range(depth(column.type)):
        starts = inner.offsets.to_numpy().astype(np.int64)
        if len(starts) != n_inside + 1 or (np.diff(starts) < 0).any():
            raise _refused(key)
        # A part of a column shares the corners of all of it.
        inner = inner.values.slice(starts[0], starts[-1] - starts[0])
        offsets.append(starts - starts[0])
        n_inside = int(offsets[-1][-1])
        if len(inner) != n_inside:
            raise _refused(key)
    return np.asarray(shapely.from_ragged_array(kind, _corners(inner, key), tuple(reversed(offsets))))


def _one(column: Any) -> Any:
    from pyarrow import ChunkedArray

    found = column.combine_chunks()
    return found.chunk(0) if isinstance(found, ChunkedArray) else found


def _corners(array: Any, key: str) -> np.ndarray:
    from pyarrow import types

    if types.is_fixed_size_list(array.type) and array.type.list_size in (2, 3):
        flat = array.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
        if len(flat) == len(array) * array.type.list_size:  # missing ones have no values here
            return np.ascontiguousarray(flat.reshape(len(array), -1)[:, :2])
    if types.is_struct(array.type) and {"x", "y"} <= {field.name for field in array.type}:
        of_axes = {field.name: values for field, values in zip(array.type, array.flatten(), strict=True)}
        axes = [of_axes[axis].to_numpy(zero_copy_only=False).astype(np.float64) for axis in ("x", "y")]
        return np.column_stack(axes)
    raise _refused(key)


def _refused(key: str) -> SampleFileError:
    return SampleFileError(
        f"`{shown(key)}` holds neither points nor polygons that can be read: write the store again, with shapes as WKB, the default "
        "of `spatialdata`."
    )
