"""What is known of every job, for all threads: its users, its status and its result."""

import dataclasses
import itertools
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from core.work.board.job import About, Job, JobStatus

_FINISHED_KEPT = 100


class Ledger:
    """Jobs by id and by request. Every method may be called from any thread.

    Parameters
    ----------
    on_end : callable
        Called with each job once it is finished, by the thread that ended it.
    """

    def __init__(self, on_end: Callable[[Job], None]) -> None:
        self.lock = threading.RLock()
        self._on_end = on_end
        self._jobs: dict[str, Job] = {}
        self._latest: dict[str, str] = {}
        self._ends: dict[str, threading.Event] = {}
        self._name = uuid.uuid4().hex[:8]  # several servers may share an outside cluster
        self._numbers = itertools.count(1)

    def add(self, key: str, owner: str, about: About) -> Job:
        """Write down a new job, and forget old finished ones.

        Parameters
        ----------
        key : str
            Key of the request.
        owner : str
        about : About
        """
        return self._add(key, owners=(owner,), about=about)

    def add_done(self, key: str, result: Any) -> Job:
        """Write down a job that was done before and whose result was kept."""
        job = self._add(key, status=JobStatus.DONE, share=1.0, result=result, ended=time.time())
        self._ends[job.id].set()
        return job

    def _add(self, key: str, **facts: Any) -> Job:
        with self.lock:
            job = Job(id=f"{key}-{self._name}-{next(self._numbers)}", key=key, asked=time.time(), **facts)
            self._jobs[job.id], self._latest[key], self._ends[job.id] = job, job.id, threading.Event()
            self._forget_old()
        return job

    def job(self, job_id: str) -> Job | None:
        """Look up a job."""
        with self.lock:
            return self._jobs.get(job_id)

    def find(self, key: str) -> Job | None:
        """Look up the last job of a request."""
        with self.lock:
            return self._jobs.get(self._latest.get(key, ""))

    def jobs(self) -> list[Job]:
        """List all jobs, the oldest first."""
        with self.lock:
            return list(self._jobs.values())

    def unfinished(self, owner: str) -> int:
        """Count the waiting and running jobs of a user."""
        return sum(owner in job.owners for job in self.jobs() if not job.finished)

    def at_work(self) -> set[str]:
        """Name the users who have waiting or running jobs."""
        return {owner for job in self.jobs() if not job.finished for owner in job.owners}

    def change(self, job_id: str, **facts: Any) -> None:
        """Update a job that is not finished.

        Parameters
        ----------
        job_id : str
            A finished or unknown job is ignored.
        **facts : object
            Fields of `Job`.
        """
        with self.lock:
            job = self._jobs.get(job_id)
            if job is not None and not job.finished:
                self._jobs[job_id] = dataclasses.replace(job, **facts)

    def finish(self, job_id: str, status: JobStatus, **facts: Any) -> None:
        """Write down the end of a job; only the first end counts.

        Parameters
        ----------
        job_id : str
        status : JobStatus
        **facts : object
            Fields of `Job`.
        """
        with self.lock:
            job = self._jobs.get(job_id)
            if job is None or job.finished:
                return
            ended = dataclasses.replace(job, status=status, ended=time.time(), **facts)
            self._jobs[job_id], end = ended, self._ends[job_id]
        self._on_end(ended)
        end.set()

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
            Whether it is finished, or unknown.
        """
        with self.lock:
            end = self._ends.get(job_id)
        return end is None or end.wait(seconds)

    def drop(self, job_id: str) -> None:
        """Forget a finished job.

        Parameters
        ----------
        job_id : str
            An unknown or unfinished job is ignored.
        """
        with self.lock:
            job = self._jobs.get(job_id)
            if job is not None and job.finished:
                self._forget(job)

    def _forget_old(self) -> None:
        finished = [job for job in self._jobs.values() if job.finished]
        for job in finished[: max(0, len(finished) - _FINISHED_KEPT)]:
            self._forget(job)

    def _forget(self, job: Job) -> None:
        del self._jobs[job.id], self._ends[job.id]
        if self._latest.get(job.key) == job.id:
            del self._latest[job.key]
