"""Results as a SpatialData store that `spatialdata.read_zarr` opens: a table, its cells as circles, and regions as outlines.

Outlines of cells that came in leave beside the circles. Written as container 0.1 (zarr 2), which every version of that library
reads. All elements lie in one coordinate system, `global`, in micrometres, x to the right and y downwards.
"""

import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from core.annotation import Annotation, check_fits
from core.errors import SampleFileError
from core.files import written_whole
from core.io.drafts import private_folder
from core.io.export import renamed
from core.io.geojson.writing import spot_shapes
from core.io.h5ad.writing import LABELS, adata_of
from core.io.spatialdata.beside import BESIDE
from core.io.spatialdata.transformations import GLOBAL
from core.regions import joined
from core.result import Result
from core.sample import Sample
from core.text import shown

if TYPE_CHECKING:
    from anndata import AnnData

TABLE, CELLS, DOMAINS, IMAGE = "table", "cells", "domains", "image"
"""Names of the elements, with those of the outlines of cells, which `core.io.spatialdata.outlines` knows, too."""

REGION_KEY, INSTANCE_KEY = "region", "cell_id"
"""Columns of the table that say which shape a row stands for."""

_UNIT = "micrometer"
_CHUNK = 1024
_STRAIGHT = 1e-3  # of the extent: how far spots on the image may lie off an affine map


def write_spatialdata(
    sample: Sample,
    result: Result,
    path: str | os.PathLike[str],
    *,
    names: Mapping[int, str] | None = None,
    embeddings: Mapping[str, np.ndarray] | None = None,
    colours: Mapping[int, str] | None = None,
    annotations: Sequence[Annotation] = (),
) -> None:
    """Write a sample and its result as a SpatialData store.

    Parameters
    ----------
    sample : Sample
    result : Result
        A run on that sample.
    path : path-like
        A folder that does not exist yet, such as `sample.zarr`. It appears whole or not at all.
    names, embeddings, colours, annotations
        As for `core.io.h5ad.writing.adata_of`, which makes the table. Outlines of the domains are `shapes/domains`, those of an
        annotation's regions are called as it is.

    Raises
    ------
    SampleFileError
        If there is something of that name, or the store cannot be written.
    ParameterError, AnnotationError
        If names or annotations do not fit.
    """
    path = Path(path)
    if path.exists():
        raise SampleFileError(f"{shown(path, 300)} exists: a store is never written over, choose another name.")
    adata = adata_of(sample, result, names=names, embeddings=embeddings, colours=colours, annotations=annotations)
    try:
        with written_whole(path) as draft:
            _write(draft, sample, adata, renamed(result.labels, names), annotations)
    except OSError as error:
        reason = shown(getattr(error, "strerror", None) or error, 120).rstrip(".")
        raise SampleFileError(f"{shown(path, 300)} cannot be written ({reason}): choose another folder.") from error


def write_zipped(sample: Sample, result: Result, path: str | os.PathLike[str], name: str, **more: Any) -> None:
    """Write a store as one file.

    Parameters
    ----------
    sample : Sample
    result : Result
    path : path-like
        A zip; replaced if it exists.
    name : str
        Of the store in it, such as `sample.zarr`.
    **more
        As for :func:`write_spatialdata`, which says what is raised.
    """
    with private_folder() as scratch:
        store = Path(scratch) / "store" / name
        store.parent.mkdir()
        write_spatialdata(sample, result, store, **more)
        packed = shutil.make_archive(str(Path(scratch) / "packed"), "zip", store.parent, name)
        shutil.copyfile(packed, path)


