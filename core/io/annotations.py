"""Annotations from tables: the label of each barcode.

Columns are found by content, not by name: the barcode column is the one that names the sample's spots.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import SampleFileError
from core.io import archives
from core.io.incoming import Check
from core.layer_names import LAYERS, canonical
from core.sample import UNANNOTATED, UNANNOTATED_SPELLINGS
from core.text import counted, file_name, shown

MAX_TABLE_BYTES = 64 << 20

MAX_CLASSES = 100
"""A column with more different values is not an annotation."""

_TELLING_NAMES = (
    r"layer_guess_reordered$",
    r"layer_guess",
    r"ground_?truth|^truth",
    r"manual|expert|pathologist",
    r"annot",
    r"region",
    r"domain",
    r"layer",
    r"^labels?$",
    r"cell_?type",
    r"cluster|leiden|louvain",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Annotations:
    """The columns of a table, brought into the order of a sample's spots.

    Parameters
    ----------
    file_name : str
    columns : mapping of str to ndarray of shape (n_spots,), str
        Labels; `UNANNOTATED` for spots that the table leaves out.
    n_spots, n_matched : int
        Spots of the sample, and those that the table names.
    n_unknown : int
        Rows of the table whose barcode is not the sample's.
    """

    file_name: str
    columns: Mapping[str, np.ndarray]
    n_spots: int
    n_matched: int
    n_unknown: int

    @property
    def n_classes(self) -> dict[str, int]:
        """Classes in each column, unannotated not counted."""
        return {name: len(set(labels.tolist()) - {UNANNOTATED}) for name, labels in self.columns.items()}

    @property
    def suggested(self) -> str | None:
        """The column that is most likely the annotation."""
        return suggested_annotation(self.columns) or next(iter(self.columns), None)

    def check(self) -> Check:
        """Say how much of the sample the table covers."""
        classes = ", ".join(
            f"{name} ({counted(number, 'class', 'classes')})" for name, number in self.n_classes.items()
        )
        found = f"{self.file_name} labels {self.n_matched} of {self.n_spots} spots: {classes or 'no column of labels'}"
        if not self.n_unknown:
            return Check(what="Annotation", found=f"{found}.")
        found = f"{found}; {self.n_unknown} of its rows belong to no spot of the sample."
        return Check(what="Annotation", found=found, status="notice", advice="They are left out.")

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
        If the file is not a table, or no column names spots of the sample.
    """
    rows = _table(path)
    indices, which = _barcode_column(rows, barcodes)
    name = file_name(path)
    if which is None:
        raise SampleFileError(
            f"{name} names none of the sample's spots in any column: give a table with their barcodes, such as "
            f"{shown(barcodes[0])}, and a label for each."
        )
    titles = _titles(rows[0], has_header=indices[0] < 0)
    if indices[0] < 0:
        rows, indices = rows[1:], indices[1:]
    columns = {
        title: _aligned(rows, number, indices, len(barcodes)) for number, title in enumerate(titles) if number != which
    }
    return Annotations(
        file_name=name,
        columns={title: labels for title, labels in columns.items() if _may_be_labels(labels)},
        n_spots=len(barcodes),
        n_matched=len(np.unique(indices[indices >= 0])),
        n_unknown=int((indices < 0).sum()),
    )


def _titles(first: list[str], *, has_header: bool) -> list[str]:
    names = first if has_header else [""] * len(first)
    return [shown(title.strip(), 60) or f"column {number + 1}" for number, title in enumerate(names)]


def _may_be_labels(labels: np.ndarray) -> bool:
    return 1 <= len(set(labels.tolist()) - {UNANNOTATED}) <= MAX_CLASSES


def suggested_annotation(columns: Iterable[str]) -> str | None:
    """Guess from the names which column is the annotation.

    Parameters
    ----------
    columns : iterable of str
        Names of columns that could be one.

    Returns
    -------
    str or None
        Names that experts use come before those of clusters; None where no name tells.
    """
    names = list(columns)
    for pattern in _TELLING_NAMES:
        for name in names:
            if re.search(pattern, name.lower()):
                return name
    return None


def spelled(names: list[str]) -> list[str]:
    """Write the names of classes in this program's spelling.

    Parameters
    ----------
    names : list of str
        All classes of one annotation.

    Returns
    -------
    list of str
        `UNANNOTATED` for names that mean no class; `Layer1` .. `WM` where all are layers of the cortex.
    """
    plain = [UNANNOTATED if name.strip().lower() in UNANNOTATED_SPELLINGS else name for name in names]
    return [canonical(name) for name in plain] if all(canonical(name) in LAYERS for name in plain) else plain


def _table(path: Path) -> list[list[str]]:
    """Read all rows of the width of the first, which may be a header."""
    name = file_name(path)
    text = _text(path)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    except csv.Error as error:
        raise SampleFileError(f"{name} cannot be read as a table ({error}): save it as CSV.") from error
    if len(rows) < 2 or len(rows[0]) < 2:
        raise SampleFileError(f"{name} is no table of barcodes and labels: it needs two columns with a header.")
    if len(rows[1]) == len(rows[0]) + 1:
        rows[0] = ["", *rows[0]]  # R writes no title above the names of rows
    return [row for row in rows if len(row) == len(rows[0])]


def _text(path: Path) -> str:
    with archives.unzipped(path) as file:
        content = file.read(MAX_TABLE_BYTES + 1)
    if len(content) > MAX_TABLE_BYTES:
        raise SampleFileError(
            f"{file_name(path)} is larger than {MAX_TABLE_BYTES >> 20} MiB, which no table of labels is."
        )
    return content.decode("utf-8-sig", "replace")


def _barcode_column(rows: list[list[str]], barcodes: np.ndarray) -> tuple[np.ndarray, int | None]:
    """Find which column names spots, and the spot of each row (-1 for none)."""
    best, which = np.full(len(rows), -1), None
    for strip in (False, True):
        known = _numbered([_stripped(barcode) if strip else barcode for barcode in barcodes.tolist()])
        for number in range(len(rows[0])):
            names = (row[number].strip() for row in rows)
            indices = np.array([known.get(_stripped(name) if strip else name, -1) for name in names], dtype=np.int64)
            if (indices >= 0).sum() > (best >= 0).sum():
                best, which = indices, number
        if which is not None:
            break
    return best, which


def _numbered(names: list[str]) -> dict[str, int]:
    """Index of each name; empty if any name appears twice."""
    indices = {name: number for number, name in enumerate(names)}
    return indices if len(indices) == len(names) else {}


def _stripped(barcode: str) -> str:
    return re.sub(r"-\d+$", "", barcode)


def _aligned(rows: list[list[str]], number: int, indices: np.ndarray, n_spots: int) -> np.ndarray:
    found = [(row[number].strip(), index) for row, index in zip(rows, indices.tolist(), strict=True) if index >= 0]
    names = sorted({label for label, _ in found})
    spellings = dict(zip(names, spelled([shown(name) for name in names]), strict=True))
    labels = [UNANNOTATED] * n_spots
    for label, index in found:
        labels[index] = spellings[label]
    return np.array(labels)
