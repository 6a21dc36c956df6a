"""Tables of labels as text and as rows, whatever program wrote them."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from core.csv_text import plain
from core.errors import SampleFileError
from core.io import archives
from core.text import decoded, file_name

MAX_TABLE_BYTES = 64 << 20

# The first line that Excel wants of tables of another country.
_SEPARATOR = re.compile(r'"?sep=(\\t|.)"?', re.IGNORECASE)


_SELECTION = re.compile(r"#\s*Selection name:(.*)\n(?:#.*\n)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table that have as many cells as its first, and how many have not."""

    rows: list[list[str]]
    n_uneven: int


def without_selection(text: str) -> tuple[str, str]:
    r"""Take off the lines that Xenium Explorer writes above what it saves of a selection.

    Parameters
    ----------
    text : str

    Returns
    -------
    table : str
        All of the text where it has no such lines.
    name : str
        Of the selection, which no column of the table says; empty where it is not named.

    Examples
    --------
    >>> without_selection("#Selection name: Rim\n#Area: 5\nCell ID\na-1\n")
    ('Cell ID\na-1\n', 'Rim')
    """
    head = _SELECTION.match(text)
    return (text[head.end() :], head[1].strip()) if head else (text, "")


def read_rows(path: Path) -> Rows:
    """Read all rows of the width of the first, which may be a header.

    Parameters
    ----------
    path : Path
        Comma-, semicolon- or tab-separated; gzip is unpacked.

    Returns
    -------
    Rows

    Raises
    ------
    SampleFileError
        If it is no table of two columns or more.
    """
    name = file_name(path)
    text = _text(path)
    text, selection = without_selection(text)
    first, _, rest = text.partition("\n")
    told = _SEPARATOR.fullmatch(first.strip())
    if told is not None:
        text = rest
    separator = max(",;\t", key=first.count) if told is None else told[1].replace("\\t", "\t")
    try:
        rows = [[*map(plain, row)] for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    except csv.Error as error:
        raise SampleFileError(f"{name} cannot be read as a table ({error}): save it as CSV.") from error
    if selection:
        rows = [[selection if number else "Selection", *row] for number, row in enumerate(rows)]
    if len(rows) < 2 or len(rows[0]) < 2:
        raise SampleFileError(f"{name} is no table of barcodes and labels: it needs two columns with a header.")
    if len(rows[1]) == len(rows[0]) + 1:
        rows[0] = ["", *rows[0]]  # R writes no title above the names of rows
    even = [row for row in rows if len(row) == len(rows[0])]
    return Rows(even, len(rows) - len(even))


def _text(path: Path) -> str:
    with archives.unzipped(path) as file:
        content = file.read(MAX_TABLE_BYTES + 1)
    if len(content) > MAX_TABLE_BYTES:
        raise SampleFileError(
            f"{file_name(path)} is larger than {MAX_TABLE_BYTES >> 20} MiB, which no table of labels is."
        )
    if content.startswith(b"PK"):
        raise SampleFileError(f"{file_name(path)} is an Excel workbook or a zip: save the table as CSV.")
    return decoded(content)
