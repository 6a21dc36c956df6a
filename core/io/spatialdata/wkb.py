"""Which well-known binary is a shape that stores hold: a point, a polygon, or several polygons, and nothing inside these.

GEOS follows shapes inside shapes as deep as they say, and ends its process where that is too deep; of curves it raises what is no
sentence. Both are looked for here, before it reads anything: OGC 06-103r4, 8.2, and the flags of PostGIS and GEOS.
"""

import struct

_POINT, _POLYGON, _POLYGONS = 1, 3, 6
_HEAD_BYTES = 5
_NUMBER_BYTES, _COORDINATE_BYTES = 4, 8
_HAS_Z, _HAS_M, _HAS_SYSTEM = 0x80000000, 0x40000000, 0x20000000


def is_plain(shape: bytes) -> bool:
    """Whether a shape is a point, a polygon, or several polygons as far as its own lengths lead.

    Parameters
    ----------
    shape : bytes
        Not trusted.

    Returns
    -------
    bool
        True also of one that is cut off, which GEOS itself refuses.
    """
    try:
        kind, place, _, order = _head(shape, 0)
        if kind != _POLYGONS:
            return kind in (_POINT, _POLYGON)
        (n_parts,) = struct.unpack_from(f"{order}I", shape, place)
        return _are_polygons(shape, place + _NUMBER_BYTES, n_parts)
    except struct.error:
        return False


def _are_polygons(shape: bytes, place: int, n_parts: int) -> bool:
    for _ in range(n_parts):  # ends with the bytes, whatever the number says
        kind, place, n_axes, order = _head(shape, place)
        if kind != _POLYGON:
            return False
        (n_rings,) = struct.unpack_from(f"{order}I", shape, place)
        place += _NUMBER_BYTES
        for _ in range(n_rings):
            (n_corners,) = struct.unpack_from(f"{order}I", shape, place)
            place += _NUMBER_BYTES + n_corners * n_axes * _COORDINATE_BYTES
    return True


def _head(shape: bytes, place: int) -> tuple[int, int, int, str]:
    """Kind of the shape at a place, where its body begins, how many axes its corners have, and the order of its bytes."""
    order = "<" if shape[place : place + 1] == b"\x01" else ">"
    (kind,) = struct.unpack_from(f"{order}I", shape, place + 1)
    plain = kind & ~(_HAS_Z | _HAS_M | _HAS_SYSTEM)
    n_more = {0: 0, 1: 1, 2: 1, 3: 2}.get(plain // 1000, 0)
    n_axes = 2 + max(n_more, bool(kind & _HAS_Z) + bool(kind & _HAS_M))
    body = place + _HEAD_BYTES + (_NUMBER_BYTES if kind & _HAS_SYSTEM else 0)
    return plain % 1000, body, n_axes, order
