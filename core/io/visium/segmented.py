"""Cells of Visium HD, as Space Ranger 4 writes them into `segmented_outputs`: counts by cell, and their outlines as GeoJSON."""

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec
import numpy as np

from core.errors import SampleFileError
from core.io.cells import Cells, aligned, taken
from core.io.found_files import Found, with_ending
from core.io.incoming import Check
from core.io.visium import spatial, tenx
from core.memory import check_fits
from core.sample import TissueImage
from core.text import file_name

KIND = "Visium HD output, cells"

LAYER = "cells"
"""How cells are asked for, beside bins."""

MAX_OUTLINES_BYTES = 2 << 30
"""Largest file of outlines: a million cells of 30 corners take about half of it."""

_BINS = re.compile(r"square_(\d+)um")
_MATRIX = "feature_cell_matrix.h5"
_OUTLINES = ("cell_segmentations.geojson", "nucleus_segmentations.geojson")


class _Properties(msgspec.Struct):
    cell_id: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]


class _Geometry(msgspec.Struct):
    type: str
    coordinates: msgspec.Raw


class _Feature(msgspec.Struct):
    properties: _Properties
    geometry: _Geometry | None = None


class _Collection(msgspec.Struct):
    features: list[msgspec.Raw]


def find(names: Sequence[PurePosixPath]) -> list[Found]:
    """Find cells of Visium HD among files.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    list of Found
        With the roles `matrix`, `outlines` and, where they are there, `scales` and images by their names.
    """
    filtered = list(with_ending(names, f"filtered_{_MATRIX}"))
    matrices = filtered or list(with_ending(names, f"raw_{_MATRIX}"))
    return [found for matrix, prefix in matrices if (found := _beside(names, matrix, prefix)) is not None]


def _beside(names: Sequence[PurePosixPath], matrix: PurePosixPath, prefix: str) -> Found | None:
    places = [matrix.parent / f"{prefix}{name}" for name in _OUTLINES]
    outlines = next((name for name in places if name in names), None)
    if outlines is None:
        return None
    roles = {"matrix": matrix, "outlines": outlines}
    wanted = (spatial.SCALES, *(name for name, _ in spatial.IMAGES))
    folders = (matrix.parent / f"{prefix}spatial", matrix.parent / "spatial", matrix.parent.parent / "spatial")
    for folder in folders:
        if folder / spatial.SCALES in names:
            roles |= {name: folder / name for name in wanted if folder / name in names}
            break
    bins = {
        f"{int(size[1])} um" for name in names if (size := _BINS.fullmatch(name.parent.name)) and name.suffix == ".h5"
    }
    return Found(prefix=prefix, roles=roles, choices=[LAYER, *sorted(bins, key=len)] if bins else ())


def read(folder: Path, found: Found, name: str) -> Cells:
    """Read what Space Ranger says of its cells.

    Parameters
    ----------
    folder : Path
    found : Found
    name : str

    Returns
    -------
    Cells
        At the centroids of their outlines.

    Raises
    ------
    SampleFileError
        If a file is damaged, or nothing says how large a pixel is.
    """
    matrix, outlines = folder / found.roles["matrix"], folder / found.roles["outlines"]
    head = tenx.read_head(matrix)
    um_per_px = _um_per_px(folder, found)
    ids, centroids = _centroids(outlines)
    rows = aligned(head.barcodes, ids)
    coords_px = taken(centroids, rows)
    image, checks = _image(folder, found)
    return Cells(
        kind=KIND,
        name=name,
        cell_ids=head.barcodes,
        gene_names=head.gene_names,
        gene_ids=head.gene_ids,
        other_features=head.other_features,
        coords_um=coords_px * um_per_px,
        coords_px=coords_px,
        read_counts=lambda: tenx.read_counts(matrix, head),
        placed_by=f"Centroids of the outlines in {outlines.name}, {um_per_px:.6g} micrometres per pixel.",
        image=image,
        sections=found.choices,
        checks=checks,
    )


def _um_per_px(folder: Path, found: Found) -> float:
    if spatial.SCALES not in found.roles:
        raise SampleFileError(
            f"There is no {spatial.SCALES} for {found.roles['matrix'].name}, which says how large a pixel is: give the folder "
            "`segmented_outputs` with its `spatial` folder."
        )
    return spatial._scale(folder / found.roles[spatial.SCALES], "microns_per_pixel")


def _image(folder: Path, found: Found) -> tuple[TissueImage | None, list[Check]]:
    """Read the image; what is wrong with it never keeps the counts out."""
    image, problem = spatial._image((folder / found.roles[spatial.SCALES]).parent, False)
    if image is not None:
        height, width, _ = image.pixels.shape
        return image, [Check(what="Image", found=f"{width} x {height} pixels.")]
    if any(name in found.roles for name, _ in spatial.IMAGES):
        return None, [Check(what="Image", found=problem, status="notice", advice="It is left out.")]
    return None, [Check(what="Image", found="None, which is fine.")]


def _centroids(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Names of cells, as the matrix has them, and row and column of their centroids."""
    if path.stat().st_size > MAX_OUTLINES_BYTES:
        raise SampleFileError(f"{file_name(path)} is larger than {MAX_OUTLINES_BYTES >> 30} GiB, which is not read.")
    check_fits(3 * path.stat().st_size, file_name(path))
    from shapely.errors import ShapelyError

    try:
        found = [(feature.properties.cell_id, _centroid(feature.geometry)) for feature in _features(path)]
    except (
        msgspec.MsgspecError,
        ValueError,
        RecursionError,
        LookupError,
        TypeError,
        AttributeError,
        ShapelyError,
    ) as error:
        raise SampleFileError(
            f"{file_name(path)} holds no outlines as Space Ranger writes them: copy it again."
        ) from error
    names = [f"cellid_{number:09d}-1" for number, _ in found]
    return np.array(names, dtype=str), np.array([place for _, place in found], dtype=np.float64).reshape(-1, 2)


def _features(path: Path) -> Iterator[_Feature]:
    # One after another: all coordinates as Python's numbers would take thirty times the file.
    decoder = msgspec.json.Decoder(_Feature)
    for raw in msgspec.json.decode(path.read_bytes(), type=_Collection).features:
        yield decoder.decode(raw)


def _centroid(geometry: _Geometry | None) -> tuple[float, float]:
    if geometry is None or geometry.type not in ("Polygon", "MultiPolygon"):
        return (math.nan, math.nan)
    import shapely

    rings: Any = msgspec.json.decode(geometry.coordinates)
    polygons = [rings] if geometry.type == "Polygon" else rings
    shapes = [shapely.Polygon(rings[0], rings[1:]) for rings in polygons if rings and len(rings[0]) >= 4]
    centre = shapely.MultiPolygon(shapes).centroid if len(shapes) != 1 else shapes[0].centroid
    return (math.nan, math.nan) if centre.is_empty else (centre.y, centre.x)
