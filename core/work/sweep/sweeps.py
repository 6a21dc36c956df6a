"""Sweeps as background work: begun, paused, gone on with, and recorded run by run.

A sweep hands the board a few tasks at a time, so that others who wait have their turn between two of them. Every run is
recorded as it comes in: after a stop, what is recorded is not made again.
"""

import atexit
import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core import knobs
from core.errors import DomainsError, ParameterError, WorkError
from core.result import Result, Scores
from core.sample import Sample
from core.work.board.board import Board
from core.work.board.job import About, Job
from core.work.board.job import State as JobState
from core.work.runs import Record, Run
from core.work.sweep.journal import PROGRAM_ENDED, Journal, Outcome, Plan, State, cell_of, journals, plain
from core.work.sweep.order import GridSource, SearchSource, Source, Task
from core.work.sweep.plan import Section, Setting, Sweep, run_key
from core.work.sweep.steps import remove_folder
from core.work.sweep.tasks import make_runs
from core.work.tasks import SampleFile

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 0.03
_SECONDS_BETWEEN_COUNTS = 1.0  # of workers: an outside scheduler has to be asked
_SECONDS_TO_STOP = 5.0

_HELD = "Another process works on this sweep ({sweep}): wait until it has ended, or end it there."
_UNFORESEEN = (
    "An error in the program stopped this sweep ({kind}); the server's log has all of it. Go on with it to try again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A sweep as it stood when it was asked for.

    Parameters
    ----------
    id : str
    plan : Plan
    outcome : Outcome
        Never to be changed.
    words : str
        What is being done, where that takes long.
    seconds_left : float or None
        Estimate from the pace so far.
    """

    id: str
    plan: Plan
    outcome: Outcome
    words: str = ""
    seconds_left: float | None = None

    @property
    def running(self) -> bool:
        """Whether runs are being made."""
        return self.outcome.state is State.RUNNING

    @property
    def share(self) -> float:
        """Of the runs, from 0 to 1."""
        return min(1.0, self.outcome.n_done / self.plan.sweep.n_runs)


class Sweeps:
    """All sweeps of a record.

    Parameters
    ----------
    folder : Path
        Where plans and journals are: `save_model/sweeps/`.
    board : Board
    record : Record
    models : Path
        Folder of checkpoints.
    task : callable
        What workers do.
    """

    def __init__(
        self, folder: Path, board: Board, record: Record, models: Path, *, task: Callable[..., Any] = make_runs
    ) -> None:
        self._folder, self._board, self._record, self._models, self._task = folder, board, record, models, task
        self._drivers: dict[str, _Driver] = {}
        self._lock = threading.Lock()
        atexit.register(self.close)  # after the board's own, so that it comes before
        self._clear()

    def start(self, sweep: Sweep, who: str = "", owner: str = "") -> str:
        """Begin a sweep, or go on with an equal one.

        Parameters
        ----------
        sweep : Sweep
        who : str
            Name that its runs are recorded under, where nobody asked for it before.
        owner : str
            Whose turn it takes on the board.

        Returns
        -------
        str
            Its id.

        Raises
        ------
        ParameterError
            If a knob that is turned changes nothing.
        WorkError
            If another process works on it.
        """
        sweep.check_knobs()
        journal = self._journal(sweep.id)
        journal.begin(sweep, who)
        with self._lock:
            at_work = self._drivers.get(sweep.id)
            if at_work is not None and at_work.is_alive():
                at_work.ask(State.RUNNING)
            else:
                self._drivers[sweep.id] = self._driver_of(journal, owner)
                self._drivers[sweep.id].start()
        return sweep.id

    def _driver_of(self, journal: Journal, owner: str) -> "_Driver":
        held = journal.hold()
        if held is None:
            raise WorkError(_HELD.format(sweep=journal.folder.name))
        return _Driver(journal, held, self._board, self._record, self._models, self._task, owner)

    def go_on(self, sweep_id: str, owner: str = "") -> None:
        """Go on with a sweep that was paused, cancelled or stopped; what failed is tried again.

        Parameters
        ----------
        sweep_id : str
        owner : str
            Whose turn it takes on the board.
        """
        # Files may have moved since: the plan on the disk says where they were.
        self.start(self._journal(sweep_id).plan().sweep, owner=owner)

    def pause(self, sweep_id: str) -> None:
        """Begin no more runs; those that run come to their end.

        Parameters
        ----------
        sweep_id : str
        """
        self._ask(sweep_id, State.PAUSED)

    def cancel(self, sweep_id: str) -> None:
        """End a sweep now. What is recorded stays.

        Parameters
        ----------
        sweep_id : str
        """
        self._ask(sweep_id, State.CANCELLED)

    def status(self, sweep_id: str) -> Status | None:
        """Say how a sweep stands.

        Parameters
        ----------
        sweep_id : str

        Returns
        -------
        Status or None
            None where there is no such sweep, or none of this version.
        """
        driver = self._driver(sweep_id)
        if driver is not None:
            return driver.status()
        try:
            journal = self._journal(sweep_id)
            return Status(id=sweep_id, plan=journal.plan(), outcome=journal.outcome())
        except ParameterError:
            return None

    def all(self) -> list[Status]:
        """List all sweeps that can be read, the latest first.

        Returns
        -------
        list of Status
        """
        found = [self.status(journal.folder.name) for journal in journals(self._folder)]
        return [status for status in found if status is not None]

    def wait(self, sweep_id: str, seconds: float) -> bool:
        """Wait for a sweep to come to rest.

        Parameters
        ----------
        sweep_id : str
        seconds : float

        Returns
        -------
        bool
            Whether it has.
        """
        driver = self._driver(sweep_id)
        if driver is not None:
            driver.join(seconds)
        return driver is None or not driver.is_alive()

    def close(self) -> None:
        """Let go of all sweeps as a stop of the program does."""
        with self._lock:
            drivers = list(self._drivers.values())
        for driver in drivers:
            driver.ask(State.STOPPED)
        for driver in drivers:
            driver.join(_SECONDS_TO_STOP)
        atexit.unregister(self.close)

    def _clear(self) -> None:
        """Delete the steps of sweeps that were cut off; what is recorded or trained does not need them."""
        for journal in journals(self._folder):
            if journal.steps.is_dir() and (held := journal.hold()) is not None:
                with held:
                    remove_folder(journal.steps)

    def _journal(self, sweep_id: str) -> Journal:
        return Journal(self._folder / sweep_id)

    def _driver(self, sweep_id: str) -> "_Driver | None":
        with self._lock:
            driver = self._drivers.get(sweep_id)
        return driver if driver is not None and driver.is_alive() else None

    def _ask(self, sweep_id: str, state: State) -> None:
        driver = self._driver(sweep_id)
        if driver is not None:
            driver.ask(state)


class _Driver(threading.Thread):
    """Takes one sweep from its plan to its last run."""

    def __init__(
        self,
        journal: Journal,
        held: IO[str],
        board: Board,
        record: Record,
        models: Path,
        task: Callable[..., Any],
        owner: str,
    ) -> None:
        super().__init__(name=f"sweep-{journal.folder.name}", daemon=True)
        self._held = held
        self._journal, self._board, self._record, self._models, self._task = journal, board, record, models, task
        self._plan, self._outcome, self._owner = journal.plan(), journal.outcome(), owner
        self._first_time = self._outcome == Outcome()
        self._outcome.state, self._outcome.error = State.RUNNING, ""
        self._asked = State.RUNNING
        self._jobs: dict[str, Task] = {}
        self._next: Task | None = None
        self._known: dict[str, Run] = {}
        self._samples: dict[int, Sample] = {}
        self._n_losses: dict[str, int] = {}
        self._hopeless: set[str] = set()
        self._began, self._n_made = time.monotonic(), 0
        self._n_workers, self._next_count = 1, 0.0
        self._lock = threading.Lock()

    def ask(self, state: State) -> None:
        """Ask it to come to rest."""
        self._asked = state

    def status(self) -> Status:
        """Say how it stands."""
        with self._lock:
            outcome = dataclasses.replace(
                self._outcome,
                runs=dict(self._outcome.runs),
                failed=dict(self._outcome.failed),
                given_up=set(self._outcome.given_up),
            )
        return Status(
            id=self._journal.folder.name,
            plan=self._plan,
            outcome=outcome,
            words=self._words(),
            seconds_left=self._seconds_left(outcome),
        )

    def run(self) -> None:
        """Make all runs."""
        with self._held:
            self._note(state=State.RUNNING)
            state, error = self._run()
            if self._asked is State.STOPPED:
                error = PROGRAM_ENDED
            else:  # the workers end with the program by themselves
                self._end_jobs()
            if state is not State.PAUSED:
                remove_folder(self._journal.steps)
            self._note(state=state, error=error)

    def _run(self) -> tuple[State, str]:
        try:
            return self._make(self._source()), ""
        except DomainsError as failure:
            return State.STOPPED, str(failure)
        except Exception as failure:  # whatever happens, the sweep must not look as if it went on
            _LOG.exception("A sweep failed")
            return State.STOPPED, _UNFORESEEN.format(kind=type(failure).__name__)

    def _source(self) -> Source:
        sweep = self._plan.sweep
        self._known = {} if self._first_time else self._recorded()
        if sweep.search is not None:
            return SearchSource(sweep, self._what_is_known)
        return GridSource([setting for setting in sweep.settings() if not self._what_is_known(setting)[0]])

    def _recorded(self) -> dict[str, Run]:
        return {
            run_key(run.content_hash, run.params): run for run in self._record.runs(sweep=self._journal.folder.name)
        }

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
            self._note(cell=plain(cell), run=run.id)
        return True, run.scores

    def _make(self, source: Source) -> State:
        while not source.finished:
            if self._asked is not State.RUNNING and (not self._jobs or self._asked is not State.PAUSED):
                return self._asked
            self._hand_out(source)
            for job_id in list(self._jobs):
                self._look_at(job_id, source)
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return State.DONE

    def _hand_out(self, source: Source) -> None:
        while self._asked is State.RUNNING and len(self._jobs) < self._most_jobs():
            self._next = self._next or source.take()
            if self._next is None:
                return
            try:
                self._jobs[self._submit(self._next)] = self._next
            except DomainsError:
                return  # the user has as many jobs as are allowed: later
            self._next = None

    def _most_jobs(self) -> int:
        """Two tasks a worker: one that it does, and one that waits until it is done."""
        if time.monotonic() >= self._next_count:
            self._n_workers = self._board.n_workers
            self._next_count = time.monotonic() + _SECONDS_BETWEEN_COUNTS
        return 2 * self._n_workers

    def _submit(self, task: Task) -> str:
        section = self._section(task)
        settings = tuple(setting.params for setting in task.settings)
        key = f"sweep-{self._journal.folder.name}-{self._key(task.settings[0])}-{len(settings)}"
        turned = self._turned(task.settings[0])
        about = About(what="Sweep", sample=section.name, settings=turned, sweep=self._journal.folder.name)
        arguments = _file(section), settings, self._models, self._journal.steps
        return self._board.submit(key, self._task, *arguments, owner=self._owner, again=True, about=about)

    def _turned(self, setting: Setting) -> str:
        values = {name: knobs.value_at(setting.params, knobs.path_of(name)) for name in self._plan.sweep.knobs}
        return ", ".join(
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()
        )

    def _look_at(self, job_id: str, source: Source) -> None:
        job, task = self._board.job(job_id), self._jobs[job_id]
        if job is not None and not job.finished:
            self._give_up_if_hopeless(job, task, source)
            return
        del self._jobs[job_id]
        self._board.drop(job_id)
        if job is not None and job.state is JobState.DONE:
            self._keep(task, job.result, source)
        else:
            self._lose(task, job, source)
        source.ended(task)

    def _keep(self, task: Task, results: list[Result], source: Source) -> None:
        sample, sweep = self._sample(task.settings[0].section), self._journal.folder.name
        runs = self._record.keep_all(sample, results, who=self._plan.who, sweep=sweep)
        for setting, run in zip(task.settings, runs, strict=True):
            self._known[self._key(setting)] = run
            self._note(cell=plain(cell_of(setting)), run=run.id)
            self._n_made += 1
            source.scored(setting, run.scores)

    def _lose(self, task: Task, job: Job | None, source: Source) -> None:
        given_up = job is not None and job.id in self._hopeless
        words = job.error if job is not None and job.error else "It was cancelled."
        for setting in task.settings:
            event = {"given_up": True} if given_up else {"failed": words}
            self._note(cell=plain(cell_of(setting)), **event)
            source.scored(setting, None)

    def _give_up_if_hopeless(self, job: Job, task: Task, source: Source) -> None:
        if not (isinstance(source, SearchSource) and self._prunes(task)):
            return
        seen = self._n_losses.setdefault(job.id, 0)
        self._n_losses[job.id] = len(job.losses)
        for epoch, loss in enumerate(job.losses[seen:], start=seen):
            if source.searching.hopeless(task.settings[0].place[0], epoch, loss):
                self._hopeless.add(job.id)
                self._board.cancel(job.id)
                return

    def _prunes(self, task: Task) -> bool:
        search, first = self._plan.sweep.search, task.settings[0]
        # One sample and one start speak for all: Optuna takes one loss an epoch.
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
            self._samples = {section: _file(asked).read()}
        return self._samples[section]

    def _section(self, task: Task) -> Section:
        return self._plan.sweep.sections[task.settings[0].section]

    def _key(self, setting: Setting) -> str:
        return run_key(self._plan.sweep.sections[setting.section].content_hash, setting.params)

    def _note(self, **event: Any) -> None:
        self._journal.add(**event)
        with self._lock:
            self._outcome.take(event)

    def _words(self) -> str:
        jobs = [self._board.job(job_id) for job_id in list(self._jobs)]
        return next((job.words for job in jobs if job is not None and job.losses), "")

    def _seconds_left(self, outcome: Outcome) -> float | None:
        if self._n_made == 0 or outcome.state is not State.RUNNING:
            return None
        left = self._plan.sweep.n_runs - outcome.n_done - len(outcome.failed)
        return max(0.0, (time.monotonic() - self._began) / self._n_made * left)


def _file(section: Section) -> SampleFile:
    return SampleFile(Path(section.path), section.content_hash, section.annotation_hash)
