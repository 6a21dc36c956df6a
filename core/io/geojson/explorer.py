"""Selections that were drawn in Xenium Explorer and saved as CSV, in the words of GeoJSON."""

import csv
import io
import re
from typing import Any

from core.csv_text import plain
from core.errors import AnnotationError
from core.text import shown

_NAMED = re.compile(r"#\s*Selection name:\s*(.*)", re.IGNORECASE)
_MARK = b"#selection name"
_SELECTION = "selection"


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
    header = next((line for line in text.decode("utf-8", "replace").splitlines() if not line.startswith("#")), "")
    return {"x", "y"} <= set(_titles(header.split(",")))


def selections(text: str, name: str) -> dict[str, Any]:
    """Read the corners of selections.

    Parameters
    ----------
    text : str
        Lines that begin with # and name the selection; a header with X and Y, and with Selection where the file has several; a
        row for each corner, in micrometres.
    name : str
        Of the file, for messages.

    Returns
    -------
    dict
        A FeatureCollection of polygons, whose `unit` is um.

    Raises
    ------
    AnnotationError
        If a corner is not two numbers.
    """
    lines = text.splitlines()
    head = [line for line in lines if line.startswith("#")]
    named = next((match[1].strip() for match in map(_NAMED.match, head) if match), "")
    rows = csv.reader(io.StringIO("\n".join(line for line in lines if line and not line.startswith("#")), newline=""))
    titles = _titles(next(rows))
    x, y = titles.index("x"), titles.index("y")
    rings: dict[str, list[list[float]]] = {}
    for row in rows:
        of = plain(row[titles.index(_SELECTION)]) if _SELECTION in titles and len(row) == len(titles) else named
        rings.setdefault(of, []).append(_corner(row, x, y, name))
    return {
        "type": "FeatureCollection",
        "unit": "um",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": one},
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
            }
            for one, ring in rings.items()
        ],
    }


def _titles(row: list[str]) -> list[str]:
    return [title.strip().strip('"').lower() for title in row]


def _corner(row: list[str], x: int, y: int, name: str) -> list[float]:
    try:
        return [float(row[x]), float(row[y])]
    except (ValueError, IndexError) as error:
        raise AnnotationError(
            f"{name} has {shown(','.join(row), 60)} where x and y of a corner should be: save the selection from Xenium Explorer again."
        ) from error
