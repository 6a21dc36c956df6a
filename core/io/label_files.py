"""Labels of spots in and out: tables by barcode, Loupe's CSV, and a column of an h5ad.

The files may be those of any tool; which column holds labels, and which names spots, is found by content.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from core.annotation import Annotation, as_colour, check_fits
from core.annotation_labels import from_labels
from core.csv_text import csv_text
from core.errors import AnnotationError, SampleError, SampleFileError
from core.io.annotations import naming_column, read_annotations, spelled, suggested_annotation
from core.io.export import loupe_csv, spot_names
from core.io.h5ad import columns
from core.io.h5ad.tables import Table
from core.io.hdf5.magic import is_hdf5
from core.io.hdf5.safe import naming, opened
from core.io.hdf5.text import short_texts
from core.io.spot_names import SpotNames
from core.io.table_sections import of_one_section
from core.sample import UNANNOTATED, Sample
from core.text import counted, file_name, shown

REGION = "region"
"""Column of a table that :func:`annotation_csv` writes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelFile:
    """One column of labels, in the order of the spots that were asked for.

    Parameters
    ----------
    file_name, column : str
    labels : ndarray of shape (n_spots,), str
        `UNANNOTATED` for spots that the file leaves out.
    colours : mapping of str to str
        `#RRGGBB` by label, where the file has them.
    said : str
        How much of the sample it covers, in a sentence.
    """

    file_name: str
    column: str
    labels: np.ndarray
    said: str
    colours: Mapping[str, str] = field(default_factory=dict)

    def annotation(self, name: str, author: str = "", colours: Mapping[str, str] | None = None) -> Annotation:
        """Make an annotation of it.

        Parameters
        ----------
        name, author
            As :class:`core.annotation.Annotation`.
        colours : mapping of str to str, optional
            For labels that the file gives no colour.

        Returns
        -------
        Annotation

        Raises
        ------
        AnnotationError
            If no spot has a label, or there are too many.
        """
        source, chosen = f"labels of {self.file_name}", {**(colours or {}), **self.colours}
        return from_labels(self.labels, name=name, author=author, source=source, colours=chosen)


def read_labels(
    path: Path, spots: np.ndarray, column: str | None = None, *, called: Sequence[str] = (), numbered: bool = False
) -> LabelFile:
    """Read the labels of spots.

    Parameters
    ----------
    path : Path
        A table (comma, semicolon or tab; plain or gzip) with a column of barcodes, or an h5ad.
    spots : ndarray of shape (n_spots,), str
        Barcodes. A suffix such as `-1` may be missing on either side.
    column : str, optional
        The likeliest one by default.
    called : sequence of str
        What the sample is called, for files of several sections.
    numbered : bool
        Whether spots are only numbered, so that any column of numbers names some.

    Returns
    -------
    LabelFile

    Raises
    ------
    AnnotationError
        If the file cannot be read, has no such column, names none of the spots, or names them for several sections.
    """
    try:
        if is_hdf5(path):
            found = _of_h5ad(path, spots, column, called)
        else:
            found = _of_table(path, spots, column, called, numbered)
    except SampleError as error:
        raise AnnotationError(str(error)) from error
    except OSError as error:
        raise AnnotationError(f"{shown(path, 300)} cannot be read: {error.strerror or error}.") from error
    if not (found.labels != UNANNOTATED).any():
        raise AnnotationError(f"{found.file_name} labels no spot in its column {shown(found.column)!r}.")
    return found


def names_of_spots(path: Path) -> np.ndarray:
    """Find the names of spots in a file of labels, where no sample says what they are.

    Parameters
    ----------
    path : Path
        As for :func:`read_labels`.

    Returns
    -------
    ndarray of shape (n_spots,), str
        Of an h5ad its index, without what joining sections adds; of a table the first column whose entries all differ.

    Raises
    ------
    AnnotationError
        If the file cannot be read, or has no such column.
    """
    try:
        return _index(path) if is_hdf5(path) else naming_column(path)
    except SampleError as error:
        raise AnnotationError(str(error)) from error
    except OSError as error:
        raise AnnotationError(f"{shown(path, 300)} cannot be read: {error.strerror or error}.") from error


def _index(path: Path) -> np.ndarray:
    with opened(path) as file, naming(path):
        index = Table(file, "obs").index()
        plain = columns.barcodes(index)
        return index if plain is None else plain


def labels_of(path: Path, sample: Sample, column: str | None = None) -> LabelFile:
    """Read the labels of a sample's spots.

    Parameters
    ----------
    path, column
        As for :func:`read_labels`.
    sample : Sample
        Without barcodes, the file counts its spots from 0, as this program's files do.

    Returns
    -------
    LabelFile

    Raises
    ------
    AnnotationError
        As :func:`read_labels`.
    """
    called, numbered = (sample.name, path.parent.name), sample.barcodes is None
    return read_labels(path, np.array(spot_names(sample)), column, called=called, numbered=numbered)


