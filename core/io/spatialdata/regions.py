"""Where the rows of a table of a SpatialData store lie: by the shapes that they stand for, and by the pixels of masks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import h5py
import numpy as np

from core.errors import SampleFileError, UnsafeFileError
from core.io.h5ad.tables import Table
from core.io.hdf5.text import decoded
from core.io.incoming import Check
from core.io.spatialdata import beside, labels, shapes
from core.io.spatialdata.beside import BESIDE, Polygons
from core.io.spatialdata.outlines import Shaped
from core.io.spatialdata.store import Store
from core.io.spatialdata.transformations import GLOBAL, Placement, placements
from core.text import counted, listed, shown

SHAPES, MASK = "Shapes", "Mask"


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
    checks : sequence of Check
        What is said of it.
    """

    xy: np.ndarray
    system: str
    um_per_unit: float | None
    checks: Sequence[Check]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Element:
    """What some rows stand for: what kind it is, how it lies in each system, and where its rows lie once it is placed."""

    kind: str
    rows: np.ndarray
    placed: Mapping[str, Placement]
    centres: Callable[[Placement], np.ndarray]


class Regions:
    """What a table says of the shapes and the cells of masks that its rows stand for.

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
        region, self._instance = named.get("region_key"), named.get("instance_key")
        self.instances = None if self._instance is None else obs.text(self._instance)
        regions = None if region is None or self.instances is None else obs.text(region)
        self._rows = {} if regions is None else {name: regions == name for name in np.unique(regions).tolist()}
        self._rings: dict[str, Sequence[shapes.Rings]] = {}

    def places(self, unpack: labels.Unpack, *, has_own: bool) -> Found | None:
        """Find where rows lie; None where they stand for nothing that says it.

        Parameters
        ----------
        unpack : callable
            See `labels.Unpack`.
        has_own : bool
            Whether the table has positions of its own: then no mask is read where all rows stand for masks, since it may take
            gigabytes.

        Raises
        ------
        SampleFileError or UnsafeFileError
            If shapes are damaged, or all rows stand for masks of which one is damaged, too large or not flat.
        """
        by_shapes = {name: self._shapes(name) for name in self._of("shapes")}
        if not by_shapes and has_own:
            return None
        elements, checks = {**by_shapes}, []
        for name in self._of("labels"):
            try:
                elements[name] = self._mask(name, unpack)
            except UnsafeFileError:
                raise
            except SampleFileError as error:
                if not by_shapes:
                    raise
                checks.append(_left_out(int(self._rows[name].sum()), str(error)))
        if not elements and not has_own and (of_points := self._of("points")):
            raise SampleFileError(
                f"The table stands for the points {listed([shown(name, 40) for name in of_points])}, which are not read: write them as "
                'shapes (`spatialdata.models.ShapesModel`), or put the positions of all rows into `obsm["spatial"]`.'
            )
        found = self._found(elements, has_own)
        if found is None or not by_shapes:
            return found
        checks += [self._lost(name) for name in self._rows if name not in {*by_shapes, *self._of("labels")}]
        return Found(xy=found.xy, system=found.system, um_per_unit=found.um_per_unit, checks=[*found.checks, *checks])

    def polygons(self, xy: np.ndarray, system: str | None) -> Polygons | SampleFileError | None:
        """Find polygons of the rows that stand for masks, also for masks that the store lacks.

        None where there are none, an error where they do not fit.

        Parameters
        ----------
        xy : ndarray of shape (n_rows, 2), float64
            Where rows lie.
        system : str or None
            None for axes of the table itself.
        """
        rows = self._of_masks()
        if self.instances is None or not rows.any() or BESIDE not in self._store.children("shapes"):
            return None
        try:
            return beside.matched(self._store, self._obs, self.instances, rows, xy, system)
        except UnsafeFileError:
            raise
        except SampleFileError as error:
            return error

    def shaped(self, found: Found, polygons: Polygons | None, names: np.ndarray) -> Shaped:
        """Which shapes the rows stand for, once it is known where they lie.

        Parameters
        ----------
        found : Found
            In axes of the table itself, too, where polygons lie over its cells.
        polygons : Polygons or None
            Of the rows that stand for masks.
        names : ndarray of shape (n_rows,), str
            Of the rows.
        """
        assert self.instances is not None  # noqa: S101 - else nothing was found
        regions, instances = {name: self._rows[name] for name in self._of("shapes")}, self.instances
        rings = dict(self._rings)
        if polygons is not None:
            of_masks = self._of_masks()
            regions[BESIDE] = regions.get(BESIDE, False) | of_masks
            instances = np.where(of_masks, polygons.names, instances)
            rings |= {} if polygons.rings is None else {BESIDE: polygons.rings}
        return Shaped(
            store=self._store, system=found.system if polygons is None else polygons.system, xy=found.xy,
            um_per_unit=found.um_per_unit, names=names, instances=instances, regions=regions, rings=rings,
        )  # fmt: skip

    def _of(self, folder: str) -> list[str]:
        """Name the elements of a folder of the store that rows stand for; what is a shape is no mask."""
        there = set(self._store.children(folder))
        if folder == "labels":
            there -= set(self._store.children("shapes"))
        return [name for name in self._rows if name in there]

    def _of_masks(self) -> np.ndarray:
        """Say which rows stand for something else than shapes."""
        others = set(self._rows) - set(self._of("shapes"))
        return np.asarray(np.any([np.zeros(self._obs.n_rows, bool), *(self._rows[name] for name in others)], axis=0))

    def _shapes(self, name: str) -> _Element:
        def centres(placement: Placement) -> np.ndarray:
            read = shapes.read(self._store, f"shapes/{name}")
            if read.rings is not None:
                self._rings[name] = read.rings
            where = {shape: number for number, shape in enumerate(read.names.tolist())}
            cells = self.instances[self._rows[name]].tolist()  # type: ignore[index]
            found = np.array([where.get(cell, -1) for cell in cells], dtype=np.int64)
            return np.vstack([placement.applied(read.centres), [[np.nan, np.nan]]])[found]

        attributes = self._store.attributes(f"shapes/{name}")
        placed = placements(attributes.get("coordinateTransformations"))
        return _Element(kind=SHAPES, rows=self._rows[name], placed=placed, centres=centres)

    def _mask(self, name: str, unpack: labels.Unpack) -> _Element:
        rows, numbers = self._rows[name], self._numbers(name)
        key, placed = labels.find(self._store, name)
        unpack(key)
        middles = labels.centroids(self._store, key, numbers)
        return _Element(kind=MASK, rows=rows, placed=placed, centres=lambda placement: placement.applied(middles))

    def _numbers(self, name: str) -> np.ndarray:
        assert self._instance is not None  # noqa: S101 - else no row stands for anything
        assert self.instances is not None  # noqa: S101
        rows, numbers = self._rows[name], self._obs.numbers(self._instance)
        if numbers is not None:
            return numbers[rows]
        try:  # beside rows that stand for shapes with names
            return self.instances[rows].astype(np.float64)
        except ValueError as error:
            raise SampleFileError(
                f"The column `{shown(self._instance, 40)}` has other values than the numbers of the cells in the mask "
                f"`{shown(name, 40)}`."
            ) from error

    def _found(self, elements: Mapping[str, _Element], has_own: bool) -> Found | None:
        """Bring the rows of all elements into a coordinate system that all of them have."""
        if not elements:
            return None
        shared = set.intersection(*(set(element.placed) for element in elements.values()))
        if not shared and has_own:
            return None
        if not shared:
            raise SampleFileError(
                f"The table stands for {listed([shown(name, 40) for name in elements])}, which have no coordinate system in common: "
                "give them one with `spatialdata.transformations.set_transformation`, or write a table for each."
            )
        system = GLOBAL if GLOBAL in shared else min(shared)
        xy = np.full((self._obs.n_rows, 2), np.nan)
        for element in elements.values():
            xy[element.rows] = element.centres(element.placed[system])
        units = {element.placed[system].um_per_unit for element in elements.values()} - {None}
        unit = units.pop() if len(units) == 1 else None
        kinds = {element.kind: None for element in elements.values()}
        checks = [_said(kind, elements, system, xy, unit) for kind in kinds]
        return Found(xy=xy, system=system, um_per_unit=unit, checks=checks)

    def _lost(self, name: str) -> Check:
        n_rows = int(self._rows[name].sum())
        called = f"`{shown(name, 40)}`"
        return _left_out(n_rows, f"{called} is neither among the shapes nor among the labels of the store.")


def _left_out(n_rows: int, why: str) -> Check:
    advice = (
        "They are left out. Write the store with what they stand for, or put the positions of all cells into "
        '`obsm["spatial"]` and give the table as h5ad.'
    )
    return Check(what="Positions", found=f"{counted(n_rows, 'cell')} have none: {why}", status="notice", advice=advice)


def _said(kind: str, elements: Mapping[str, _Element], system: str, xy: np.ndarray, unit: float | None) -> Check:
    own = {name: element for name, element in elements.items() if element.kind == kind}
    n_placed = sum(int(np.isfinite(xy[element.rows]).all(axis=1).sum()) for element in own.values())
    where = f"{counted(n_placed, 'cell')} at the centres of {listed([shown(name, 40) for name in own])}"
    known = "" if unit is None else f", {unit:g} µm per unit"
    return Check(what=kind, found=f"{where}, in the coordinate system {shown(system, 40)!r}{known}.")


def _lone_text(group: object, name: str) -> str | None:
    found = group.get(name) if isinstance(group, h5py.Group) else None
    if not isinstance(found, h5py.Dataset) or found.size != 1 or found.dtype.kind != "S":
        return None
    return decoded(bytes(np.ravel(found[...])[0]))
