"""Painted spots from a table, whatever made it: this program's own download, a script, or a spreadsheet."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ParameterError, SampleFileError
from core.io.annotations import Annotations, read_annotations
from core.io.export import spot_names
from core.layer_names import canonical
from core.sample import Sample
from core.strokes import Strokes, strokes_of
from core.text import counted, listed, shown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StrokeFile:
    """What a table paints.

    Parameters
    ----------
    strokes : Strokes
    notes : tuple of str
        Which rows and columns of the table play no part, as sentences.
    """

    strokes: Strokes
    notes: tuple[str, ...] = ()


def read_strokes(path: Path, sample: Sample) -> StrokeFile:
    """Read painted spots.

    Parameters
    ----------
    path : Path
        Table of barcodes and names of domains, as for :func:`core.io.annotations.read_annotations`. Where the sample has no
        barcodes, it numbers all spots from 0, as this program's files do.
    sample : Sample

    Returns
    -------
    StrokeFile
        Spots that the table paints in several domains are not painted.

    Raises
    ------
    SampleFileError
        If the file is no table, or does not name spots of the sample.
    ParameterError
        If it paints none of them.
    AnnotationError
        If it has more domains than an annotation has regions.
    """
    spots = np.array(spot_names(sample))
    if sample.barcodes is None:
        read = _numbered(path, spots, sample.name)
    else:
        read = read_annotations(path, spots, (sample.name,), without_contradicted=True)
    notes = tuple(_left_out(read, spots[list(read.contradicted)].tolist()))
    if read.contradicted and not read.columns:
        raise ParameterError(f"{notes[-1]} No other spot is painted: give some spots of each domain their label.")
    spelt: dict[str, str] = {}  # spellings of one layer are one domain, as everywhere
    labels = [spelt.setdefault(canonical(label), label) for label in read.labels(None).tolist()]
    strokes = strokes_of(np.array(labels))
    return StrokeFile(strokes=strokes, notes=notes)


def _numbered(path: Path, spots: np.ndarray, name: str) -> Annotations:
    """Read a table that numbers the spots of a sample without barcodes; a column of clusters looks like that, but names few."""
    wanted = (
        f"{shown(name)} has no barcodes, by which strokes are found: number all its {len(spots):,} spots from 0, also those that are not "
        "painted (`NA`), or import the section again with its barcodes."
    )
    try:
        read = read_annotations(path, spots, (name,), without_contradicted=True)
    except SampleFileError as error:
        raise SampleFileError(f"{error} {wanted}") from error
    if read.n_matched < len(spots) / 2:
        raise SampleFileError(f"{read.file_name} names {counted(read.n_matched, 'spot')}. {wanted}")
    return read


def _left_out(read: Annotations, contradicted: list[str]) -> Iterator[str]:
    if len(read.columns) > 1:
        others = [shown(name, 40) for name in read.columns if name != read.suggested]
        yield f"{read.file_name}: domains are taken from its column {shown(read.suggested, 40)}, not from {shown(listed(others), 200)}."
    if read.n_uneven:
        yield (
            f"{read.file_name}: {counted(read.n_uneven, 'row has', 'rows have')} more or fewer cells than the first, and {'is' if read.n_uneven == 1 else 'are'} left out."
        )
    if read.n_unknown:
        yield (
            f"{read.file_name}: {counted(read.n_unknown, 'row names', 'rows name')} no spot of the sample, and {'is' if read.n_unknown == 1 else 'are'} left out."
        )
    if contradicted:
        several = (
            f"{shown(contradicted[0])} is"
            if len(contradicted) == 1
            else f"{len(contradicted):,} spots, {shown(contradicted[0])} among them, are"
        )
        yield f"{read.file_name}: {several} painted in several domains, and so in none."