def _write(
    folder: Path, sample: Sample, adata: "AnnData", labels: np.ndarray, annotations: Sequence[Annotation]
) -> None:
    import zarr

    root: Any = zarr.open_group(str(folder), mode="w", zarr_format=2)
    root.attrs["spatialdata_attrs"] = {"version": "0.1"}
    _write_table(root, adata)
    shapes = root.create_group("shapes")
    names = adata.obs_names.to_numpy().astype(str)
    radius = math.sqrt(sample.coordinates.spot_um2) / 2
    unit = _UNIT if sample.unit_known else "unit"
    _write_shapes(shapes, CELLS, names, shapely.points(_xy(sample)), {"radius": np.full(sample.n_spots, radius)}, unit)
    _write_boundaries(shapes, sample, names, unit)
    areas = spot_shapes(sample, sample.tissue_um, 2 * radius)
    _write_outlines(shapes, DOMAINS, areas, labels, sorted(set(labels.tolist())), 2 * radius, unit)
    for name, annotation in _named(annotations):
        check_fits(annotation, sample)
        of_spots = np.array([*(region.name for region in annotation.regions), ""])[annotation.assigned]
        _write_outlines(shapes, name, areas, of_spots, [region.name for region in annotation.regions], 2 * radius, unit)
    _write_image(root, sample)


def _xy(sample: Sample) -> np.ndarray:
    """Where spots lie, x and y in micrometres; off the lattice to the last bit as the sample has them."""
    places = sample.tissue_um if sample.coords_um is None else np.asarray(sample.coords_um, dtype=np.float64)[:, ::-1]
    return np.ascontiguousarray(places)


