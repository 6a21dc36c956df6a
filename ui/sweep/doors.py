"""Doors to sweeps: every session of the server asks the same ones. Nothing here draws."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.evaluation.matching import Matching, match_steadily
from core.figures.charts import colours_of_clusters
from core.figures.colours import Theme
from core.figures.thumbnail import map_png
from core.folders import models_folder
from core.io.lab import SampleSummary
from core.params import MethodParams
from core.result import Scores
from core.sample import Sample
from core.work.runs import Run, open_record
from core.work.sweep import results as sweep_results
from core.work.sweep.folder import sweep_folders
from core.work.sweep.order import in_tasks
from core.work.sweep.plan import Section, Sweep
from core.work.sweep.results import Index
from core.work.sweep.sweeps import Sweeps, SweepSnapshot
from ui.data import compute, jobs
from ui.data.record import record

_MAP_PX = 220


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The runs of one sample of a sweep, as its views show them; `score` is empty where there is none yet."""

    status: SweepSnapshot
    section: int
    by_place: Mapping[Index, Sequence[Run]]
    score: str
    theme: Theme

    @property
    def sweep(self) -> Sweep:
        """What is swept."""
        return self.status.plan.sweep

    @property
    def scores(self) -> dict[Index, tuple[float, ...]]:
        """The score of every run, by place."""
        return sweep_results.scores_by_setting(self.by_place, self.score) if self.score else {}

    @property
    def ranked(self) -> list[Index]:
        """Places, the best first; in their order where there is no score."""
        return sweep_results.ranked(self.scores, self.score) if self.score else sorted(self.by_place)

    def typical(self, place: Index) -> Run:
        """Choose the run of a place whose score is nearest to the mean: the map that stands for all starts."""
        runs = self.by_place[place]
        values = self.scores.get(place, ())
        if len(values) < len(runs):
            return runs[0]
        return runs[int(np.abs(np.asarray(values) - np.mean(values)).argmin())]


def sweeps() -> Sweeps:
    """Look up the sweeps of this server.

    Returns
    -------
    Sweeps
    """
    return _sweeps(models_folder().absolute())


@functools.cache
def _sweeps(models: Path) -> Sweeps:
    return Sweeps(models / "sweeps", jobs.board(), open_record(models), models)


def any_sweeps() -> bool:
    """Whether any sweep has run here.

    Returns
    -------
    bool
    """
    return bool(sweep_folders(models_folder() / "sweeps"))


def start(sweep: Sweep) -> str:
    """Begin a sweep, or go on with an equal one.

    Parameters
    ----------
    sweep : Sweep

    Returns
    -------
    str
        Its id.
    """
    return sweeps().start(sweep, jobs.owner(), jobs.owner())


def go_on(sweep_id: str) -> None:
    """Go on with a sweep that came to rest before it was done.

    Parameters
    ----------
    sweep_id : str
    """
    sweeps().go_on(sweep_id, jobs.owner())


def section(summary: SampleSummary, params: MethodParams) -> Section:
    """Name a sample for a sweep.

    Parameters
    ----------
    summary : SampleSummary
    params : MethodParams
        What its runs start from.

    Returns
    -------
    Section
    """
    sample = compute.sample(summary)
    return Section(
        name=sample.name,
        path=str(summary.path.absolute()),
        content_hash=sample.content_hash,
        annotation_hash=sample.annotation_hash,
        params=params,
    )


def shown(status: SweepSnapshot, section: int, score: str, theme: Theme) -> Shown:
    """Read what a sweep found on one sample.

    Parameters
    ----------
    status : SweepSnapshot
    section : int
    score : str
        What places are compared by; another one where these runs do not have it.

    Returns
    -------
    Shown
    """
    by_place = sweep_results.runs_by_setting(status.outcome, record().runs(sweep=status.id), section)
    names = sweep_results.known_scores([run for runs in by_place.values() for run in runs])
    chosen = score if score in names else (names or [""])[0]
    return Shown(status, section, by_place, chosen, theme)


def map_of(sample: Sample, run: Run, reference: Run, theme: Theme) -> bytes:
    """Draw the small map of a run, in the colours of the annotation, or of another run where there is none.

    Parameters
    ----------
    sample : Sample
    run, reference : Run
    theme : {"light", "dark"}

    Returns
    -------
    bytes
        PNG.
    """

    def drawn() -> bytes:
        first = match_steadily(record().result(reference).labels, sample.labels_true)
        matching = (
            first if run.id == reference.id else match_steadily(record().result(run).labels, sample.labels_true, first)
        )
        return _drawn(sample, matching, theme)

    return compute.kept(drawn, "sweep map", run.id, reference.id, theme)


def _drawn(sample: Sample, matching: Matching, theme: Theme) -> bytes:
    colours = colours_of_clusters(matching, sample.labels_true, theme)
    return map_png(sample.places, matching.labels, colours, _MAP_PX)


def seconds_of(sweep: Sweep, seconds: Mapping[str, float] | None) -> float | None:
    """Estimate how long a sweep takes.

    Parameters
    ----------
    sweep : Sweep
    seconds : mapping of str to float, optional
        What the steps of one run of its first sample took, when nothing was known from before.

    Returns
    -------
    float or None
        None where no run was timed, or a search decides itself how often early steps are made.
    """
    if seconds is None:
        return None
    n_workers = jobs.board().n_workers
    if sweep.search is not None:
        return sweep.n_runs * sum(seconds.values()) / n_workers
    groups = {task.group for task in in_tasks(sweep.settings())}
    early = len(groups) * (seconds.get("pool", 0.0) + seconds.get("train", 0.0))
    return (early + sweep.n_runs * seconds.get("cluster", 0.0)) / n_workers


def in_words(scores: Scores, names: Sequence[str]) -> list[str]:
    """Write scores for a tooltip.

    Parameters
    ----------
    scores : Scores
    names : sequence of str

    Returns
    -------
    list of str
    """
    values = dataclasses.asdict(scores)
    return [f"{name.upper()} {values[name]:.3f}" for name in names if values[name] is not None]
