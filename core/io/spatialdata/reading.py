"""SpatialData and AnnData in zarr, in: one table, its cells where their shapes or masks lie, and an image.

The table goes through the reader of h5ad, with all its checks; what is found here is where cells lie. Layout after the design
document of SpatialData, of containers 0.1 (zarr 2) and 0.2 (zarr 3).
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import h5py
import numpy as np

from core.errors import SampleError, SampleFileError
from core.io import archives, h5ad
from core.io.annotations import Annotations
from core.io.drafts import private_folder
from core.io.found_files import STORE_LIMITS
from core.io.h5ad import units
from core.io.h5ad.positions import OWN, OWN_COORDS, embedded, is_of_xenium, positions
from core.io.h5ad.tables import Table
from core.io.hdf5.text import decoded
from core.io.incoming import Check, ImportChoices, Survey
from core.io.outlines import WHAT
from core.io.spatialdata import images
from core.io.spatialdata.beside import Polygons
from core.io.spatialdata.outlines import Shaped
from core.io.spatialdata.regions import Found, Regions
from core.io.spatialdata.store import Store, is_metadata
from core.io.spatialdata.table import is_table, write_as_hdf5
from core.io.spatialdata.transformations import GLOBAL
from core.sample import Sample, TissueImage
from core.text import listed, shown

_OF_XENIUM = {"cell_features", "cell_summary", "cell_groups", "polygon_sets", "density", "gene_category"}
KIND, KIND_ANNDATA = "SpatialData", "AnnData in zarr"

LabelsOf = Callable[[np.ndarray], Annotations]


def root_of(names: Sequence[PurePosixPath]) -> PurePosixPath | None:
    """Find a store among the names of files.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    PurePosixPath or None
        The folder of the store, relative to what was given.

    Raises
    ------
    SampleFileError
        If there are several.
    """
    folders = {name.parent for name in names if is_metadata(name)}
    roots = sorted(folder for folder in folders if not folders & set(folder.parents))
    if len(roots) > 1:
        raise SampleFileError(
            f"There are {len(roots)} stores of zarr ({shown(', '.join(map(str, roots)), 200)}): give one of them."
        )
    return roots[0] if roots else None


def survey(path: Path, root: PurePosixPath, section: str | None = None, labels_of: LabelsOf | None = None) -> Survey:
    """Report what a store holds.

    Parameters
    ----------
    path : Path
        A folder or an archive.
    root : PurePosixPath
        From :func:`root_of`.
    section : str, optional
        Which of several tables.
    labels_of : callable, optional
        Of a table of cells and labels.

    Returns
    -------
    Survey

    Raises
    ------
    SampleFileError or UnsafeFileError
        If the store has no table of cells, or it is damaged or hostile.
    """
    with _opened(path, root, section) as source:
        found = h5ad.survey(source.table)
        checks = [check for check in found.checks if check.what != "Image"]
        found = dataclasses.replace(
            found,
            kind=source.kind,
            name=_sample_name(path, root),
            sections=source.tables or found.sections,
            checks=[
                *source.checks,
                *checks,
                *([] if source.shaped is None else source.shaped.checks()),
                source.image_check(),
            ],
        )
        return found if labels_of is None else _with_labels(found, source.table, labels_of)


def read(
    path: Path,
    root: PurePosixPath,
    choices: ImportChoices,
    *,
    name: str | None = None,
    section: str | None = None,
    labels_of: LabelsOf | None = None,
) -> Sample:
    """Read one table of a store as a sample.

    Parameters
    ----------
    path : Path
    root : PurePosixPath
        From :func:`root_of`.
    choices : ImportChoices
    name, section, labels_of
        As for `core.io.formats`.

    Returns
    -------
    Sample

    Raises
    ------
    SampleFileError, UnsafeFileError or SampleError
        If it cannot be read as a sample.
    """
    with _opened(path, root, section) as source:
        own = choices if labels_of is None else dataclasses.replace(choices, annotation=None)
        sample = h5ad.read(source.table, own)
        changed: dict[str, object] = {
            "name": name or _sample_name(path, root),
            "source": f"{source.kind}, imported from {shown(path.name)}.",
        }
        if labels_of is not None:
            changed["labels_true"] = labels_of(_barcodes(sample)).labels(choices.annotation)
        changed |= source.image_of(sample) | ({} if source.shaped is None else source.shaped.of(sample))
        return dataclasses.replace(sample, **changed)  # type: ignore[arg-type]


@dataclass(kw_only=True)
class _Source:
    """One table of a store, as HDF5, and what belongs to it."""

    kind: str
    table: Path
    tables: Sequence[str]
    checks: Sequence[Check]
    placed: dict[str, tuple[float, float]] | None = None
    store: Store
    shaped: Shaped | None = None
    level: images.Level | None = None
    unpack: Callable[[str], None]

    def image_check(self) -> Check:
        """Say which image there is; what is wrong with it is said, and keeps nothing out."""
        found = self._image()
        if isinstance(found, SampleError):
            return Check(what="Image", found=str(found), status="notice", advice="It is left out.")
        if found is None:
            return Check(what="Image", found="None, which is fine.")
        height, width, _ = found.pixels.shape
        assert self.level is not None  # noqa: S101 - an image came from it
        return Check(what="Image", found=f"{shown(self.level.element)}, {width} x {height} pixels.")

    def image_of(self, sample: Sample) -> dict[str, object]:
        """Image and where the spots lie on it, if both are known."""
        found = self._image() if sample.image is None or sample.coords_px is None else None
        if not isinstance(found, TissueImage) or self.level is None or self.placed is None or sample.barcodes is None:
            return {}
        xy = np.array([self.placed.get(name, (np.nan, np.nan)) for name in sample.barcodes.tolist()])
        pixels = self.level.placement.undone(xy)[:, ::-1]
        return {"image": found, "coords_px": np.ascontiguousarray(pixels)} if np.isfinite(pixels).all() else {}

    def _image(self) -> TissueImage | SampleError | None:
        if self.level is None:
            return None
        try:
            self.unpack(self.level.key)
            return images.read(self.store, self.level)
        except SampleError as error:
            return error


@contextmanager
def _opened(path: Path, root: PurePosixPath, section: str | None) -> Iterator[_Source]:
    with _store(path, root) as (store, unpack), private_folder() as scratch:
        keys = _tables(store, path)
        names = [key.rpartition("/")[2] for key in keys]
        key = keys[names.index(section)] if section in names else keys[0]
        table = Path(scratch) / f"{_sample_name(path, root)}.h5ad"
        write_as_hdf5(store, key, table)
        checks = []
        if len(keys) > 1:
            others = listed([shown(name, 40) for name in names])
            said = f"{len(keys)} tables: {others}. {shown(key.rpartition('/')[2])} is read."
            checks.append(Check(what="Tables", found=said, status="notice", advice="Choose another to read that."))
        source = _Source(
            kind=KIND if key else KIND_ANNDATA, table=table, tables=names if len(keys) > 1 else (), checks=checks, store=store, unpack=unpack
        )  # fmt: skip
        _place(source, store.attributes(key))
        yield source


@contextmanager
def _store(path: Path, root: PurePosixPath) -> Iterator[tuple[Store, Callable[[str], None]]]:
    """Open a store; of an archive metadata, tables and shapes are unpacked, and other arrays when they are asked for."""
    if path.is_dir():
        yield Store(path / root), lambda key: None
        return
    names = archives.member_names(path, STORE_LIMITS)
    wanted = [name for name in names if _is_needed(name, root)]
    with archives.unpacked(path, wanted, STORE_LIMITS) as folder:

        def unpack(key: str) -> None:
            chunks = [name for name in names if name.is_relative_to(root / key) and not is_metadata(name)]
            with archives.unpacked(path, chunks, STORE_LIMITS) as more:
                for name in chunks:
                    target = folder / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    (more / name).replace(target) if not target.exists() else None

        yield Store(folder / root), unpack


def _is_needed(name: PurePosixPath, root: PurePosixPath) -> bool:
    if not name.is_relative_to(root):
        return False
    inside = name.relative_to(root).parts
    return is_metadata(name) or inside[0] not in ("images", "labels", "points")


def _tables(store: Store, path: Path) -> list[str]:
    if is_table(store):
        return [""]
    groups = [f"{folder}/{name}" for folder in ("tables", "table") for name in store.children(folder)]
    found = [key for key in groups if is_table(store, key)]
    if not found and _OF_XENIUM & set(store.children("")):
        raise SampleFileError(
            f"{shown(path.name)} is one of Xenium's files of zarr, which are not read: give the whole output folder, with "
            "`cell_feature_matrix.h5` and `cells.parquet`."
        )
    points = store.children("points")
    if not found and points:
        shapes = (store.children("shapes") or ["NAME_OF_OUTLINES"])[0]
        raise SampleFileError(
            f"{shown(path.name)} holds points ({shown(listed(points), 100)}) and no table that counts them by cell. Count them in Python, and "
            f'give what that writes: `sdata = spatialdata.read_zarr("{shown(path.name, 60)}")`, then `sdata.aggregate(values='
            f'"{shown(points[0], 40)}", by="{shown(shapes, 40)}", value_key="gene", agg_func="count").write("counted.zarr")`, where '
            f"`gene` is the column of the points that names genes and {shown(shapes, 40)} holds the outlines of cells."
        )
    if not found:
        inside = listed([f"`{shown(name, 40)}`" for name in store.children("")]) or "nothing"
        raise SampleFileError(
            f"{shown(path.name)} is a zarr store with {inside} and no table of cells: give a SpatialData store whose `tables` "
            'count genes, or write its counts as h5ad (`adata.write_h5ad("sample.h5ad")`) and give that.'
        )
    return found


def _sample_name(path: Path, root: PurePosixPath) -> str:
    name = root.name or path.resolve().name
    for end in (".zip", ".tar.gz", ".tgz", ".tar", ".zarr"):
        name = name.removesuffix(end)
    return shown(name) or "sample"


def _place(source: _Source, attributes: dict[str, object]) -> None:
    """Put cells where their shapes or the pixels of their masks lie, and find the image that lies there, too."""
    with h5py.File(source.table, "r+") as file:
        obs = Table(file, "obs")
        said = Regions(source.store, file, obs, attributes)
        own = _own_positions(file, obs)
        found = said.places(source.unpack, has_own=own is not None)
        if found is not None:
            found = _with_unit(file, obs, found)
            source.checks = [*source.checks, *found.checks]
            if not isinstance(
                file.get(f"uns/{OWN}"), h5py.Group
            ):  # what this program wrote says all of it, and the image, too
                _put_positions(file, found)
        there = own if found is None else found
        polygons = None if there is None else said.polygons(there.xy, None if found is None else found.system)
        if isinstance(polygons, SampleFileError):
            advice = "They are left out, and cells are drawn as dots."
            source.checks = [*source.checks, Check(what=WHAT, found=str(polygons), status="notice", advice=advice)]
            polygons = None
        _name_rows(file, obs, said.instances if polygons is None else polygons.names)
        names = Table(file, "obs").index()
        if there is not None and (found is not None or polygons is not None):
            source.shaped = said.shaped(there, polygons, names)
            there = there if polygons is None else _placed(there, polygons)
            source.placed = dict(zip(names.tolist(), map(tuple, there.xy.tolist()), strict=True))
    source.level = images.find(source.store, GLOBAL if there is None else there.system)


def _with_unit(file: h5py.File, obs: Table, found: Found) -> Found:
    """Find the unit of a coordinate system by what the table has in micrometres, such as Xenium's own positions beside pixels."""
    if found.um_per_unit is not None:
        return found
    of_xenium = list(embedded(file, obs))[:1] if is_of_xenium(obs) else []
    told = units.told(obs, found.xy[:, ::-1], others=of_xenium)
    if told is None:
        return found
    said = f"{told[0]:.4g} µm per unit of {shown(found.system, 40)!r}, told by {shown(told[1])}."
    return dataclasses.replace(found, um_per_unit=told[0], checks=[*found.checks, Check(what="Unit", found=said)])


