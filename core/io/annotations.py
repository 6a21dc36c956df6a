"""Annotations from tables: the label of each barcode.

Columns are found by content, not by name: the barcode column is the one that names the sample's spots. A table may hold
several sections; only rows of one are taken.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import SampleFileError
from core.io.incoming import Check
from core.io.label_tables import read_rows
from core.io.spot_names import Found, SpotNames
from core.io.table_sections import of_one_section
from core.io.tabular.text import as_names
from core.layer_names import LAYERS, canonical, without_class
from core.sample import UNANNOTATED
from core.text import counted, file_name, shown

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
    r"^selection$",
    r"cluster|leiden|louvain",
)

_COMPUTED = re.compile(r"cluster|leiden|louvain|kmeans|mclust|predicted|pred$|^domains?(_\d+)?$")
"""Names of columns that programs fill, which nobody compares with unless asked to."""

_NO_LABELS = re.compile(
    r"in_?tissue|array_?(row|col)s?|row|col|(pxl|image|pixel)_?(row|col|x|y).*|[xyz](_.*)?|(.*_)?(spot|barcode|cell|sample|section"
    r"|slide|slice|library|batch|fov|donor|subject|image|instance|object)s?(_?(id|name|key|names|ids))?|n_?(counts|genes)|confidence"
)
"""Names of columns that hold places, names or numbers of counts."""

_LONGEST_NUMBERED = 60

_N_GLIMPSED = 2000
"""Rows by which the column of names is found."""


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
    n_uneven : int
        Rows that are left out because they have more or fewer cells than the first.
    sections : sequence of str
        Sections that the table holds, where it names spots more than once; `columns` are empty until one is taken.
    section : str, optional
        The one whose rows were taken.
    n_repeated : int
        Spots that have several labels, where nothing tells which is the sample's.
    contradicted : sequence of int
        Spots that are left out because they have several labels, where that was asked for.
    """

    file_name: str
    columns: Mapping[str, np.ndarray]
    n_spots: int
    n_matched: int
    n_unknown: int
    sections: Sequence[str] = ()
    section: str | None = None
    n_repeated: int = 0
    contradicted: Sequence[int] = ()
    n_uneven: int = 0

    @property
    def n_classes(self) -> dict[str, int]:
        """Classes in each column, unannotated not counted."""
        return {name: len(set(labels.tolist()) - {UNANNOTATED}) for name, labels in self.columns.items()}

    @property
    def suggested(self) -> str | None:
        """The column that is most likely the annotation, since somebody gave the table for one."""
        likely = [name for name in self.columns if not _NO_LABELS.fullmatch(name.lower())]
        return suggested_annotation(likely, asked=True) or next(iter([*likely, *self.columns]), None)

    @property
    def obstacle(self) -> str:
        """Why the labels of the sample's spots cannot be told, as a sentence; empty where they can."""
        if not self.n_repeated:
            return ""
        found = f"{self.file_name} names {counted(self.n_repeated, 'spot')} more than once, with different labels"
        if not self.sections:
            return f"{found}, and no column says which belong to the sample: give a table with one row for each spot."
        return f"{found}: it holds several sections, and neither the sample's name nor its spots' say which it is. Name one of {shown(', '.join(self.sections), 400)} as the table's section."

    def check(self) -> Check:
        """Say how much of the sample the table covers."""
        if self.obstacle:
            return Check(what="Annotation", found=self.obstacle, status="bad")
        classes = ", ".join(
            f"{name} ({counted(number, 'class', 'classes')})" for name, number in self.n_classes.items()
        )
        found = f"{self.file_name} labels {self.n_matched:,} of {counted(self.n_spots, 'spot')}: {classes or 'no column of labels'}"
        if self.section is not None:
            others = ", ".join(name for name in self.sections if name != self.section)
            found = f"{found}; only rows of {shown(self.section)} are taken, not of {shown(others, 300)}"
            return Check(what="Annotation", found=f"{found}.", status="notice")
        kinds = (
            (
                self.n_unknown,
                "of its rows belongs to no spot of the sample",
                "of its rows belong to no spot of the sample",
            ),
            (self.n_uneven, "has more or fewer cells than its first", "have more or fewer cells than its first"),
        )
        lost = [counted(number, one, more) for number, one, more in kinds if number]
        if not lost:
            return Check(what="Annotation", found=f"{found}.")
        return Check(
            what="Annotation", found=f"{found}; {', '.join(lost)}.", status="notice", advice="They are left out."
        )

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
            If there is no such column, or several sections are in the table.
        """
        if self.obstacle:
            raise SampleFileError(self.obstacle)
        chosen = self.suggested if column is None else column
        if chosen is None:
            raise SampleFileError(
                f"{self.file_name} labels no spot of the sample: it needs a column with a label for each barcode, of at most {MAX_CLASSES} "
                "different ones."
            )
        if chosen not in self.columns:
            known = ", ".join(shown(name, 40) for name in self.columns) or "none"
            raise SampleFileError(f"{self.file_name} has no column of labels {shown(chosen)!r}; it has {known}.")
        return self.columns[chosen]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTable:
    """A table of labels that somebody gave.

    Parameters
    ----------
    path : Path
    called : sequence of str
        What the sample, its file and its folders are called.
    section : str, optional
        Whose rows are meant, where the table has those of several.
    """

    path: Path
    called: Sequence[str] = ()
    section: str | None = None

    def read(self, barcodes: np.ndarray, *more: str) -> Annotations:
        """Find the sample's spots in it; `more` are further names of the sample."""
        return read_annotations(self.path, barcodes, (*self.called, *more), self.section)


