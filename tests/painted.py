"""Strokes and an annotation beside a section, as if somebody had painted them on Guide and drawn them on Annotate."""

import dataclasses
from pathlib import Path

import numpy as np

from core.annotation import UNASSIGNED, Region, new_annotation
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.strokes import SOURCE

REGIONS = (Region("Upper", "#AA3377"), Region("Middle", "#228833"), Region("Lower", "#4477AA"))


def keep_strokes(file: Path, author: str, id: str = "ba9876543210") -> None:
    """Keep strokes of one person: every tenth spot has one of three domains."""
    _keep(file, author, "Strokes", SOURCE, id)


def keep_annotation(file: Path, author: str) -> None:
    """Keep an annotation of one person, with regions of the same spots."""
    _keep(file, author, "By hand", "drawn", "0f0f0f0f0f0f")


def _keep(file: Path, author: str, name: str, source: str, id: str) -> None:
    sample = lab.read(file)
    spots = np.arange(sample.n_spots)
    made = new_annotation(sample.n_spots, name=name, author=author, regions=REGIONS, source=source)
    painted = made.with_assigned(np.where(spots % 10 == 0, 3 * spots // sample.n_spots, UNASSIGNED))
    AnnotationStore(file, sample).save(dataclasses.replace(painted, id=id), author)
