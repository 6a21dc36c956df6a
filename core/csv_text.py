"""Tables as CSV, in which no cell is a formula: spreadsheets run cells that begin as formulas do, whoever wrote them.

Text such as `=HYPERLINK(...)` gets an apostrophe before it, by which spreadsheets know text (OWASP, "CSV Injection"). Numbers
stay as they are, also negative ones. `plain` takes the apostrophe away when a table is read again.
"""

import csv
import io
from collections.abc import Iterable

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_TEXT = "'"


def csv_text(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    r"""Write a table as CSV.

    Parameters
    ----------
    head : iterable of object
        Names of the columns.
    rows : iterable of iterable of object
        Text, numbers, or None for an empty cell.

    Returns
    -------
    str

    Examples
    --------
    >>> csv_text(["spot", "region"], [("AAAC-1", "=1+1"), ("AAAG-1", -1)])
    "spot,region\nAAAC-1,'=1+1\nAAAG-1,-1\n"
    """
    text = io.StringIO()
    as_needed = csv.writer(text, lineterminator="\n")
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in (head, *rows):
        cells = [harmless(cell) for cell in row]
        # Which readers take for the end of a row.
        returns = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoted if returns else as_needed).writerow(cells)
    return text.getvalue()


def harmless(cell: object) -> object:
    """Put an apostrophe before text that a spreadsheet would take for a formula; anything else stays as it is.

    Parameters
    ----------
    cell : object

    Returns
    -------
    object
    """
    if not isinstance(cell, str) or not cell.startswith(_BEGINS_A_FORMULA) or _is_number(cell):
        return cell
    return _TEXT + cell


def plain(cell: str) -> str:
    """Take back what :func:`harmless` does.

    Parameters
    ----------
    cell : str
        As it was read.

    Returns
    -------
    str
    """
    return cell[1:] if cell.startswith(_TEXT) and harmless(cell[1:]) == cell else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
