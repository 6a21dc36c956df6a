"""Where the rows of a table of a SpatialData store lie: by the shapes that they stand for, or by the pixels of a mask."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import h5py
import numpy as np

from core.io.h5ad.tables import Table
from core.io.hdf5.text import decoded
from core.io.incoming import Check
from core.io.spatialdata import labels, shapes
from core.io.spatialdata.outlines import Shaped
from core.io.spatialdata.store import Store
from core.io.spatialdata.transformations import GLOBAL, Placement, placements
from core.text import counted, listed, shown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Where the rows of a table lie.

    Parameters
    ----------
    xy : ndarray of shape (n_rows, 2), float64
        NaN for a row without a place.
    system : str
        Coordinate system.
    um_per_unit : float or None
        Of the system.
    check : Check
        What is said of it.
    """

    xy: np.ndarray
    system: str
    um_per_unit: float | None
    check: Check


class Regions:
    """What a table says of the shapes or the cells of a mask that its rows stand for.

    Parameters
    ----------
    store : Store
    file : h5py.File
        The table as h5ad.
    obs : Table
        Its rows.
    attributes : dict of str to object
        Of the table in the store.
    """

    def __init__(self, store: Store, file: h5py.File, obs: Table, attributes: dict[str, object]) -> None:
        self._store, self._obs = store, obs
        own = file.get("uns/spatialdata_attrs")
        said = {name: _lone_text(own, name) or attributes.get(name) for name in ("region_key", "instance_key")}
        # What is no text names no column, also where one is called None.
        named = {name: column for name, column in said.items() if isinstance(column, str) and column in obs.columns}
        self._region, self._instance = named.get("region_key"), named.get("instance_key")
        self.instances = None if self._instance is None else obs.text(self._instance)
        self._rings: dict[str, Sequence[shapes.Rings]] = {}

    def by_shapes(self) -> Found | None:
        """Where rows lie by their shapes; None where they stand for none."""
        if self._region is None or self.instances is None:
            return None
        regions = self._obs.text(self._region)
        names = [name for name in np.unique(regions).tolist() if name in self._store.children("shapes")]
        placed = {
            name: placements(self._store.attributes(f"shapes/{name}").get("coordinateTransformations"))
            for name in names
        }
        return self._found("Shapes", placed, lambda name, placement: self._centres(name, regions == name, placement))

    def by_mask(self, unpack: labels.Unpack) -> Found | None:
        """Where rows lie by the pixels of their cells; None where they stand for none.

        Parameters
        ----------
        unpack : callable
            See `labels.Unpack`.

        Raises
        ------
        SampleFileError or UnsafeFileError
            If a mask is damaged, too large or not flat.
        """
        numbers = None if self._instance is None else self._obs.numbers(self._instance)
        if self._region is None or numbers is None:
            return None
        regions = self._obs.text(self._region)
        names = [name for name in np.unique(regions).tolist() if name in self._store.children("labels")]
        masks = {name: labels.find(self._store, name) for name in names}

        def centres(name: str, placement: Placement) -> tuple[np.ndarray, np.ndarray]:
            key, rows = masks[name][0], regions == name
            unpack(key)
            return rows, placement.applied(labels.centroids(self._store, key, numbers[rows]))

        return self._found("Mask", {name: placed for name, (_, placed) in masks.items()}, centres)

    def _found(
        self,
        what: str,
        placed: Mapping[str, Mapping[str, Placement]],
        centres: Callable[[str, Placement], tuple[np.ndarray, np.ndarray]],
    ) -> Found | None:
        """Bring the rows of all elements into a coordinate system that all of them have; None where there is none.

        `centres` gives the rows of an element, and where they lie once it is placed.
        """
        shared = set.intersection(*map(set, placed.values())) if placed else set()
        if not shared:
            return None
        system = GLOBAL if GLOBAL in shared else min(shared)
        xy = np.full((self._obs.n_rows, 2), np.nan)
        for name, placements_of in placed.items():
            rows, there = centres(name, placements_of[system])
            xy[rows] = there
        unit = next(iter(placed.values()))[system].um_per_unit
        return Found(xy=xy, system=system, um_per_unit=unit, check=_said(what, [*placed], system, xy, unit))

    def shaped(self, found: Found, names: np.ndarray) -> Shaped:
        """Which shapes the rows stand for, once it is known where they lie."""
        assert self._region is not None and self.instances is not None  # noqa: S101, PT018 - else nothing was found
        regions = self._obs.text(self._region)
        by_name = {
            name: regions == name for name in np.unique(regions).tolist() if name in self._store.children("shapes")
        }
        return Shaped(
            store=self._store, system=found.system, xy=found.xy, um_per_unit=found.um_per_unit, names=names, instances=self.instances,
            regions=by_name, rings=self._rings,
        )  # fmt: skip

    def _centres(self, name: str, rows: np.ndarray, placement: Placement) -> tuple[np.ndarray, np.ndarray]:
        read = shapes.read(self._store, f"shapes/{name}")
        if read.rings is not None:
            self._rings[name] = read.rings
        where = {shape: number for number, shape in enumerate(read.names.tolist())}
        found = np.array([where.get(cell, -1) for cell in self.instances[rows].tolist()], dtype=np.int64)  # type: ignore[index]
        return rows, np.vstack([placement.applied(read.centres), [[np.nan, np.nan]]])[found]


def _said(what: str, names: Sequence[str], system: str, xy: np.ndarray, unit: float | None) -> Check:
    n_placed = int(np.isfinite(xy).all(axis=1).sum())
    where = f"{counted(n_placed, 'cell')} at the centres of {listed([shown(name, 40) for name in names])}"
    known = "" if unit is None else f", {unit:g} µm per unit"
    return Check(what=what, found=f"{where}, in the coordinate system {shown(system, 40)!r}{known}.")


def _lone_text(group: object, name: str) -> str | None:
    found = group.get(name) if isinstance(group, h5py.Group) else None
    if not isinstance(found, h5py.Dataset) or found.size != 1 or found.dtype.kind != "S":
        return None
    return decoded(bytes(np.ravel(found[...])[0]))
