"""What Tune shows. The page decides it once and passes it on, so that drawing needs neither session nor record."""

from dataclasses import dataclass, field

import numpy as np

from core.evaluation.matching import Matching
from core.figures.colours import Theme
from core.figures.origin import Origin, of_run
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from core.work.runs import Run
from core.work.runs.artifacts import labels_hash
from ui.tune.selected import Selected


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Spots (bool, one for each of the sample) that are clustered again, what they are called, into what, and whether a lasso held them."""

    name: str
    spots: np.ndarray
    n_parts: int
    direction: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class AskedSplit:
    """A split that an address asks for: its domain by name alone, since which spots that has is not known yet."""

    name: str
    n_parts: int
    direction: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What the session asks of the chart below the maps: the tree's cut and branch, splits, those of the address, and selected spots."""

    cut: int | None = None
    branch: str | None = None
    splits: tuple[Split, ...] = ()
    splits_of_address: tuple[AskedSplit, ...] = ()
    selected: Selected = field(default_factory=Selected)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pinned:
    """The result that others are compared with; its matching is None while its map is not drawn."""

    result: Result
    matching: Matching | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A sample and its parameters: a `ShownResult` if there is a result; otherwise it waits for training, or the run failed.

    Parameters
    ----------
    preset : str
        The preset of the settings.
    missing : str
        What the result waits for, in up to two lines, or why there is none.
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
    asked: Asked = field(default_factory=Asked)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownResult(Shown):
    """A sample and the result of a run on it, with its clusters matched to the layers."""

    result: Result
    matching: Matching

    @property
    def partition(self) -> str:
        """Name the sample and the labels, for what is asked of this partition alone."""
        return f"{self.sample.content_hash} {labels_hash(self.result.labels)}"

    @property
    def origin(self) -> Origin:
        """Where a figure of this result comes from."""
        return of_run(self.sample.name, self.params, made=self.run.created if self.run else None)
