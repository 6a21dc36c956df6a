"""The `spatial/` folder of Space Ranger: where spots lie in the image of the section, and the image.

Knows nothing of counts: :func:`attach` puts what it read onto a sample that is there already.
"""

import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SampleError, SampleFileError, UnsafeFileError
from core.io.visium.positions import MAX_TEXT_BYTES, read_positions
from core.sample import Sample, TissueImage
from core.sample_checks import MAX_IMAGE_BYTES
from core.text import shown

POSITIONS = ("tissue_positions.csv", "tissue_positions_list.csv", "tissue_positions.parquet")
"""Names of the table of positions, of newer and of older Space Rangers, and of Visium HD."""

SCALES = "scalefactors_json.json"
_LEAST_SCALE, _MOST_SCALE = 1e-6, 1e6  # of an image, or um of a bin

IMAGES = (("tissue_lowres_image.png", "tissue_lowres_scalef"), ("tissue_hires_image.png", "tissue_hires_scalef"))
"""Images, the preferred one first, and what their scale is called in `SCALES`."""

MAX_PIXELS = MAX_IMAGE_BYTES // 3

MAX_DECLARED_PIXELS = 1 << 30
"""Pixels that no picture of a section has: a file that declares more is made to fill the memory."""

MAX_SIDE = 1200
"""Pixels of the longer side of an image that is kept: twice those of the low-resolution one."""

