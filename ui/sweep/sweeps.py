"""The sweeps of this server, which all sessions share: start, continue and estimate them."""

import functools
from collections.abc import Mapping
from pathlib import Path

from core.folders import models_folder
from core.io.lab import SampleSummary
from core.params import MethodParams
from core.work.runs import open_record
from core.work.sweep.folder import sweep_folders
from core.work.sweep.order import in_tasks
from core.work.sweep.plan import Section, Sweep
from core.work.sweep.sweeps import Sweeps
from ui.data import compute, jobs


def sweeps() -> Sweeps:
    """Look up the sweeps of this server."""
    return _sweeps(models_folder().absolute())


@functools.cache
def _sweeps(models: Path) -> Sweeps:
    return Sweeps(models / "sweeps", jobs.board(), open_record(models), models)


def any_sweeps() -> bool:
    """Whether any sweep has run here."""
    return bool(sweep_folders(models_folder() / "sweeps"))


def start(sweep: Sweep) -> str:
    """Start a sweep, or continue an equal one."""
    return sweeps().start(sweep, jobs.owner(), jobs.owner())


def go_on(sweep_id: str) -> None:
    """Continue a sweep that stopped before it was done."""
    sweeps().go_on(sweep_id, jobs.owner())


def section(summary: SampleSummary, params: MethodParams) -> Section:
    """Describe a sample for a sweep."""
    sample = compute.sample(summary)
    return Section(
        name=sample.name,
        path=str(summary.path.absolute()),
        content_hash=sample.content_hash,
        annotation_hash=sample.annotation_hash,
        params=params,
    )


def seconds_of(sweep: Sweep, seconds: Mapping[str, float] | None) -> float | None:
    """Estimate the seconds of a sweep from those of the steps of one run; None if no run was timed."""
    if seconds is None:
        return None
    n_workers = jobs.board().n_workers
    if sweep.search is not None:
        return sweep.n_runs * sum(seconds.values()) / n_workers
    groups = {task.group for task in in_tasks(sweep.settings())}
    early = len(groups) * (seconds.get("pool", 0.0) + seconds.get("train", 0.0))
    return (early + sweep.n_runs * seconds.get("cluster", 0.0)) / n_workers