def _own_positions(file: h5py.File, obs: Table) -> Found | None:
    """Positions that the table has itself, in axes of its own."""
    try:
        own = positions(file, obs)
    except SampleFileError:
        return None
    xy = np.full((obs.n_rows, 2), np.nan) if own.coords is None else own.coords[:, ::-1].astype(np.float64)
    return Found(xy=xy, system=GLOBAL, um_per_unit=own.um_per_unit, checks=())


def _placed(there: Found, polygons: Polygons) -> Found:
    """Bring cells that lie in the own axes of their polygons into a coordinate system, as the polygons are."""
    if polygons.system is not None:
        return dataclasses.replace(there, system=polygons.system)
    system = GLOBAL if GLOBAL in polygons.placed else min(polygons.placed)
    return dataclasses.replace(there, xy=polygons.placed[system].applied(there.xy), system=system)


def _name_rows(file: h5py.File, obs: Table, instances: np.ndarray | None) -> None:
    """Name cells as their shapes are, where the table only numbers its rows."""
    index = obs.index()
    is_numbered = (index == np.arange(len(index)).astype(str)).all()
    if instances is None or not is_numbered or len(np.unique(instances)) < len(instances):
        return
    encoded = np.array([name.encode() for name in instances.tolist()])
    name = decoded(bytes(file["obs"].attrs.get("_index", b"_index")))
    attributes = dict(file["obs"][name].attrs)
    del file["obs"][name]
    file["obs"].create_dataset(name, data=encoded).attrs.update(attributes)


