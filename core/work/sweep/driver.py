"""Running one sweep: its tasks go to the board, and its runs are recorded as they come in."""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core import files, knobs
from core.errors import DomainsError
from core.guidance import Guidance
from core.params import MethodParams
from core.result import Result, Scores
from core.sample import Sample
from core.work.board.board import Board
from core.work.board.job import About, Job, JobStatus
from core.work.runs import Record, Run
from core.work.sweep.folder import PROGRAM_ENDED, Plan, SweepFolder
from core.work.sweep.guiding import GuidanceFile
from core.work.sweep.order import GridSource, SearchSource, Source, Task, in_tasks
from core.work.sweep.outcome import Event, Outcome, SweepStatus, cell_of
from core.work.sweep.plan import Section, Setting, run_key
from core.work.sweep.tasks import make_runs, sample_of
from core.work.tasks import SampleFile

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 0.03
_SECONDS_BETWEEN_COUNTS = 1.0  # for the number of workers, as an outside scheduler has to be asked

_UNFORESEEN = (
    "An error in the program stopped this sweep ({kind}); the server's log has all of it. Go on with it to try again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSnapshot:
    """A sweep as it was when somebody asked.

    Parameters
    ----------
    id : str
    plan : Plan
    outcome : Outcome
        A copy.
    message : str
        What is being done, if that takes long; or why nothing is.
    seconds_left : float or None
        Estimate from the pace so far.
    n_under_way : int
        Runs that workers have made and not handed in yet: they do so when a whole task is done.
    elsewhere : bool
        Whether it is another server of the same folder that works on it, and alone can pause or cancel it.
    """

    id: str
    plan: Plan
    outcome: Outcome
    message: str = ""
    seconds_left: float | None = None
    n_under_way: int = 0
    elsewhere: bool = False

    @property
    def running(self) -> bool:
        """Whether runs are being computed."""
        return self.outcome.status is SweepStatus.RUNNING

    @property
    def share(self) -> float:
        """Share of the runs that are done, those under way included, from 0 to 1."""
        return min(1.0, (self.outcome.n_done + self.n_under_way) / self.plan.sweep.n_runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a sweep needs to run.

    Parameters
    ----------
    board : Board
    record : Record
    models : Path
        Folder of checkpoints.
    task : callable
        The function that workers execute.
    """

    board: Board
    record: Record
    models: Path
    task: Callable[..., Any] = make_runs


class Driver(threading.Thread):
    """Takes one sweep from its plan to its last run, which is recorded for `who`; its tasks count for `owner`."""

    def __init__(self, folder: SweepFolder, held: IO[str], means: Means, *, who: str, owner: str) -> None:
        super().__init__(name=f"sweep-{folder.id}", daemon=True)
        self._folder, self._held, self._means, self._who, self.owner = folder, held, means, who, owner
        self._board, self._record = means.board, means.record
        self._plan, self._outcome = folder.plan(), folder.outcome()
        self._steps = folder.steps_from_now_on()
        self._first_time = self._outcome == Outcome()
        self._outcome.status, self._outcome.error = SweepStatus.RUNNING, ""
        self._asked = SweepStatus.RUNNING
        self._jobs: dict[str, Task] = {}
        self._next: Task | None = None
        self._refused = ""  # why none of its tasks is in the queue
        self._known: dict[str, Run] = {}
        self._samples: dict[int, Sample] = {}
        self._guidances: dict[int, Guidance] = {}
        self._n_losses: dict[str, int] = {}
        self._hopeless: set[str] = set()
        self._n_made, self._first_made = 0, (0.0, 0)
        self._n_workers, self._next_count = 1, 0.0
        self._lock = threading.Lock()

    @property
    def asked(self) -> SweepStatus:
        """What it was asked for last."""
        return self._asked

    def ask(self, status: SweepStatus) -> None:
        """Ask the sweep to stop, or to continue."""
        self._asked = status

    def snapshot(self) -> SweepSnapshot:
        """Copy the state of the sweep."""
        with self._lock:
            outcome = dataclasses.replace(
                self._outcome,
                runs=dict(self._outcome.runs),
                failed=dict(self._outcome.failed),
                given_up=set(self._outcome.given_up),
            )
        return SweepSnapshot(
            id=self._folder.id,
            plan=self._plan,
            outcome=outcome,
            message=self._message(),
            n_under_way=self._n_under_way(),
            seconds_left=self._seconds_left(outcome),
        )

    def run(self) -> None:
        """Make all runs."""
        with self._held:
            self._note(Event(state=SweepStatus.RUNNING))
            status, error = self._run()
            if self._asked is SweepStatus.STOPPED:
                error = PROGRAM_ENDED
            else:  # the workers end with the program by themselves
                self._end_jobs()
            self._samples = {}  # which are mapped from the folder of steps
            if status is not SweepStatus.PAUSED:
                files.remove(self._folder.steps)
            self._note(Event(state=status, error=error))

    def _run(self) -> tuple[SweepStatus, str]:
        try:
            return self._make(self._source()), ""
        except DomainsError as failure:
            return SweepStatus.STOPPED, str(failure)
        except Exception as failure:  # after any error, the sweep must not seem to run
            _LOG.exception("A sweep failed")
            return SweepStatus.STOPPED, _UNFORESEEN.format(kind=type(failure).__name__)

    def _source(self) -> Source:
        sweep = self._plan.sweep
        self._guidances = self._read_guidances()
        self._known = {} if self._first_time else self._recorded()
        if sweep.search is not None:
            return SearchSource(sweep, self._what_is_known)
        return GridSource([setting for setting in sweep.settings() if not self._what_is_known(setting)[0]])

    def _read_guidances(self) -> dict[int, Guidance]:
        """Read what guides the runs of each section, before any is made."""
        files = {number: self._guidance_file(one) for number, one in enumerate(self._plan.sweep.sections)}
        return {number: file.read(self._sample(number).n_spots) for number, file in files.items() if file is not None}

    def _guidance_file(self, section: Section) -> GuidanceFile | None:
        return None if section.guided_by is None else self._folder.guidance(section.guided_by.digest)

    def _recorded(self) -> dict[str, Run]:
        # A file may name any sweep: what came in as one counts once it was computed here.
        found = [run for run in self._record.runs(sweep=self._folder.id) if not run.imported]
        return {run_key(run.content_hash, run.params): run for run in found}

    def _what_is_known(self, setting: Setting) -> tuple[bool, Scores | None]:
        cell = cell_of(setting)
        if cell in self._outcome.given_up:
            return True, None
        run = self._known.get(self._key(setting))
        if run is None:
            with self._lock:
                self._outcome.runs.pop(cell, None)  # deleted since
            return False, None
        if self._outcome.runs.get(cell) != run.id:
            self._note(Event(cell=cell, run=run.id))
        return True, run.scores

    def _make(self, source: Source) -> SweepStatus:
        while not source.finished:
            if self._asked is not SweepStatus.RUNNING and (not self._jobs or self._asked is not SweepStatus.PAUSED):
                return self._asked
            self._hand_out(source)
            for job_id in list(self._jobs):
                self._look_at(job_id, source)
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return SweepStatus.DONE

    def _hand_out(self, source: Source) -> None:
        while self._asked is SweepStatus.RUNNING and len(self._jobs) < self._most_jobs():
            self._next = self._next or source.take(self._n_workers)
            if self._next is None:
                return
            try:
                self._jobs[self._submit(self._next)] = self._next
            except DomainsError as refused:
                self._refused = "" if self._jobs else str(refused)
                return  # the user has as many jobs as allowed: try again later
            self._next, self._refused = None, ""

    def _most_jobs(self) -> int:
        """Two tasks for each worker: the one that it executes, and the next one."""
        if time.monotonic() >= self._next_count:
            self._n_workers = self._board.n_workers
            self._next_count = time.monotonic() + _SECONDS_BETWEEN_COUNTS
        return 2 * self._n_workers

    def _submit(self, task: Task) -> str:
        section, near = self._section(task), f"{self._folder.id}-{task.group}"
        settings = tuple(setting.params for setting in task.settings)
        key = f"sweep-{self._folder.id}-{self._key(task.settings[0])}-{len(settings)}"
        about = About(what="Sweep", sample=section.name, settings=self._varied(settings), sweep=self._folder.id)
        arguments = _file(section), settings, self._means.models, self._steps, task.to_itself
        guided_by = self._guidance_file(section)
        return self._board.submit(
            key, self._means.task, *arguments, *((guided_by,) if guided_by else ()),
            owner=self.owner, again=True, about=about, near=near,
        )  # fmt: skip

    def _varied(self, settings: Sequence[MethodParams]) -> str:
        return ", ".join(f"{name} {_span(name, settings)}" for name in self._plan.sweep.knobs)

    def _look_at(self, job_id: str, source: Source) -> None:
        job, task = self._board.job(job_id), self._jobs[job_id]
        if job is not None and not job.finished:
            self._give_up_if_hopeless(job, task, source)
            return
        del self._jobs[job_id]
        self._board.drop(job_id)
        if job is not None and job.status is JobStatus.DONE:
            self._keep(task, job.result, source)
        else:
            self._lose(task, job, source)
        source.ended(task)

    def _keep(self, task: Task, results: list[Result], source: Source) -> None:
        number, sweep = task.settings[0].section, self._folder.id
        sample, guidance = self._sample(number), self._guidances.get(number)
        results = [dataclasses.replace(result, guidance=guidance) for result in results]
        runs = self._record.keep_all(sample, results, who=self._who, sweep=sweep)
        made = list(zip(task.settings, runs, strict=False))
        self._known |= {self._key(setting): run for setting, run in made}
        self._note(*(Event(cell=cell_of(setting), run=run.id) for setting, run in made))
        self._n_made += len(made)
        for setting, run in made:
            source.scored(setting, run.scores)
        source.put_back(in_tasks(task.settings[len(runs) :]))
        if self._first_made == (0.0, 0):
            self._first_made = time.monotonic(), self._n_made

    def _lose(self, task: Task, job: Job | None, source: Source) -> None:
        if job is not None and job.status is JobStatus.FAILED and len(parts := task.apart()) > 1:
            source.put_back(parts)
            return
        given_up = job is not None and job.id in self._hopeless
        failed = None if given_up else (job.error if job is not None else "") or "It was cancelled."
        self._note(*(Event(cell=cell_of(setting), failed=failed, given_up=given_up) for setting in task.settings))
        for setting in task.settings:
            source.scored(setting, None)

    def _give_up_if_hopeless(self, job: Job, task: Task, source: Source) -> None:
        if not (isinstance(source, SearchSource) and self._prunes(task)):
            return
        seen = self._n_losses.setdefault(job.id, 0)
        self._n_losses[job.id] = len(job.losses)
        for epoch, loss in enumerate(job.losses[seen:], start=seen):
            if source.searching.hopeless(task.settings[0].index[0], epoch, loss):
                self._hopeless.add(job.id)
                self._board.cancel(job.id)
                return

    def _prunes(self, task: Task) -> bool:
        search, first = self._plan.sweep.search, task.settings[0]
        # Only of the first sample and start, since Optuna takes one loss per epoch.
        seed = self._plan.sweep.sections[0].params.clustering.random_state
        alone = first.section == 0 and first.params.clustering.random_state == seed
        return search is not None and search.prune and alone and first.params.embedding.needs_training

    def _end_jobs(self) -> None:
        for job_id in self._jobs:
            self._board.cancel(job_id)
        self._jobs = {}

    def _sample(self, section: int) -> Sample:
        if section not in self._samples:
            asked = self._plan.sweep.sections[section]
            self._samples = {section: sample_of(_file(asked), self._steps)}
        return self._samples[section]

    def _section(self, task: Task) -> Section:
        return self._plan.sweep.sections[task.settings[0].section]

    def _key(self, setting: Setting) -> str:
        return run_key(self._plan.sweep.sections[setting.section].content_hash, setting.params)

    def _note(self, *events: Event) -> None:
        self._folder.add(*events)
        with self._lock:
            for event in events:
                self._outcome.take(event)

    def _message(self) -> str:
        jobs = [self._board.job(job_id) for job_id in list(self._jobs)]
        if self._refused:
            return self._refused
        return next((job.message for job in jobs if job is not None and job.losses), "")

    def _n_under_way(self) -> int:
        at_work = [(self._board.job(job_id), task) for job_id, task in list(self._jobs.items())]
        return sum(round(job.share * len(task.settings)) for job, task in at_work if job is not None and not job.losses)

    def _seconds_left(self, outcome: Outcome) -> float | None:
        since, n_then = self._first_made  # what came before includes the start of the workers
        if self._n_made <= n_then or outcome.status is not SweepStatus.RUNNING:
            return None
        left = self._plan.sweep.n_runs - outcome.n_done - len(outcome.failed)
        return max(0.0, (time.monotonic() - since) / (self._n_made - n_then) * left)


def _span(name: str, settings: Sequence[MethodParams]) -> str:
    """Write the value of a knob in some runs, or the first and the last."""
    path = knobs.path_of(name)
    first, last = (knobs.value_in_words(path, knobs.value_at(params, path)) for params in (settings[0], settings[-1]))
    return first if first == last else f"{first} to {last}"


def _file(section: Section) -> SampleFile:
    given = Path(section.annotation) if section.annotation else None
    return SampleFile(Path(section.path), section.content_hash, section.annotation_hash, given, section.annotated)