_PICTURE = re.compile(r"(tissue|aligned|detected|cytassist).*\.(jpe?g|tiff?|jp2|btf)")
_BIN = re.compile(r"s_(\d{3})um_")


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
    tissue_known : bool
        Whether the table says which spots lie under tissue; if not, all of them are here.
    notices : sequence of str
        What was put right in the table, each a sentence.
    image_problem : str
        Why there is no image, as a sentence; empty where there is one, or none was given.
    """

    barcodes: np.ndarray
    lattice: np.ndarray
    coords_px: np.ndarray
    image: TissueImage | None = None
    bin_size_um: float | None = None
    tissue_known: bool = True
    notices: Sequence[str] = ()
    image_problem: str = ""


def read_spatial(folder: Path, *, needs_image: bool = True) -> SpatialFolder:
    """Read the positions of spots under tissue, and the image where there is one.

    Parameters
    ----------
    folder : Path
        Holds `tissue_positions.csv` (with a header), `tissue_positions_list.csv` (without) or `tissue_positions.parquet`, and
        `scalefactors_json.json` with `tissue_lowres_image.png` or `tissue_hires_image.png`, which is made smaller.
    needs_image : bool
        Whether an image that cannot be read is an error; if not, it is left out with its `image_problem`.

    Returns
    -------
    SpatialFolder

    Raises
    ------
    SampleFileError
        If positions are missing, or anything is damaged.
    UnsafeFileError
        If an image declares an absurd size.
    """
    table = next((folder / name for name in POSITIONS if (folder / name).is_file()), None)
    if table is None:
        raise SampleFileError(
            f"{shown(folder, 300)} holds neither {POSITIONS[0]} nor {POSITIONS[1]} nor {POSITIONS[2]}: give the `spatial` "
            "folder that Space Ranger wrote."
        )
    found = read_positions(table)
    # All slides of one kind share their barcodes and positions: which spots lie under tissue tells sections apart.
    is_known = found.in_tissue is not None and bool(found.in_tissue.any())
    kept = found.in_tissue if found.in_tissue is not None and is_known else np.ones(len(found.barcodes), dtype=bool)
    image, problem = _image(folder, needs_image)
    return SpatialFolder(
        barcodes=found.barcodes[kept],
        lattice=found.lattice[kept].astype(int),
        coords_px=found.coords_px[kept],
        image=image,
        bin_size_um=_read_bin_size(folder, needs_image) or _named_bin_size(found.barcodes),
        tissue_known=is_known,
        notices=found.notices,
        image_problem=problem,
    )


def _image(folder: Path, is_needed: bool) -> tuple[TissueImage | None, str]:
    """Read the first image that can be read, or say why there is none."""
    there = [pair for pair in IMAGES if (folder / pair[0]).is_file()]
    problems = [] if there else [_other_kind(folder)]
    for name, scale_name in there:
        try:
            pixels, shrunk = _pixels(folder / name)
            return TissueImage(pixels=pixels, scale=_scale(folder / SCALES, scale_name) * shrunk), ""
        except UnsafeFileError:
            raise
        except SampleError as error:
            if is_needed:
                raise
            problems.append(str(error))
    return None, problems[0]


def _other_kind(folder: Path) -> str:
    """Name a picture of the tissue that is no PNG."""
    found = sorted(item.name for item in folder.iterdir() if _PICTURE.fullmatch(item.name.lower()))
    return (
        f"{shown(found[0])} is no PNG, the only kind that is read: save it as tissue_lowres_image.png." if found else ""
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


def _check_size(path: Path) -> None:
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise SampleFileError(f"{path.name} is larger than {MAX_TEXT_BYTES >> 20} MiB, which no table of spots is.")


def _read_bin_size(folder: Path, is_needed: bool) -> float | None:
    path = folder / SCALES
    try:
        return _scale(path, "bin_size_um") if path.is_file() and "bin_size_um" in _factors(path) else None
    except SampleFileError:
        if is_needed:
            raise
        return None  # the image, which needs the same file, says what is wrong with it


def _named_bin_size(barcodes: np.ndarray) -> float | None:
    """Read the size of bins from their names, such as `s_008um_00078_00444-1`."""
    found = _BIN.match(barcodes[0]) if len(barcodes) else None
    return float(found[1]) if found else None


def _factors(path: Path) -> dict[str, Any]:
    try:
        _check_size(path)
        factors = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise SampleFileError(f"{path.name} cannot be read: copy it from the same folder as the image.") from error
    return factors if isinstance(factors, dict) else {}


def _scale(path: Path, name: str) -> float:
    scale = _factors(path).get(name)
    # By comparison alone: whole numbers of JSON have any number of digits, and not all are floats.
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not _LEAST_SCALE <= scale <= _MOST_SCALE:
        raise SampleFileError(f"{path.name} has no number above 0 called `{name}`: copy it again from Space Ranger.")
    return float(scale)


def _pixels(path: Path) -> tuple[np.ndarray, float]:
    """Read an image, no larger than `MAX_SIDE`, and by how much it was made smaller."""
    from PIL import Image

    if _declared_pixels(path) > MAX_DECLARED_PIXELS:
        raise UnsafeFileError(str(_too_large(path)))
    try:
        # Only PNG: Pillow hands some formats to outside programs. Opening reads the header, not the pixels.
        with Image.open(path, formats=("PNG",)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(path)
            small = image.convert("RGB")
            small.thumbnail((MAX_SIDE, MAX_SIDE))
            return np.array(small), max(small.size) / max(image.size)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnsafeFileError(str(_too_large(path))) from error
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow makes of damage
        is_jpeg = _begins_as_jpeg(path)
        found = "is a JPEG under the name of a PNG: save it as PNG" if is_jpeg else "is not a whole PNG: copy it again"
        raise SampleFileError(f"{path.name} {found}.") from error


def _declared_pixels(path: Path) -> int:
    """Read what the header of a PNG declares; 0 where there is none."""
    with path.open("rb") as file:
        start = file.read(24)
    if start[12:16] != b"IHDR":
        return 0
    return int.from_bytes(start[16:20]) * int.from_bytes(start[20:24])


def _begins_as_jpeg(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\xff\xd8"


def _too_large(path: Path) -> SampleFileError:
    return SampleFileError(
        f"{path.name} has more than {MAX_PIXELS:,} pixels, more than a sample keeps: use the low-resolution image."
    )
