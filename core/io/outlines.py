"""Rings of corners as files hold them, made the outlines of cells: one ring for each cell, simplified, about the cell's centre."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import SampleFileError
from core.io.incoming import Check
from core.memory import check_fits
from core.outlines import UNIT_UM, Outlines
from core.text import counted

MAX_CORNERS = 24
"""Most corners of a cell; rings of more are simplified."""

_MOST_SIMPLIFIED = 512  # corners: where a ring crosses itself everywhere, twice as many take eight times as long
_FIRST_TOLERANCE_UM = 0.1
_DOUBLINGS = 12
_MAX_STEPS = np.iinfo(np.int16).max
_KEPT_BYTES = 8  # of one corner, once as it is gathered and once as it is put in order

ReadOutlines = Callable[[], tuple[Outlines, Check]]
"""Reads the outlines of all cells of a source, and says what was found."""


@dataclass(frozen=True, slots=True)
class _Rings:
    cells: np.ndarray
    lengths: np.ndarray
    areas: np.ndarray
    corners: np.ndarray


@dataclass(kw_only=True, eq=False)
class Gathering:
    """Takes rings as they are read, and keeps the largest of each cell.

    Parameters
    ----------
    centres_um : ndarray of shape (n_cells, 2), float64
        x and y of the cells; NaN for one without a position, whose outline is left out.
    """

    centres_um: np.ndarray
    _unfit: list[np.ndarray] = field(default_factory=list)
    _kept: list[_Rings] = field(default_factory=list)
    _n_kept: int = 0

    def add(self, cells: np.ndarray, lengths: np.ndarray, xy_um: np.ndarray) -> None:
        """Take rings.

        Parameters
        ----------
        cells : ndarray of shape (n_rings,), int
            Number of the cell of each; -1 for one that is not wanted.
        lengths : ndarray of shape (n_rings,), int
            How many corners each has, one at least.
        xy_um : ndarray of shape (n_corners, 2), float64
            Corners of all rings, one ring after another. Whether the first corner comes again as the last makes no difference.

        Raises
        ------
        SampleFileError
            If they would take more memory than may be taken.
        """
        wanted = cells >= 0
        xy_um, lengths, cells = xy_um[np.repeat(wanted, lengths)], lengths[wanted], cells[wanted]
        if not len(cells):
            return
        lengths, about = _opened(lengths, xy_um - np.repeat(self.centres_um[cells], lengths, axis=0))
        fits = _fits(lengths, about)
        self._unfit.append(cells[~fits])
        about, lengths, cells = about[np.repeat(fits, lengths)], lengths[fits], cells[fits]
        if not len(cells):
            return
        lengths, about = _simplified(lengths, about)
        corners = np.rint(about / UNIT_UM).astype(np.int16)
        self._kept.append(_Rings(cells, lengths, _areas(lengths, about), corners))
        self._n_kept += len(corners)
        check_fits(self._n_kept * _KEPT_BYTES, "Outlines of cells")

    def finished(self) -> Outlines:
        """Put the rings in the order of the cells.

        Returns
        -------
        Outlines
        """
        n_cells = len(self.centres_um)
        if not self._kept:
            return Outlines(corners=np.zeros((0, 2), dtype=np.int16), begins=np.zeros(n_cells + 1, dtype=np.int64))
        cells, lengths, areas, corners = (
            np.concatenate([getattr(rings, name) for rings in self._kept])
            for name in ("cells", "lengths", "areas", "corners")
        )
        order = np.lexsort((-areas, cells))
        order = order[np.r_[True, cells[order][1:] != cells[order][:-1]]]
        by_ring = Outlines(corners=corners, begins=np.concatenate([[0], np.cumsum(lengths)]))[order]
        begins = np.zeros(n_cells + 1, dtype=np.int64)
        begins[cells[order] + 1] = np.diff(by_ring.begins)
        return Outlines(corners=by_ring.corners, begins=np.cumsum(begins))

    def check(self, outlines: Outlines, name: str) -> Check:
        """Say how many cells have an outline.

        Parameters
        ----------
        outlines : Outlines
            As :meth:`finished` gives them.
        name : str
            Of the file.

        Returns
        -------
        Check
        """
        found = f"Of {int(outlines.has_outline.sum()):,} of {counted(len(outlines), 'cell')}, in {name}."
        # The parts of a cell in pieces lie beside its middle: the one that is drawn is enough.
        unfit = np.concatenate([np.zeros(0, dtype=np.int64), *self._unfit])
        n_unfit = int((~outlines.has_outline[unfit]).sum())
        if not n_unfit:
            return Check(what=WHAT, found=found)
        verb = "encloses nothing or lies" if n_unfit == 1 else "enclose nothing or lie"
        found += f" {n_unfit:,} more {verb} elsewhere than the cell."
        return Check(what=WHAT, found=found, status="notice", advice="Cells without one are drawn as dots.")


WHAT = "Outlines"
"""What is said of outlines is headed by this."""


def attempted(read: ReadOutlines | None) -> tuple[Outlines | None, Check]:
    """Read outlines; what is wrong with them never keeps the counts out.

    Parameters
    ----------
    read : callable, optional
        None where the source has none.

    Returns
    -------
    Outlines or None
        None where there are none that can be read.
    Check
        What is to be said of them.
    """
    if read is None:
        return None, Check(what=WHAT, found="None, which is fine: cells are drawn as dots.")
    try:
        outlines, said = read()
    except SampleFileError as error:
        advice = "They are left out, and cells are drawn as dots."
        return None, Check(what=WHAT, found=str(error), status="notice", advice=advice)
    return (outlines if len(outlines.corners) else None), said


def _per_ring(lengths: np.ndarray) -> np.ndarray:
    """Index of the first corner of each ring."""
    return np.asarray(np.cumsum(lengths) - lengths)


def _opened(lengths: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out last corners that are the first again."""
    first = _per_ring(lengths)
    last = first + lengths - 1
    again = (lengths > 1) & (xy[first] == xy[last]).all(axis=1)
    kept = np.ones(len(xy), dtype=bool)
    kept[last[again]] = False
    return lengths - again, xy[kept]


