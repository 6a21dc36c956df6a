"""`sweep`: many settings of one or several samples, recorded run by run."""

import dataclasses
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.clustering import ParamsFor
from core.commands.console import print_facts, share_bar
from core.errors import ParameterError, WorkError
from core.io import lab
from core.sample import Sample
from core.work.board.board import shared_board
from core.work.runs import Record, Run, open_record
from core.work.sweep import results
from core.work.sweep.journal import State
from core.work.sweep.plan import NEEDS_ANNOTATION, Section, Sweep
from core.work.sweep.sweeps import Status, Sweeps

SweepFor = Callable[[tuple[Section, ...]], Sweep]

_SECONDS_BETWEEN_LOOKS = 0.2
_BEST_SHOWN = 5


def sweep(
    paths: Sequence[Path], params_for: ParamsFor, sweep_for: SweepFor, *, models: Path, as_json: bool = False
) -> None:
    """Make all runs of a sweep, or go on with one that was stopped, and print what came out.

    Parameters
    ----------
    paths : sequence of Path
        Samples.
    params_for : callable
        Parameters that the runs start from.
    sweep_for : callable
        Makes the sweep of the samples.
    models : Path
        Folder of checkpoints, of the record of runs and of the sweeps.
    as_json : bool

    Raises
    ------
    ParameterError
        If the objective needs an annotation that a sample lacks.
    WorkError
        If it stopped before it was done.
    """
    samples = [lab.read(path) for path in paths]
    plan = sweep_for(
        tuple(section_of(sample, path, params_for(sample)) for sample, path in zip(samples, paths, strict=True))
    )
    _check_objective(plan, samples)
    record, started = open_record(models), time.perf_counter()
    status = _made(plan, record, models)
    facts = _facts(status, record.runs(sweep=plan.id), time.perf_counter() - started)
    print_facts(facts if as_json else _in_short(facts), as_json=as_json)


def section_of(sample: Sample, path: Path, params: Any) -> Section:
    """Name a sample for a sweep.

    Parameters
    ----------
    sample : Sample
    path : Path
        Its file.
    params : MethodParams
        What its runs start from.

    Returns
    -------
    Section
    """
    return Section(
        name=sample.name,
        path=str(path.absolute()),
        content_hash=sample.content_hash,
        annotation_hash=sample.annotation_hash,
        params=params,
    )


def _check_objective(plan: Sweep, samples: Sequence[Sample]) -> None:
    bare = [sample.name for sample in samples if sample.labels_true is None]
    if plan.search is not None and plan.search.objective in NEEDS_ANNOTATION and bare:
        raise ParameterError(
            f"{bare[0]} has no annotation, so there is no {plan.search.objective.upper()}: choose a score that needs none, "
            "such as --objective pas."
        )


def _made(plan: Sweep, record: Record, models: Path) -> Status:
    sweeps = Sweeps(models.absolute() / "sweeps", shared_board(), record, models.absolute())
    try:
        return _watched(sweeps, sweeps.start(plan))
    except KeyboardInterrupt:
        sweeps.close()
        done = sweeps.status(plan.id)
        n_done = 0 if done is None else done.outcome.n_done
        sys.stderr.write(f"{n_done} of {plan.n_runs} runs are recorded; the same command goes on from there.\n")
        raise
    finally:
        sweeps.close()
        shared_board().close()


def _watched(sweeps: Sweeps, sweep_id: str) -> Status:
    with share_bar() as bar:
        while not sweeps.wait(sweep_id, _SECONDS_BETWEEN_LOOKS):
            status = sweeps.status(sweep_id)
            if status is not None:
                bar(status.share, f"{status.outcome.n_done} of {status.plan.sweep.n_runs} runs")
    status = sweeps.status(sweep_id)
    if status is None or status.outcome.state is not State.DONE:
        raise WorkError(status.outcome.error if status else "The sweep is gone.")
    return status


def _facts(status: Status, runs: Sequence[Run], seconds: float) -> dict[str, Any]:
    plan, outcome = status.plan.sweep, status.outcome
    return {
        "sweep": status.id,
        "knobs": list(plan.knobs),
        "n_runs": plan.n_runs,
        "n_recorded": len(outcome.runs),
        "n_given_up": len(outcome.given_up),
        "failed": sorted(set(outcome.failed.values())),
        "samples": [_section_facts(status, runs, section) for section in range(len(plan.sections))],
        "search": None if plan.search is None else _search_facts(status, runs),
        "seconds": round(seconds, 3),
    }


def _section_facts(status: Status, runs: Sequence[Run], section: int) -> dict[str, Any]:
    plan = status.plan.sweep
    by_place = results.runs_by_place(status.outcome, runs, section)
    names = results.known_scores([run for some in by_place.values() for run in some])
    order = results.ranked(results.scores_by_place(by_place, names[0]), names[0]) if names else list(by_place)
    return {
        "sample": plan.sections[section].name,
        "ranked_by": names[0] if names else None,
        "settings": [_setting_facts(plan, by_place[place], names) for place in order],
    }


def _setting_facts(plan: Sweep, runs: Sequence[Run], names: Sequence[str]) -> dict[str, Any]:
    columns = {name: [getattr(run.scores, name) for run in runs] for name in names}
    return {
        **results.turned(plan, runs[0]),
        "mean": {name: float(np.mean(values)) for name, values in columns.items()},
        "std": {name: float(np.std(values)) for name, values in columns.items()},
        "runs": [
            {"id": run.id, "seed": run.params.clustering.random_state, **dataclasses.asdict(run.scores)} for run in runs
        ],
    }


def _search_facts(status: Status, runs: Sequence[Run]) -> dict[str, Any]:
    search = status.plan.sweep.search
    assert search is not None  # noqa: S101 - for mypy: asked by the caller
    trials = results.tried(status.plan.sweep, search, status.outcome, runs)
    choose = max if search.maximise else min
    best = choose(trials, key=lambda trial: trial[1]) if trials else None
    return {
        "objective": search.objective,
        "n_scored": len(trials),
        "best": None if best is None else {**best[0], search.objective: best[1]},
    }


def _in_short(facts: dict[str, Any]) -> dict[str, Any]:
    """Say on a few lines what a person wants to know; the JSON has every run."""
    lines = {"Sweep": facts["sweep"], "Runs": f"{facts['n_recorded']} of {facts['n_runs']} recorded"}
    if facts["n_given_up"]:
        lines["Given up"] = f"{facts['n_given_up']}, in training"
    for words in facts["failed"]:
        lines["Failed"] = words
    for section in facts["samples"]:
        lines |= _best_lines(section, facts["knobs"])
    return {**lines, "Seconds": f"{facts['seconds']:.2f}"}


def _best_lines(section: dict[str, Any], turned: Sequence[str]) -> dict[str, Any]:
    name = section["ranked_by"]
    if name is None:
        return {section["sample"]: "no score to compare by"}
    return {
        f"{section['sample']}, best {place} by {name.upper()}": (
            f"{setting['mean'][name]:.3f} ± {setting['std'][name]:.3f} at "
            + ", ".join(f"{knob} {setting[knob]}" for knob in turned)
        )
        for place, setting in enumerate(section["settings"][:_BEST_SHOWN], start=1)
    }
