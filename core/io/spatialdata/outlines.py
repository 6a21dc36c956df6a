"""Outlines of the cells of a SpatialData store: polygons that its table stands for, or those beside its circles or masks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import SampleFileError
from core.io.incoming import Check
from core.io.outlines import WHAT, Gathering, attempted
from core.io.spatialdata import shapes
from core.io.spatialdata.beside import BESIDE
from core.io.spatialdata.store import Store
from core.io.spatialdata.transformations import Placement, placements
from core.outlines import Outlines
from core.sample import Sample
from core.text import shown

_AS_WRITTEN = Placement(system="", matrix=np.eye(3), um_per_unit=None)

_AS_FAR = 1e-6  # of the tissue: positions in single precision differ by less


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shaped:
    """Which shape each row of a table stands for, and where that lies.

    Parameters
    ----------
    store : Store
    system : str or None
        Coordinate system that everything is placed in; None where that is the shapes' own axes.
    xy : ndarray of shape (n_rows, 2), float64
        Centres in it; NaN for a row without a shape.
    um_per_unit : float or None
        Of the system.
    names, instances : ndarray of shape (n_rows,), str
        Of the rows, and of their shapes.
    regions : mapping of str to ndarray of bool
        Rows by the element that has their shapes.
    rings : mapping of str to sequence of Rings
        Outlines by their element, where they were decoded with the centres.
    """

    store: Store
    system: str | None
    xy: np.ndarray
    um_per_unit: float | None
    names: np.ndarray
    instances: np.ndarray
    regions: Mapping[str, np.ndarray]
    rings: Mapping[str, Sequence[shapes.Rings]]

    def checks(self) -> list[Check]:
        """Say how many rows have an outline; nothing of a store whose shapes are circles or points."""
        outlines, said = attempted(lambda: self._read(self.xy * (self.um_per_unit or 1.0), np.arange(len(self.xy))))
        return [] if outlines is None and said.status == "good" else [said]

    def of(self, sample: Sample) -> dict[str, object]:
        """Outlines of the cells of a sample, if there are any that can be read."""
        if sample.on_lattice or sample.barcodes is None:
            return {}
        rows = dict(zip(self.names.tolist(), range(len(self.names)), strict=True))
        of_cells = np.array([rows.get(name, -1) for name in sample.barcodes.tolist()], dtype=np.int64)
        centres_um = sample.tissue_um
        outlines, _ = attempted(lambda: self._read(centres_um, of_cells))
        return {} if outlines is None else {"outlines": outlines}

    def _read(self, centres_um: np.ndarray, rows: np.ndarray) -> tuple[Outlines, Check]:
        """Read outlines around centres, given the row of each (-1 for none)."""
        known = rows >= 0
        numbers = np.full(len(self.xy), -1)
        numbers[rows[known]] = np.flatnonzero(known)
        scale, shift = _similarity(self.xy[rows[known]], centres_um[known])
        gathering, read_from = Gathering(centres_um=centres_um), list[str]()
        for region, here in self.regions.items():
            cells = dict(zip(self.instances[here].tolist(), numbers[here].tolist(), strict=True))
            for name in (region, BESIDE):  # the second only where the first has circles
                if self._gathered(gathering, name, cells, scale, shift):
                    read_from.append(name)
                    break
        outlines = gathering.finished()
        if not read_from:
            return outlines, Check(what=WHAT, found="None, which is fine.")
        return outlines, gathering.check(outlines, " and ".join(shown(name, 40) for name in dict.fromkeys(read_from)))

    def _gathered(
        self, gathering: Gathering, name: str, cells: Mapping[str, int], scale: float, shift: np.ndarray
    ) -> bool:
        """Take the rings of an element; says whether it has any of these cells."""
        placement, any_of_them = self._placement(name), False
        if placement is None:
            return False
        kept = self.rings.get(name)
        for names, lengths, xy in shapes.rings(self.store, f"shapes/{name}") if kept is None else kept:
            found = np.array([cells.get(shape, -1) for shape in names.tolist()], dtype=np.int64)
            gathering.add(found, lengths, placement.applied(xy) * scale + shift)
            any_of_them |= bool((found >= 0).any())
        return any_of_them

    def _placement(self, name: str) -> Placement | None:
        if name not in self.store.children("shapes"):
            return None
        if self.system is None:
            return _AS_WRITTEN
        attributes = self.store.attributes(f"shapes/{name}")
        return placements(attributes.get("coordinateTransformations")).get(self.system)


def _similarity(xy: np.ndarray, centres_um: np.ndarray) -> tuple[float, np.ndarray]:
    """Find how the centres of shapes became the positions of cells: by a unit that was known, guessed or chosen."""
    placed = np.isfinite(xy).all(axis=1) & np.isfinite(centres_um).all(axis=1)
    xy, centres_um = xy[placed], centres_um[placed]
    if not len(xy):
        raise SampleFileError("None of the cells has both a position and a shape.")
    along = xy.sum(axis=1)
    first, last = along.argmin(), along.argmax()
    apart = float(np.linalg.norm(xy[last] - xy[first]))
    scale = float(np.linalg.norm(centres_um[last] - centres_um[first])) / apart if apart > 0 else 1.0
    shift = centres_um[first] - scale * xy[first]
    off = np.abs(xy * scale + shift - centres_um).max()
    if not off <= _AS_FAR * max(float(np.ptp(centres_um, axis=0).max()), float(np.abs(centres_um).max())):
        raise SampleFileError("The positions of the cells are others than those of their shapes.")
    return scale, np.where(np.abs(shift) <= off, 0.0, shift)  # what is only rounding moves nothing
