"""Annotations in tables: which label each barcode has.

Columns are found by what they hold, not by how they are called: the barcodes are those that the sample knows.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import SampleFileError
from core.io import archives
from core.io.safe_h5 import shown
from core.layer_names import canonical
from core.sample import UNANNOTATED

MAX_TABLE_BYTES = 64 << 20

MAX_CLASSES = 100
"""A column with more different values is no annotation."""

_LIKELY = ("layer", "annotation", "label", "region", "domain", "ground", "truth", "patholog", "cluster", "type")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Annotations:
    """The columns of a table, brought into the order of a sample's spots.

    Parameters
    ----------
    file_name : str
    columns : mapping of str to ndarray of shape (n_spots,), str
        Labels; `UNANNOTATED` for spots that the table leaves out.
    n_matched : int
        Spots that the table names.
    n_unknown : int
        Rows of the table whose barcode is not the sample's.
    """

    file_name: str
    columns: Mapping[str, np.ndarray]
    n_matched: int
    n_unknown: int

    @property
    def n_classes(self) -> dict[str, int]:
        """Classes in each column, unannotated not counted."""
        return {name: len(set(labels.tolist()) - {UNANNOTATED}) for name, labels in self.columns.items()}

    @property
    def suggested(self) -> str | None:
        """The column most likely meant."""
        likely = [name for word in _LIKELY for name in self.columns if word in name.lower()]
        return next(iter([*likely, *self.columns]), None)

    def labels(self, column: str | None) -> np.ndarray:
        """Labels of one column.

        Parameters
        ----------
        column : str, optional
            The suggested one by default.

        Returns
        -------
        ndarray of shape (n_spots,), str

        Raises
        ------
        SampleFileError
            If there is no such column.
        """
        chosen = self.suggested if column is None else column
        if chosen is None or chosen not in self.columns:
            known = ", ".join(shown(name, 40) for name in self.columns) or "none"
            raise SampleFileError(f"{self.file_name} has no column of labels {shown(chosen)!r}; it has {known}.")
        return self.columns[chosen]


def read_annotations(path: Path, barcodes: np.ndarray) -> Annotations:
    """Read a table of labels and find the sample's spots in it.

    Parameters
    ----------
    path : Path
        Comma-, semicolon- or tab-separated, with a header; gzip is unpacked.
    barcodes : ndarray of shape (n_spots,), str
        Of the sample. A suffix such as `-1` may be missing on either side.

    Returns
    -------
    Annotations

    Raises
    ------
    SampleFileError
        If the file is no table, or no column names spots of the sample.
    """
    header, rows = _table(path)
    places, which = _barcode_column(rows, barcodes)
    name = shown(path.name)
    if which is None:
        raise SampleFileError(
            f"{name} names none of the sample's spots in any column: give a table with their barcodes, such as "
            f"{shown(barcodes[0])}, and a label for each."
        )
    matched = places >= 0
    columns = {
        title: _aligned(rows, number, places, len(barcodes)) for number, title in enumerate(header) if number != which
    }
    return Annotations(
        file_name=name,
        columns={
            title: labels
            for title, labels in columns.items()
            if 1 <= len(set(labels.tolist()) - {UNANNOTATED}) <= MAX_CLASSES
        },
        n_matched=len(np.unique(places[matched])),
        n_unknown=int((~matched).sum()),
    )


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    name = shown(path.name)
    with archives.unzipped(path) as file:
        content = file.read(MAX_TABLE_BYTES + 1)
    if len(content) > MAX_TABLE_BYTES:
        raise SampleFileError(f"{name} is larger than {MAX_TABLE_BYTES >> 20} MiB, which no table of labels is.")
    text = content.decode("utf-8-sig", "replace")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    except csv.Error as error:
        raise SampleFileError(f"{name} cannot be read as a table ({error}): save it as CSV.") from error
    if len(rows) < 2 or len(rows[0]) < 2:
        raise SampleFileError(f"{name} is no table of barcodes and labels: it needs two columns with a header.")
    width = len(rows[0])
    # R writes no title above the row names, which makes the header one shorter than the rows.
    header = ["", *rows[0]] if len(rows[1]) == width + 1 else rows[0]
    full = [row for row in rows[1:] if len(row) == len(header)]
    return [shown(title.strip(), 60) or f"column {number + 1}" for number, title in enumerate(header)], full


def _barcode_column(rows: list[list[str]], barcodes: np.ndarray) -> tuple[np.ndarray, int | None]:
    """Find which column names spots, and the spot of each row (-1 for none)."""
    best, which = np.full(len(rows), -1), None
    for strip in (False, True):
        known = _numbered([_stripped(barcode) if strip else barcode for barcode in barcodes.tolist()])
        for number in range(len(rows[0]) if rows else 0):
            names = (row[number].strip() for row in rows)
            places = np.array([known.get(_stripped(name) if strip else name, -1) for name in names], dtype=np.int64)
            if (places >= 0).sum() > (best >= 0).sum():
                best, which = places, number
        if which is not None:
            break
    return best, which


def _numbered(names: list[str]) -> dict[str, int]:
    """Place of each name; names that stand twice have none."""
    places = {name: number for number, name in enumerate(names)}
    return places if len(places) == len(names) else {}


def _stripped(barcode: str) -> str:
    return re.sub(r"-\d+$", "", barcode)


def _aligned(rows: list[list[str]], number: int, places: np.ndarray, n_spots: int) -> np.ndarray:
    labels = [UNANNOTATED] * n_spots
    for row, place in zip(rows, places.tolist(), strict=True):
        if place >= 0:
            labels[place] = canonical(shown(row[number].strip()))
    return np.array(labels)
