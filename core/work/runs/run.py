"""One kept run, and how it is stored: as plain facts, checked again when they are read.

Knows nothing of databases. Facts come from a record that others write to, and from files of strangers.
"""

import dataclasses
import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import msgspec

from core.annotation import as_colour
from core.averaging import Averaging
from core.codec import as_plain, from_plain, in_utc
from core.depth import FoundDirection
from core.errors import CodecError, RecordError
from core.params import MethodParams
from core.result import AutoencoderReport, Domain, Scores
from core.text import shown
from core.work.runs.knobs import method_params

MAX_NAME, MAX_NOTE = 120, 4000
"""Longest name and longest note of a run, in characters."""

MAX_DOMAIN = 80
"""Longest name of a domain."""

MAX_SPOTS = 100_000_000

Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
Note = Annotated[str, msgspec.Meta(max_length=MAX_NOTE)]
Digest = Annotated[str, msgspec.Meta(max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as the record holds it; its labels are read separately, by :meth:`Record.result`.

    Parameters
    ----------
    id : str
        32 hexadecimal digits: what a link names. The same wherever the run is exported to.
    sample_name, content_hash, annotation_hash : str
        As of :class:`core.sample.Sample`.
    annotation, annotation_id : str
        Name and id of the annotation that its scores are with, where that is not the one of the sample's file.
    n_spots : int
    params : MethodParams
    scores : Scores
    direction : FoundDirection or None
    averaging : Averaging or None
    autoencoder : AutoencoderReport or None
        Without its losses, which are read with the labels.
    seconds : dict of str to float
        As of :class:`core.result.Result`.
    labels_hash : str
        SHA-256 of the labels as little-endian 64-bit numbers.
    who : str
        User who kept it; empty if no name was given.
    name, note : str
        Its name, and a note about it.
    starred : bool
    together : tuple of str
        Names of the sections that it was clustered as one with; empty where it was clustered alone.
    guided : str
        What guided it, in words; empty for what is label-free.
    sweep : str
        Id of the sweep that it is part of; empty where it was kept by hand.
    created : datetime
        UTC.
    code_version : str
        As :func:`core.method.version.code_version` of the program that made it.
    deleted : bool
        Whether it was deleted; it can be restored.
    imported : bool
        Whether it came in as a file and was not computed here since, so that its scores are those that the file claims.
    claimed : str
        Who kept it, as the file claimed that it came in from.
    domains : tuple of Domain
        Names and colours of its domains, decided once; empty where an older version kept it.
    aside : dict of str to object
        Knobs by path that this version of the program does not know, or whose value it does not allow. They played
        a part in the labels, but not in `params`.
    artifacts : dict of str to str
        Id in the store of artifacts by file name.
    """

    id: str
    sample_name: Annotated[str, msgspec.Meta(max_length=200)]
    content_hash: Digest
    n_spots: Annotated[int, msgspec.Meta(gt=0, le=MAX_SPOTS)]
    params: MethodParams
    created: datetime
    annotation_hash: Digest = ""
    annotation: Name = ""
    annotation_id: Digest = ""
    scores: Scores = field(default_factory=Scores)
    direction: FoundDirection | None = None
    averaging: Averaging | None = None
    autoencoder: AutoencoderReport | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    labels_hash: Digest = ""
    who: Name = ""
    name: Name = ""
    note: Note = ""
    starred: bool = False
    together: tuple[Annotated[str, msgspec.Meta(max_length=200)], ...] = ()
    guided: Note = ""
    sweep: Digest = ""
    code_version: Digest = ""
    deleted: bool = False
    imported: bool = False
    claimed: Name = ""
    domains: tuple[Domain, ...] = ()
    aside: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its name, or the beginning of its id if it has none."""
        return self.name or f"Run {self.id[:6]}"


def facts_of(run: Run) -> dict[str, Any]:
    """Write a run as plain values, except its parameters and whether it was deleted.

    Returns
    -------
    dict
        Fit for JSON.
    """
    facts: dict[str, Any] = as_plain(run)
    del facts["params"], facts["deleted"]
    for added_later in (
        "together",
        "guided",
        "domains",
        "averaging",
        "annotation",
        "annotation_id",
        "imported",
        "claimed",
    ):
        if not facts[added_later]:  # as an older version wrote it
            del facts[added_later]
    report = run.autoencoder and _report_facts(run.autoencoder)
    return facts | {"autoencoder": report, "created": run.created.isoformat()}


def _report_facts(report: AutoencoderReport) -> dict[str, Any]:
    explained = report.explained_variance
    # Overflowing training gives NaN, which JSON does not have.
    return {"explained_variance": explained if math.isfinite(explained) else None, "reused": report.reused}


def run_of(facts: Any, values: Any, *, deleted: bool = False) -> Run:
    """Read a run.

    Parameters
    ----------
    facts : object
        As :func:`facts_of` writes it, by this version or another.
    values : object
        Knobs by path.
    deleted : bool
        Not among the facts, since an imported run is not deleted.

    Raises
    ------
    RecordError
        If a required fact is missing, or a fact is invalid.
    """
    given = _known(Run, _checked("facts", _table("facts", facts)))
    params, aside = method_params(_knobs(values))
    given |= {
        "id": run_id(given.get("id")),
        "params": params,
        "deleted": deleted,
        "aside": dict(_knobs(given.get("aside", {}))) | aside,
        "scores": _known(Scores, given.get("scores", {})),
        "direction": _known(FoundDirection, given.get("direction")),
        "averaging": _known(Averaging, given.get("averaging")),
        "autoencoder": _report(given.get("autoencoder")),
        "domains": _domains(given.get("domains", ())),
    }
    try:
        run = from_plain(Run, given)
        created = in_utc(run.created)
    except CodecError as error:
        raise RecordError(f"The facts of the run were not read. {error}") from error
    bend = run.direction and run.direction.bend
    if bend and len(bend.coefficients) not in _BEND_TERMS:
        raise RecordError("A run's bending depth is not written as this program writes one.")
    return run if created is run.created else dataclasses.replace(run, created=created)


_BEND_TERMS = (2, 5, 9, 14)  # of polynomials of degree 1 to 4
_MOST_NAMES, _DEEPEST = 100, 8


def _known(kind: Any, given: Any) -> Any:
    """Ignore fields that this version does not know, and use defaults for missing ones."""
    if not isinstance(given, dict):
        return given
    return {name: given[name] for name in _names(kind) if given.get(name) is not None}


@functools.cache
def _names(kind: Any) -> list[str]:
    return [item.name for item in dataclasses.fields(kind)]


def _domains(given: Any) -> Any:
    if not isinstance(given, list | tuple):
        raise RecordError(f"The domains of the run are {shown(given, 40)}, where a list belongs.")
    known = [_known(Domain, item) for item in given]
    return [
        item
        | {"given": shown(item.get("given", ""), MAX_DOMAIN).strip(), "colour": as_colour(item.get("colour")) or ""}
        if isinstance(item, dict)
        else item
        for item in known
    ]


def _report(given: Any) -> Any:
    known = _known(AutoencoderReport, given)
    return {"explained_variance": math.nan} | known | {"losses": ()} if isinstance(known, dict) else known


def _table(what: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RecordError(f"The {what} of the run are {shown(value, 40)}, where names and values belong.")
    return value


def _knobs(values: Any) -> Mapping[str, Any]:
    for name, value in _table("knobs", values).items():
        if len(name) > 200 or not isinstance(value, str | int | float) or len(str(value)) > 200:
            raise RecordError(f"The knob {shown(name, 40)} of the run is {shown(value, 40)}, where one value belongs.")
    return values


def _checked(name: str, value: Any, depth: int = 0) -> Any:
    """Refuse non-finite numbers and excessive nesting or length; replace text that databases refuse."""
    if depth > _DEEPEST:
        raise RecordError(f"`{shown(name, 40)}` of the run is nested deeper than anything that this program writes.")
    if isinstance(value, dict):
        if len(value) > _MOST_NAMES:
            raise RecordError(f"`{shown(name, 40)}` of the run has more than {_MOST_NAMES} names and values.")
        return {shown(key): _checked(key, item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(name, item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise RecordError(f"`{shown(name, 40)}` of the run is {value}, where a finite number belongs.")
    return _short(shown(name, 40), value, MAX_NOTE) if isinstance(value, str) else value


def run_id(value: object) -> str:
    """Check the id of a run, as links and files give it.

    Raises
    ------
    RecordError
        If it is not an id.
    """
    if not isinstance(value, str) or re.fullmatch(r"[0-9a-f]{32}", value) is None:
        raise RecordError(f"{shown(value, 40)} is not the id of a run, which has 32 hexadecimal digits.")
    return value


def checked_text(name: str, text: str) -> str:
    """Read a name or a note as its owner typed it.

    Parameters
    ----------
    name : {"name", "note", "who"}
    text : str

    Returns
    -------
    str
        Without blanks around it.

    Raises
    ------
    RecordError
        If it is longer than it may be.
    """
    return _short(name, text.strip(), MAX_NOTE if name == "note" else MAX_NAME)


def _short(name: str, text: str, limit: int) -> str:
    if len(text) > limit:
        raise RecordError(f"`{name}` of the run has {len(text):,} signs, but at most {limit:,} are kept: shorten it.")
    # Databases accept neither null characters nor halves of a surrogate pair.
    return text if text.isprintable() else text.replace("\0", "?").encode(errors="replace").decode()
