"""Cells of Visium HD, as Space Ranger 4 writes them into `segmented_outputs`: counts by cell, and their outlines as GeoJSON."""

import math
import re
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec
import numpy as np

from core.errors import SampleFileError
from core.io.cells import Cells, aligned, taken
from core.io.found_files import Found, by_folder, with_ending
from core.io.incoming import Check
from core.io.outlines import Gathering
from core.io.visium import spatial, tenx
from core.memory import check_fits
from core.outlines import Outlines
from core.sample import TissueImage
from core.text import file_name

KIND = "Visium HD output, cells"

LAYER = "cells"
"""How cells are asked for, beside bins."""

MAX_OUTLINES_BYTES = 2 << 30
"""Largest file of outlines: a million cells of 30 corners take about half of it."""

_AT_A_TIME = 20_000  # cells
_CELL_BYTES = 1 << 20  # of the text of one outline; as Python's numbers it takes fifty times as much
_OBJECT_BYTES = 300  # of memory for each object of JSON; a cell has three
_NUMBER = re.compile(r"(?:cellid_)?(\d+)(?:\.0)?(?:-(\d+))?")
_BINS = re.compile(r"square_(\d+)um")
_MATRIX, _TEXTS = "feature_cell_matrix.h5", "filtered_feature_cell_matrix"
_OUTLINES = ("cell_segmentations.geojson", "nucleus_segmentations.geojson")


class _Properties(msgspec.Struct, gc=False):
    cell_id: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)] | float | Annotated[str, msgspec.Meta(max_length=64)]


class _Geometry(msgspec.Struct, gc=False):
    type: str
    coordinates: msgspec.Raw


class _Feature(msgspec.Struct, gc=False):
    properties: _Properties
    geometry: _Geometry | None = None


class _Collection(msgspec.Struct):
    features: list[_Feature]


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
    have_h5 = {matrix.parent for matrix, _ in filtered}
    texts = [name.parent for name in names if name.name in ("matrix.mtx", "matrix.mtx.gz")]
    filtered += [(folder, "") for folder in texts if folder.name == _TEXTS and folder.parent not in have_h5]
    matrices = filtered or list(with_ending(names, f"raw_{_MATRIX}"))
    there, bins, folders = set(names), _bins(names) if matrices else [], by_folder(names)
    found = (_beside(there, matrix, prefix, bins, folders.get(matrix, ())) for matrix, prefix in matrices)
    return [sample for sample in found if sample is not None]


def _bins(names: Sequence[PurePosixPath]) -> list[str]:
    """List the sizes of bins that are there, too."""
    sizes = (_BINS.fullmatch(name.parent.name) for name in names if name.suffix == ".h5")
    return sorted({f"{int(size[1])} um" for size in sizes if size}, key=len)


def _beside(
    names: Collection[PurePosixPath],
    matrix: PurePosixPath,
    prefix: str,
    bins: Sequence[str],
    others: Sequence[PurePosixPath],
) -> Found | None:
    """Find what belongs to a matrix; `others` are the texts of one that is a folder."""
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
    return Found(prefix=prefix, roles=roles, others=others, choices=[LAYER, *bins] if bins else ())


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
    cells = _read_cells(outlines)
    rows = aligned(head.barcodes, cells.names)
    coords_px = taken(cells.centroids, rows)
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
        read_outlines=lambda: _outlines(cells, rows, um_per_px, outlines.name),
        has_outlines=True,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Names of cells, as the matrix has them, row and column of their centroids, and their largest rings."""

    names: np.ndarray
    centroids: np.ndarray
    lengths: np.ndarray
    corners: np.ndarray
    """x and y of all rings, one after another, from the centroids."""


def _read_cells(path: Path) -> _Cells:
    if path.stat().st_size > MAX_OUTLINES_BYTES:
        raise SampleFileError(f"{file_name(path)} is larger than {MAX_OUTLINES_BYTES >> 30} GiB, which is not read.")
    check_fits(path.stat().st_size, file_name(path))
    from shapely.errors import ShapelyError

    numbers, places, lengths, corners = [], [], [], array("f")
    try:
        for feature in _features(path):
            place, ring = _placed(feature.geometry)
            numbers.append(feature.properties.cell_id)
            places.append(place)
            lengths.append(len(ring))
            corners.frombytes((ring - place[::-1]).astype(np.float32).tobytes())
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
    return _Cells(
        names=np.array([_name(number) for number in numbers], dtype=str),
        centroids=np.array(places, dtype=np.float64).reshape(-1, 2),
        lengths=np.array(lengths, dtype=np.int64),
        corners=np.frombuffer(corners, dtype=np.float32).reshape(-1, 2),
    )


def _name(number: float | str) -> str:
    """Name a cell as the matrix does; other programs write the numbers of Space Ranger as fractions, or as text."""
    found = _NUMBER.fullmatch(str(number))
    return str(number) if found is None else f"cellid_{int(found[1]):09d}-{found[2] or 1}"


def _features(path: Path) -> Iterator[_Feature]:
    # Coordinates stay text until their cell's turn: all of them as Python's numbers would take fifty times the file.
    text = path.read_bytes()
    check_fits(2 * len(text) + _OBJECT_BYTES * text.count(b"{"), file_name(path))
    for feature in msgspec.json.decode(text, type=_Collection).features:
        if feature.geometry is not None and len(memoryview(feature.geometry.coordinates)) > _CELL_BYTES:
            raise SampleFileError(f"{file_name(path)} has an outline of more than 1 MiB of text, which no cell has.")
        yield feature


def _placed(geometry: _Geometry | None) -> tuple[tuple[float, float], np.ndarray]:
    """Find row and column of the centroid, and the outer ring of the largest part."""
    nowhere = (math.nan, math.nan), np.zeros((0, 2))
    if geometry is None or geometry.type not in ("Polygon", "MultiPolygon"):
        return nowhere
    import shapely

    rings: Any = msgspec.json.decode(geometry.coordinates)
    polygons = [rings] if geometry.type == "Polygon" else rings
    shapes = [shapely.Polygon(rings[0], rings[1:]) for rings in polygons if rings and len(rings[0]) >= 4]
    centre = shapely.MultiPolygon(shapes).centroid if len(shapes) != 1 else shapes[0].centroid
    if centre.is_empty:
        return nowhere
    return (centre.y, centre.x), shapely.get_coordinates(max(shapes, key=shapely.area).exterior)


def _outlines(found: _Cells, rows: np.ndarray, um_per_px: float, name: str) -> tuple[Outlines, Check]:
    """Bring rings into the order of the counts, some at a time."""
    cells = np.full(len(found.names), -1, dtype=np.int64)
    cells[rows[rows >= 0]] = np.flatnonzero(rows >= 0)
    cells[found.lengths == 0] = -1
    gathering = Gathering(centres_um=taken(found.centroids, rows)[:, ::-1] * um_per_px)
    ends = np.append(0, np.cumsum(found.lengths))
    for first in range(0, len(cells), _AT_A_TIME):
        some = slice(first, first + _AT_A_TIME)
        lengths = found.lengths[some]
        corners = found.corners[ends[first] : ends[first + len(lengths)]] + np.repeat(
            found.centroids[some, ::-1], lengths, axis=0
        )
        gathering.add(cells[some], lengths, corners * um_per_px)
    outlines = gathering.finished()
    return outlines, gathering.check(outlines, name)
