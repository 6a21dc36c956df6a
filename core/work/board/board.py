"""The board of background jobs: those that wait, run or are done, shared by all users.

Knows nothing of samples or methods: tasks are functions of an importable package that take a
:class:`core.work.board.progress.Progress` first.
"""

import atexit
import functools
import json
import logging
import time
from pathlib import Path
from typing import Any

from core.errors import DomainsError, LimitError
from core.people import called
from core.text import counted
from core.work.board.dispatch import Dispatcher, Request
from core.work.board.failures import LOST
from core.work.board.job import About, Job, JobStatus
from core.work.board.job_log import Interrupted, JobLog
from core.work.board.ledger import Ledger
from core.work.board.limits import most_at_a_place, most_jobs_per_user
from core.work.board.results import Results
from core.work.board.tasks_by_name import Task, result_of
from core.work.cluster.embedded import Cluster
from core.work.cluster.host import sizes

__all__ = ["About", "Board", "Job", "JobStatus", "shared_board"]

_LOG = logging.getLogger(__name__)
_TOO_MANY = (
    "{who} already has {n} waiting or running, as many as this server allows one user (SPCA_JOBS_PER_USER). Wait until "
    "some are done, or cancel some."
)
_TOO_MANY_AT_A_PLACE = (
    "{n} of people at your address are waiting or running already, as many as this server allows one address without a sign-in (four "
    "times SPCA_JOBS_PER_USER). Wait until some are done, or cancel some."
)


