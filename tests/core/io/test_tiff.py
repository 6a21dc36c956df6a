"""Levels of an OME-TIFF are those that tifffile wrote, and what a file says of its sizes is never taken on trust."""

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from core.errors import SampleError, SampleFileError
from core.io import tiff

RANDOM = np.random.default_rng(13)
BASE = np.cumsum(RANDOM.integers(0, 9, (300, 501)), axis=1).astype(np.uint16)
TILES: dict[str, Any] = {"tile": (64, 64)}


def level(number: int) -> np.ndarray:
    return BASE[:: 2**number, :: 2**number]


def write(path: Path, *, n_smaller: int = 2, sub_ifds: bool = True, of: Any = None, **how: Any) -> Path:
    how = {"photometric": "minisblack", **(how or TILES)}
    with tifffile.TiffWriter(path, **{"ome": sub_ifds, **(of or {})}) as file:
        file.write(BASE, subifds=n_smaller if sub_ifds else 0, **how)
        for number in range(1, n_smaller + 1):
            file.write(level(number), subfiletype=1, **how)
    return path


PLAIN: list[dict[str, Any]] = [
    {"compression": "deflate", "predictor": True, **TILES},
    {"compression": "deflate", "rowsperstrip": 32},
    TILES,
]
JPEG_2000: list[dict[str, Any]] = [
    {"compression": "jpeg2000", **TILES},  # in the container JP2
    {"compression": 34712, "compressionargs": {"codecformat": 0}, **TILES},  # the stream alone, as Xenium has it
]
# JPEG 2000 has an order of bytes of its own, of which tifffile knows nothing.
WAYS: list[tuple[dict[str, Any], dict[str, Any]]]
WAYS = [(how, of) for how in [*PLAIN, *JPEG_2000] for of in ({}, {"bigtiff": True})]
WAYS += [(how, {"byteorder": ">"}) for how in PLAIN]


@pytest.mark.parametrize(("how", "of"), WAYS)
def test_the_largest_level_within_a_size_is_read_to_the_last_bit(tmp_path, how, of):
    path = write(tmp_path / "a.ome.tif", of=of, **how)
    for side, number in ((9999, 0), (501, 0), (500, 1), (251, 1), (250, 2), (3, 2)):
        pixels, scale = tiff.read_level(path, side)
        np.testing.assert_array_equal(pixels, level(number))
        assert scale == max(level(number).shape) / 501


def test_smaller_levels_that_follow_the_image_are_found_too(tmp_path):
    pixels, _ = tiff.read_level(write(tmp_path / "a.tif", sub_ifds=False), 130)
    np.testing.assert_array_equal(pixels, level(2))


def test_eight_bits_are_read(tmp_path):
    small = (BASE % 256).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", small, compression="jpeg2000", **TILES)
    pixels, scale = tiff.read_level(tmp_path / "a.tif", 10)
    assert (pixels == small).all()
    assert pixels.dtype.name == "uint8"
    assert scale == 1.0


@pytest.mark.parametrize(
    ("pixels", "how", "sentence"),
    [
        (BASE, {"compression": "lzw"}, "is compressed with LZW: only JPEG 2000 and deflate are read"),
        (BASE.astype(np.float32), {}, r"pixels of 1 x 32 bits"),
        (np.zeros((30, 40, 3), np.uint8), {"photometric": "rgb"}, "pixels of 3 x 8 bits"),
    ],
)
def test_other_pixels_are_named(tmp_path, pixels, how, sentence):
    tifffile.imwrite(tmp_path / "a.tif", pixels, **how)
    with pytest.raises(SampleFileError, match=sentence):
        tiff.read_level(tmp_path / "a.tif", 10)


def changed(path: Path, of_level: int, **tags: int) -> Path:
    """Write other numbers into the tags of a level, in place."""
    with tifffile.TiffFile(path) as file:
        page = file.series[0].levels[of_level].pages[0]
        places = {name: (page.tags[name].valueoffset, page.tags[name].dtype) for name in tags}
    content = bytearray(path.read_bytes())
    for name, value in tags.items():
        place, kind = places[name]
        struct.pack_into({3: "<H", 4: "<I"}[int(kind)], content, place, value)
    path.write_bytes(content)
    return path


