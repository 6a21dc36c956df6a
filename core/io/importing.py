"""Importing a sample from any supported source; the format is recognised by content, not by name.

:func:`save` writes samples in the lab's format under a safe name, whole or not at all.
"""

import dataclasses
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from core.errors import SampleError, SampleFileError
from core.files import written_whole
from core.io import archives, foreign, formats, genes, h5ad, lab, stereo
from core.io.annotations import LabelTable
from core.io.formats import Recognised
from core.io.h5ad.modality import is_mudata
from core.io.hdf5.safe import opened
from core.io.incoming import Check, ImportChoices, Survey
from core.io.visium import spaceranger, tenx
from core.io.visium.matrices import SeveralSamplesError
from core.io.wrapping import unwrapped
from core.sample import UNANNOTATED, Sample
from core.text import counted, file_name, shown

LABELS = "Y"
"""Name of the annotation in the lab's files."""

MAX_NAME = 80

LEVEL = 1
"""Compression level: files of real sections are a fifth larger than at the default of 6, in a quarter of the time."""

_N_FOLDERS_NAMED = 3
"""Folders above a source that can be called as its section is."""

_PathLike = str | os.PathLike[str]


def survey(
    source: _PathLike,
    *,
    annotation_csv: _PathLike | None = None,
    section: str | None = None,
    table_section: str | None = None,
    called: str = "",
    axes: tuple[str, str] | None = None,
) -> Survey:
    """Report what a source holds, without reading counts.

    Parameters
    ----------
    source : path-like
        The lab's h5; h5ad; Space Ranger's output as a folder, zip, tar(.gz) or matrix `.h5` with `spatial/` beside it.
    annotation_csv : path-like, optional
        Table of barcodes and labels.
    section : str, optional
        Which of several sections or samples; see :attr:`Survey.sections`.
    table_section : str, optional
        Section whose rows of that table are meant, where it names spots more than once and nothing else says which.
    called : str
        Name of the source for its user, where its file was renamed.
    axes : (str, str), optional
        Columns that hold x and y, of a table of coordinates whose titles do not say it.

    Returns
    -------
    Survey
        With a bad check for each obstacle.

    Raises
    ------
    SampleFileError
        If the source cannot be imported; the message says what it is.
    UnsafeFileError
        If it is hostile.
    """
    table = _table(Path(source), annotation_csv, table_section, called)
    try:
        # Before anything is unwrapped: what an instrument writes has packed files in it and tables beside one another.
        known = formats.survey(Path(source), section, None if table is None else table.read, axes)
        if known is not None:
            return known
        with unwrapped(Path(source), section) as path:
            found = _surveyed(path, table, section)
    except SeveralSamplesError as error:
        several = Check(what="Sections", found=str(error), status="bad")
        return Survey(kind="Several samples", name=file_name(Path(source)), sections=error.names, checks=[several])
    if section is None or found.sections:
        return found
    return dataclasses.replace(found, sections=survey(source).sections)  # the others, to choose from


def _surveyed(path: Path, table: LabelTable | None, section: str | None) -> Survey:
    known = formats.survey(path, section, None if table is None else table.read)
    if known is not None:
        return known
    kind = _format(path)
    if kind == "gef":
        return Recognised(path=path, format=None).survey(section, None if table is None else table.read)
    if kind == "spaceranger":
        return spaceranger.survey(path, table=table, section=section)
    found = h5ad.survey(path, section) if kind == "h5ad" else _survey_lab(path)
    return found if table is None else _with_table(found, path, kind, table)


