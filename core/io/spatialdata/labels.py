"""Masks of a SpatialData store, in which each pixel has the number of its cell: where cells lie by them, without their pictures."""

from collections.abc import Callable, Iterator

import numpy as np

from core.errors import SampleFileError
from core.io.spatialdata.store import Array, Store
from core.io.spatialdata.transformations import Placement, placements
from core.memory import check_fits
from core.text import listed, shown

Unpack = Callable[[str], None]
"""Unpacks an array of an archive, by its key, before it is read."""

_PIXELS = 2048  # of a side of what is read at once, where chunks are smaller
_BYTES_PER_PIXEL = 40  # of a mask in which no two pixels beside each other are alike


def find(store: Store, name: str) -> tuple[str, dict[str, Placement]]:
    """Find the mask of a labels element, from metadata alone.

    Parameters
    ----------
    store : Store
    name : str
        Of the element.

    Returns
    -------
    key : str
        Of the array of its largest level.
    placed : dict of str to Placement
        By coordinate system.

    Raises
    ------
    SampleFileError
        If it is damaged, or has other axes than rows and columns.
    """
    key = f"labels/{name}"
    attributes = store.attributes(key)
    try:
        multiscale = attributes.get("ome", attributes)["multiscales"][0]
        axes = [str(axis["name"]) for axis in multiscale["axes"]]
        level, transformations = str(multiscale["datasets"][0]["path"]), multiscale.get("coordinateTransformations")
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise SampleFileError(f"`{shown(key)}` has damaged metadata: write the store again.") from error
    if axes != ["y", "x"]:
        raise SampleFileError(
            f"`{shown(key)}` is a mask with the axes {listed([shown(axis, 20) for axis in axes])}, and only flat ones, with y and x, are "
            'read: put the centres of its cells into `obsm["spatial"]` of the table (`spatialdata.get_centroids` finds them).'
        )
    return f"{key}/{level}", placements(transformations)


def centroids(store: Store, key: str, numbers: np.ndarray) -> np.ndarray:
    """Find the middle of the pixels of each cell, chunk by chunk.

    Parameters
    ----------
    store : Store
    key : str
        Of the array, from :func:`find`.
    numbers : ndarray of shape (n_cells,), float
        Which cells; 0 is no cell.

    Returns
    -------
    ndarray of shape (n_cells, 2), float64
        x and y in pixels, whose middles lie at 0.5, 1.5 and so on; NaN for a cell without pixels.

    Raises
    ------
    SampleFileError or UnsafeFileError
        If it is damaged, too large, or holds no whole numbers.
    """
    array = store.array(key)
    if array.dtype is None or array.dtype.kind not in "iu" or len(array.shape) != 2:
        raise SampleFileError(f"`{shown(key)}` is no mask of whole numbers in rows and columns: write the store again.")
    wanted, cells = np.unique(numbers, return_inverse=True)
    counts, twice = np.zeros(len(wanted), dtype=np.int64), np.zeros((len(wanted), 2), dtype=np.int64)
    for top, left, block in _blocks(store, array):
        found, row, column, lengths = _runs(block)
        which = np.minimum(np.searchsorted(wanted, found), len(wanted) - 1)
        own = wanted[which] == found
        which, row, column, lengths = which[own], row[own] + top, column[own] + left, lengths[own]
        np.add.at(counts, which, lengths)
        # Whole numbers, so that it makes no difference where chunks end: twice the middle of a run, for each of its pixels.
        np.add.at(twice[:, 0], which, lengths * (2 * column + lengths))
        np.add.at(twice[:, 1], which, lengths * (2 * row + 1))
    with np.errstate(invalid="ignore"):
        middles = twice / (2 * counts[:, None])
    middles[wanted == 0] = np.nan
    return np.asarray(middles[cells])


def _blocks(store: Store, array: Array) -> Iterator[tuple[int, int, np.ndarray]]:
    """Read whole chunks, some at a time, with the row and the column at which they begin."""
    steps = [max(1, _PIXELS // max(1, chunk)) * max(1, chunk) for chunk in array.chunks]
    check_fits(_BYTES_PER_PIXEL * steps[0] * steps[1], f"`{shown(array.key)}`")
    for top in range(0, array.shape[0], steps[0]):
        for left in range(0, array.shape[1], steps[1]):
            yield top, left, store.read(array, (slice(top, top + steps[0]), slice(left, left + steps[1])))


def _runs(block: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """List pixels of one number beside each other: the number, the row, the first column and how many, of all but 0."""
    begins = np.ones(block.shape, dtype=bool)
    np.not_equal(block[:, 1:], block[:, :-1], out=begins[:, 1:])
    first = np.flatnonzero(begins)
    lengths = np.diff(first, append=block.size)
    found = block.reshape(-1)[first].astype(np.int64)
    kept = found != 0
    row, column = np.divmod(first[kept], block.shape[1])
    return found[kept], row, column, lengths[kept]
