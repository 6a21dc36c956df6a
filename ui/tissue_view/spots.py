"""What never changes while a sample is shown: position, name and stain of its spots, as one block that the browser fetches once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.coordinates import COL_PITCH_UM, Coordinates
from core.errors import FigureError
from ui.tissue_view import media
from ui.tissue_view.packing import Packing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spots:
    """Spots as the browser fetches them; make them once for each sample with `pack`.

    Parameters
    ----------
    count : int
    digest : str
        Digest of all that is packed, which differs for other positions, names or colours.
    packed : bytes
    """

    count: int
    digest: str
    packed: bytes

    @property
    def nbytes(self) -> int:
        """Memory of the block, in bytes."""
        return len(self.packed)

    def url(self) -> str:
        """Serve the block; asked for in each run of a script, because the store forgets what a run did not ask for."""
        return media.address(self.packed, "application/octet-stream", f"spots {self.digest}")


def pack(coordinates: Coordinates, names: Sequence[str] | None, stain: np.ndarray | None = None) -> Spots:
    """Pack spots for the browser.

    Parameters
    ----------
    coordinates : Coordinates
        Coordinates of the spots, which are drawn as hexagons on the lattice and as dots off it.
    names : sequence of str, or None
        Barcodes, or other names; without any the browser numbers the spots.
    stain : ndarray of shape (n_spots, 3), uint8, optional
        Colour of the stained tissue under each spot, which a slider in the browser blends in.

    Returns
    -------
    Spots

    Raises
    ------
    FigureError
        If names or stain do not fit the spots.
    """
    _check(len(coordinates), names, stain)
    packing = Packing()
    header = {
        "centres_um": packing.add(coordinates.tissue_um, np.float32),
        "names": packing.add(_lines(names), np.uint8),
        "width_um": _width_um(coordinates),
        "unit": coordinates.length_unit,
        "array_um": coordinates.unit_um if coordinates.on_lattice else None,
        "stain": packing.add(stain, np.uint8),
    }
    digest = hashlib.blake2b(packing.finish(header), digest_size=16).hexdigest()
    # The digest comes first: of blocks above 1 MiB, Streamlit's store tells apart only those that differ in length, in the
    # first, the middle or the last 64 KiB.
    return Spots(count=len(coordinates), digest=digest, packed=packing.finish({"digest": digest, **header}))


def _lines(names: Sequence[str] | None) -> np.ndarray | None:
    """Write names as lines of text, which the browser cuts when it shows one."""
    if names is None:
        return None
    text = "\n".join(str(name).replace("\n", " ") for name in names)
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _width_um(coordinates: Coordinates) -> float:
    return 2 * COL_PITCH_UM if coordinates.on_lattice else float(coordinates.spot_um2) ** 0.5


def extent_um(coordinates: Coordinates) -> tuple[np.ndarray, np.ndarray]:
    """Find the corners (x, y) of the whole tissue as the browser does: hexagons stand on a corner, dots are round."""
    width, at = _width_um(coordinates), coordinates.tissue_um
    half = width * np.array([1 / 2, 1 / 3**0.5 if coordinates.on_lattice else 1 / 2])
    return at.min(axis=0) - half, at.max(axis=0) + half


def _check(n_spots: int, names: Sequence[str] | None, stain: np.ndarray | None) -> None:
    if names is not None and len(names) != n_spots:
        raise FigureError(f"There are {len(names)} names of spots, but {n_spots} spots: each spot needs one.")
    if stain is not None and stain.shape != (n_spots, 3):
        raise FigureError(
            f"The stain has shape {stain.shape}, but there are {n_spots} spots: each spot needs red, green and blue."
        )
