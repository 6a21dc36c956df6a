"""Which columns of a table hold coordinates, and in which unit, by their titles in the spellings of many programs."""

import re

import numpy as np

from core.io import placing
from core.io.h5ad.positions import ARRAY_COLUMNS, COORD_COLUMNS, off_lattice_because
from core.io.tabular.columns import Columns

X_Y = (("xcoord", "ycoord"), ("x_global_px", "y_global_px"), ("x_pos", "y_pos"), ("pos_x", "pos_y"), ("x_um", "y_um"),
        ("x_micron", "y_micron"), ("x_mm", "y_mm"), ("imagecol", "imagerow"), *COORD_COLUMNS)  # fmt: skip
"""Titles of the horizontal and the vertical coordinate, in lower case."""

_UNIT = re.compile(
    r"[\s_.(\[]+(?P<unit>[uµμ]m|microns?|micromet(?:er|re)s?|mm|nm|px|pixels?)[\s.)\]]*$"  # R writes a dot for each sign
)
_UM = {"mm": 1000.0, "nm": 0.001, "px": None, "pixel": None, "pixels": None}


def axes_of(table: Columns) -> tuple[str, str] | None:
    """Find the columns of coordinates.

    Parameters
    ----------
    table : Columns

    Returns
    -------
    (str, str) or None
        Titles of x and y: of those that are spelled as here first, then of those that have a unit behind, such as
        `Centroid X µm`.
    """
    by_title = {title.lower(): title for title in reversed(table.names)}
    by_words = {_words(title): title for title in reversed(table.names) if _UNIT.search(title.lower())}
    for known in (by_title, by_words):
        for x, y in X_Y:
            if x in known and y in known:
                return known[x], known[y]
    return None


def _words(title: str) -> str:
    return re.sub(r"[\s.]+", "_", _UNIT.sub("", title.lower()).strip())


def um_per_unit(title: str) -> float | None:
    """Find the unit that a title says.

    Parameters
    ----------
    title : str

    Returns
    -------
    float or None
        Micrometres; None where it says none, or pixels.

    Examples
    --------
    >>> um_per_unit("x_mm"), um_per_unit("Centroid X µm"), um_per_unit("x (px)")
    (1000.0, 1.0, None)
    """
    found = _UNIT.search(title.lower())
    return None if found is None else _UM.get(found["unit"], 1.0)


def lattice_of(table: Columns, coords: np.ndarray) -> np.ndarray | None:
    """Read array positions, where a table has those of Visium's lattice and coordinates do not contradict them.

    Parameters
    ----------
    table : Columns
    coords : ndarray of shape (n_rows, 2), float64
        Vertical, then horizontal.

    Returns
    -------
    ndarray of shape (n_rows, 2), int64, or None
        Array row and column.
    """
    numeric = set(table.numeric())
    for row, column in ((table.find(row), table.find(column)) for row, column in ARRAY_COLUMNS):
        if row in numeric and column in numeric and row is not None and column is not None:
            array = table.numbers([row, column])
            fits = not off_lattice_because(array) and placing.compare(array, coords) == "alike"
            return array.astype(np.int64) if fits else None
    return None
