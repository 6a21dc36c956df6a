"""What a guided run was guided by: kept with the run, repeated by its script, said by page and report.

Knows what people gave, not what is made of it (`core.method.guided`): a kind of guidance that is added here is data, too.
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Annotated, Literal

import msgspec
import numpy as np

from core import codec
from core.annotation import MAX_REGIONS, PLAIN_COLOUR, Annotation, Region, as_colour, new_annotation
from core.errors import AnnotationError, CodecError, ParameterError
from core.layer_names import canonical
from core.marker_table import MarkerTable
from core.reference import Reference
from core.region_names import MAX_NAME
from core.strokes import SOURCE, UNPAINTED, Strokes, strokes_of
from core.text import counted, shown

Kind = Literal["strokes", "reference", "markers"]
"""What a result is called after."""

MAX_BYTES = 64 << 20
"""Largest size of guidance as JSON."""

UNLIKE = "Unlike the reference"
"""Name of the domain of spots that look like nothing in the reference."""

_MAX_SPOTS = 100_000_000
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]
_Spots = Annotated[list[Annotated[int, msgspec.Meta(ge=0, lt=_MAX_SPOTS)]], msgspec.Meta(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guidance:
    """What people gave to a run beside the sample; a result of it is not label-free, and is scored on spots that were not shown.

    Parameters
    ----------
    strokes : Strokes or None
        Spots that they painted.
    others : bool
        Whether domains that nobody painted may exist.
    colours : mapping of str to str
        `#RRGGBB` by the name of a domain, where people chose them.
    reference : Reference or None
        What annotated sections taught; painted spots correct it.
    markers : MarkerTable or None
        Marker genes of the domains; painted spots correct them.
    """

    strokes: Strokes | None = None
    others: bool = False
    colours: Mapping[str, str] = field(default_factory=dict)
    reference: Reference | None = None
    markers: MarkerTable | None = None

    def __post_init__(self) -> None:
        if self.reference is not None and self.markers is not None:
            raise ParameterError(
                "Domains come from annotated sections or from marker genes, not from both: choose one."
            )

    @property
    def kind(self) -> Kind:
        """What the result is called after."""
        return "reference" if self.reference is not None else "markers" if self.markers is not None else "strokes"

    @property
    def known(self) -> tuple[str, ...]:
        """Domains that the reference or the marker genes know."""
        taught = self.reference or self.markers
        return () if taught is None else taught.names

    @property
    def domains(self) -> tuple[str, ...]:
        """Domains that are known, and those that somebody painted beside them; spellings of one layer are one."""
        known = {canonical(name) for name in self.known}
        painted = () if self.strokes is None else self.strokes.names
        return (*self.known, *(name for name in painted if canonical(name) not in known))

    def painted(self, n_spots: int) -> np.ndarray:
        """Give painted spots the number of their domain among `domains`.

        Parameters
        ----------
        n_spots : int

        Returns
        -------
        ndarray of shape (n_spots,), int
            `core.strokes.UNPAINTED` for the others.
        """
        if self.strokes is None:
            return np.full(n_spots, UNPAINTED, dtype=np.int64)
        number = {canonical(name): index for index, name in reversed(list(enumerate(self.domains)))}
        own = np.array([number[canonical(name)] for name in self.strokes.names], dtype=np.int64)
        return np.where(self.strokes.painted >= 0, own[self.strokes.painted], UNPAINTED)

    def painted_known(self, n_spots: int) -> np.ndarray:
        """Give painted spots the number of their domain among `known`.

        Parameters
        ----------
        n_spots : int

        Returns
        -------
        ndarray of shape (n_spots,), int
            `core.strokes.UNPAINTED` also for spots of domains that were painted and are not known.
        """
        painted = self.painted(n_spots)
        return np.where(painted < len(self.known), painted, UNPAINTED)

    @property
    def n_painted(self) -> int:
        """Number of painted spots, which scores do not count."""
        return 0 if self.strokes is None else self.strokes.n_painted

    @property
    def digest(self) -> str:
        """Digest of all that plays a part in the labels, for keys of results."""
        plain = dataclasses.replace(self, reference=None, colours={})
        learnt = "" if self.reference is None else self.reference.digest
        return hashlib.sha256(plain.to_json() + learnt.encode()).hexdigest()[:32]

    def names(self, n_domains: int) -> tuple[str, ...]:
        """Name the domains of a guided run: those that are known or painted, then what is unlike a reference, or others by number.

        Parameters
        ----------
        n_domains : int

        Returns
        -------
        tuple of str
        """
        n_others = n_domains - len(self.domains)
        more = (f"{UNLIKE} ({number})" if number > 1 else UNLIKE for number in count(1))
        if not self.reference:
            more = (f"Other {number}" for number in count(1))
        # People may have called a domain so.
        free = (name for name in more if name not in self.domains)
        return *self.domains, *islice(free, 1 if self.reference else max(n_others, 0))

    def check_several(self, n_others: int = 0) -> None:
        """Refuse strokes in one domain alone.

        Parameters
        ----------
        n_others : int
            Number of domains that nobody painted.

        Raises
        ------
        ParameterError
            If all spots would follow one domain.
        """
        if not self.known and len(self.domains) + n_others == 1:
            raise ParameterError(
                f"Only {shown(self.domains[0])} is painted, which all spots would follow: paint some spots of another domain, too, or let "
                "domains that nobody painted exist."
            )

    def in_words(self) -> str:
        """Say what guided, such as `guided by 35 painted spots of 7 domains`.

        Returns
        -------
        str
        """
        others = ", other domains may exist" if self.others else ""
        painted = ""
        if self.strokes is not None:
            painted = f"{counted(self.n_painted, 'painted spot')} of {counted(len(self.strokes.names), 'domain')}"
        corrected = f", corrected by {painted}" if painted else ""
        if self.reference is not None:
            return f"transferred from {self.reference.in_words()}{corrected}"
        if self.markers is not None:
            return f"by {self.markers.in_words()}{corrected}"
        return f"guided by {painted}{others}" if painted else "not guided"

    def hidden_from(self, labels_true: np.ndarray | None) -> np.ndarray | None:
        """Take what was shown out of an annotation, as :meth:`core.strokes.Strokes.hidden_from`.

        Parameters
        ----------
        labels_true : ndarray of shape (n_spots,), str, or None

        Returns
        -------
        ndarray of shape (n_spots,), str, or None
        """
        return labels_true if self.strokes is None else self.strokes.hidden_from(labels_true)

    def to_json(self) -> bytes:
        """Write it as JSON.

        Returns
        -------
        bytes
        """
        strokes = None if self.strokes is None else _written(self.strokes)
        colours = dict(self.colours)
        return codec.encode(
            _Guidance(
                strokes=strokes, others=self.others, colours=colours, reference=self.reference, markers=self.markers
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Strokes:
    """Strokes as they are written: the painted spots of each name."""

    n_spots: Annotated[int, msgspec.Meta(gt=0, le=_MAX_SPOTS)]
    spots: Annotated[dict[_Name, _Spots], msgspec.Meta(min_length=1, max_length=MAX_REGIONS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guidance:
    strokes: _Strokes | None = None
    others: bool = False
    colours: Annotated[dict[_Name, str], msgspec.Meta(max_length=MAX_REGIONS)] = field(default_factory=dict)
    reference: Reference | None = None
    markers: MarkerTable | None = None


def guidance_of(
    annotation: Annotation,
    *,
    others: bool = False,
    reference: Reference | None = None,
    markers: MarkerTable | None = None,
) -> Guidance:
    """Take the spots of an annotation for strokes.

    Parameters
    ----------
    annotation : Annotation
        Regions without spots play no part, but give known domains their colours.
    others, reference, markers
        As for :class:`Guidance`.

    Returns
    -------
    Guidance

    Raises
    ------
    ParameterError
        If no spot is painted, and there is neither a reference nor a table of markers.
    """
    known = reference is not None or markers is not None
    painted = not known or bool((annotation.assigned >= 0).any())
    found = Guidance(
        strokes=strokes_of(annotation.labels_true()) if painted else None,
        others=others,
        reference=reference,
        markers=markers,
    )
    return dataclasses.replace(found, colours=_colours(found, annotation))


def _colours(guidance: Guidance, annotation: Annotation) -> dict[str, str]:
    """Colours of the regions, by the names that domains have; spellings of one layer are one."""
    colours = {region.name: region.colour for region in annotation.regions}
    spelt = {canonical(name): shade for name, shade in colours.items()}
    return colours | {name: spelt[canonical(name)] for name in guidance.known if canonical(name) in spelt}


def as_annotation(guidance: Guidance, n_spots: int, *, name: str, author: str) -> Annotation:
    """Give strokes the form that people draw in.

    Parameters
    ----------
    guidance : Guidance
    n_spots : int
        Of the sample.
    name, author : str
        As for :class:`core.annotation.Annotation`.

    Returns
    -------
    Annotation
        With the regions in the order of their names.
    """
    regions = tuple(Region(name, guidance.colours.get(name, PLAIN_COLOUR)) for name in guidance.domains)
    made = new_annotation(n_spots, name=name, author=author, regions=regions, source=SOURCE)
    return made.with_assigned(guidance.painted(n_spots))


def from_json(data: bytes, n_spots: int) -> Guidance:
    """Read what :meth:`Guidance.to_json` wrote; the text is not trusted.

    Parameters
    ----------
    data : bytes
    n_spots : int
        Of the sample.

    Returns
    -------
    Guidance

    Raises
    ------
    ParameterError
        If it is anything else, or of another number of spots.
    """
    try:
        read = codec.decode(_Guidance, data, most_bytes=MAX_BYTES)
    except CodecError as error:
        raise ParameterError(f"What the run was guided by cannot be read. {error}") from error
    if read.strokes is None and read.reference is None and read.markers is None:
        raise ParameterError("What the run was guided by holds no strokes, reference or marker genes.")
    strokes = None if read.strokes is None else _read(read.strokes, n_spots)
    colours = {name: shade for name, text in read.colours.items() if (shade := as_colour(text)) is not None}
    return Guidance(
        strokes=strokes, others=read.others, colours=colours, reference=read.reference, markers=read.markers
    )


def _written(strokes: Strokes) -> _Strokes:
    spots = {name: np.flatnonzero(strokes.painted == number).tolist() for number, name in enumerate(strokes.names)}
    return _Strokes(n_spots=len(strokes.painted), spots=spots)


def _read(written: _Strokes, n_spots: int) -> Strokes:
    if written.n_spots != n_spots:
        raise ParameterError(
            f"The strokes are of {counted(written.n_spots, 'spot')}, but the sample has {n_spots:,}: they belong to another sample."
        )
    painted = np.full(n_spots, UNPAINTED, dtype=np.int64)
    for number, (name, listed) in enumerate(written.spots.items()):
        _check_domain(name)
        spots = np.asarray(listed, dtype=np.int64)
        if (spots >= n_spots).any() or (painted[spots] != UNPAINTED).any() or len(np.unique(spots)) < len(spots):
            raise ParameterError(
                "The strokes name spots that the sample does not have, or one spot for two domains or twice."
            )
        painted[spots] = number
    return Strokes(names=tuple(written.spots), painted=painted)


def _check_domain(name: str) -> None:
    """Refuse a name that no region of strokes has: pages show it, and make a region of it."""
    try:
        Region(name, PLAIN_COLOUR)
    except AnnotationError as error:
        raise ParameterError(f"What the run was guided by cannot be read. {error}") from error
