"""One small level of a pyramid of an OME-TIFF, whose sizes are known before anything of it is unpacked.

Only what microscopes write for one channel is read: grey pixels of 8 or 16 bits in tiles or strips, plain, with deflate or as
JPEG 2000, of which Pillow decodes a tile at a time. Tags after TIFF 6.0 and BigTIFF; smaller levels are SubIFDs, as OME-TIFF has
them, or follow the image as reduced ones.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import IO, Literal

import numpy as np

from core.errors import SampleError, SampleFileError
from core.memory import check_fits
from core.text import file_name

MAX_PIXELS = 32 << 20
"""Pixels of the largest level that is read, and of all of its tiles twice as many."""

_MAX_TILES = 4096
_MAX_LEVELS = 64
_MAX_ENTRIES = 1000
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8}  # bytes of whole numbers, by their type
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES, _PREDICTOR, _FORMAT = 256, 257, 258, 259, 277, 317, 339
_STRIPS, _STRIP_HEIGHT, _STRIP_BYTES = 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 322, 323, 324, 325
_SUBFILE, _SUB_IFDS = 254, 330
_PLAIN, _DEFLATE, _JPEG_2000 = {1}, {8, 32946}, {33003, 33005, 34712}
_OTHERS = {5: "LZW", 6: "JPEG", 7: "JPEG", 32773: "PackBits", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP"}
_BYTES_PER_PIXEL = 16  # a level, and the colours that a thumbnail is made of

_CODESTREAM = b"\xff\x4f\xff\x51"
_MOST_PARTS = 1024  # that a tile of JPEG 2000 is divided into


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    at: int


@dataclass(frozen=True, slots=True)
class _Grid:
    """How pixels are cut into tiles, or strips, which are tiles as wide as the image."""

    width: int
    height: int
    tile_width: int
    tile_height: int

    @property
    def n_across(self) -> int:
        return ceil(self.width / self.tile_width)

    @property
    def n_tiles(self) -> int:
        return self.n_across * ceil(self.height / self.tile_height)


def read_level(path: Path, side: int) -> tuple[np.ndarray, float]:
    """Read the largest level within a size, or else the smallest.

    Parameters
    ----------
    path : Path
    side : int
        Pixels of the longer side that are wished for.

    Returns
    -------
    pixels : ndarray of shape (height, width), uint8 or uint16
    scale : float
        Pixels of the level per pixel of the full resolution.

    Raises
    ------
    SampleFileError
        If the file is damaged, contradicts itself, holds other pixels or no small level.
    """
    with _damage_as_sentence(path), path.open("rb") as file:
        reader = _Reader(file, path)
        levels = reader.levels()
        sizes = [max(reader.size(level)) for level in levels]
        reader.check_alike(levels)
        fitting = [number for number, size in enumerate(sizes) if size <= side]
        chosen = max(fitting, key=sizes.__getitem__) if fitting else int(np.argmin(sizes))
        return reader.pixels(levels[chosen]), sizes[chosen] / sizes[0]


@contextmanager
def _damage_as_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except SampleError:
        raise
    # What Pillow and zlib make of damage, too.
    except (OSError, ValueError, SyntaxError, struct.error, zlib.error, LookupError, OverflowError, EOFError) as error:
        raise SampleFileError(f"{file_name(path)} is no whole TIFF: copy it again.") from error


class _Reader:
    """Directories of one file, and the pixels of one of them."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._n_bytes = path.stat().st_size
        head = self._bytes(0, 16)
        self._order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        version = struct.unpack(f"{self._order}H", head[2:4])[0] if self._order else 0
        if version not in (42, 43):
            raise SampleFileError(f"{file_name(path)} is no TIFF: copy it again.")
        self._big = version == 43
        self._first = self._number(8, 8) if self._big else self._number(4, 4)

    def levels(self) -> list[dict[int, _Entry]]:
        """Find the first image, and what is smaller of it."""
        image, following = self._directory(self._first)
        if _SUB_IFDS in image:
            places = self._values(image[_SUB_IFDS], _MAX_LEVELS).tolist()
            return [image, *(self._directory(place)[0] for place in places)]
        levels = [image]
        while following and len(levels) < _MAX_LEVELS:  # which ends a circle, too
            image, following = self._directory(following)
            if not self._one(image, _SUBFILE, 0) & 1:
                break
            levels.append(image)
        return levels

    def size(self, level: dict[int, _Entry]) -> tuple[int, int]:
        """Width and height."""
        width, height = self._one(level, _WIDTH, 0), self._one(level, _HEIGHT, 0)
        if not width or not height:
            raise SampleFileError(f"{file_name(self._path)} has an image without a size: copy it again.")
        return width, height

    def check_alike(self, levels: list[dict[int, _Entry]]) -> None:
        """Refuse levels of another form than the full resolution: they would show other tissue than what lies there."""
        width, height = self.size(levels[0])
        for level in levels[1:]:
            own_width, own_height = self.size(level)
            # Sides are rounded up or down.
            is_alike = abs(own_width * height - own_height * width) <= 2 * (width + height)
            if not is_alike or own_width > width or own_height > height:
                raise self._contradicted()

    def pixels(self, level: dict[int, _Entry]) -> np.ndarray:
        """Unpack a level, of whose sizes nothing is taken on trust."""
        grid, dtype, compression = self._grid(level), self._dtype(level), self._compression(level)
        is_tiled = _TILES in level
        places = self._values(level[_TILES if is_tiled else _STRIPS], _MAX_TILES).tolist()
        sizes = self._values(level[_TILE_BYTES if is_tiled else _STRIP_BYTES], _MAX_TILES).tolist()
        if not len(places) == len(sizes) == grid.n_tiles:
            raise self._contradicted()
        shape = (grid.tile_height, grid.tile_width)
        predictor = self._one(level, _PREDICTOR, 1)
        if predictor not in (1, 2):
            raise SampleFileError(
                f"{file_name(self._path)} has pixels of a rare kind (predictor {predictor}), which are not read."
            )
        found = np.zeros((grid.height, grid.width), dtype=dtype.newbyteorder("="))
        for number, (place, size) in enumerate(zip(places, sizes, strict=True)):
            top, left = number // grid.n_across * grid.tile_height, number % grid.n_across * grid.tile_width
            if size == 0:  # a tile that was left out is black
                continue
            if size > 2 * shape[0] * shape[1] * dtype.itemsize + 65536:
                raise self._contradicted()
            packed = self._bytes(place, size)
            wanted = (min(shape[0], grid.height - top), min(shape[1], grid.width - left))
            tile = self._tile(packed, compression, shape, wanted, dtype, predictor)
            found[top : top + wanted[0], left : left + wanted[1]] = tile[: wanted[0], : wanted[1]]
        return found

    def _grid(self, level: dict[int, _Entry]) -> _Grid:
        width, height = self.size(level)
        if _TILES in level:
            grid = _Grid(width, height, self._one(level, _TILE_WIDTH, 0), self._one(level, _TILE_HEIGHT, 0))
        else:
            grid = _Grid(width, height, width, min(height, self._one(level, _STRIP_HEIGHT, height)))
        if not grid.tile_width or not grid.tile_height:
            raise self._contradicted()
        n_pixels = max(width * height, grid.n_tiles * grid.tile_width * grid.tile_height // 2)
        if n_pixels > MAX_PIXELS or grid.n_tiles > _MAX_TILES:
            raise SampleFileError(
                f"{file_name(self._path)} has no small level: its smallest has {width:,} x {height:,} pixels, of which at most "
                f"{MAX_PIXELS >> 20} million are read."
            )
        check_fits(
            _BYTES_PER_PIXEL * max(width * height, 2 * grid.tile_width * grid.tile_height), file_name(self._path)
        )
        return grid

    def _dtype(self, level: dict[int, _Entry]) -> np.dtype:
        n_samples = self._one(level, _SAMPLES, 1)
        bits = self._values(level[_BITS], 16).tolist() if _BITS in level else [1]
        if n_samples != 1 or bits not in ([8], [16]) or self._one(level, _FORMAT, 1) != 1:
            raise SampleFileError(
                f"{file_name(self._path)} has pixels of {n_samples} x {bits[0] if bits else 0} bits: only grey ones of 8 or 16 bits "
                "are read."
            )
        return np.dtype(f"{self._order}u{bits[0] // 8}")

    def _compression(self, level: dict[int, _Entry]) -> int:
        found = self._one(level, _COMPRESSION, 1)
        if found in _PLAIN | _DEFLATE | _JPEG_2000:
            return found
        kind = _OTHERS.get(found, f"method {found}")
        raise SampleFileError(
            f"{file_name(self._path)} is compressed with {kind}: only JPEG 2000 and deflate are read."
        )

    def _tile(
        self,
        packed: bytes,
        compression: int,
        shape: tuple[int, int],
        wanted: tuple[int, int],
        dtype: np.dtype,
        predictor: int,
    ) -> np.ndarray:
        """Unpack a tile; the last strip, and some writers' tiles at the edge, are no larger than what is `wanted` of them."""
        if compression in _JPEG_2000:
            tile = self._decoded(packed, shape, dtype)
        else:
            n_bytes = shape[0] * shape[1] * dtype.itemsize
            plain = packed if compression in _PLAIN else zlib.decompressobj().decompress(packed, n_bytes)
            n_rows = min(len(plain) // (shape[1] * dtype.itemsize), shape[0])
            tile = np.frombuffer(plain, dtype, n_rows * shape[1]).reshape(n_rows, shape[1])
            if predictor == 2:
                tile = np.cumsum(tile, axis=1, dtype=dtype.newbyteorder("="))
        if tile.shape[0] < wanted[0] or tile.shape[1] < wanted[1]:
            raise self._contradicted()
        return tile

    def _decoded(self, packed: bytes, shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
        """Decode JPEG 2000, once its own header says no more than the TIFF does."""
        from PIL import Image

        begin = packed[:4096].find(_CODESTREAM)  # behind the boxes of a JP2
        if begin < 0:
            raise self._contradicted()
        _, right, bottom, left, top, part_width, part_height, *_, n_channels = struct.unpack_from(
            ">H8IH", packed, begin + 6
        )
        depth, step_x, step_y = packed[begin + 42 : begin + 45]
        n_parts = ceil(right / max(1, part_width)) * ceil(bottom / max(1, part_height))
        size = (right - left, bottom - top)
        is_alike = n_channels == step_x == step_y == 1 and (depth > 7) == (dtype.itemsize == 2) and depth < 16
        if (
            not (is_alike and left == top == 0 and 0 < size[0] <= shape[1] and 0 < size[1] <= shape[0])
            or n_parts > _MOST_PARTS
        ):
            raise self._contradicted()
        # Only this format: Pillow hands some others to outside programs.
        with Image.open(io.BytesIO(packed[begin:]), formats=("JPEG2000",)) as image:
            if image.size != size or image.mode != ("I;16" if dtype.itemsize == 2 else "L"):
                raise self._contradicted()
            return np.array(image)

    def _contradicted(self) -> SampleFileError:
        return SampleFileError(
            f"{file_name(self._path)} has tiles that do not fit what it says of them: copy it again, or leave it out."
        )

    def _directory(self, place: int) -> tuple[dict[int, _Entry], int]:
        """Read an image file directory: its entries by tag, and where the next begins (0 for none)."""
        count_bytes, entry_bytes, place_bytes = (8, 20, 8) if self._big else (2, 12, 4)
        n_entries = self._number(place, count_bytes)
        if n_entries > _MAX_ENTRIES:
            raise SampleFileError(f"{file_name(self._path)} declares {n_entries:,} tags of one image: copy it again.")
        first = place + count_bytes
        table = self._bytes(first, n_entries * entry_bytes)
        entries = {}
        for begin in range(0, len(table), entry_bytes):
            tag, kind = struct.unpack_from(f"{self._order}HH", table, begin)
            count = int.from_bytes(table[begin + 4 : begin + 4 + place_bytes], self._endian)
            at = first + begin + 4 + place_bytes
            if count * _SIZES.get(kind, 0) > place_bytes:
                at = self._number(at, place_bytes)
            entries[tag] = _Entry(kind, count, at)
        return entries, self._number(first + len(table), place_bytes)

    def _values(self, entry: _Entry, most: int) -> np.ndarray:
        size = _SIZES.get(entry.kind, 0)
        if not size or entry.count > most:
            raise self._contradicted()
        return np.frombuffer(self._bytes(entry.at, entry.count * size), f"{self._order}u{size}")

    def _one(self, level: dict[int, _Entry], tag: int, default: int) -> int:
        return int(self._values(level[tag], 1)[0]) if tag in level else default

    def _number(self, place: int, size: int) -> int:
        return int.from_bytes(self._bytes(place, size), self._endian)

    @property
    def _endian(self) -> Literal["little", "big"]:
        return "little" if self._order == "<" else "big"

    def _bytes(self, place: int, size: int) -> bytes:
        if place + size > self._n_bytes:
            raise SampleFileError(f"{file_name(self._path)} is cut off: copy it again.")
        self._file.seek(place)
        return self._file.read(size)
