"""Results of a sweep for its figures and tables: runs and scores by setting."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from core import knobs
from core.work.runs import Run
from core.work.sweep.outcome import Outcome
from core.work.sweep.plan import Sweep
from core.work.sweep.varied import SMALLER_IS_BETTER, Search, objectives

Index = tuple[int, ...]
"""Index of the value of each knob in a grid, or of the trial in a search."""


def runs_by_setting(outcome: Outcome, runs: Iterable[Run], section: int) -> dict[Index, list[Run]]:
    """Sort the runs of one sample by their setting.

    Returns
    -------
    dict of Index to list of Run
        In the order of the indices, and of the seeds of each.
    """
    by_id = {run.id: run for run in runs}
    found: dict[Index, list[Run]] = {}
    for (of, index, _), run_id in sorted(outcome.runs.items()):
        if of == section and run_id in by_id:
            found.setdefault(index, []).append(by_id[run_id])
    return found


def known_scores(runs: Iterable[Run]) -> list[str]:
    """List the scores by which runs can be compared.

    Returns
    -------
    list of str
        Scores that all runs have.
    """
    scores = [run.scores for run in runs]
    return [name for name in objectives() if scores and all(getattr(some, name) is not None for some in scores)]


def scores_by_setting(by_setting: Mapping[Index, Sequence[Run]], name: str) -> dict[Index, tuple[float, ...]]:
    """Collect one score of the runs of each setting.

    Parameters
    ----------
    by_setting : mapping of Index to sequence of Run
    name : str
        A field of `core.result.Scores`.

    Returns
    -------
    dict of Index to tuple of float
        Settings without any such score are left out.
    """
    found = {
        index: tuple(float(value) for run in runs if (value := getattr(run.scores, name)) is not None)
        for index, runs in by_setting.items()
    }
    return {index: values for index, values in found.items() if values}


def ranked(scores: Mapping[Index, Sequence[float]], name: str) -> list[Index]:
    """Sort settings by their mean score, the best first.

    Parameters
    ----------
    scores : mapping of Index to sequence of float
    name : str
        Name of the score; for some, lower is better.
    """
    sign = 1 if name in SMALLER_IS_BETTER else -1
    return sorted(scores, key=lambda index: (sign * float(np.mean(scores[index])), index))


def turned(sweep: Sweep, run: Run) -> dict[str, Any]:
    """Look up the values of the knobs that vary, for one run.

    Returns
    -------
    dict of str to object
        Values by knob.
    """
    return {name: knobs.value_at(run.params, knobs.path_of(name)) for name in sweep.knobs}


def tried(sweep: Sweep, search: Search, outcome: Outcome, runs: Sequence[Run]) -> list[tuple[dict[str, Any], float]]:
    """List the trials of a search that have a score on every sample.

    Parameters
    ----------
    sweep : Sweep
    search : Search
        Its search.
    outcome : Outcome
    runs : sequence of Run

    Returns
    -------
    list of (dict of str to object, float)
        Values by knob and the mean score, in the order of the trials.
    """
    of_sections = [runs_by_setting(outcome, runs, section) for section in range(len(sweep.sections))]
    indices = sorted(set(of_sections[0]).intersection(*of_sections[1:]))
    found = []
    for index in indices:
        some = [run for of in of_sections for run in of[index]]
        values = [getattr(run.scores, search.objective) for run in some]
        if len(some) == len(of_sections) * sweep.n_starts and None not in values:
            found.append((turned(sweep, some[0]), float(np.mean(values))))
    return found