class Board:
    """Jobs and the clusters that execute them; clusters start with the first job."""

    def __init__(self) -> None:
        self._ledger = Ledger(on_end=self._ended)
        self._dispatcher = Dispatcher(self._ledger)
        self._folder: Path | None = None
        self._log: JobLog | None = None
        self._results: Results | None = None
        self._lasting: dict[str, bool] = {}  # whether the result is kept, too
        atexit.register(self.close)

    def keep_in(self, folder: Path) -> None:
        """Keep a log of requests, and results, where the next server finds them.

        Parameters
        ----------
        folder : Path
            If it cannot be written, a warning is logged and work goes on without it.
        """
        with self._ledger.lock:
            if folder == self._folder:
                return
            self._folder, self._results = folder, Results(folder / "results")
            if self._log is not None:
                self._log.close()
            try:
                self._log = JobLog(folder / "jobs")
            except OSError as error:
                self._log = None
                _LOG.warning("No log of jobs can be kept in %s: %s", folder, error.strerror)

    def submit(
        self,
        key: str,
        task: Task,
        *args: Any,
        owner: str = "",
        again: bool = False,
        about: About | None = None,
        at_home: bool = False,
        lasting: bool = False,
        near: str = "",
    ) -> str:
        """Ask for work; equal requests share one job.

        Parameters
        ----------
        key : str
            Digest of everything that the result depends on.
        task : callable
            Function of an importable package; called as `task(progress, *args)` in a worker.
        *args : object
            Small, since they are sent with the call.
        owner : str
            Who asks.
        again : bool
            Do not share a job that is already done.
        about : About, optional
            Its name in the queue and in the log.
        at_home : bool
            Whether it needs this machine's files and must not go to an outside cluster.
        lasting : bool
            Whether it outlives the server: it is listed if it was interrupted, and unless `again` its result is kept.
        near : str
            Name of what it has in common with other jobs of its owner: if it can, the worker of the last such job does it.

        Returns
        -------
        str
            Id of the job: a new one, or the one that is queued, running or done. Failed and cancelled ones are not shared.

        Raises
        ------
        LimitError
            If the user already has as many unfinished jobs as `SPCA_JOBS_PER_USER` allows.
        """
        with self._ledger.lock:
            known = self.find(key, task)
            if known is not None and (not known.finished or (known.status is JobStatus.DONE and not again)):
                self._join(known, owner)
                return known.id
            self._check_limit(owner)
            job = self._ledger.add(key, owner, about or About(what=task.__name__.replace("_", " ").capitalize()))
            if lasting:
                self._write_down(job, task, args, at_home=at_home, again=again)
            self._dispatcher.add(job.id, owner, Request(task=task, args=args, at_home=at_home, near=near))
        return job.id

    def is_at(self, owner: str, place: str) -> None:
        """Say from where a user asks, on a server that checks no names: all who ask from one place have a limit, and turns, together.

        Parameters
        ----------
        owner : str
        place : str
            Such as an address; empty for none that is known.
        """
        with self._ledger.lock:
            self._dispatcher.places.note(owner, place)

    def beside(self, owner: str, other: str) -> bool:
        """Whether two users ask from one place that is known.

        Parameters
        ----------
        owner, other : str

        Returns
        -------
        bool
        """
        places = self._dispatcher.places
        with self._ledger.lock:
            return places.shares(owner) and places.of(owner) == places.of(other)

    def job(self, job_id: str) -> Job | None:
        """Look up a job.

        Returns
        -------
        Job or None
            None if it is unknown, or was forgotten because it is old.
        """
        return self._ledger.job(job_id)

    def find(self, key: str, task: Task | None = None) -> Job | None:
        """Look up the last job of a request.

        Parameters
        ----------
        key : str
        task : callable, optional
            What was asked for: then a job that an earlier server finished is found, too.

        Returns
        -------
        Job or None
        """
        with self._ledger.lock:
            known, results = self._ledger.find(key), self._results
        kind = None if known is not None or results is None or task is None else result_of(task)
        if results is None or kind is None:
            return known
        kept = results.get(key, kind)
        return None if kept is None else self._ledger.add_done(key, kept)

    def interrupted(self) -> list[Interrupted]:
        """List jobs that were interrupted when an earlier server ended, the oldest first."""
        return [] if self._log is None else self._log.interrupted()

    def take_up(self, job_id: str, owner: str) -> None:
        """Ask again for an interrupted job.

        Parameters
        ----------
        job_id : str
            An unknown job is ignored.
        owner : str
            Who asks now.

        Raises
        ------
        LimitError
            As :meth:`submit`.
        """
        for cut in self.interrupted():
            if cut.id == job_id:
                self.submit(
                    cut.key,
                    cut.task,
                    *cut.args,
                    owner=owner,
                    again=cut.again,
                    about=cut.about,
                    at_home=cut.at_home,
                    lasting=True,
                )
                self.let_go(job_id)

    def let_go(self, job_id: str) -> None:
        """Stop listing an interrupted job."""
        if self._log is not None:
            self._log.settle(job_id)

    def jobs(self) -> list[Job]:
        """List all known jobs, the oldest first."""
        return self._ledger.jobs()

    def waiting(self) -> list[Job]:
        """List waiting jobs in the order in which they would begin if no others were added."""
        found = map(self._ledger.job, self._dispatcher.order())
        return [job for job in found if job is not None and job.status is JobStatus.QUEUED]

    def cancel(self, job_id: str) -> None:
        """End a job for everyone who waits for it, within a second.

        A task that does not react within half a second loses its process, which a new one replaces.

        Parameters
        ----------
        job_id : str
            A finished or unknown job is ignored.
        """
        self._dispatcher.stop(job_id)

    def leave(self, job_id: str, owner: str) -> None:
        """Stop waiting for a job for one user; it ends when nobody waits for it.

        Parameters
        ----------
        job_id : str
        owner : str
            Ignored if this user does not wait for the job.
        """
        with self._ledger.lock:
            job = self.job(job_id)
            if job is None or job.finished or owner not in job.owners:
                return
            others = tuple(who for who in job.owners if who != owner)
            if others:
                self._ledger.change(job_id, owners=others)
                self._dispatcher.leave(job_id, owner)
        if not others:
            self.cancel(job_id)

    def wait(self, job_id: str, seconds: float) -> bool:
        """Wait for the end of a job.

        Parameters
        ----------
        job_id : str
        seconds : float
            Longest time to wait.

        Returns
        -------
        bool
            Whether it is finished.
        """
        return self._ledger.wait(job_id, seconds)

    def close(self) -> None:
        """End the embedded cluster with its jobs, and our jobs on an outside cluster, which keeps running."""
        if self._log is not None:
            self._log.close()  # first: what ends only now was interrupted
        self._dispatcher.close()
        for job in self.jobs():
            self._ledger.finish(job.id, JobStatus.FAILED, error=LOST)
        atexit.unregister(self.close)

    def drop(self, job_id: str) -> None:
        """Forget a finished job whose result was taken, so that others are kept longer.

        Parameters
        ----------
        job_id : str
            An unknown or unfinished job is ignored.
        """
        self._ledger.drop(job_id)

    @property
    def n_workers(self) -> int:
        """Number of jobs that can run at once; before a cluster starts, as many as the embedded one will take."""
        return self._dispatcher.n_workers() or sizes().n_workers

    @property
    def cluster(self) -> Cluster | None:
        """The embedded cluster, if one runs."""
        return self._dispatcher.embedded

    def _join(self, job: Job, owner: str) -> None:
        if owner not in job.owners:
            self._ledger.change(job.id, owners=(*job.owners, owner))
        self._dispatcher.join(job.id, owner)

    def _check_limit(self, owner: str) -> None:
        n = self._ledger.unfinished(owner)
        if n >= most_jobs_per_user():
            raise LimitError(_TOO_MANY.format(who=called(owner) or "This session", n=counted(n, "job")))
        unfinished = [job for job in self.jobs() if not job.finished]
        n = sum(any(self.beside(owner, other) for other in job.owners) for job in unfinished)
        if n >= most_at_a_place(most_jobs_per_user()):
            raise LimitError(_TOO_MANY_AT_A_PLACE.format(n=counted(n, "job")))

    def _write_down(self, job: Job, task: Task, args: tuple[Any, ...], *, at_home: bool, again: bool) -> None:
        self._lasting[job.id] = not again
        if self._log is None:
            return
        try:
            self._log.asked(job, task, args, at_home=at_home, again=again)
        except DomainsError as error:
            _LOG.warning("A request was not written down: %s", error)

    def _ended(self, job: Job) -> None:
        self._dispatcher.forget(job.id)
        with_result = self._lasting.pop(job.id, None)
        if with_result and job.status is JobStatus.DONE and self._results is not None:
            self._results.put(job.key, job.result)
        if with_result is not None and self._log is not None:
            self._log.ended(job.id, job.status)
        _say_in_log(job)


def _say_in_log(job: Job) -> None:
    """Log one line per job, as `name=value`, for people and for tools."""
    now = time.time()
    facts = {
        "job": job.about.what,
        "state": job.status,
        "who": ",".join(job.owners),
        "sample": job.about.sample,
        "settings": job.about.settings,
        "waited_s": round((job.begun or now) - job.asked, 1),
        "ran_s": round(now - job.begun, 1) if job.begun else 0.0,
        "error": job.error,
    }
    level = logging.WARNING if job.status is JobStatus.FAILED else logging.INFO
    _LOG.log(level, " ".join(f"{name}={json.dumps(value)}" for name, value in facts.items() if value != ""))


@functools.cache
def shared_board() -> Board:
    """Look up the board that all sessions of this process share."""
    return Board()
