"""One kept run, and how it is written down: plain facts, checked again when they are read.

Knows nothing of databases. Facts come from a record that others write to, and from files of strangers.
"""

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.depth import Bend, FoundDirection
from core.errors import RecordError
from core.params import MethodParams
from core.result import AutoencoderReport, Scores
from core.text import shown
from core.work.runs.knobs import method_params

MAX_NAME, MAX_NOTE = 120, 4000
"""Longest name and longest note of a run, in signs."""

MAX_SPOTS = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as the record holds it; its labels are read apart, by :meth:`Record.result`.

    Parameters
    ----------
    id : str
        32 hexadecimal digits: what a link names. The same wherever the run is exported to.
    sample_name, content_hash, annotation_hash : str
        As of :class:`core.sample.Sample`.
    n_spots : int
    params : MethodParams
    scores : Scores
    direction : FoundDirection or None
    autoencoder : AutoencoderReport or None
        Without its losses, which are read with the labels.
    seconds : dict of str to float
        As of :class:`core.result.Result`.
    labels_hash : str
        SHA-256 of the labels as little-endian 64-bit numbers.
    who : str
        Who kept it; empty where nobody gave a name.
    name, note : str
        What its owner calls it, and says of it.
    starred : bool
    sweep : str
        Id of the sweep that it is part of; empty where it was kept by hand.
    created : datetime
        UTC.
    code_version : str
        As :func:`core.method.version.code_version` of the program that made it.
    deleted : bool
        Whether it was deleted; it can be restored.
    aside : dict of str to object
        Knobs by address that this version of the program does not know, or whose value it does not allow. They played
        a part in the labels, but not in `params`.
    artifacts : dict of str to str
        Id in the store of artifacts by file name.
    """

    id: str
    sample_name: str
    content_hash: str
    n_spots: int
    params: MethodParams
    created: datetime
    annotation_hash: str = ""
    scores: Scores = field(default_factory=Scores)
    direction: FoundDirection | None = None
    autoencoder: AutoencoderReport | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    labels_hash: str = ""
    who: str = ""
    name: str = ""
    note: str = ""
    starred: bool = False
    sweep: str = ""
    code_version: str = ""
    deleted: bool = False
    aside: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What people call it; the beginning of its id where it has no name."""
        return self.name or f"Run {self.id[:6]}"


def facts_of(run: Run) -> dict[str, Any]:
    """Write a run as plain values, but for its parameters and for whether it was deleted.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        Fit for JSON.
    """
    facts = {item.name: getattr(run, item.name) for item in dataclasses.fields(Run) if item.name not in _APART}
    return facts | {
        "scores": dataclasses.asdict(run.scores),
        "direction": None if run.direction is None else dataclasses.asdict(run.direction),
        "autoencoder": None if run.autoencoder is None else _report_facts(run.autoencoder),
        "created": run.created.isoformat(),
    }


_APART = ("params", "deleted")
_BEND_TERMS = (2, 5, 9, 14)  # of polynomials of degree 1 to 4


def _report_facts(report: AutoencoderReport) -> dict[str, Any]:
    explained = report.explained_variance
    # Training that overflows explains NaN, which is no JSON.
    return {"explained_variance": explained if math.isfinite(explained) else None, "reused": report.reused}


def run_of(facts: Any, values: Any, *, deleted: bool = False) -> Run:
    """Read a run.

    Parameters
    ----------
    facts : object
        As :func:`facts_of` writes it, by this version or another.
    values : object
        Knobs by address.
    deleted : bool
        Facts do not say so: a run that arrives from elsewhere is not deleted.

    Returns
    -------
    Run

    Raises
    ------
    RecordError
        If a fact is missing that cannot be done without, or is not what it should be.
    """
    for given, what in ((facts, "facts"), (values, "knobs")):
        if not isinstance(given, dict):
            raise RecordError(f"The {what} of the run are {shown(given, 40)}, where names and values belong.")
    params, aside = method_params(_plain(values))
    return Run(
        id=run_id(facts.get("id")),
        sample_name=_text(facts, "sample_name", 200),
        content_hash=_text(facts, "content_hash", 64),
        annotation_hash=_text(facts, "annotation_hash", 64),
        n_spots=_count(facts, "n_spots"),
        params=params,
        scores=_scores(_mapping(facts, "scores")),
        direction=_direction(facts),
        autoencoder=_autoencoder(facts),
        seconds={shown(step): _number(value, step) for step, value in _mapping(facts, "seconds").items()},
        labels_hash=_text(facts, "labels_hash", 64),
        who=_text(facts, "who", MAX_NAME),
        name=_text(facts, "name", MAX_NAME),
        note=_text(facts, "note", MAX_NOTE),
        starred=facts.get("starred") is True,
        sweep=_text(facts, "sweep", 64),
        created=_time(facts, "created"),
        code_version=_text(facts, "code_version", 64),
        deleted=deleted,
        aside=dict(_plain(_mapping(facts, "aside"))) | aside,
        artifacts={str(name): str(stored) for name, stored in _mapping(facts, "artifacts").items()},
    )


