"""How many domains to ask for: agreement of runs and scores of their domains at each number of clusters.

The annotation plays no part. One number is suggested, with its reason; nothing is chosen without the user.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core import units
from core.errors import ParameterError
from core.evaluation.common_spots import Runs
from core.evaluation.stability import fowlkes_mallows, stability
from core.method.pipeline import Pipeline
from core.method.seeds import nth_start
from core.params import TRIED_FROM, TRIED_STARTS, TRIED_TO, MethodParams, replaced
from core.result import Scores
from core.text import counted

LEAST = 3
"""Agreement below this number says nothing: two domains are the grey and the white matter, whatever the tissue has besides."""

_NEARLY = 0.05  # of agreement: nearer than that, one number is hardly better than another

OnRun = Callable[[int, int], None]
"""Called after each run with the number of runs done and of all runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtNumber:
    """Scores at one number of clusters; means over the starts.

    Parameters
    ----------
    n_clusters : int
    stability : float
        Mean Fowlkes-Mallows index between runs at this number and runs at one more and one less, from other starts
        (CellCharter: Varrone et al. 2024, doi 10.1038/s41588-023-01588-4); at either end of the curve, the one neighbour's.
    agreement : float
        Mean adjusted Rand index between every two starts at this number.
    chaos, pas, smallest_share : float
        See `core.result.Scores`.
    """

    n_clusters: int
    stability: float
    agreement: float
    chaos: float
    pas: float
    smallest_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """All numbers that were tried, and the suggestion.

    Parameters
    ----------
    points : tuple of AtNumber
        By growing number of clusters.
    n_starts : int
    suggested : int or None
        None where stability has no peak.
    reason : str
        A sentence, also where nothing is suggested.
    """

    points: tuple[AtNumber, ...]
    n_starts: int
    suggested: int | None
    reason: str


def try_numbers(
    pipeline: Pipeline,
    params: MethodParams,
    numbers: range = range(TRIED_FROM, TRIED_TO + 1),
    n_starts: int = TRIED_STARTS,
    on_run: OnRun | None = None,
) -> Curve:
    """Run at each number of clusters from several starts, and measure how well they agree.

    Parameters
    ----------
    pipeline : Pipeline
        With a cache, what does not depend on the number of clusters is done once.
    params : MethodParams
        `clustering.random_state` is the first seed; `clustering.n_clusters` does not count.
    numbers : range
        Two or more, in steps of 1.
    n_starts : int
        Two or more.
    on_run : callable, optional

    Returns
    -------
    Curve

    Raises
    ------
    ParameterError
        If there are too few numbers or starts, or more clusters than spots.

    Notes
    -----
    Stability compares different starts only: runs from one start share their fits, and would agree for that alone.
    """
    if len(numbers) < 2 or n_starts < 2:
        raise ParameterError(
            f"{len(numbers)} numbers of clusters and {n_starts} starts were asked for: agreement needs at least two of each."
        )
    runs: list[list[np.ndarray]] = []
    scores: list[list[Scores]] = []
    with pipeline.of_factors_alone():  # agreement must not change for what took their place at one number
        for done, number in enumerate(numbers):
            results = []
            for start in range(n_starts):
                results.append(pipeline.run(_at(params, number, start)))
                if on_run is not None:
                    on_run(done * n_starts + start + 1, len(numbers) * n_starts)
            runs.append([result.labels for result in results])
            scores.append([result.scores for result in results])
    between = [_of_different_starts(one, other) for one, other in itertools.pairwise(runs)]
    points = [_point(number, index, between, runs, scores) for index, number in enumerate(numbers)]
    suggested, reason = _suggestion(points)
    return Curve(points=tuple(points), n_starts=n_starts, suggested=suggested, reason=reason)


def _at(params: MethodParams, n_clusters: int, start: int) -> MethodParams:
    return nth_start(replaced(params, ("clustering", "n_clusters"), n_clusters), start)


def _of_different_starts(runs: Runs, others: Runs) -> float:
    table = fowlkes_mallows(runs, others)
    return float(table[~np.eye(len(runs), dtype=bool)].mean())


def _point(
    number: int,
    index: int,
    between: Sequence[float],
    runs: Sequence[Sequence[np.ndarray]],
    scores: Sequence[Sequence[Scores]],
) -> AtNumber:
    def mean(name: str) -> float:
        return float(np.mean([getattr(run, name) for run in scores[index]]))

    return AtNumber(
        n_clusters=number,
        stability=float(np.mean(between[max(index - 1, 0) : index + 1])),
        agreement=stability(runs[index]),
        chaos=mean("chaos"),
        pas=mean("pas"),
        smallest_share=mean("smallest_share"),
    )


def _suggestion(points: Sequence[AtNumber]) -> tuple[int | None, str]:
    peaks = [
        here
        for before, here, after in zip(points[:-2], points[1:-1], points[2:], strict=True)
        if here.n_clusters >= LEAST and here.stability > before.stability and here.stability >= after.stability
    ]
    if not peaks:
        return None, _no_peak(points)
    best = max(peaks, key=lambda point: point.stability)
    others = [
        f"{point.n_clusters} ({units.score('stability', point.stability)})" for point in peaks if point is not best
    ]
    further = f" Lower peaks are at {', '.join(others)}." if others else ""
    reason = (
        f"{best.n_clusters}: of the numbers from {LEAST} on at which runs agree better with those at one more and one less than "
        f"the numbers beside it do, it is the one with the highest agreement ({units.score('stability', best.stability)}).{further}{_how_sure(points, best)}"
    )
    return best.n_clusters, reason


def _how_sure(points: Sequence[AtNumber], best: AtNumber) -> str:
    near = [
        point.n_clusters
        for point in points
        if point is not best and point.n_clusters >= LEAST and point.stability >= best.stability - _NEARLY
    ]
    if not near:
        return f" No other number comes within {_NEARLY}."
    numbers = ", ".join(map(str, near))
    return f" It is no more than a hint: within {_NEARLY} of it {counted(len(near), 'number lies', 'numbers lie')} as well, {numbers}."


def _no_peak(points: Sequence[AtNumber]) -> str:
    return (
        f"No number from {max(LEAST, points[0].n_clusters + 1)} to {points[-1].n_clusters - 1} stands out: agreement has no peak "
        "there. Choose by what the domains should stand for, or try a wider range."
    )
