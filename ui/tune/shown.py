"""What Tune shows. The page decides it once and passes it on, so that drawing needs neither session nor record."""

from dataclasses import dataclass

from core.evaluation.matching import Matching
from core.figures.colours import Theme
from core.figures.origin import Origin, of_run
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from core.work.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pinned:
    """The result that others are compared with; its matching is None while its map is not drawn."""

    result: Result
    matching: Matching | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A sample and its parameters: a `ShownResult` if there is a result; otherwise it waits for training.

    Parameters
    ----------
    preset : str
        The preset of the settings.
    missing : str
        What the result waits for, in up to two lines.
    run : Run or None
        The kept run with these parameters.
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

    @property
    def origin(self) -> Origin:
        """Where a figure of this result comes from."""
        return of_run(self.sample.name, self.params, made=self.run.created if self.run else None)
