"""Chunks of zarr arrays: the size that each states, compared with the one that its array declares, before it is unpacked."""

import struct
import zlib
from pathlib import Path

from core.errors import UnsafeFileError
from core.text import shown


def check_chunk(key: str, compressor: str, path: Path, size: int, limit: int) -> None:
    """Refuse a chunk that unpacks to more than it may.

    Parameters
    ----------
    key : str
        Of its array, for the message.
    compressor : str
        Empty where there is none.
    path : Path
    size : int
        Bytes of the file.
    limit : int
        Bytes that it may unpack to.

    Raises
    ------
    UnsafeFileError
        If it states more, or does not state its size.
    """
    stated = _stated(compressor, path, size, limit)
    if stated is None or stated > limit:
        raise UnsafeFileError(
            f"`{shown(key)}` has a chunk that does not unpack to the {limit:,} bytes that it may have: it was not read."
        )


def _stated(compressor: str, path: Path, size: int, limit: int) -> int | None:
    if not compressor:
        return size
    with path.open("rb") as file:
        start = file.read(18)
        if compressor == "blosc":
            return _blosc_content(start, size)
        if compressor == "lz4":
            return int(struct.unpack("<I", start[:4])[0]) if len(start) >= 4 else None
        if compressor == "zstd":
            return _zstd_content(start)
        file.seek(0)
        return _inflated(file.read(), limit)


def _blosc_content(start: bytes, size: int) -> int | None:
    """Unpacked bytes (Blosc's header, `nbytes`); None where it states another packed size than the file has."""
    if len(start) < 16 or struct.unpack("<I", start[12:16])[0] != size:  # it would read beyond the end
        return None
    return int(struct.unpack("<I", start[4:8])[0])


def _zstd_content(start: bytes) -> int | None:
    """Frame content size (RFC 8878, 3.1.1.1); None where the frame does not state it."""
    if len(start) < 6 or start[:4] != b"\x28\xb5\x2f\xfd":
        return None
    flags = start[4]
    single, width = flags >> 5 & 1, (0, 2, 4, 8)[flags >> 6]
    width = width or single
    begin = 5 + (1 - single) + (0, 1, 2, 4)[flags & 3]
    if not width or len(start) < begin + width:
        return None
    return int.from_bytes(start[begin : begin + width], "little") + 256 * (width == 2)


def _inflated(content: bytes, limit: int) -> int | None:
    try:
        return len(zlib.decompressobj(wbits=47).decompress(content, limit + 1))
    except zlib.error:
        return None
