"""The `spatial/` folder of Space Ranger: where spots lie in the image of the section, and the image.

Knows nothing of counts: :func:`attach` puts what it read onto a sample that is there already.
"""

import csv
import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SampleFileError
from core.sample import MAX_IMAGE_BYTES, Sample, TissueImage
from core.text import shown

POSITIONS = ("tissue_positions.csv", "tissue_positions_list.csv", "tissue_positions.parquet")
"""Names of the table of positions, of newer and of older Space Rangers, and of Visium HD."""

SCALES = "scalefactors_json.json"

IMAGES = (("tissue_lowres_image.png", "tissue_lowres_scalef"), ("tissue_hires_image.png", "tissue_hires_scalef"))
"""Images, the preferred one first, and what their scale is called in `SCALES`."""

MAX_TEXT_BYTES = 64 << 20
"""Largest table of positions: Visium's largest slide has 14,336 rows of about 50 bytes."""

MAX_ROWS = 20_000_000
"""Most rows of a Parquet table of positions: Visium HD's smallest bins are 11 million."""

MAX_PIXELS = MAX_IMAGE_BYTES // 3

MAX_SIDE = 1200
"""Pixels of the longer side of an image that is kept: twice those of the low-resolution one."""

_COLUMNS = ("barcode", "in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres")


@dataclass(frozen=True, kw_only=True, eq=False)
class SpatialFolder:
    """What a `spatial/` folder says of the spots under tissue.

    Parameters
    ----------
    barcodes : ndarray of shape (n_spots,), str
    lattice : ndarray of shape (n_spots, 2), int
        Array row and array column.
    coords_px : ndarray of shape (n_spots, 2), float
        `pxl_row_in_fullres` and `pxl_col_in_fullres`.
    image : TissueImage or None
    bin_size_um : float or None
        Side of the squares of Visium HD; None where spots lie on Visium's lattice.
    """

    barcodes: np.ndarray
    lattice: np.ndarray
    coords_px: np.ndarray
    image: TissueImage | None = None
    bin_size_um: float | None = None


def read_spatial(folder: Path) -> SpatialFolder:
    """Read the positions of spots under tissue, and the image where there is one.

    Parameters
    ----------
    folder : Path
        Holds `tissue_positions.csv` (with a header), `tissue_positions_list.csv` (without) or `tissue_positions.parquet`, and
        `scalefactors_json.json` with `tissue_lowres_image.png` or `tissue_hires_image.png`, which is made smaller.

    Returns
    -------
    SpatialFolder

    Raises
    ------
    SampleFileError
        If positions are missing, or anything is damaged.
    """
    table = next((folder / name for name in POSITIONS if (folder / name).is_file()), None)
    if table is None:
        raise SampleFileError(
            f"{shown(folder, 300)} holds neither {POSITIONS[0]} nor {POSITIONS[1]} nor {POSITIONS[2]}: give the `spatial` "
            "folder that Space Ranger wrote."
        )
    barcodes, numbers = _read_parquet(table) if table.suffix == ".parquet" else _read_positions(table)
    # All slides of one kind share their barcodes and positions: which spots lie under tissue tells sections apart.
    barcodes, numbers = barcodes[numbers[:, 0] == 1], numbers[numbers[:, 0] == 1]
    return SpatialFolder(
        barcodes=barcodes,
        lattice=numbers[:, 1:3].astype(int),
        coords_px=numbers[:, 3:],
        image=_read_image(folder),
        bin_size_um=_read_bin_size(folder),
    )


def attach(sample: Sample, spatial: SpatialFolder) -> Sample:
    """Give a sample its spots' pixel positions and the image.

    Parameters
    ----------
    sample : Sample
        Spots are found by their barcodes, or by array row and column where the sample has no barcodes.
    spatial : SpatialFolder

    Returns
    -------
    Sample
        With `coords_px` and `image` replaced, the rest and the content hash unchanged.

    Raises
    ------
    SampleFileError
        If a spot is not under tissue in the folder (it is then of another section), or the sample has nothing to find
        spots by.
    """
    if sample.barcodes is not None:
        rows = _rows(spatial.barcodes.tolist(), sample.barcodes.tolist(), "barcode")
    elif sample.lattice is None:
        raise SampleFileError(
            "The sample has neither barcodes nor array positions, by which its spots could be found in the folder: add "
            "barcodes (`cell`) to its file."
        )
    else:
        rows = _rows(_pairs(spatial.lattice), _pairs(sample.lattice), "array row and column")
    return dataclasses.replace(sample, coords_px=spatial.coords_px[rows], image=spatial.image)


def _pairs(lattice: np.ndarray) -> list[tuple[int, int]]:
    return [(row, col) for row, col in lattice.tolist()]


def _rows(known: list[Any], asked: list[Any], name: str) -> list[int]:
    index = {spot: row for row, spot in enumerate(known)}
    missing = [spot for spot in asked if spot not in index]
    if missing:
        raise SampleFileError(
            f"{len(missing)} of {len(asked)} spots of the sample are not under tissue in the folder, looked up by {name} (the "
            f"first is {shown(missing[0])}): is the folder of another section?"
        )
    return [index[spot] for spot in asked]


