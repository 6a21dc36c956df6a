"""The board of background jobs: what waits, runs and is done, shared by everyone who asks.

Knows nothing of samples or methods: tasks are functions of an importable package that take a
:class:`core.work.progress.Progress` first.
"""

import atexit
import dataclasses
import functools
import itertools
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from distributed import Event, Future, KilledWorker

from core.errors import CancelledError, DomainsError
from core.work.cluster import Cluster
from core.work.progress import TOPIC, Progress, cancel_flag

_LOG = logging.getLogger(__name__)
_SECONDS_TO_STOP = 0.5
_FINISHED_KEPT = 100

_KILLED = (
    "The process that did this work ended twice before it was done, as happens when memory runs out. Try a smaller sample or "
    "smaller values, or run it on a machine with more memory."
)
_LOST = "The background processes ended before this was done. Start it again."
_UNFORESEEN = (
    "An error in the program stopped this work ({kind}); the server's log has all of it. Try again, or report it."
)


class State(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stood when it was asked for; ask the board again for news.

    Parameters
    ----------
    id : str
    key : str
        Of the request: equal requests have equal keys.
    owners : tuple of str
        Who asked for it, the first one first.
    state : State
    share : float
        Of the work, from 0 to 1.
    words : str
        What it is doing.
    losses : tuple of float
        Of the epochs so far.
    error : str
        The sentence of a failed job.
    result : object
        What the task returned, once it is done.
    first, last : tuple of float
        Time (monotonic, in seconds) and share of the first and of the last report.
    """

    id: str
    key: str
    owners: tuple[str, ...] = ()
    state: State = State.QUEUED
    share: float = 0.0
    words: str = ""
    losses: tuple[float, ...] = ()
    error: str = ""
    result: Any = None
    first: tuple[float, float] | None = None
    last: tuple[float, float] | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in (State.QUEUED, State.RUNNING)

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the pace so far; None before there is one."""
        if self.finished or self.first is None or self.last is None or self.last[1] <= self.first[1]:
            return None
        seconds_per_share = (self.last[0] - self.first[0]) / (self.last[1] - self.first[1])
        return max(0.0, seconds_per_share * (1 - self.last[1]) - (time.monotonic() - self.last[0]))


class Board:
    """Jobs and the cluster that does them, which starts with the first job."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._latest: dict[str, str] = {}
        self._futures: dict[str, Future[Any]] = {}
        self._pids: dict[str, int] = {}
        self._ends: dict[str, threading.Event] = {}
        self._numbers = itertools.count(1)
        self._cluster: Cluster | None = None
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="jobs")  # one, so that jobs start in order
        atexit.register(self.close)

    def submit(self, key: str, task: Callable[..., Any], *args: Any, owner: str = "", again: bool = False) -> str:
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

        Returns
        -------
        str
            Id of the job: a new one, or the one that is queued, running or done. Failed and cancelled ones are not shared.
        """
        with self._lock:
            known = self.find(key)
            if known is not None and (not known.finished or (known.state is State.DONE and not again)):
                self._change(known.id, owners=tuple(dict.fromkeys((*known.owners, owner))))
                return known.id
            job = Job(id=f"{key}-{next(self._numbers)}", key=key, owners=(owner,))
            self._jobs[job.id], self._latest[key], self._ends[job.id] = job, job.id, threading.Event()
            self._forget_old()
        self._starter.submit(self._start, job.id, task, args)
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
        with self._lock:
            return self._jobs.get(job_id)

    def find(self, key: str) -> Job | None:
        """Look up the last job of a request.

        Parameters
        ----------
        key : str

        Returns
        -------
        Job or None
        """
        with self._lock:
            return self._jobs.get(self._latest.get(key, ""))

    def jobs(self) -> list[Job]:
        """List all that is known, the oldest first.

        Returns
        -------
        list of Job
        """
        with self._lock:
            return list(self._jobs.values())

    def cancel(self, job_id: str) -> None:
        """End a job for everyone who waits for it; back within a second.

        A task that does not hear within half a second loses its process; a new one takes its place.

        Parameters
        ----------
        job_id : str
            Where it is finished or unknown, nothing happens.
        """
        with self._lock:
            job, future, cluster = self._jobs.get(job_id), self._futures.get(job_id), self._cluster
        if job is None or job.finished:
            return
        if future is not None and cluster is not None:
            Event(cancel_flag(job_id), client=cluster.client).set()
            if job.state is State.QUEUED or not self.wait(job_id, _SECONDS_TO_STOP):
                self._kill(job_id)
                cluster.client.cancel([future], force=True)
        self._finish(job_id, State.CANCELLED)

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
        with self._lock:
            end = self._ends.get(job_id)
        return end is None or end.wait(seconds)

    def close(self) -> None:
        """End the cluster and with it all jobs."""
        self._starter.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            cluster, self._cluster = self._cluster, None
        if cluster is not None:
            cluster.close()
        self._fail_unfinished()
        atexit.unregister(self.close)

    @property
    def cluster(self) -> Cluster | None:
        """The cluster, where one runs."""
        return self._cluster

    def _start(self, job_id: str, task: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            client = self._running_cluster().client
            with self._lock:
                if self._jobs[job_id].finished:
                    return
                future = client.submit(_work, task, job_id, *args, key=job_id, pure=False)
                self._futures[job_id] = future
            future.add_done_callback(functools.partial(self._ended, job_id))
        except Exception as error:  # whatever keeps a job from starting must not leave it queued for ever
            self._finish(job_id, State.FAILED, error=_sentence(error))

    def _running_cluster(self) -> Cluster:
        if self._cluster is None:
            cluster = Cluster(on_lost=self._lose_cluster)
            cluster.client.subscribe_topic(TOPIC, self._hear)
            self._cluster = cluster
        return self._cluster

    def _lose_cluster(self) -> None:
        self._cluster = None
        self._fail_unfinished()

    def _fail_unfinished(self) -> None:
        for job in self.jobs():
            self._finish(job.id, State.FAILED, error=_LOST)

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        _, facts = event
        job = self.job(facts["job"])
        if job is None or job.finished:
            return
        if "pid" in facts:  # it begins, perhaps again after its process died
            self._pids[job.id] = facts["pid"]
            self._change(job.id, state=State.RUNNING, share=0.0, words="", losses=(), first=None, last=None)
        else:
            now = time.monotonic(), facts["share"]
            losses = (*job.losses, *facts["losses"])
            self._change(job.id, share=now[1], words=facts["words"], losses=losses, first=job.first or now, last=now)

    def _ended(self, job_id: str, future: "Future[Any]") -> None:
        if future.status == "finished":
            self._finish(job_id, State.DONE, share=1.0, result=future.result())
        elif future.status == "error":
            error = future.exception()
            if isinstance(error, CancelledError):
                self._finish(job_id, State.CANCELLED)
            else:
                self._finish(job_id, State.FAILED, error=_sentence(error))

    def _finish(self, job_id: str, state: State, **facts: Any) -> None:
        with self._lock:
            if job_id in self._jobs and not self._jobs[job_id].finished:
                self._change(job_id, state=state, **facts)
                self._futures.pop(job_id, None)
                self._pids.pop(job_id, None)
                self._ends[job_id].set()

    def _change(self, job_id: str, **facts: Any) -> None:
        with self._lock:
            if job_id in self._jobs:
                self._jobs[job_id] = dataclasses.replace(self._jobs[job_id], **facts)

    def _kill(self, job_id: str) -> None:
        pid = self._pids.get(job_id)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _forget_old(self) -> None:
        finished = [job for job in self._jobs.values() if job.finished]
        for job in finished[: max(0, len(finished) - _FINISHED_KEPT)]:
            del self._jobs[job.id], self._ends[job.id]
            if self._latest[job.key] == job.id:
                del self._latest[job.key]


def _work(task: Callable[..., Any], job_id: str, *args: Any) -> Any:
    return task(Progress(job_id), *args)


def _sentence(error: BaseException) -> str:
    if isinstance(error, DomainsError):
        return str(error)
    if isinstance(error, KilledWorker):
        return _KILLED
    _LOG.error("A background job failed", exc_info=error)
    return _UNFORESEEN.format(kind=type(error).__name__)


@functools.cache
def shared_board() -> Board:
    """Look up the board that all sessions of this process share.

    Returns
    -------
    Board
    """
    return Board()
