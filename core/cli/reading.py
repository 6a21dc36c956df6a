"""Reads samples for commands: the lab's files, and every other source that can be imported."""

import dataclasses
import sys
from pathlib import Path

from core.annotation import Annotation, compared
from core.errors import SampleError, SampleFileError
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.io.hdf5.safe import opened
from core.io.incoming import ImportChoices, Survey
from core.sample import Sample


def read_sample(path: Path) -> Sample:
    """Read a sample; of another format than the lab's with what its survey suggests, which is said on standard error.

    Parameters
    ----------
    path : Path

    Raises
    ------
    SampleError
        If it cannot be read as a sample.
    """
    if _is_of_the_lab(path):
        return lab.read(path)
    from core.io import importing  # its readers take a second to import

    survey = importing.survey(path)
    check_importable(survey, path)
    sample = importing.read(path, dataclasses.replace(ImportChoices(), annotation=survey.suggested_annotation))
    annotated = (
        f"annotated by {survey.suggested_annotation}" if survey.suggested_annotation else "without an annotation"
    )
    sys.stderr.write(
        f"{path} was read as {survey.kind} ({annotated}, {sample.n_genes:,} genes). To choose otherwise: python -m core import {path}\n"
    )
    return sample


def read_compared(path: Path, against: str | None) -> tuple[Sample, list[Annotation]]:
    """Read a sample with the annotation that scores are counted against, and list all that lie beside it.

    Parameters
    ----------
    path : Path
    against : str or None
        Name or id of an annotation, `none` for none; None for the file's own.

    Raises
    ------
    SampleError
        As :func:`read_sample`.
    AnnotationError
        If there is no such annotation.
    """
    sample = read_sample(path)
    store = AnnotationStore(path, sample)
    known = store.annotations()
    if against is None:
        return sample, known
    return compared(sample, None if against == "none" else store.find(against)), known


def check_importable(survey: Survey, source: Path) -> None:
    """Refuse a source whose survey has a bad check.

    Raises
    ------
    SampleFileError
        With what the check found, and what to do.
    """
    bad = next((check for check in survey.checks if check.status == "bad"), None)
    if bad is not None:
        raise SampleFileError(f"{source.name} was not imported: {bad.found} {bad.advice}".rstrip())


def _is_of_the_lab(path: Path) -> bool:
    """Whether a file has no other format: one that cannot be opened is left to the lab's reader, which says why."""
    if path.is_dir() or path.suffix.lower() in (".zip", ".tar", ".gz", ".tgz"):
        return not path.exists()
    try:
        with opened(path) as file:
            return "obs" not in file and "matrix" not in file
    except SampleError:
        return True
