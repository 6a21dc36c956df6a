"""Arrays and a header as one block of bytes, which the browser reads as typed arrays without parsing.

Layout: the header's length (uint32, little-endian), the header (JSON, UTF-8, padded with spaces), then the arrays, each
at a multiple of 8 bytes. The header's entry `arrays` lists type, offset from the end of the header and count of each.
"""

import json
from typing import Any

import numpy as np

_ALIGNMENT = 8
_LENGTH = 4


class Packing:
    """Collects arrays, and gives each an index."""

    def __init__(self) -> None:
        self._arrays: list[np.ndarray] = []

    def add(self, array: np.ndarray | None, dtype: Any) -> int | None:
        """Add an array as this type, and return its index for the header; None for None."""
        if array is None:
            return None
        self._arrays.append(np.ascontiguousarray(array, dtype=np.dtype(dtype).newbyteorder("<")).ravel())
        return len(self._arrays) - 1

    def finish(self, header: dict[str, Any]) -> bytes:
        """Write a header of JSON values and the arrays."""
        listed, blocks, offset = [], [], 0
        for array in self._arrays:
            listed.append([array.dtype.str[1:], offset, array.size])
            blocks.append(array.tobytes().ljust(_aligned(array.nbytes), b"\0"))
            offset += len(blocks[-1])
        encoded = json.dumps({**header, "arrays": listed}, separators=(",", ":")).encode()
        encoded = encoded.ljust(_aligned(_LENGTH + len(encoded)) - _LENGTH)
        return b"".join([len(encoded).to_bytes(_LENGTH, "little"), encoded, *blocks])


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