def run_id(value: object) -> str:
    """Read the id of a run, as links and files name it.

    Parameters
    ----------
    value : object

    Returns
    -------
    str

    Raises
    ------
    RecordError
        If it is not one.
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
    return _text({name: text.strip()}, name, MAX_NOTE if name == "note" else MAX_NAME)


def _text(facts: Mapping[str, Any], name: str, limit: int) -> str:
    value = facts.get(name, "")
    if not isinstance(value, str):
        raise RecordError(f"`{name}` of the run is {shown(value, 40)}, where text belongs.")
    if len(value) > limit:
        raise RecordError(f"`{name}` of the run has {len(value):,} signs, but at most {limit:,} are kept: shorten it.")
    # Databases take neither zeros nor halves of a surrogate pair.
    return value if value.isprintable() else value.replace("\0", "?").encode(errors="replace").decode()


def _count(facts: Mapping[str, Any], name: str) -> int:
    value = facts.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_SPOTS:
        raise RecordError(f"`{name}` of the run is {shown(value, 40)}, where a whole number above 0 belongs.")
    return value


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RecordError(f"`{shown(name, 40)}` of the run is {shown(value, 40)}, where a finite number belongs.")
    return value


def _mapping(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = facts.get(name) or {}
    if not isinstance(value, dict) or len(value) > 100:
        raise RecordError(f"`{name}` of the run is {shown(value, 40)}, where names and values belong.")
    return value


def _plain(values: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, value in values.items():
        if len(name) > 200 or not isinstance(value, str | int | float) or len(str(value)) > 200:
            raise RecordError(f"The knob {shown(name, 40)} of the run is {shown(value, 40)}, where one value belongs.")
    return values


def _scores(given: Mapping[str, Any]) -> Scores:
    # What this version does not score is passed over, what an older one did not score is None.
    names = [item.name for item in dataclasses.fields(Scores) if given.get(item.name) is not None]
    return Scores(**{name: _number(given[name], name) for name in names})


def _direction(facts: Mapping[str, Any]) -> FoundDirection | None:
    given = _mapping(facts, "direction")
    if not given:
        return None
    support = given.get("support")
    return FoundDirection(
        angle=_number(given.get("angle"), "angle"),
        method=_text(given, "method", 40),
        support=None if support is None else _number(support, "support"),
        bend=_bend(given),
    )


def _bend(facts: Mapping[str, Any]) -> Bend | None:
    given = _mapping(facts, "bend")
    if not given:
        return None
    centre, coefficients = (
        tuple(_number(value, name) for value in given.get(name) or ()) for name in ("centre_um", "coefficients")
    )
    if len(centre) != 2 or len(coefficients) not in _BEND_TERMS:
        raise RecordError("A run's bending depth is not written as this program writes one.")
    return Bend(centre_um=centre, scale_um=_number(given.get("scale_um"), "scale_um"), coefficients=coefficients)


def _autoencoder(facts: Mapping[str, Any]) -> AutoencoderReport | None:
    given = _mapping(facts, "autoencoder")
    if not given:
        return None
    given_share = given.get("explained_variance")
    explained = math.nan if given_share is None else _number(given_share, "explained_variance")
    return AutoencoderReport(explained_variance=explained, reused=given.get("reused") is True)


def _time(facts: Mapping[str, Any], name: str) -> datetime:
    try:
        found = datetime.fromisoformat(_text(facts, name, 40))
    except ValueError as error:
        raise RecordError(f"`{name}` of the run is {shown(facts.get(name), 40)}, where a time belongs.") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
