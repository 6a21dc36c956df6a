"""The sweeps of this server, which all sessions share: start, continue and estimate them."""

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.folders import models_folder
from core.guidance import Guidance
from core.io.lab import SampleSummary
from core.params import MethodParams
from core.work.runs import open_record
from core.work.sweep import estimate as estimating
from core.work.sweep.estimate import Estimate
from core.work.sweep.folder import sweep_folders
from core.work.sweep.plan import Section, Sweep
from core.work.sweep.sweeps import Sweeps
from ui.data import compute, jobs, user
from ui.data.record import record
from ui.shell import guards


def sweeps() -> Sweeps:
    """Look up the sweeps of this server."""
    return _sweeps(models_folder().absolute())


@functools.cache
def _sweeps(models: Path) -> Sweeps:
    return Sweeps(models / "sweeps", jobs.board(), open_record(models), models)


def any_sweeps() -> bool:
    """Whether any sweep has run here."""
    return bool(sweep_folders(models_folder() / "sweeps"))


def start(sweep: Sweep, guidances: Iterable[Guidance] = ()) -> str:
    """Start a sweep, whose runs may follow what guides them, or continue an equal one."""
    return sweeps().start(sweep, jobs.owner(), jobs.owner(), guidances, user.may_cancel)


def go_on(sweep_id: str) -> None:
    """Continue a sweep that stopped before it was done; the page says why not where that is refused."""
    with guards.kept_for_the_page():
        sweeps().go_on(sweep_id, jobs.owner(), user.may_cancel)


def section(summary: SampleSummary, params: MethodParams, guidance: Guidance | None = None) -> Section:
    """Describe a sample for a sweep."""
    return Section.of(compute.sample(summary), summary.path, params, guidance)


def estimate(sweep: Sweep, n_spots: int, timed: Mapping[str, float] | None) -> Estimate | None:
    """Estimate how long a sweep takes, from earlier ones of this server or from one timed run; None if there is neither."""
    here = (folder.id for folder in sweep_folders(models_folder() / "sweeps"))
    paces = estimating.paces_like(sweep, n_spots, record().runs(), here)
    return estimating.estimate(sweep, timed, jobs.board().n_workers, paces)
