"""Regions that somebody drew on a sample, or brought in: named, coloured, with author and date.

Knows arrays only: `core.io.annotation_store` keeps annotations beside samples, `core.annotation_steps` changes them.
"""

import dataclasses
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from core.errors import AnnotationError
from core.people import called
from core.region_names import check_name
from core.sample import UNANNOTATED, UNANNOTATED_SPELLINGS, Sample
from core.text import counted, shown

MAX_NOTE = 2000
"""Most characters of a note."""

MAX_REGIONS = 100
"""Most regions of one annotation."""

UNASSIGNED = -1
"""Index of spots that belong to no region."""

PLAIN_COLOUR = "#808080"
"""Of regions for which nobody chose a colour."""

_ID = re.compile("[0-9a-f]{12}")
_COLOUR = re.compile("#[0-9A-F]{6}")
# What a computation keeps of a sample, and an annotation does not change.
_CARRIED = ("content_hash", "coordinates", "positions", "tissue_um", "spots_hash")


@dataclass(frozen=True, slots=True)
class Region:
    """One class of an annotation.

    Parameters
    ----------
    name : str
        1 to `core.region_names.MAX_NAME` printable characters, none of those spellings that mean "not annotated".
    colour : str
        `#RRGGBB`.

    Raises
    ------
    AnnotationError
        If the name or the colour is none.
    """

    name: str
    colour: str

    def __post_init__(self) -> None:
        check_name(self.name, "region")
        if self.name.lower() in UNANNOTATED_SPELLINGS:
            raise AnnotationError(
                f"A region cannot be called {self.name!r}, which files write for spots without a region."
            )
        if not _COLOUR.fullmatch(self.colour):
            raise AnnotationError(f"The colour {shown(self.colour)!r} is not written as #RRGGBB, such as #D97360.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Annotation:
    """Which spots belong to which region, as one author sees it.

    Parameters
    ----------
    id : str
        12 hexadecimal digits, which name its file.
    name : str
        As people call it; several annotations of a sample may share one.
    author : str
        Name of the user; empty where nobody gave one.
    note : str
    created, changed : datetime
        In UTC.
    regions : tuple of Region
        In the order of the legend; no two share a name.
    assigned : ndarray of shape (n_spots,), int16
        Index into `regions`; `UNASSIGNED` for spots without a region.
    source : str
        What it was made of, such as `drawn` or `import of regions.geojson`.

    Raises
    ------
    AnnotationError
        If a value is none of these.
    """

    id: str
    name: str
    author: str = ""
    note: str = ""
    created: datetime
    changed: datetime
    regions: tuple[Region, ...] = ()
    assigned: np.ndarray
    source: str = "drawn"

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.name, "annotation")
        _check_regions(self.regions)
        assigned = np.array(self.assigned, dtype=np.int64)
        if assigned.ndim != 1 or assigned.min(initial=0) < UNASSIGNED or assigned.max(initial=-1) >= len(self.regions):
            raise AnnotationError("The annotation assigns spots to regions that it does not have.")
        assigned = assigned.astype(np.int16)
        assigned.flags.writeable = False
        object.__setattr__(self, "assigned", assigned)

    @property
    def n_spots(self) -> int:
        """Number of spots of the sample."""
        return len(self.assigned)

    @property
    def title(self) -> str:
        """Its name with its author, as lists show it."""
        return f"{self.name} · {called(self.author)}" if self.author else self.name

    @property
    def names(self) -> list[str]:
        """Names of the regions, in the order of the legend."""
        return [region.name for region in self.regions]

    @property
    def sizes(self) -> list[int]:
        """Number of spots of each region."""
        counts = np.bincount(self.assigned[self.assigned >= 0], minlength=len(self.regions))
        return [int(count) for count in counts]

    def with_assigned(self, assigned: np.ndarray) -> "Annotation":
        """Give the spots these regions.

        Parameters
        ----------
        assigned : ndarray of shape (n_spots,), int

        Returns
        -------
        Annotation

        Raises
        ------
        AnnotationError
            If there is no such region.
        """
        return dataclasses.replace(self, assigned=assigned)

    def labels_true(self) -> np.ndarray:
        """Give each spot the name of its region.

        Returns
        -------
        ndarray of shape (n_spots,), str
            `UNANNOTATED` for spots without a region, as :attr:`core.sample.Sample.labels_true` has it.
        """
        return np.array([*self.names, UNANNOTATED])[self.assigned]

    def spots_of(self, name: str) -> np.ndarray:
        """Find the spots of one region.

        Parameters
        ----------
        name : str

        Returns
        -------
        ndarray of shape (n_spots,), bool

        Raises
        ------
        AnnotationError
            If there is no such region.
        """
        if name not in self.names:
            known = ", ".join(map(shown, self.names)) or "none yet"
            raise AnnotationError(f"{shown(self.name)} has no region {shown(name)!r}; its regions are {known}.")
        return np.asarray(self.assigned == self.names.index(name))


