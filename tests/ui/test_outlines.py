"""Outlines of cells as the browser fetches them: every cell in one tile, with its corners and inside the tile's box."""

import json

import numpy as np
import pytest

from core.outlines import Outlines
from ui.tissue_view import outlines as tiles

RANDOM = np.random.default_rng(1)


def unpacked(block):
    length = int.from_bytes(block[:4], "little")
    header = json.loads(block[4 : 4 + length])

    def array(index):
        dtype, offset, count = header["arrays"][index]
        return np.frombuffer(block, dtype, count, 4 + length + offset)

    return header["digest"], *(array(header[name]) for name in ("cells", "begins", "corners")), header["unit_um"]


@pytest.mark.parametrize(("n_bytes", "n_tiles"), [(2 << 20, 1), (4000, 16), (1, 500)])
def test_every_cell_with_an_outline_is_in_one_tile_and_no_tile_is_large(monkeypatch, n_bytes, n_tiles):
    monkeypatch.setattr(tiles, "TILE_BYTES", n_bytes)
    lengths = np.tile([20, 0], 500)
    begins = np.concatenate([[0], np.cumsum(lengths)])
    outlines = Outlines(corners=RANDOM.integers(-99, 99, (begins[-1], 2)).astype(np.int16), begins=begins, unit_um=0.1)
    places = RANDOM.uniform(0, 1000, (1000, 2))
    made = tiles.cut(outlines, places, "abc")
    assert len(made.packed) == n_tiles
    assert made.nbytes == sum(map(len, made.packed))
    seen = []
    for number, (block, (left, top, right, bottom)) in enumerate(zip(made.packed, made.boxes, strict=True)):
        digest, cells, starts, corners, unit = unpacked(block)
        assert (digest, unit) == (f"abc {number}", 0.1)
        assert (places[cells] >= [left, top]).all()
        assert (places[cells] <= [right, bottom]).all()
        for place, cell in enumerate(cells):
            own = corners.reshape(-1, 2)[starts[place] : starts[place + 1]]
            assert (own == outlines.corners[begins[cell] : begins[cell + 1]]).all()
        seen += cells.tolist()
    assert sorted(seen) == list(range(0, 1000, 2))


def test_cells_without_any_outline_need_no_tile():
    none = Outlines(corners=np.zeros((0, 2), dtype=np.int16), begins=np.zeros(4, dtype=int))
    assert tiles.cut(none, np.zeros((3, 2)), "abc").links() == {"digest": "abc", "tiles": []}
