"""Images of a SpatialData store: the level of a pyramid that makes a thumbnail, and where it lies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import SampleError, SampleFileError
from core.io import thumbnails
from core.io.spatialdata.store import Array, Store
from core.io.spatialdata.transformations import Placement, placements
from core.memory import check_fits
from core.sample import TissueImage
from core.text import shown

MAX_LEVEL_BYTES = 512 << 20
"""Largest level that is read."""

_MAX_LEVELS = 32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """One level of an image.

    Parameters
    ----------
    key : str
        Of its array.
    element : str
    channel, row, column : int
        Which axis is which; `channel` is -1 where there is none.
    scale : float
        Its pixels per pixel of the largest level.
    placement : Placement
        Of the largest level.
    """

    key: str
    element: str
    channel: int
    row: int
    column: int
    scale: float
    placement: Placement


def find(store: Store, system: str) -> Level | None:
    """Find the image that shows the tissue, from metadata alone.

    Parameters
    ----------
    store : Store
    system : str
        Coordinate system in which the cells lie.

    Returns
    -------
    Level or None
        Of three channels if there is such an image, else of any.
    """
    found = [level for name in store.children("images") if (level := _level(store, f"images/{name}", system))]
    in_colour = [level for level in found if _n_channels(store, level) == 3]
    return next(iter([*in_colour, *found]), None)


def read(store: Store, level: Level) -> TissueImage:
    """Read a level as a thumbnail.

    Parameters
    ----------
    store : Store
    level : Level

    Returns
    -------
    TissueImage

    Raises
    ------
    SampleFileError or UnsafeFileError
        If it is damaged or too large.
    """
    array = store.array(level.key)
    if array.dtype is None or array.nbytes > MAX_LEVEL_BYTES:
        raise SampleFileError(
            f"`{shown(level.key)}` takes more than {MAX_LEVEL_BYTES >> 20} MiB, and there is no smaller level."
        )
    check_fits(4 * array.nbytes, f"`{shown(level.key)}`")
    return thumbnails.made(np.moveaxis(store.read(array), *_order(level)), level.scale)


def _order(level: Level) -> tuple[list[int], list[int]]:
    axes = [level.row, level.column] + [level.channel] * (level.channel >= 0)
    return axes, list(range(len(axes)))


def _level(store: Store, element: str, system: str) -> Level | None:
    try:
        attributes = store.attributes(element)
        multiscale = attributes.get("ome", attributes)["multiscales"][0]
        placed = placements(multiscale.get("coordinateTransformations"))
        axes = [str(axis["name"]) for axis in multiscale["axes"]]
        levels = multiscale["datasets"][:_MAX_LEVELS]
        sizes = [(str(level["path"]), store.declared(f"{element}/{level['path']}")) for level in levels]
    except (SampleError, KeyError, TypeError, IndexError, AttributeError):
        return None
    if system not in placed or not {"x", "y"} <= set(axes) or not sizes:
        return None
    if any(len(array.shape) != len(axes) or 0 in array.shape for _, array in sizes):
        return None
    column = axes.index("x")
    path, chosen = _fitting(sizes, column, axes.index("y"))
    return Level(
        key=f"{element}/{path}",
        element=element,
        channel=axes.index("c") if "c" in axes else -1,
        row=axes.index("y"),
        column=column,
        scale=chosen.shape[column] / sizes[0][1].shape[column],
        placement=placed[system],
    )


def _fitting(sizes: Sequence[tuple[str, Array]], column: int, row: int) -> tuple[str, Array]:
    """Choose the largest level that is not much larger than what is kept, or else the smallest."""
    fitting = [level for level in sizes if max(level[1].shape[column], level[1].shape[row]) <= thumbnails.FITTING_SIDE]
    return fitting[0] if fitting else sizes[-1]


def _n_channels(store: Store, level: Level) -> int:
    return 0 if level.channel < 0 else store.declared(level.key).shape[level.channel]
