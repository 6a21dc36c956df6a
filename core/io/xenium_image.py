"""A thumbnail of Xenium's morphology image, which takes gigabytes: one of its smaller levels.

Version 1 writes `morphology_focus.ome.tif` and `morphology_mip.ome.tif`, later ones a folder `morphology_focus` with a file for
each stain, of which the first is DAPI. The pixel at the top left begins where x and y are 0, and `experiment.xenium` says how
many micrometres it has.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import SampleError, SampleFileError
from core.io import thumbnails, tiff
from core.io.incoming import Check
from core.sample import TissueImage
from core.text import file_name, shown

IMAGE, EXPERIMENT = "image", "experiment"
"""Roles of the files."""

_FOLDER, _FILES = "morphology_focus", ("morphology_focus.ome.tif", "morphology_mip.ome.tif")
_MANIFEST = "experiment.xenium"
_MAX_MANIFEST_BYTES = 1 << 20
_LEAST_UM, _MOST_UM = 0.01, 10.0  # of a pixel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MorphologyImage:
    """A thumbnail, and how large pixels of the full resolution are.

    Parameters
    ----------
    thumbnail : TissueImage
    um_per_px : float
    """

    thumbnail: TissueImage
    um_per_px: float


def find(
    there: Mapping[PurePosixPath, Sequence[PurePosixPath]], folder: PurePosixPath, prefix: str
) -> dict[str, PurePosixPath]:
    """Find the image of a sample, and what says how large its pixels are.

    Parameters
    ----------
    there : mapping of PurePosixPath to sequence of PurePosixPath
        Files by the folder that they lie in.
    folder : PurePosixPath
        In which the sample's matrix lies.
    prefix : str
        Of its files.

    Returns
    -------
    dict of str to PurePosixPath
        By role; empty where there is no image.
    """
    of_stains = sorted(name for name in there.get(folder / f"{prefix}{_FOLDER}", ()) if _is_image(name))
    around = {name.name: name for name in there.get(folder, ())}
    alone = [around[name] for file in _FILES if (name := f"{prefix}{file}") in around]
    image = next(iter([*of_stains, *alone]), None)
    if image is None:
        return {}
    manifest = around.get(f"{prefix}{_MANIFEST}")
    return {IMAGE: image} | ({} if manifest is None else {EXPERIMENT: manifest})


def _is_image(name: PurePosixPath) -> bool:
    return name.name.lower().endswith((".ome.tif", ".ome.tiff"))


def read(folder: Path, roles: Mapping[str, PurePosixPath]) -> tuple[MorphologyImage | None, Check]:
    """Read a thumbnail; what is wrong with it never keeps the counts out.

    Parameters
    ----------
    folder : Path
    roles : mapping of str to PurePosixPath
        As :func:`find` gives them, relative to it.

    Returns
    -------
    MorphologyImage or None
        None where there is none that can be read.
    Check
        What is to be said of it.
    """
    if IMAGE not in roles:
        return None, Check(what="Image", found="None, which is fine.")
    path = folder / roles[IMAGE]
    try:
        um_per_px = _um_per_px(folder / roles[EXPERIMENT] if EXPERIMENT in roles else None)
        if not path.is_file():
            raise SampleFileError(
                f"{file_name(path)} is too large to be unpacked for a thumbnail: unpack the archive, and give the folder."
            )
        pixels, scale = tiff.read_level(path, thumbnails.FITTING_SIDE)
        thumbnail = thumbnails.made(pixels, scale)
    except SampleError as error:
        return None, Check(what="Image", found=str(error), status="notice", advice="It is left out.")
    height, width = thumbnail.pixels.shape[:2]
    found = f"{shown(roles[IMAGE].name)}, {width} x {height} pixels of {um_per_px / thumbnail.scale:.3g} µm."
    return MorphologyImage(thumbnail=thumbnail, um_per_px=um_per_px), Check(what="Image", found=found)


def _um_per_px(manifest: Path | None) -> float:
    advice = f"copy {_MANIFEST} from the same output, which says how large the pixels of its images are."
    if manifest is None or not manifest.is_file():
        raise SampleFileError(f"There is no {_MANIFEST}: {advice}")
    try:
        if manifest.stat().st_size > _MAX_MANIFEST_BYTES:
            raise ValueError("too large")
        found = json.loads(manifest.read_text(encoding="utf-8-sig"))
        size = found["pixel_size"]
        if isinstance(size, bool) or not isinstance(size, int | float) or not _LEAST_UM <= size <= _MOST_UM:
            raise ValueError("no size")
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise SampleFileError(f"{manifest.name} has no `pixel_size` in micrometres: {advice}") from error
    return float(size)
