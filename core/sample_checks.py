"""What a sample's arrays must be; each that is not is refused with a sentence that names no file."""

from collections.abc import Sized

import numpy as np
from scipy import sparse

from core.errors import DuplicateSpotError, SampleError
from core.text import counted, shown

MAX_COUNT = 2**53
"""Largest count: above it, doubles are no longer whole numbers."""

MAX_PIXEL = 10_000_000
"""Largest pixel position, in either direction."""

MAX_EXTENT_UM = 1e9
"""Positions further from the origin than this, a kilometre, are no micrometres."""

MAX_IMAGE_BYTES = 64 << 20
"""Largest image that a sample carries: it is held in memory and sent to the browser."""


def check_counts(expression: np.ndarray | sparse.csr_array) -> None:
    """Refuse expression that is not made of counts.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)

    Raises
    ------
    SampleError
    """
    if expression.ndim != 2 or 0 in expression.shape:
        raise SampleError(f"`X` has the shape {expression.shape}: it needs one row a spot and one column a gene.")
    values = expression.data if sparse.issparse(expression) else expression
    if values.dtype.kind not in "iuf":
        raise SampleError(f"`X` holds values of type {values.dtype}, where numbers belong.")
    if values.size == 0:
        raise SampleError("`X` holds no count above 0 in any spot: is this the right matrix?")
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise SampleError("`X` holds values that are not finite (NaN or infinity): write 0 where nothing was counted.")
    if high > MAX_COUNT:
        raise SampleError(f"`X` holds values up to {high:g}, where counts belong: the file is damaged.")
    if low < 0:
        raise SampleError(
            f"`X` holds negative values (the lowest is {low:g}): store counts, not scaled or centred values."
        )


def check_barcodes(barcodes: np.ndarray | None) -> None:
    """Refuse barcodes that are given twice or cannot be printed.

    Parameters
    ----------
    barcodes : ndarray of shape (n_spots,), str, optional

    Raises
    ------
    SampleError
    """
    if barcodes is None:
        return
    unique, counts = np.unique(barcodes, return_counts=True)
    if len(unique) < len(barcodes):
        twice = shown(unique[counts.argmax()], 40)
        raise SampleError(f"{counts.max()} spots have the barcode {twice!r}: each spot needs one of its own.")
    bad = next((barcode for barcode in unique.tolist() if not barcode.isprintable()), None)
    if bad is not None:
        raise SampleError(f"The barcode {shown(bad, 40)!r} holds signs that cannot be printed: the file is damaged.")


def check_pixels(coords_px: np.ndarray | None) -> None:
    """Refuse pixel positions that no image has.

    Parameters
    ----------
    coords_px : ndarray of shape (n_spots, 2), optional

    Raises
    ------
    SampleError
    """
    if coords_px is not None and not (np.abs(coords_px) <= MAX_PIXEL).all():
        raise SampleError(
            f"Pixel positions must be numbers of at most {MAX_PIXEL:,}, which is more than any image has."
        )


def check_image(pixels: np.ndarray, scale: float) -> None:
    """Refuse pixels that are no image, or too large a one, and a scale that is none.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    scale : float
        Pixels of the image for one of the full resolution.

    Raises
    ------
    SampleError
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape or pixels.dtype != np.uint8:
        raise SampleError(
            f"`image` has the shape {pixels.shape} and the type {pixels.dtype}: it needs height x width x 3 bytes, red, "
            "green and blue."
        )
    if pixels.nbytes > MAX_IMAGE_BYTES:
        raise SampleError(
            f"`image` takes {pixels.nbytes >> 20} MiB, but at most {MAX_IMAGE_BYTES >> 20} are kept: use the "
            "low-resolution image."
        )
    if not (np.isfinite(scale) and scale > 0):
        raise SampleError(f"The scale of `image` is {scale}: it must be a number above 0.")


def check_positions(lattice: np.ndarray | None, coords_um: np.ndarray | None) -> None:
    """Refuse positions that are missing, given twice over, or none.

    Parameters
    ----------
    lattice : ndarray of shape (n_spots, 2), int, optional
        Array row and column.
    coords_um : ndarray of shape (n_spots, 2), optional
        Vertical and horizontal position.

    Raises
    ------
    SampleError
    DuplicateSpotError
        If two spots share an array position.
    """
    if lattice is not None and coords_um is not None:
        raise SampleError(
            "There are array positions and `coords_um`: a sample lies on the lattice or off it, give one."
        )
    if lattice is not None:
        _check_lattice(lattice)
    elif coords_um is not None:
        _check_coords_um(coords_um)
    else:
        raise SampleError(
            "There are no positions: give `lattice` (array row and column of each spot) or, off the lattice, `coords_um` "
            "(vertical and horizontal position in micrometres)."
        )


def _check_coords_um(coords_um: np.ndarray) -> None:
    if coords_um.ndim != 2 or coords_um.shape[1] != 2:
        raise SampleError(
            f"`coords_um` has the shape {coords_um.shape}: each spot needs a vertical and a horizontal position."
        )
    if coords_um.dtype.kind not in "iuf":
        raise SampleError(f"`coords_um` holds values of type {coords_um.dtype}, where numbers belong.")
    if not np.isfinite(coords_um).all():
        raise SampleError(
            "`coords_um` holds values that are not finite (NaN or infinity): leave out spots without a position."
        )
    furthest = float(np.abs(coords_um.astype(np.float64)).max(initial=0))
    if furthest > MAX_EXTENT_UM:
        raise SampleError(f"`coords_um` reaches to {furthest:.3g}, more than a kilometre: is it in micrometres?")


def _check_lattice(lattice: np.ndarray) -> None:
    if lattice.ndim != 2 or lattice.shape[1] != 2:
        raise SampleError(
            f"The positions have the shape {lattice.shape}: each spot needs an array row and an array column."
        )
    if lattice.dtype.kind not in "iu":
        raise SampleError(
            f"The positions are of type {lattice.dtype}, where whole numbers (array row and column) belong."
        )
    unique, counts = np.unique(lattice, axis=0, return_counts=True)
    if len(unique) < len(lattice):
        row, col = unique[counts.argmax()]
        raise DuplicateSpotError(
            f"{counts.max()} spots share the array position (row {row}, column {col}): each spot needs a position of its own."
        )


def check_length(field: str, array: Sized | None, expected: int, noun: str) -> None:
    """Refuse a field that is of another number of spots or genes.

    Parameters
    ----------
    field : str
        Its name, for the message.
    array : ndarray or another that has a length, optional
    expected : int
    noun : str
        What it has one entry for.

    Raises
    ------
    SampleError
    """
    if array is not None and len(array) != expected:
        raise SampleError(
            f"`{field}` has {counted(len(array), 'entry', 'entries')}, but `X` has {expected} {noun}s: each {noun} needs one."
        )
