"""What Tune shows, decided once by the page and handed down: what draws asks neither the session nor the record."""

from dataclasses import dataclass

from core.evaluation.matching import Matching
from core.figures.colours import Theme
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from core.work.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pinned:
    """The result that others are compared with; its matching is None while its map is not to be drawn."""

    result: Result
    matching: Matching | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A sample under some parameters: a `ShownResult` where there is a result, else it waits for training.

    Parameters
    ----------
    preset : str
        That the parameters started from.
    missing : str
        What the result waits for, in up to two lines.
    run : Run or None
        The kept run that these parameters are.
    """

    sample: Sample
    params: MethodParams
    theme: Theme
    preset: str
    result: Result | None = None
    matching: Matching | None = None
    missing: str = ""
    run: Run | None = None
    pinned: Pinned | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownResult(Shown):
    """A sample and the result of a run on it, with its clusters matched to the layers."""

    result: Result
    matching: Matching