def read_annotations(
    path: Path,
    barcodes: np.ndarray,
    called: Sequence[str] = (),
    section: str | None = None,
    *,
    without_contradicted: bool = False,
) -> Annotations:
    """Read a table of labels and find the sample's spots in it.

    Parameters
    ----------
    path : Path
        Comma-, semicolon- or tab-separated, with or without a header; gzip is unpacked.
    barcodes : ndarray of shape (n_spots,), str
        Of the sample. What tools put around them may differ: prefixes, suffixes such as `-1` or `_1`, dots for dashes.
    called : sequence of str
        What the sample, its file and its folders are called: by these its rows are found in a table of several sections.
    section : str, optional
        One of :attr:`Annotations.sections`, instead.
    without_contradicted : bool
        Whether spots that have several labels are left out, where nothing tells which is the sample's.

    Returns
    -------
    Annotations

    Raises
    ------
    SampleFileError
        If the file is not a table, no column names spots of the sample, or there is no such section.
    """
    table = read_rows(path)
    rows, names = table.rows, SpotNames(barcodes.tolist())
    which = _naming_column(rows, names)
    name = file_name(path)
    if which is None:
        raise SampleFileError(
            f"{name} names none of the sample's spots in any column: give a table with their barcodes, such as "
            f"{shown(barcodes[0])}, and a label for each."
        )
    found = names.find([row[which].strip() for row in rows])
    has_header = bool(found.spots[0] < 0)
    titles = _titles(rows[0], has_header=has_header)
    if has_header:
        rows, found = rows[1:], Found(spots=found.spots[1:], marks=found.marks[1:], own_marks=found.own_marks)
    split = of_one_section(rows, found, which, titles, called, section)
    if section is not None and split.section != section:
        known = shown(", ".join(split.sections), 400) or "none: each spot stands in it once"
        raise SampleFileError(f"{name} has no section {shown(section)!r}; its sections: {known}.")
    contradicted: Sequence[int] = ()
    if without_contradicted and split.repeated and not split.sections:
        contradicted, split = split.repeated, split.without_repeated()
    columns = {
        title: _aligned(rows, number, split.spots, len(barcodes))
        for number, title in enumerate(titles)
        if number not in (which, split.column)
    }
    return Annotations(
        file_name=name,
        columns={}
        if split.n_repeated
        else {title: labels for title, labels in columns.items() if _may_be_labels(labels)},
        n_spots=len(barcodes),
        n_matched=len(np.unique(split.spots[split.spots >= 0])),
        n_unknown=int((found.spots < 0).sum()),
        n_uneven=table.n_uneven,
        sections=split.sections,
        section=split.section,
        n_repeated=split.n_repeated,
        contradicted=contradicted,
    )


def _naming_column(rows: list[list[str]], names: SpotNames) -> int | None:
    """Column that names most spots in some of the rows, or else in all."""
    for some in (rows[:: -(-len(rows) // _N_GLIMPSED)], rows):
        found = [names.find([row[number].strip() for row in some]).n_spots for number in range(len(rows[0]))]
        if max(found):
            return found.index(max(found))
    return None


def _titles(first: list[str], *, has_header: bool) -> list[str]:
    names = first if has_header else [""] * len(first)
    return [shown(title.strip(), 60) or f"column {number + 1}" for number, title in enumerate(names)]


def _may_be_labels(labels: np.ndarray) -> bool:
    return 1 <= len(set(labels.tolist()) - {UNANNOTATED}) <= MAX_CLASSES


def suggested_annotation(columns: Iterable[str], *, asked: bool = False) -> str | None:
    """Guess from the names which column is the annotation.

    Parameters
    ----------
    columns : iterable of str
        Names of columns that could be one.
    asked : bool
        Whether somebody gave the file for its labels, which may then be those of a program.

    Returns
    -------
    str or None
        Names that experts use come first; None where no name tells. Columns that programs fill, such as `leiden`, are taken for
        one only where asked for.
    """
    names = [name for name in columns if not _NO_LABELS.fullmatch(name.lower())]
    by_people = [name for name in names if not _COMPUTED.search(name.lower())]
    for pattern in _TELLING_NAMES:
        for name in names if asked else by_people:
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
    none = without_class(names)
    plain = [UNANNOTATED if name in none else name for name in names]
    return [canonical(name) for name in plain] if all(canonical(name) in LAYERS for name in plain) else plain


def naming_column(path: Path) -> np.ndarray:
    """Find the column of a table that names spots, where no sample says what they are called.

    Parameters
    ----------
    path : Path
        As for :func:`read_annotations`.

    Returns
    -------
    ndarray of shape (n_rows,), str
        The first column whose entries all differ.

    Raises
    ------
    SampleFileError
        If the file is not a table, or has no such column.
    """
    rows = read_rows(path).rows
    for column in zip(*rows[1:], strict=True):
        names = [name.strip() for name in column]
        if len(set(names)) == len(names) and all(names):
            return as_names(names, path)
    raise SampleFileError(f"{file_name(path)} has no column that names each spot once, such as barcodes.")


def _aligned(rows: list[list[str]], number: int, indices: np.ndarray, n_spots: int) -> np.ndarray:
    found = [(row[number].strip(), index) for row, index in zip(rows, indices.tolist(), strict=True) if index >= 0]
    names = sorted({label for label, _ in found})
    spellings = dict(zip(names, spelled(_told_apart(names)), strict=True))
    labels = [UNANNOTATED] * n_spots
    for label, index in found:
        labels[index] = spellings[label]
    return np.array(labels)


def _told_apart(names: list[str]) -> list[str]:
    """Cut names to what is shown, and number those that are the same then: two classes stay two."""
    found: dict[str, None] = {}
    for name in names:
        cut, number = shown(name), 1
        while cut in found:
            number += 1
            cut = f"{shown(name, _LONGEST_NUMBERED)} ({number})"
        found[cut] = None
    return list(found)