def _fits(lengths: np.ndarray, about: np.ndarray) -> np.ndarray:
    """Which rings enclose something, around or beside their centre."""
    first = _per_ring(lengths)
    low, high = (end.reduceat(about, first, axis=0) for end in (np.minimum, np.maximum))
    with np.errstate(invalid="ignore"):
        rim = (high - low) / 2
        near = ((low - rim <= 0) & (high + rim >= 0)).all(axis=1)  # NaN is in no order
        small = (np.maximum(-low, high) <= _MAX_STEPS * UNIT_UM).all(axis=1)
        return (lengths >= 3) & near & small & (_areas(lengths, about) > 0)


def _areas(lengths: np.ndarray, xy: np.ndarray) -> np.ndarray:
    first = _per_ring(lengths)
    following = np.arange(1, len(xy) + 1)
    following[first + lengths - 1] = first
    (x, y), (next_x, next_y) = xy.T, xy[following].T
    return np.asarray(np.abs(np.add.reduceat(x * next_y - next_x * y, first)) / 2)


def _simplified(lengths: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out the corners of long rings that change the shape least."""
    if lengths.max() <= MAX_CORNERS:
        return lengths, xy
    long = lengths > MAX_CORNERS
    shorter, corners = _shortened(lengths[long], xy[np.repeat(long, lengths)])
    new = np.where(long, 0, lengths)
    new[long] = shorter
    out = np.empty((int(new.sum()), 2))
    out[np.repeat(~long, new)] = xy[np.repeat(~long, lengths)]
    out[np.repeat(long, new)] = corners
    return new, out


def _shortened(lengths: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import shapely

    if lengths.max() > _MOST_SIMPLIFIED:
        parts = [_thinned(ring, _MOST_SIMPLIFIED) for ring in np.split(xy, np.cumsum(lengths)[:-1])]
        lengths, xy = np.array([len(part) for part in parts]), np.concatenate(parts)
    rings = shapely.linearrings(xy, indices=np.repeat(np.arange(len(lengths)), lengths))
    tolerance = _FIRST_TOLERANCE_UM
    for _ in range(_DOUBLINGS):
        long = np.flatnonzero(shapely.get_num_points(rings) - 1 > MAX_CORNERS)
        if not len(long):
            break
        rings[long] = shapely.simplify(rings[long], tolerance)
        tolerance *= 2
    parts = [_thinned(ring, MAX_CORNERS) for ring in _corners(rings)]
    return np.array([len(part) for part in parts]), np.concatenate(parts)


def _corners(rings: Any) -> Iterator[np.ndarray]:
    import shapely

    corners = shapely.get_coordinates(rings)
    ends = np.cumsum(shapely.get_num_points(rings))
    for first, end in zip(np.r_[0, ends[:-1]].tolist(), ends.tolist(), strict=True):
        yield corners[first : end - 1]


def _thinned(ring: np.ndarray, most: int) -> np.ndarray:
    """Take as many corners as there may be, evenly: of rings that cross themselves so often that none can be left out."""
    if len(ring) <= most:
        return ring
    return ring[np.linspace(0, len(ring), most, endpoint=False).astype(int)]