def read(
    source: _PathLike,
    choices: ImportChoices,
    *,
    name: str | None = None,
    annotation_csv: _PathLike | None = None,
    section: str | None = None,
    table_section: str | None = None,
    called: str = "",
    axes: tuple[str, str] | None = None,
) -> Sample:
    """Read one sample from a source.

    Parameters
    ----------
    source : path-like
        As for :func:`survey`.
    choices : ImportChoices
        What is kept. Of the lab's files, whose genes were chosen before, only `variable` takes some away. With a table of
        labels, `annotation` is one of its columns.
    name : str, optional
        By default as the survey suggests. Of an h5ad with several sections, the one of that name is read.
    annotation_csv : path-like, optional
        Table of barcodes and labels; its likeliest column is taken where `choices.annotation` is None.
    section, table_section, called, axes : optional
        As for :func:`survey`.

    Returns
    -------
    Sample

    Raises
    ------
    SampleFileError, UnsafeFileError, SampleError
        If the source cannot be read as a sample.
    """
    table = _table(Path(source), annotation_csv, table_section, called)
    known = formats.read(
        Path(source), choices, name=name, section=section, labels_of=None if table is None else table.read, axes=axes
    )
    if known is not None:
        return known
    with unwrapped(Path(source), section) as path:
        return _read(path, choices, name, table, section)


def _read(
    path: Path, choices: ImportChoices, name: str | None, table: LabelTable | None, section: str | None
) -> Sample:
    known = formats.read(path, choices, name=name, section=section, labels_of=None if table is None else table.read)
    if known is not None:
        return known
    kind = _format(path)
    if kind == "gef":
        return Recognised(path=path, format=None).read(choices, name, section, None if table is None else table.read)
    if kind != "h5ad" and choices.layer is not None:
        raise SampleFileError(f"{file_name(path)} has one matrix of counts and no layers: leave the layer out.")
    if kind == "spaceranger":
        return spaceranger.read(path, choices, name=name, table=table, section=section)
    own = choices if table is None else dataclasses.replace(choices, annotation=None)
    sample = h5ad.read(path, own, name, section) if kind == "h5ad" else _read_lab(path, own, name)
    return sample if table is None else _relabelled(sample, path, table, choices.annotation)


def save(sample: Sample, folder: _PathLike, *, overwrite: bool = False) -> Path:
    """Write a sample into a folder of samples, in the lab's format.

    Parameters
    ----------
    sample : Sample
    folder : path-like
        Such as `spca_dat`; made if it is not there.
    overwrite : bool
        Whether a sample of the same name is replaced.

    Returns
    -------
    Path
        The file, named by :func:`safe_name`. It appears whole or not at all.

    Raises
    ------
    SampleFileError
        If there is a sample of that name, or the file cannot be written.
    """
    folder = Path(folder)
    path = folder / f"{safe_name(sample.name)}.h5"
    _make(folder)
    if overwrite:
        lab.write(sample, path, level=LEVEL)
        return path
    with _new_file(path) as draft:
        lab.write(sample, draft, level=LEVEL)
    return path


def keep(prepared: _PathLike, folder: _PathLike, name: str) -> Path:
    """Copy a sample that is already written into a folder of samples.

    Parameters
    ----------
    prepared : path-like
        In the lab's format; left where it is.
    folder : path-like
        Such as `spca_dat`; made if it is not there.
    name : str
        Of the sample.

    Returns
    -------
    Path
        The file, named by :func:`safe_name`. It appears whole or not at all.

    Raises
    ------
    SampleFileError
        If there is a sample of that name, or the file cannot be written.
    """
    folder = Path(folder)
    path = folder / f"{safe_name(name)}.h5"
    _make(folder)
    try:
        with _new_file(path) as draft:
            shutil.copyfile(prepared, draft)
    except OSError as error:
        raise SampleFileError(
            f"{shown(path, 300)} cannot be written ({error.strerror}): make room, or choose another folder."
        ) from error
    return path


