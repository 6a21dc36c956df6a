"""What a sweep is to do: samples x a grid over one or two knobs, or a search, x starts; and in which order.

Plain values that are written as JSON and read back. Knows nothing of processes, files of samples, or the record.
"""

import dataclasses
import hashlib
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import knobs
from core.errors import ParameterError
from core.knobs import KnobPath
from core.method.seeds import nth_start
from core.params import MethodParams, params_key, replaced

MOST_KNOBS = 2
"""Knobs of a grid: more do not fit on a sheet."""

MOST_RUNS = 20_000
"""Runs of one sweep."""

SMALLER_IS_BETTER = frozenset({"chaos", "pas"})
"""Scores of which a low value is good."""

NEEDS_ANNOTATION = frozenset({"ari", "nmi", "ari_all", "nmi_all"})
"""Scores that compare with an annotation."""


class _OfKnob:
    """What an axis and a range know of the knob that they turn."""

    __slots__ = ()
    knob: str

    @property
    def knob_path(self) -> KnobPath:
        """Where the knob sits in the parameters."""
        return knobs.path_of(self.knob)

    @property
    def choices(self) -> tuple[str, ...]:
        """Values that a knob can have which is no number."""
        return tuple(knobs.declared(self.knob_path).metadata["choices"] or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis(_OfKnob):
    """A knob of a grid, and its values.

    Parameters
    ----------
    knob : str
        As `core.knobs` names it.
    values : tuple of object

    Raises
    ------
    ParameterError
        If the knob is unknown, or a value is missing, given twice or outside its limits.
    """

    knob: str
    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ParameterError(f"{self.knob} has no values: give one or more, such as 2,6,10.")
        twice = [value for place, value in enumerate(self.values) if value in self.values[:place]]
        if twice:
            raise ParameterError(f"{self.knob} has the value {twice[0]} twice: leave one out.")
        for value in self.values:
            replaced(MethodParams(), self.knob_path, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(_OfKnob):
    """Where a search looks along one knob.

    Parameters
    ----------
    knob : str
    low, high : float
        Inclusive; of a knob with choices neither counts.
    log : bool
        Whether factors count, not differences.

    Raises
    ------
    ParameterError
        If the knob is unknown, or the ends are not in order or outside its limits.
    """

    knob: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False

    def __post_init__(self) -> None:
        if self.choices:
            return
        for end in (self.low, self.high):
            replaced(MethodParams(), self.knob_path, int(end) if self.whole and end == int(end) else end)
        if not self.low < self.high:
            raise ParameterError(f"{self.knob} runs from {self.low:g} to {self.high:g}: the lower end comes first.")
        if self.log and self.low <= 0:
            raise ParameterError(f"{self.knob} begins at {self.low:g}, but factors count only above 0.")

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are tried."""
        return isinstance(knobs.declared(self.knob_path).default, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search by a tree-structured Parzen estimator.

    Parameters
    ----------
    objective : str
        A field of `core.result.Scores`; averaged over starts and samples.
    n_trials : int
    ranges : tuple of Range
    random_state : int
        The same one asks for the same settings.
    prune : bool
        Whether trainings are given up whose loss is worse than that of most others at the same epoch.

    Raises
    ------
    ParameterError
        If there is no such score, no range, or a knob is named twice.
    """

    objective: str
    n_trials: int
    ranges: tuple[Range, ...]
    random_state: int = 0
    prune: bool = False

    def __post_init__(self) -> None:
        if self.objective not in objectives():
            raise ParameterError(f"There is no score {self.objective!r}; there are {', '.join(objectives())}.")
        if not self.ranges:
            raise ParameterError("A search needs a knob to turn: give one or more ranges, such as x-weight=0.5:20.")
        _check_once([item.knob for item in self.ranges])
        if self.n_trials < 1:
            raise ParameterError(f"A search of {self.n_trials} trials finds nothing: give 1 or more.")

    @property
    def maximise(self) -> bool:
        """Whether a high score is good."""
        return self.objective not in SMALLER_IS_BETTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A sample of a sweep, and the settings that its runs start from.

    Parameters
    ----------
    name : str
    path : str
        Its file.
    content_hash, annotation_hash : str
        As :class:`core.sample.Sample` has them.
    params : MethodParams
    """

    name: str
    path: str
    content_hash: str
    annotation_hash: str
    params: MethodParams


@dataclass(frozen=True, slots=True)
class Setting:
    """One run to make.

    Parameters
    ----------
    section : int
        Which sample, counted from 0.
    place : tuple of int
        Which value of each knob of the grid; of a search, which trial.
    params : MethodParams
        With the seed of its start.
    """

    section: int
    place: tuple[int, ...]
    params: MethodParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Everything that a sweep is to do.

    Parameters
    ----------
    sections : tuple of Section
    axes : tuple of Axis
        One or two, in the order of the method's steps; none for a search.
    search : Search, optional
    n_starts : int
        Runs of each setting, with seeds counted up from that of the section's settings.

    Raises
    ------
    ParameterError
        If there is nothing to do, too much, or a knob is named twice.
    """

    sections: tuple[Section, ...]
    axes: tuple[Axis, ...] = ()
    search: Search | None = None
    n_starts: int = 1

    def __post_init__(self) -> None:
        if not self.sections:
            raise ParameterError("A sweep needs a sample.")
        if (self.search is None) != (0 < len(self.axes) <= MOST_KNOBS):
            raise ParameterError("A sweep is a grid over one or two knobs, or a search: give one of them.")
        if any(axis.knob == "seed" for axis in self.axes) and self.n_starts > 1:
            raise ParameterError("Starts count the seed up by themselves: take either several starts or seeds.")
        _check_once([axis.knob for axis in self.axes])
        if self.n_starts < 1:
            raise ParameterError(f"{self.n_starts} starts make no run: give 1 or more.")
        if self.n_runs > MOST_RUNS:
            raise ParameterError(f"This makes {self.n_runs:,} runs, but a sweep has at most {MOST_RUNS:,}.")

    @property
    def n_settings(self) -> int:
        """Settings, or trials, of each sample."""
        return self.search.n_trials if self.search else math.prod(len(axis.values) for axis in self.axes)

    @property
    def n_runs(self) -> int:
        """Runs in all."""
        return len(self.sections) * self.n_settings * self.n_starts

    @property
    def knobs(self) -> tuple[str, ...]:
        """Knobs that are turned."""
        return tuple(item.knob for item in (self.search.ranges if self.search else self.axes))

    @property
    def id(self) -> str:
        """Digest of what is to be done: equal sweeps share one record, wherever their files lie."""
        facts = as_json(self)
        for section in facts["sections"]:
            del section["path"]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def check_knobs(self, others: Iterable[KnobPath] = ()) -> None:
        """Refuse to turn what changes nothing.

        Parameters
        ----------
        others : iterable of KnobPath
            Knobs that were set for all runs.

        Raises
        ------
        ParameterError
            If a knob takes part in none of the runs.
        """
        for path, section in itertools.product((*map(knobs.path_of, self.knobs), *others), self.sections):
            knobs.check_takes_part(path, self._reached_from(section.params))

    def _reached_from(self, params: MethodParams) -> Iterator[MethodParams]:
        """Give the settings between which the knobs with choices take one; other knobs decide nothing."""
        turned: Sequence[Axis | Range] = self.search.ranges if self.search else self.axes
        chosen = {
            item.knob_path: item.values if isinstance(item, Axis) else item.choices for item in turned if item.choices
        }
        for values in itertools.product(*chosen.values()):
            yield knobs.changed(params, dict(zip(chosen, values, strict=True)))

    def settings(self) -> list[Setting]:
        """List the runs of a grid, those with the same early steps as close together as the grid allows.

        Returns
        -------
        list of Setting
        """
        method = list(knobs.names())
        outer_first = sorted(range(len(self.axes)), key=lambda axis: method.index(self.axes[axis].knob_path))
        places = itertools.product(*(range(len(self.axes[axis].values)) for axis in outer_first))
        found = []
        for section, turned in itertools.product(range(len(self.sections)), places):
            place = tuple(turned[outer_first.index(axis)] for axis in range(len(self.axes)))
            values = {axis.knob_path: axis.values[index] for axis, index in zip(self.axes, place, strict=True)}
            found.extend(self.starts(section, place, values))
        return found

    def starts(self, section: int, place: tuple[int, ...], values: Mapping[KnobPath, Any]) -> list[Setting]:
        """List the runs of one setting on one sample.

        Parameters
        ----------
        section : int
        place : tuple of int
        values : mapping of KnobPath to object
            What is turned.

        Returns
        -------
        list of Setting
        """
        params = knobs.changed(self.sections[section].params, values)
        return [Setting(section, place, nth_start(params, start)) for start in range(self.n_starts)]


def run_key(content_hash: str, params: MethodParams) -> str:
    """Name a run of a sweep by what its labels depend on.

    Parameters
    ----------
    content_hash : str
        Of the sample.
    params : MethodParams

    Returns
    -------
    str
    """
    return params_key(content_hash, params)


def objectives() -> tuple[str, ...]:
    """List the scores that a search can look for.

    Returns
    -------
    tuple of str
        Names of fields of `core.result.Scores`; those that need no annotation among them.
    """
    return ("ari", "nmi", "ari_all", "nmi_all", "chaos", "pas", "stability")


def as_json(sweep: Sweep) -> dict[str, Any]:
    """Write a sweep as plain values.

    Parameters
    ----------
    sweep : Sweep

    Returns
    -------
    dict
    """
    facts = dataclasses.asdict(sweep)
    for plain, section in zip(facts["sections"], sweep.sections, strict=True):
        plain["params"] = knobs.as_flat(section.params)
    return facts


def from_json(facts: Mapping[str, Any]) -> Sweep:
    """Read a sweep back.

    Parameters
    ----------
    facts : mapping

    Returns
    -------
    Sweep

    Raises
    ------
    ParameterError
        If it is none of this version.
    """
    try:
        search = facts["search"]
        if search is not None:
            search = Search(**{**search, "ranges": tuple(Range(**item) for item in search["ranges"])})
        return Sweep(
            sections=tuple(
                Section(**{**section, "params": knobs.from_flat(section["params"])}) for section in facts["sections"]
            ),
            axes=tuple(Axis(knob=axis["knob"], values=tuple(axis["values"])) for axis in facts["axes"]),
            search=search,
            n_starts=facts["n_starts"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ParameterError(f"This is no sweep of this version of the program: {error}.") from error


def _check_once(names: Sequence[str]) -> None:
    twice: Iterator[str] = (name for place, name in enumerate(names) if name in names[:place])
    if (name := next(twice, None)) is not None:
        raise ParameterError(f"{name} is turned twice: name each knob once.")