def _put_positions(file: h5py.File, found: Found) -> None:
    obsm = file.require_group("obsm")
    for name in [name for name in obsm if name.lower() in ("spatial", OWN_COORDS)]:
        del obsm[name]
    if found.um_per_unit is None:
        obsm["spatial"] = found.xy
    else:
        obsm[OWN_COORDS] = found.xy * found.um_per_unit


def _barcodes(sample: Sample) -> np.ndarray:
    if sample.barcodes is None:
        raise SampleFileError(f"{sample.name} has no names of cells: the labels of a table cannot be matched to them.")
    return sample.barcodes


def _with_labels(found: Survey, table: Path, labels_of: LabelsOf) -> Survey:
    checks = [check for check in found.checks if check.what != "Annotation"]
    try:
        names = h5ad.read_barcodes(table)
        if names is None:
            raise SampleFileError("The table has no names of cells: labels cannot be matched to them.")
        labels = labels_of(names)
    except SampleError as error:
        bad = Check(what="Annotation", found=str(error), status="bad")
        return dataclasses.replace(found, annotations={}, suggested_annotation=None, checks=[*checks, bad])
    return dataclasses.replace(
        found, annotations=labels.n_classes, suggested_annotation=labels.suggested, checks=[*checks, labels.check()]
    )