def new_annotation(
    n_spots: int, *, name: str, author: str = "", regions: tuple[Region, ...] = (), source: str = "drawn"
) -> Annotation:
    """Start an annotation without assigned spots.

    Parameters
    ----------
    n_spots : int
        Of the sample.
    name, author, regions, source
        As for :class:`Annotation`.

    Returns
    -------
    Annotation
        With a new id.

    Raises
    ------
    AnnotationError
        As :class:`Annotation`.
    """
    now = datetime.now(UTC)
    return Annotation(
        id=new_id(),
        name=name,
        author=author,
        created=now,
        changed=now,
        regions=regions,
        assigned=np.full(n_spots, UNASSIGNED),
        source=source,
    )


def compared(sample: Sample, annotation: Annotation | None) -> Sample:
    """Give a sample this annotation instead of its own.

    Parameters
    ----------
    sample : Sample
    annotation : Annotation or None
        None for no annotation.

    Returns
    -------
    Sample
        With the same `content_hash`, so that results stay, and another `annotation_hash`, so that scores are counted anew.
        Without annotation where no spot has a region.

    Raises
    ------
    AnnotationError
        If the annotation is of another number of spots.
    """
    labels = None if annotation is None or not (annotation.assigned >= 0).any() else annotation.labels_true()
    if annotation is not None:
        check_fits(annotation, sample)
    other = dataclasses.replace(
        sample,
        labels_true=labels,
        class_colours={} if annotation is None else {region.name: region.colour for region in annotation.regions},
        annotation_name="" if annotation is None else annotation.title,
        annotation_id="" if annotation is None else annotation.id,
    )
    # What was computed of the expression is not computed again: a digest of it takes longer than all scores.
    other.__dict__.update({name: sample.__dict__[name] for name in _CARRIED if name in sample.__dict__})
    return other


def check_fits(annotation: Annotation, sample: Sample) -> None:
    """Refuse an annotation of another number of spots.

    Parameters
    ----------
    annotation : Annotation
    sample : Sample

    Raises
    ------
    AnnotationError
    """
    if annotation.n_spots != sample.n_spots:
        raise AnnotationError(
            f"The annotation {shown(annotation.name)} is of {counted(annotation.n_spots, 'spot')}, but {shown(sample.name)} has "
            f"{sample.n_spots:,}: it belongs to another sample."
        )


def new_id() -> str:
    """Make an id that no other annotation has.

    Returns
    -------
    str
    """
    return uuid.uuid4().hex[:12]


def is_id(text: str) -> bool:
    """Whether a text can be the id of an annotation.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
    """
    return _ID.fullmatch(text) is not None


def as_colour(text: object) -> str | None:
    """Read a colour that a file gives.

    Parameters
    ----------
    text : object
        `#RRGGBB` in any case of letters.

    Returns
    -------
    str or None
        As a region has it; None for anything else.
    """
    found = text.upper() if isinstance(text, str) else ""
    return found if _COLOUR.fullmatch(found) else None


def check_id(text: str) -> str:
    """Refuse what is not the id of an annotation.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        The same.

    Raises
    ------
    AnnotationError
    """
    if not is_id(text):
        raise AnnotationError(f"{shown(text)!r} is not the id of an annotation, which has 12 hexadecimal digits.")
    return text


def check_number(n_regions: int) -> None:
    """Refuse more regions than an annotation has.

    Parameters
    ----------
    n_regions : int

    Raises
    ------
    AnnotationError
    """
    if n_regions > MAX_REGIONS:
        raise AnnotationError(
            f"There are {n_regions:,} regions of different names, but an annotation has at most {MAX_REGIONS}: are these cells, or "
            "values that were measured? Choose a file or a column with the names of regions."
        )


def _check_regions(regions: tuple[Region, ...]) -> None:
    check_number(len(regions))
    names = [region.name for region in regions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AnnotationError(f"Two regions are called {shown(twice)!r}: give each its own name, or join them.")