def safe_name(name: str) -> str:
    """Turn any text into a file name without a suffix, for every system.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        ASCII letters, digits, `.`, `_` and `-`, not beginning with a dot or dash; at most `MAX_NAME` long.

    Examples
    --------
    >>> safe_name("../Block A: slice 1"), safe_name("..")
    ('Block_A_slice_1', 'sample')
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    return plain.strip("._-")[:MAX_NAME].rstrip("._-") or "sample"


def _format(path: Path) -> str:
    """Find which reader a source needs."""
    if path.is_dir() or archives.is_archive(path):
        return "spaceranger"
    with opened(path) as file:
        foreign.check_hdf5(file, path)
        if stereo.is_gef(file):
            return "gef"
        if tenx.is_tenx_h5(file):
            return "spaceranger"
        return "h5ad" if {"obs", "var"} <= set(file) or is_mudata(file) else "lab"


def _table(path: Path, annotation_csv: _PathLike | None, section: str | None, called: str) -> LabelTable | None:
    """Describe the table of labels, with all that the source is called."""
    if annotation_csv is None:
        return None
    around = [file_name(path), *(parent.name for parent in path.resolve().parents)][: _N_FOLDERS_NAMED + 1]
    return LabelTable(path=Path(annotation_csv), called=(called, *around), section=section)


def _survey_lab(path: Path) -> Survey:
    summary = lab.peek(path)
    if summary.problem:
        raise SampleFileError(summary.problem)
    labels = lab.read_labels(path)
    n_classes = {} if labels is None else {LABELS: np.unique(labels[labels != UNANNOTATED]).size}
    checks = [
        Check(
            what="Counts",
            found=f"{counted(summary.n_spots, 'spot')}, {counted(summary.n_genes, 'gene')}; all genes are kept.",
        ),
        Check(
            what="Annotation",
            found=f"{counted(n_classes[LABELS], 'class', 'classes')} in `{LABELS}`."
            if n_classes
            else "None, which is fine.",
        ),
    ]
    return Survey(
        kind="The lab's format",
        name=summary.name,
        n_spots=summary.n_spots,
        n_genes=summary.n_genes,
        annotations=n_classes,
        suggested_annotation=LABELS if n_classes else None,
        checks=checks,
    )


def _read_lab(path: Path, choices: ImportChoices, name: str | None) -> Sample:
    sample = lab.read(path)
    changed: dict[str, Any] = {"name": name or sample.name}
    if choices.genes == "variable":
        changed |= _fewer_genes(sample, choices)
    if choices.annotation is None:
        changed["labels_true"] = None
    elif choices.annotation != LABELS or sample.labels_true is None:
        raise SampleFileError(f"{file_name(path)} has no annotation called {shown(choices.annotation)!r}.")
    return dataclasses.replace(sample, **changed)


def _relabelled(sample: Sample, path: Path, table: LabelTable, column: str | None) -> Sample:
    found = table.read(_required(sample.barcodes, path), sample.name)
    return dataclasses.replace(sample, labels_true=found.labels(column))


def _required(barcodes: np.ndarray | None, path: Path) -> np.ndarray:
    if barcodes is None:
        raise SampleFileError(
            f"{file_name(path)} has no barcodes: the labels of a table cannot be matched to its spots."
        )
    return barcodes


def _with_table(survey: Survey, path: Path, kind: str, table: LabelTable) -> Survey:
    """Replace the source's own annotation by that of a table."""
    checks = [check for check in survey.checks if check.what != "Annotation"]
    try:
        barcodes = lab.read_barcodes(path) if kind == "lab" else h5ad.read_barcodes(path)
        found = table.read(_required(barcodes, path), survey.name)
    except SampleError as error:
        bad = Check(what="Annotation", found=str(error), status="bad")
        return dataclasses.replace(survey, annotations={}, suggested_annotation=None, checks=[*checks, bad])
    return dataclasses.replace(
        survey,
        annotations=found.n_classes,
        suggested_annotation=found.suggested,
        table_sections=found.sections,
        checks=[*checks, found.check()],
    )


def _fewer_genes(sample: Sample, choices: ImportChoices) -> dict[str, Any]:
    kept = genes.chosen(sparse.csr_array(sample.expression), choices)
    named = {name: getattr(sample, name) for name in ("gene_names", "gene_ids")}
    of_kept = {name: None if values is None else values[kept] for name, values in named.items()}
    return {"expression": sample.expression[:, kept], **of_kept}


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SampleFileError(
            f"The folder {shown(folder, 300)} cannot be made ({error.strerror}): choose another."
        ) from error


@contextmanager
def _new_file(path: Path) -> Iterator[Path]:
    """Provide a draft to write to, which becomes the file of a new sample."""
    try:
        with written_whole(path, replace=False) as draft:
            yield draft
    except FileExistsError as error:
        raise SampleFileError(
            f"There is already a sample called {path.stem} in {shown(path.parent.name)}: choose another name."
        ) from error
