"""What a sweep varies: knobs of a grid with their values, or ranges of a search for a high or low score."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core import knobs
from core.errors import ParameterError
from core.knobs import KnobPath
from core.params import MethodParams, replaced
from core.text import shown

SMALLER_IS_BETTER = frozenset({"chaos", "pas"})
"""Scores of which a low value is good."""

NEEDS_ANNOTATION = frozenset({"ari", "nmi", "ari_all", "nmi_all"})
"""Scores that compare with an annotation."""


class _OfKnob:
    """The part that an axis and a range have in common: their knob."""

    __slots__ = ()
    knob: str

    @property
    def knob_path(self) -> KnobPath:
        """Where the knob sits in the parameters."""
        return knobs.path_of(self.knob)

    @property
    def choices(self) -> tuple[str, ...]:
        """Values of a knob that is not a number."""
        return tuple(knobs.declared(self.knob_path).metadata["choices"] or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis(_OfKnob):
    """A knob of a grid, and its values.

    Parameters
    ----------
    knob : str
        As `core.knobs` names it.
    values : tuple of int, float or str

    Raises
    ------
    ParameterError
        If the knob is unknown, or a value is missing, given twice or outside its limits.
    """

    knob: str
    values: tuple[int | float | str, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ParameterError(f"{self.knob} has no values: give one or more, such as 2,6,10.")
        twice = [value for index, value in enumerate(self.values) if value in self.values[:index]]
        if twice:
            raise ParameterError(f"{self.knob} has the value {twice[0]} twice: leave one out.")
        for value in self.values:
            replaced(MethodParams(), self.knob_path, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(_OfKnob):
    """The range of one knob in a search.

    Parameters
    ----------
    knob : str
    low, high : float
        Inclusive; ignored for a knob with choices.
    log : bool
        Whether equal factors count alike, instead of equal differences.

    Raises
    ------
    ParameterError
        If the knob is unknown, or the ends are not in order or outside its limits.
    """

    knob: str
    low: int | float = 0.0  # plans keep what was typed, which is part of the sweep's id
    high: int | float = 0.0
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
        The same seed asks for the same settings.
    prune : bool
        Whether to give up trainings whose loss is worse than most others at the same epoch.

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
            raise ParameterError(
                f"There is no score {shown(repr(self.objective), 60)}; there are {', '.join(objectives())}."
            )
        if not self.ranges:
            raise ParameterError("A search needs a knob to turn: give one or more ranges, such as x-weight=0.5:20.")
        check_once([item.knob for item in self.ranges])
        if self.n_trials < 1:
            raise ParameterError(f"A search of {self.n_trials} trials finds nothing: give 1 or more.")

    @property
    def maximise(self) -> bool:
        """Whether a high score is good."""
        return self.objective not in SMALLER_IS_BETTER


def objectives() -> tuple[str, ...]:
    """List the scores that a search can optimize.

    Returns
    -------
    tuple of str
        Names of fields of `core.result.Scores`; those that need no annotation among them.
    """
    return ("ari", "nmi", "ari_all", "nmi_all", "chaos", "pas", "stability")


def check_once(names: Sequence[str]) -> None:
    """Refuse a knob that is named twice."""
    twice: Iterator[str] = (name for index, name in enumerate(names) if name in names[:index])
    if (name := next(twice, None)) is not None:
        raise ParameterError(f"{name} is turned twice: name each knob once.")
