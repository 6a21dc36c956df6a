"""Selections that were drawn in Xenium Explorer and saved as CSV, in the words of GeoJSON."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from core.csv_text import plain
from core.errors import AnnotationError
from core.io.label_tables import without_selection
from core.text import shown

_MARK = b"#selection name"
_SELECTION = "selection"
_AGAIN = "save the selection from Xenium Explorer again"
_OF_CELLS = {"cell id", "cell_id", "barcode"}


def is_selection(beginning: bytes) -> bool:
    """Whether a file begins as the corners of selections do.

    Parameters
    ----------
    beginning : bytes
        The first kilobyte, or more.

    Returns
    -------
    bool
        Not for a list of the cells of a selection, which begins alike: that is a table of labels.
    """
    text = beginning.removeprefix(b"\xef\xbb\xbf").lower()
    if not text.startswith((_MARK, b"selection,", b'"selection",')):
        return False
    try:
        titles = _titles(next(_rows(text.decode("utf-8", "replace")), []))
    except csv.Error:
        return False
    return {"x", "y"} <= set(titles) and not _OF_CELLS & set(titles)


def selections(text: str, name: str, most: int) -> dict[str, Any]:
    """Read the corners of selections.

    Parameters
    ----------
    text : str
        Lines that begin with # and name the selection; a header with X and Y, and with Selection where the file has several; a
        row for each corner, in micrometres.
    name : str
        Of the file, for messages.
    most : int
        Selections, at most.

    Returns
    -------
    dict
        A FeatureCollection of polygons, whose `unit` is um.

    Raises
    ------
    AnnotationError
        If a corner is not two numbers, or there is none, or there are too many selections.
    """
    try:
        rings = _rings(text, name, most)
    except csv.Error as error:
        raise AnnotationError(f"{name} cannot be read as a table ({error}): {_AGAIN}.") from error
    if not rings:
        raise AnnotationError(f"{name} has no corner of a selection below its titles: {_AGAIN}.")
    features = [{"type": "Feature", "properties": {"name": one}, "geometry": ring} for one, ring in rings.items()]
    return {"type": "FeatureCollection", "unit": "um", "features": features}


def _rings(text: str, name: str, most: int) -> dict[str, dict[str, Any]]:
    table, named = without_selection(text)
    rows = _rows(table)
    titles = _titles(next(rows))
    x, y, of = titles.index("x"), titles.index("y"), titles.index(_SELECTION) if _SELECTION in titles else None
    found: dict[str, list[list[float]]] = {}
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        corner = _corner(row, x, y, len(titles), name)
        found.setdefault(plain(row[of]) if of is not None else named, []).append(corner)
        if len(found) > most:
            raise AnnotationError(f"{name} has more than {most:,} selections: keep those that are meant.")
    return {one: {"type": "Polygon", "coordinates": [[*ring, ring[0]]]} for one, ring in found.items()}


def _rows(text: str) -> Iterator[list[str]]:
    lines = io.StringIO(text, newline=None)
    return csv.reader(line for line in lines if not line.startswith("#") and line.strip())


def _titles(row: list[str]) -> list[str]:
    return [title.strip().lower() for title in row]


def _corner(row: list[str], x: int, y: int, n_titles: int, name: str) -> list[float]:
    try:
        if len(row) == n_titles:
            return [float(row[x]), float(row[y])]
    except ValueError:
        pass
    raise AnnotationError(f"{name} has {shown(','.join(row), 60)} where x and y of a corner should be: {_AGAIN}.")