def _read_positions(path: Path) -> tuple[np.ndarray, np.ndarray]:
    rows = _table(path)
    if rows and rows[0][0] == _COLUMNS[0]:
        rows = rows[1:]
    if not rows or any(len(row) != len(_COLUMNS) for row in rows):
        raise SampleFileError(f"{path.name} needs the columns {', '.join(_COLUMNS)}, and one row for each spot.")
    try:
        numbers = np.array([row[1:] for row in rows], dtype=float)
    except ValueError as error:
        raise SampleFileError(
            f"{path.name} holds text where positions belong: copy it again from Space Ranger."
        ) from error
    _check_numbers(path, numbers)
    return np.array([row[0] for row in rows]), numbers


def _table(path: Path) -> list[list[str]]:
    try:
        _check_size(path)
        with path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SampleFileError(f"{path.name} cannot be read as a table: copy it again from Space Ranger.") from error


def _read_parquet(path: Path) -> tuple[np.ndarray, np.ndarray]:
    from pyarrow import ArrowException, parquet  # takes a quarter of a second to import

    try:
        with parquet.ParquetFile(path) as file:
            _check_parquet(path, file)
            table = file.read(columns=list(_COLUMNS), use_pandas_metadata=False).filter(_under_tissue())
    except (ArrowException, OSError) as error:
        raise SampleFileError(f"{path.name} is not a whole Parquet table: copy it again from Space Ranger.") from error
    numbers = np.column_stack([table[name].to_numpy().astype(np.float64) for name in _COLUMNS[1:]])
    _check_numbers(path, numbers)
    return np.array(table[_COLUMNS[0]].to_pylist(), dtype=str), numbers


def _check_numbers(path: Path, numbers: np.ndarray) -> None:
    if not np.isfinite(numbers).all():
        raise SampleFileError(f"{path.name} holds positions that are not finite: copy it again from Space Ranger.")
    cells = numbers[:, 1:3]
    if (cells != np.rint(cells)).any() or (np.abs(cells) > np.iinfo(np.int32).max).any():
        raise SampleFileError(
            f"{path.name} holds array rows or columns that are not whole numbers: copy it again from Space Ranger."
        )


def _under_tissue() -> Any:
    from pyarrow import compute

    return compute.field("in_tissue") == 1


def _check_parquet(path: Path, file: Any) -> None:
    from pyarrow import types

    if file.metadata.num_rows > MAX_ROWS:
        raise SampleFileError(f"{path.name} declares {file.metadata.num_rows:,} rows, more than any slide has spots.")
    kinds = {field.name: field.type for field in file.schema_arrow}
    numbers = all(_is_number(kinds[name]) for name in _COLUMNS[1:] if name in kinds)
    if not (set(_COLUMNS) <= set(kinds) and numbers and types.is_string(kinds[_COLUMNS[0]])):
        raise SampleFileError(f"{path.name} needs the columns {', '.join(_COLUMNS)}: text, then numbers.")


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind))


def _check_size(path: Path) -> None:
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise SampleFileError(f"{path.name} is larger than {MAX_TEXT_BYTES >> 20} MiB, which no table of spots is.")


def _read_image(folder: Path) -> TissueImage | None:
    found = next((pair for pair in IMAGES if (folder / pair[0]).is_file()), None)
    if found is None:
        return None
    name, scale_name = found
    pixels, shrunk = _pixels(folder / name)
    return TissueImage(pixels=pixels, scale=_scale(folder / SCALES, scale_name) * shrunk)


def _read_bin_size(folder: Path) -> float | None:
    path = folder / SCALES
    return _scale(path, "bin_size_um") if path.is_file() and "bin_size_um" in _factors(path) else None


def _factors(path: Path) -> dict[str, Any]:
    try:
        _check_size(path)
        factors = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SampleFileError(f"{path.name} cannot be read: copy it from the same folder as the image.") from error
    return factors if isinstance(factors, dict) else {}


def _scale(path: Path, name: str) -> float:
    scale = _factors(path).get(name)
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not (math.isfinite(scale) and scale > 0):
        raise SampleFileError(f"{path.name} has no number above 0 called `{name}`: copy it again from Space Ranger.")
    return float(scale)


def _pixels(path: Path) -> tuple[np.ndarray, float]:
    """Read an image, no larger than `MAX_SIDE`, and by how much it was made smaller."""
    from PIL import Image

    try:
        # Only PNG: Pillow hands some formats to outside programs. Opening reads the header, not the pixels.
        with Image.open(path, formats=("PNG",)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(path)
            small = image.convert("RGB")
            small.thumbnail((MAX_SIDE, MAX_SIDE))
            return np.array(small), max(small.size) / max(image.size)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path) from error
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow makes of damage
        raise SampleFileError(f"{path.name} is not a whole PNG: copy it again.") from error


def _too_large(path: Path) -> SampleFileError:
    return SampleFileError(
        f"{path.name} has more than {MAX_PIXELS:,} pixels, more than a sample keeps: use the low-resolution image."
    )