def _plain(name: str) -> str:
    """Spell a name with letters, digits and `_-.`, which is all that the library takes."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_-.") else "_" for sign in name)
    return plain.lstrip("_").strip("-.") or "annotation"


def _apart(name: str, taken: Iterable[str]) -> str:
    """Spell a name so that no other is the same, whatever the case."""
    found, others = _plain(name), {other.lower() for other in taken}
    while found.lower() in others:
        found += "_2"
    return found


def _named(annotations: Sequence[Annotation]) -> list[tuple[str, Annotation]]:
    found: dict[str, Annotation] = {}
    for annotation in annotations:
        found[_apart(annotation.name, [CELLS, DOMAINS, BESIDE, *found])] = annotation
    return list(found.items())


def _respelled(adata: "AnnData") -> None:
    """Spell columns as the library takes them, with the colours that go with them."""
    columns: dict[str, str] = {}
    for name in adata.obs.columns:
        columns[name] = _apart(name, columns.values())
    colours = {f"{name}_colors": f"{new}_colors" for name, new in columns.items()}
    adata.obs.columns = [columns[name] for name in adata.obs.columns]
    for key in list(adata.uns):
        adata.uns[colours.get(key) or _plain(key)] = adata.uns.pop(key)


def _write_table(root: Any, adata: "AnnData") -> None:
    import anndata
    import pandas as pd

    _respelled(adata)
    # anndata 0.12 writes text of objects, and not yet the text that is pandas 3's own.
    categories = pd.Index(np.array([CELLS], dtype=object), dtype=object)
    adata.obs[REGION_KEY] = pd.Categorical.from_codes([0] * adata.n_obs, categories=categories)
    adata.obs[INSTANCE_KEY] = pd.Series(np.array(adata.obs_names, dtype=object), index=adata.obs.index, dtype=object)
    adata.uns["spatialdata_attrs"] = {"region": CELLS, "region_key": REGION_KEY, "instance_key": INSTANCE_KEY}
    tables = root.create_group("tables")
    anndata.io.write_elem(tables, TABLE, adata)
    tables[TABLE].attrs.update(
        {
            "spatialdata-encoding-type": "ngff:regions_table",
            "region": CELLS,
            "region_key": REGION_KEY,
            "instance_key": INSTANCE_KEY,
            "version": "0.1",
        }
    )


def _write_shapes(
    shapes: Any, name: str, index: np.ndarray, geometry: np.ndarray, columns: Mapping[str, np.ndarray], unit: str
) -> None:
    """Write shapes as GeoParquet 1.0, with the attributes that say where they lie."""
    import pandas as pd
    import pyarrow
    from pyarrow import parquet

    group = shapes.create_group(name)
    frame = pd.DataFrame(
        {"geometry": shapely.to_wkb(geometry), **columns}, index=pd.Index(index.astype(object), dtype=object)
    )
    table = pyarrow.Table.from_pandas(frame)
    kinds = sorted({shapely.GeometryType(kind).name.title() for kind in np.unique(shapely.get_type_id(geometry))})
    kinds = [kind.replace("Multip", "MultiP") for kind in kinds]
    column = {"encoding": "WKB", "crs": None, "geometry_types": kinds}
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"geo": json.dumps(geo).encode()})
    parquet.write_table(table, Path(str(group.store.root)) / group.path / "shapes.parquet")
    axes = [{"name": axis, "type": "space", "unit": unit} for axis in ("x", "y")]
    placed = {"type": "identity", "input": {"name": "xy", "axes": axes}, "output": {"name": GLOBAL, "axes": axes}}
    group.attrs.update(
        {
            "encoding-type": "ngff:shapes",
            "axes": ["x", "y"],
            "coordinateTransformations": [placed],
            "spatialdata_attrs": {"version": "0.2"},
        }
    )


def _write_boundaries(shapes: Any, sample: Sample, names: np.ndarray, unit: str) -> None:
    """Write where each cell ends, by the names of the circles, for the cells whose outlines came in."""
    outlines = sample.outlines
    if outlines is None or not outlines.has_outline.any():
        return
    of_corners = np.repeat(np.arange(sample.n_spots), np.diff(outlines.begins))
    corners = outlines.corners * outlines.unit_um + _xy(sample)[of_corners]
    # The n-th ring of them is that of the n-th cell that has one; shapely adds the first corner as the last.
    numbers = (np.cumsum(outlines.has_outline) - 1)[of_corners]
    rings = shapely.polygons(shapely.linearrings(corners, indices=numbers))
    _write_shapes(shapes, BESIDE, names[outlines.has_outline], rings, {}, unit)


def _write_outlines(
    shapes: Any, name: str, areas: np.ndarray, of_spots: np.ndarray, classes: Sequence[str], spacing: float, unit: str
) -> None:
    outlines = [joined(areas[of_spots == one], spacing) for one in classes]
    kept = [number for number, outline in enumerate(outlines) if not outline.is_empty]
    if kept:
        names = np.array([classes[number] for number in kept], dtype=object)
        _write_shapes(
            shapes, name, names, np.array([outlines[number] for number in kept], dtype=object), {LABELS: names}, unit
        )


def _write_image(root: Any, sample: Sample) -> None:
    """Write the image as OME-Zarr 0.4, where an affine map brings it under the spots."""
    placed = None if sample.image is None else _onto_tissue(sample)
    if sample.image is None or placed is None:
        return
    group = root.create_group("images").create_group(IMAGE)
    pixels = np.ascontiguousarray(np.moveaxis(sample.image.pixels, 2, 0))
    group.create_array("0", data=pixels, chunks=(3, _CHUNK, _CHUNK))
    axes: list[dict[str, str]] = [{"name": "c", "type": "channel"}]
    axes += [{"name": axis, "type": "space", "unit": _UNIT} for axis in ("y", "x")]
    systems = {side: {"name": name, "axes": axes} for side, name in (("input", "cyx"), ("output", GLOBAL))}
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]}
    moved = {"type": "affine", "affine": placed, **systems}
    whole = {"version": "0.4", "name": IMAGE, "axes": axes, "datasets": [level], "coordinateTransformations": [moved]}
    channels = [{"label": name} for name in ("r", "g", "b")]
    group.attrs.update(
        {"multiscales": [whole], "omero": {"channels": channels}, "spatialdata_attrs": {"version": "0.1"}}
    )


def _onto_tissue(sample: Sample) -> list[list[float]] | None:
    """Affine map of (c, y, x) from pixels of the image to micrometres; None where no such map fits."""
    if sample.coords_px is None or sample.image is None or sample.n_spots < 3:
        return None
    on_image = np.asarray(sample.coords_px, dtype=np.float64) * sample.image.scale
    target = sample.tissue_um[:, ::-1]
    homogeneous = np.column_stack([on_image, np.ones(sample.n_spots)])
    onto, _, rank, _ = np.linalg.lstsq(homogeneous, target, rcond=None)
    off = np.abs(homogeneous @ onto - target).max()
    if rank < 3 or off > max(_STRAIGHT * np.ptp(target), math.sqrt(sample.coordinates.spot_um2) / 2):
        return None
    rows = [[0.0, float(onto[0, axis]), float(onto[1, axis]), float(onto[2, axis])] for axis in (0, 1)]
    return [[1.0, 0.0, 0.0, 0.0], *rows]
