"""Tables as CSV, in which no cell is a formula: spreadsheets run cells that begin as formulas do, whoever wrote them.

Text such as `=HYPERLINK(...)` gets an apostrophe before it, by which spreadsheets know text (OWASP, "CSV Injection"), also
behind a semicolon or a tab inside a cell. Numbers stay as they are, also negative ones. `plain` takes apostrophes away again when
a table is read.
"""

import csv
import io
import itertools
import re
from collections.abc import Iterable

_SIGNS = "=+@＝＋－＠-"  # wide ones as East Asian spreadsheets take them; the last is at an end of a set of signs
_BEGINS_A_FORMULA = (*_SIGNS, "\t", "\r", "\n")
_TEXT = "'"
# Needs no apostrophe and no quotes.
_PLAIN_ROW = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. :+-]*(?:,[A-Za-z0-9][A-Za-z0-9_. :+-]*)*")

# Where a comma stands in numbers, spreadsheets begin a cell at each of these, whatever the file's own separator is.
_BEGINS_INSIDE = re.compile(rf"([;\t])(?=[{_SIGNS}])")
_TEXT_INSIDE = re.compile(rf"([;\t]){_TEXT}(?=[{_SIGNS}])")


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
    for row in itertools.chain((head,), rows):
        cells = row if isinstance(row, tuple) else tuple(row)
        line = _plain_line(cells)
        if line is not None:
            text.write(line)
            continue
        cells = tuple(harmless(cell) for cell in cells)
        # Which readers take for the end of a row.
        returns = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoted if returns else as_needed).writerow(cells)
    return text.getvalue()


def _plain_line(cells: tuple[object, ...]) -> str | None:
    """Write a row as it is, where all its cells are text of which nothing has to be looked at closer, as in nearly all of millions."""
    try:
        line = ",".join(cells)  # type: ignore[arg-type]
    except TypeError:  # not only text
        return None
    # A comma inside a cell would be taken for the end of one.
    return line + "\n" if _PLAIN_ROW.fullmatch(line) and line.count(",") == len(cells) - 1 else None


def harmless(cell: object) -> object:
    """Put an apostrophe before text that a spreadsheet would take for a formula; anything else stays as it is.

    Parameters
    ----------
    cell : object

    Returns
    -------
    object
    """
    if not isinstance(cell, str):
        return cell
    inside = _BEGINS_INSIDE.sub(rf"\1{_TEXT}", cell)
    made = _TEXT + inside if cell.startswith(_BEGINS_A_FORMULA) else inside
    return cell if made == cell or _is_number(cell) else made


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
    if _TEXT not in cell:  # as nearly all of the millions that a table may have
        return cell
    without = _TEXT_INSIDE.sub(r"\1", cell)
    return next((text for text in (without.removeprefix(_TEXT), without) if harmless(text) == cell), cell)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