def annotation_csv(annotation: Annotation, sample: Sample) -> str:
    """Write the region of each spot as CSV.

    Parameters
    ----------
    annotation : Annotation
    sample : Sample

    Returns
    -------
    str
        Columns `spot` (barcode, or row number from 0 where the sample has no barcodes) and `region` (`NA` for spots without
        one); rows in the order of the sample's file.

    Raises
    ------
    AnnotationError
        If the annotation is of another number of spots.
    """
    check_fits(annotation, sample)
    return csv_text(("spot", REGION), zip(spot_names(sample), annotation.labels_true().tolist(), strict=True))


def annotation_loupe_csv(annotation: Annotation, sample: Sample) -> str:
    """Write the regions as Loupe Browser imports them.

    Parameters
    ----------
    annotation : Annotation
    sample : Sample

    Returns
    -------
    str
        Columns `Barcode` and the name of the annotation; empty for spots without a region.

    Raises
    ------
    AnnotationError
        If the annotation is of another number of spots.
    SampleError
        If the sample has no barcodes.
    """
    check_fits(annotation, sample)
    names = np.array([*annotation.names, ""])
    return loupe_csv(sample, names[annotation.assigned], annotation.name)


def _of_table(path: Path, spots: np.ndarray, column: str | None, called: Sequence[str], numbered: bool) -> LabelFile:
    found = read_annotations(path, spots, called)
    # A column of clusters looks like numbers of spots, but names few.
    if numbered and found.n_matched < len(spots) / 2:
        raise SampleFileError(
            f"{shown(called[0])} has no barcodes, so {found.file_name} has to number its {len(spots):,} spots from 0; it labels "
            f"{found.n_matched:,}. Import the section again with its barcodes."
        )
    if column is None and found.suggested is None:
        raise SampleFileError(
            f"{found.file_name} has no column of labels: give each spot's row the name of its region, in a column such as "
            f"`{REGION}`."
        )
    labels = found.labels(column)
    return LabelFile(
        file_name=found.file_name,
        column=str(found.suggested if column is None else column),
        labels=labels,
        said=f"{found.check().found.rstrip('.')}.",
    )


def _of_h5ad(path: Path, spots: np.ndarray, column: str | None, called: Sequence[str]) -> LabelFile:
    with opened(path) as file, naming(path):
        obs = Table(file, "obs")
        chosen = column or suggested_annotation(columns.annotation_columns(obs), asked=True)
        if chosen is None:
            known = ", ".join(shown(name, 40) for name in columns.annotation_columns(obs)) or "none"
            raise SampleFileError(f"does not say which column of `obs` holds the labels: name one of {known}.")
        labels, index = columns.labels(obs, chosen), obs.index()
        colours = _colours(file, obs, chosen)
    of_row = _rows(index, labels, spots, file_name(path), called)
    rows = np.flatnonzero(of_row >= 0)
    found = np.full(len(spots), UNANNOTATED, dtype=labels.dtype if labels.dtype.itemsize else object)
    found[of_row[rows]] = labels[rows]
    return LabelFile(
        file_name=file_name(path),
        column=chosen,
        labels=found.astype(str),
        colours=colours,
        said=f"{file_name(path)} labels {int((found != UNANNOTATED).sum()):,} of {counted(len(spots), 'spot')} in `obs/{shown(chosen)}`.",
    )


def _rows(index: np.ndarray, labels: np.ndarray, spots: np.ndarray, name: str, called: Sequence[str]) -> np.ndarray:
    """Spot of each row, -1 for rows of none."""
    found = SpotNames(spots.tolist()).find(index.tolist())
    if not found.n_spots:
        raise SampleFileError(
            f"{name} names none of the sample's spots, such as {shown(spots[0])}: is it of another section?"
        )
    rows = [[str(row), str(label)] for row, label in zip(index, labels, strict=True)]
    of_section = of_one_section(rows, found, 0, ("name", "label"), called)
    if of_section.n_repeated:
        raise SampleFileError(
            f"{name} names {counted(of_section.n_repeated, 'spot')} of the sample more than once, with different labels: it holds "
            "several sections. Give a file of one."
        )
    return of_section.spots


def _colours(file: h5py.File, obs: Table, column: str) -> dict[str, str]:
    """Colours that scanpy keeps beside a column, by class in the program's spelling."""
    uns, classes = file.get("uns"), obs.classes(column)
    kept = uns.get(f"{column}_colors") if isinstance(uns, h5py.Group) else None
    if classes is None or not isinstance(kept, h5py.Dataset) or kept.ndim != 1 or len(kept) != len(classes.names):
        return {}
    if not h5py.check_string_dtype(kept.dtype):
        return {}
    names = spelled(classes.names.tolist())
    found = [as_colour(text[:7]) for text in short_texts(kept, f"uns/{shown(column)}_colors")]
    return {name: colour for name, colour in zip(names, found, strict=True) if colour is not None}