def test_a_level_of_absurd_size_is_not_read(tmp_path):
    path = write(tmp_path / "a.ome.tif", n_smaller=0)
    changed(path, 0, ImageWidth=60_000, ImageLength=60_000)
    tracemalloc.start()
    with pytest.raises(SampleFileError, match="no small level: its smallest has 60,000 x 60,000 pixels"):
        tiff.read_level(path, 100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    "tags", [{"TileWidth": 65_520, "TileLength": 65_520}, {"TileWidth": 1, "TileLength": 1}, {"TileWidth": 0}]
)
def test_tiles_of_absurd_size_or_number_are_not_unpacked(tmp_path, tags):
    path = changed(write(tmp_path / "a.ome.tif", n_smaller=0, compression="deflate", **TILES), 0, **tags)
    with pytest.raises(SampleFileError, match=r"no small level|do not fit"):
        tiff.read_level(path, 1000)


def test_levels_of_another_form_than_the_image_are_refused(tmp_path):
    path = changed(write(tmp_path / "a.ome.tif"), 1, ImageLength=251)
    with pytest.raises(SampleFileError, match="do not fit"):
        tiff.read_level(path, 260)


def test_a_tile_that_unpacks_to_more_than_it_may_is_cut_off_there(tmp_path):
    """64 x 64 pixels of 2 bytes are 8 KB; this tile stands for 64 MB."""
    import zlib

    path = tmp_path / "a.tif"
    bomb = zlib.compress(bytes(64 << 20), 9)
    tifffile.imwrite(path, iter([bomb]), shape=(64, 64), dtype=np.uint16, compression="deflate", **TILES)
    tracemalloc.start()
    pixels, _ = tiff.read_level(path, 100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not pixels.any()
    assert peak < 4 << 20


@pytest.mark.parametrize(
    ("place", "values"),
    [(8, [60_000]), (12, [60_000]), (16, [9]), (24, [1, 1])],  # Xsiz, Ysiz, XOsiz, and XTsiz with YTsiz, after SOC
)
def test_jpeg_2000_that_says_other_sizes_than_the_tiff_is_not_decoded(tmp_path, place, values):
    path = tmp_path / "a.tif"
    how: dict[str, Any] = {"compression": 34712, "compressionargs": {"codecformat": 0}, "tile": (64, 64)}
    tifffile.imwrite(path, BASE[:64, :64], **how)
    content = bytearray(path.read_bytes())
    begin = content.index(b"\xff\x4f\xff\x51")
    struct.pack_into(f">{len(values)}I", content, begin + place, *values)
    path.write_bytes(content)
    with pytest.raises(SampleFileError, match="do not fit"):
        tiff.read_level(path, 100)


def test_directories_that_follow_one_another_in_a_circle_come_to_an_end(tmp_path):
    path = write(tmp_path / "a.tif", sub_ifds=False)
    with tifffile.TiffFile(path) as file:
        second, last = file.pages[1].offset, file.pages[2].offset
    content = bytearray(path.read_bytes())
    (n_tags,) = struct.unpack_from("<H", content, last)
    struct.pack_into("<I", content, last + 2 + 12 * n_tags, second)
    path.write_bytes(content)
    pixels, _ = tiff.read_level(path, 130)
    np.testing.assert_array_equal(pixels, level(2))


def _cut(content: bytearray, at: int) -> bytearray:
    return content[:at]


def _other(content: bytearray, at: int) -> bytearray:
    content[at] ^= 0xFF
    return content


@pytest.mark.parametrize("damage", [_cut, _other])
@pytest.mark.parametrize("compression", ["jpeg2000", "deflate", None])
def test_damage_ends_in_a_sentence_or_in_pixels(tmp_path, damage: Callable[[bytearray, int], bytearray], compression):
    whole = write(tmp_path / "a.ome.tif", compression=compression, **TILES).read_bytes()
    path = tmp_path / "b.ome.tif"
    for at in [*range(64), *RANDOM.integers(0, len(whole), 100).tolist()]:
        path.write_bytes(damage(bytearray(whole), at))
        try:
            pixels, _ = tiff.read_level(path, 260)
        except SampleError:
            continue
        assert pixels.size <= BASE.size


def test_nothing_of_a_text_is_read(tmp_path):
    for content in (b"", b"II*\0", b"x" * 100):
        (tmp_path / "a.tif").write_bytes(content)
        with pytest.raises(SampleFileError, match=r"is no TIFF|is cut off"):
            tiff.read_level(tmp_path / "a.tif", 10)
