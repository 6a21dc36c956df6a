"""How long a sweep will take, from runs that were measured: a range, since workers share the machine with others.

Arithmetic alone: knows nothing of clocks, records or processes.
"""

import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.params import MethodParams
from core.work.runs import Run
from core.work.sweep.order import in_tasks
from core.work.sweep.plan import Sweep

START_SECONDS = 5.0
"""Until workers have started and read what they need, at most."""

_LEAST_RUNS = 4  # of a sweep whose pace says something
_PAUSE = 20.0  # so many times the median gap between two runs is no pace: somebody paused
_SPREAD = 1.25  # no pace is kept more exactly


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds that a sweep will take, at least and at most."""

    low: float
    high: float


def estimate(
    sweep: Sweep, timed: Mapping[str, float] | None, n_workers: int, paces: Sequence[float]
) -> Estimate | None:
    """Estimate how long a sweep takes.

    Parameters
    ----------
    sweep : Sweep
    timed : mapping of str to float or None
        Seconds of each step of one run that was made alone; None where none was.
    n_workers : int
    paces : sequence of float
        Seconds from one run to the next in earlier sweeps like this one, on this machine; see :func:`pace`.

    Returns
    -------
    Estimate or None
        From the paces, where there are any; else from the timed run: at least as if workers did not slow one another, at
        most as if a single one did all. None where nothing was measured.
    """
    if paces:
        return Estimate(sweep.n_runs * min(paces) / _SPREAD, sweep.n_runs * max(paces) * _SPREAD + START_SECONDS)
    if timed is None:
        return None
    work = _work(sweep, timed)
    return Estimate(work / n_workers, work + START_SECONDS)


def _work(sweep: Sweep, timed: Mapping[str, float]) -> float:
    """Add up the seconds of all steps; runs of one group share their early steps."""
    if sweep.search is not None:
        return sweep.n_runs * sum(timed.values())
    n_groups = len({task.group for task in in_tasks(sweep.settings())})
    late = timed.get("cluster", 0.0)
    return n_groups * (sum(timed.values()) - late) + sweep.n_runs * late


def pace(recorded: Iterable[datetime]) -> float | None:
    """Measure the pace of a sweep by when its runs were recorded.

    Parameters
    ----------
    recorded : iterable of datetime

    Returns
    -------
    float or None
        Seconds from one run to the next, pauses left out; None where there are too few runs.
    """
    times = sorted(recorded)
    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)]
    if len(times) < _LEAST_RUNS or not any(gaps):
        return None
    longest = _PAUSE * statistics.median(gap for gap in gaps if gap > 0)  # starts of one setting come at once
    kept = [gap for gap in gaps if gap <= longest]
    return sum(kept) / len(kept)


def paces_like(sweep: Sweep, n_spots: int, earlier: Iterable[Run], ids: Iterable[str]) -> list[float]:
    """Measure the paces of earlier sweeps like this one.

    Parameters
    ----------
    sweep : Sweep
    n_spots : int
        Of its first sample; a pace is taken to grow with the number of spots.
    earlier : iterable of Run
    ids : iterable of str
        Sweeps that this machine made.

    Returns
    -------
    list of float
        Of those with the same kind of embedding, direction and read-out, guided or not as this one.
    """
    first, there = sweep.sections[0], set(ids)
    kind = _kind(first.params), first.guided_by is not None
    by_sweep: dict[str, list[Run]] = {}
    for run in earlier:
        if run.sweep in there and (_kind(run.params), bool(run.guided)) == kind:
            by_sweep.setdefault(run.sweep, []).append(run)
    found = [(pace(run.created for run in runs), runs[0].n_spots) for runs in by_sweep.values()]
    return [seconds * n_spots / of for seconds, of in found if seconds is not None]


def _kind(params: MethodParams) -> tuple[str, str, str]:
    return params.embedding.kind, params.direction.method, params.clustering.read_out
