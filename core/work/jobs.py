"""The board of background jobs: what waits, runs and is done, shared by everyone who asks.

Knows nothing of samples or methods: tasks are functions of an importable package that take a
:class:`core.work.progress.Progress` first.
"""

import atexit
import functools
from collections.abc import Callable
from typing import Any

from core.errors import LimitError
from core.work.cluster import Cluster
from core.work.dispatch import LOST, Dispatcher, Request, whole_number
from core.work.host import sizes
from core.work.job import About, Job, State
from core.work.ledger import Ledger

__all__ = ["About", "Board", "Job", "State", "shared_board"]

_MOST_PER_USER = 500
_TOO_MANY = (
    "{who} already has {n} jobs waiting or running, as many as this server allows one user (SPCA_JOBS_PER_USER). Wait until "
    "some are done, or cancel some."
)


class Board:
    """Jobs and the clusters that do them, which start with the first job."""

    def __init__(self) -> None:
        self._ledger = Ledger(on_end=self._ended)
        self._dispatcher = Dispatcher(self._ledger)
        atexit.register(self.close)

    def submit(
        self,
        key: str,
        task: Callable[..., Any],
        *args: Any,
        owner: str = "",
        again: bool = False,
        about: About | None = None,
        at_home: bool = False,
    ) -> str:
        """Ask for work; equal requests share one job.

        Parameters
        ----------
        key : str
            Of all that the result depends on.
        task : callable
            Of an importable package; called as `task(progress, *args)` in a worker.
        *args : object
            Small: they travel with the call.
        owner : str
            Who asks.
        again : bool
            Do not share a job that is already done.
        about : About, optional
            What it is called in the queue and the log.
        at_home : bool
            Whether it needs this machine's files, and so never goes to an outside cluster.

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
            known = self.find(key)
            if known is not None and (not known.finished or (known.state is State.DONE and not again)):
                self._join(known, owner)
                return known.id
            self._check_limit(owner)
            job = self._ledger.add(key, owner, about or About(what=task.__name__.replace("_", " ").capitalize()))
            self._dispatcher.add(job.id, owner, Request(task=task, args=args, at_home=at_home))
        return job.id

    def job(self, job_id: str) -> Job | None:
        """Look a job up.

        Parameters
        ----------
        job_id : str

        Returns
        -------
        Job or None
            None where it is unknown, or so old that it was forgotten.
        """
        return self._ledger.job(job_id)

    def find(self, key: str) -> Job | None:
        """Look up the last job of a request.

        Parameters
        ----------
        key : str

        Returns
        -------
        Job or None
        """
        return self._ledger.find(key)

    def jobs(self) -> list[Job]:
        """List all that is known, the oldest first.

        Returns
        -------
        list of Job
        """
        return self._ledger.jobs()

    def waiting(self) -> list[Job]:
        """List what waits, in the order in which it would begin if nothing else were asked for.

        Returns
        -------
        list of Job
        """
        found = map(self._ledger.job, self._dispatcher.order())
        return [job for job in found if job is not None and job.state is State.QUEUED]

    def cancel(self, job_id: str) -> None:
        """End a job for everyone who waits for it; back within a second.

        A task that does not hear within half a second loses its process; a new one takes its place.

        Parameters
        ----------
        job_id : str
            Where it is finished or unknown, nothing happens.
        """
        self._dispatcher.stop(job_id)

    def leave(self, job_id: str, owner: str) -> None:
        """Wait for a job no longer; it ends when nobody does.

        Parameters
        ----------
        job_id : str
        owner : str
            Where this user does not wait for it, nothing happens.
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
            At most so long.

        Returns
        -------
        bool
            Whether it is finished.
        """
        return self._ledger.wait(job_id, seconds)

    def close(self) -> None:
        """End the embedded cluster and with it all its jobs; an outside one stays, without ours."""
        self._dispatcher.close()
        for job in self.jobs():
            self._ledger.finish(job.id, State.FAILED, error=LOST)
        atexit.unregister(self.close)

    def drop(self, job_id: str) -> None:
        """Forget a finished job whose result was taken, so that others are remembered longer.

        Parameters
        ----------
        job_id : str
            Where it is unknown or not finished, nothing happens.
        """
        self._ledger.drop(job_id)

    @property
    def n_workers(self) -> int:
        """Jobs that can run at once; before a cluster is there, as many as the embedded one will take."""
        return self._dispatcher.n_workers() or sizes().n_workers

    @property
    def cluster(self) -> Cluster | None:
        """The embedded cluster, where one runs."""
        return self._dispatcher.embedded

    def _join(self, job: Job, owner: str) -> None:
        if owner not in job.owners:
            self._ledger.change(job.id, owners=(*job.owners, owner))
        self._dispatcher.join(job.id, owner)

    def _check_limit(self, owner: str) -> None:
        n = self._ledger.unfinished(owner)
        if n >= (whole_number("SPCA_JOBS_PER_USER") or _MOST_PER_USER):
            raise LimitError(_TOO_MANY.format(who=owner or "This session", n=n))

    def _ended(self, job: Job) -> None:
        self._dispatcher.forget(job.id)


@functools.cache
def shared_board() -> Board:
    """Look up the board that all sessions of this process share.

    Returns
    -------
    Board
    """
    return Board()
