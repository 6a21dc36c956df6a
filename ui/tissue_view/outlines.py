"""Outlines of cells for the browser: cut into tiles of neighbouring cells, of which it fetches those that it shows from near."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.outlines import Outlines
from ui.tissue_view import media
from ui.tissue_view.packing import Packing

TILE_BYTES = 2 << 20
"""Size that no tile is larger than, unless a single cell is."""

_BYTES_OF_CELL, _BYTES_OF_CORNER = 8, 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tiles:
    """Outlines as the browser fetches them; make them once for each sample with `cut`.

    Parameters
    ----------
    digest : str
        Digest of all outlines and of where the cells lie.
    boxes : sequence of (float, float, float, float)
        Left, top, right and bottom of the centres of each tile's cells, in um.
    packed : sequence of bytes
    """

    digest: str
    boxes: Sequence[tuple[float, ...]]
    packed: Sequence[bytes]

    @property
    def nbytes(self) -> int:
        """Memory of all tiles, in bytes."""
        return sum(map(len, self.packed))

    def links(self) -> dict[str, Any]:
        """Serve the tiles; asked for in each run of a script, because the store forgets what a run did not ask for."""
        names = (f"outlines {self.digest} {number}" for number in range(len(self.packed)))
        urls = [
            media.address(part, "application/octet-stream", name) for part, name in zip(self.packed, names, strict=True)
        ]
        tiles = [{"url": url, "box": box} for url, box in zip(urls, self.boxes, strict=True)]
        return {"digest": self.digest, "tiles": tiles}


def cut(outlines: Outlines, tissue_um: np.ndarray, digest: str) -> Tiles:
    """Cut outlines into tiles.

    Parameters
    ----------
    outlines : Outlines
    tissue_um : ndarray of shape (n_cells, 2)
        x and y of the cells.
    digest : str

    Returns
    -------
    Tiles
    """
    sizes = _BYTES_OF_CELL + _BYTES_OF_CORNER * np.diff(outlines.begins)
    parts = list(_halved(np.flatnonzero(outlines.has_outline), np.asarray(tissue_um), sizes))
    boxes = [(*tissue_um[cells].min(axis=0).tolist(), *tissue_um[cells].max(axis=0).tolist()) for cells in parts]
    packed = [_packed(outlines[cells], cells, f"{digest} {number}") for number, cells in enumerate(parts)]
    return Tiles(digest=digest, boxes=boxes, packed=packed)


def _halved(cells: np.ndarray, xy: np.ndarray, sizes: np.ndarray) -> Iterator[np.ndarray]:
    """Halve cells across the longer side until each part is small."""
    if len(cells) <= 1 or sizes[cells].sum() <= TILE_BYTES:
        if len(cells):
            yield cells
        return
    along = int(np.ptp(xy[cells], axis=0).argmax())
    order = cells[np.argpartition(xy[cells, along], len(cells) // 2)]
    for half in (order[: len(order) // 2], order[len(order) // 2 :]):
        yield from _halved(half, xy, sizes)


def _packed(outlines: Outlines, cells: np.ndarray, digest: str) -> bytes:
    packing = Packing()
    header = {
        "cells": packing.add(cells, np.int32),
        "begins": packing.add(outlines.begins, np.int32),
        "corners": packing.add(outlines.corners, np.int16),
        "unit_um": outlines.unit_um,
    }
    # The digest comes first: Streamlit's store tells large blocks apart by their length, their first, middle and last bytes.
    return packing.finish({"digest": digest, **header})
