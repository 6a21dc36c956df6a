"""Sending jobs from the queue to the clusters, and taking results back.

We keep the order of waiting jobs: a cluster gets only as many tasks as it has workers, so that no sweep delays
another user. One thread sends jobs; reports of clusters arrive in threads of Dask.
"""

import asyncio
import functools
import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from distributed import Event, Future

from core.errors import CancelledError, DomainsError
from core.work.board.failures import LOST, sentence_of
from core.work.board.job import JobStatus
from core.work.board.ledger import Ledger
from core.work.board.limits import most_running_per_user
from core.work.board.places import Places
from core.work.board.progress import TOPIC, Progress, cancel_flag
from core.work.board.queue import FairQueue
from core.work.cluster.depot import Delivery, MissingFileError, check_may_be_sent
from core.work.cluster.embedded import Cluster
from core.work.cluster.outside import OutsideCluster, is_configured

_LOG = logging.getLogger(__name__)
_SECONDS_TO_STOP = 0.5
_SECONDS_BETWEEN_LOOKS = 1.0
_HOME, _OUTSIDE = "home", "outside"

_NO_WORKERS = "Waiting for a worker: none has joined the cluster"
AnyCluster = Cluster | OutsideCluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for work.

    Parameters
    ----------
    task : callable
    args : tuple
    at_home : bool
        Whether only the embedded cluster can execute it.
    near : str
        What it has in common with other jobs, best done by the same worker; empty for nothing.
    """

    task: Callable[..., Any]
    args: tuple[Any, ...]
    at_home: bool = False
    near: str = ""

    @property
    def lane(self) -> str:
        """Which kind of cluster executes it."""
        return _HOME if self.at_home or not is_configured() else _OUTSIDE


@dataclass(slots=True, kw_only=True)
class _Handed:
    """A job that was sent to a cluster, and the user for whom it was taken from the queue."""

    cluster: AnyCluster
    request: Request
    taken_for: str
    future: "Future[Any] | None" = None
    meant_for: str = ""
    pid: int = 0
    worker: str = ""

    @property
    def place(self) -> str:
        """Worker that does it or will; empty as long as the scheduler has not said which one it chose."""
        return self.worker or self.meant_for


class Dispatcher:
    """Sends jobs to clusters in a fair order, and writes down how they end.

    Parameters
    ----------
    ledger : Ledger
        Its lock also guards every change here.

    Attributes
    ----------
    places : Places
        From where users ask.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = ledger.lock
        self.places = Places(ledger.at_work)
        self._queue = FairQueue(self.places.of)
        self._requests: dict[str, Request] = {}
        self._handed: dict[str, _Handed] = {}
        self._clusters: dict[str, AnyCluster] = {}
        self._last_near: dict[str, str] = {}  # by worker
        self._senders = ThreadPoolExecutor(2, thread_name_prefix="jobs-sender")
        self._news = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def embedded(self) -> Cluster | None:
        """The embedded cluster, if one runs."""
        found = self._clusters.get(_HOME)
        return found if isinstance(found, Cluster) else None

    def add(self, job_id: str, owner: str, request: Request) -> None:
        """Put a job into the queue."""
        with self._lock:
            self._requests[job_id] = request
            self._queue.add(job_id, owner, request.lane)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._hand_over_always, name="jobs-dispatcher", daemon=True)
                self._thread.start()
        self._news.set()

    def join(self, job_id: str, owner: str) -> None:
        """Add another user to a waiting job.

        Parameters
        ----------
        job_id : str
            A job that does not wait is ignored.
        owner : str
        """
        with self._lock:
            if job_id in self._queue:
                self._queue.add(job_id, owner)

    def leave(self, job_id: str, owner: str) -> None:
        """Remove a user from a waiting job."""
        with self._lock:
            self._queue.leave(job_id, owner)

    def order(self) -> list[str]:
        """List waiting jobs in the order in which they would begin."""
        with self._lock:
            return self._queue.order(self._running())

    def n_workers(self) -> int:
        """Count the workers of all clusters that run."""
        with self._lock:
            clusters = list(self._clusters.values())
        return sum(cluster.n_workers() for cluster in clusters)

    def forget(self, job_id: str) -> None:
        """Forget a finished job."""
        with self._lock:
            self._queue.remove(job_id)
            self._requests.pop(job_id, None)
            self._handed.pop(job_id, None)
        self._news.set()

    def stop(self, job_id: str) -> None:
        """End a job within a second, even if its task does not react.

        Parameters
        ----------
        job_id : str
            A finished or unknown job is ignored.
        """
        with self._lock:
            job, handed = self._ledger.job(job_id), self._handed.get(job_id)
        if job is None or job.finished:
            return
        stopped = True
        if handed is not None and handed.future is not None:
            Event(cancel_flag(job_id), client=handed.cluster.client).set()
            stopped = job.status is JobStatus.RUNNING and self._ledger.wait(job_id, _SECONDS_TO_STOP)
        self._ledger.finish(job_id, JobStatus.CANCELLED)
        if handed is not None and handed.future is not None and not stopped:
            handed.cluster.client.cancel([handed.future], force=True)  # first, or another worker tries the task again
            self._in_background(handed.cluster.end_worker, handed.pid, handed.worker)

    def close(self) -> None:
        """End the embedded cluster, and leave the outside one."""
        self._closed = True
        self._news.set()
        if self._thread is not None:
            self._thread.join()
        self._senders.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            clusters, self._clusters = list(self._clusters.values()), {}
        for cluster in clusters:
            cluster.close()

    def _in_background(self, act: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            self._senders.submit(act, *args)

    def _running(self) -> Counter[str]:
        return Counter(handed.taken_for for handed in self._at_work())

    def _at_work(self) -> list[_Handed]:
        """List jobs whose task has not ended: while a result is on its way, its worker may begin the next job."""
        return [handed for handed in self._handed.values() if handed.future is None or not handed.future.done()]

    # The dispatcher's own thread.

    def _hand_over_always(self) -> None:
        while not self._closed:
            # Workers of an outside cluster come and go without notice.
            self._news.wait(_SECONDS_BETWEEN_LOOKS if len(self._queue) else None)
            self._news.clear()
            for lane in (_HOME, _OUTSIDE):
                if not self._closed and self._waiting_in(lane):
                    self._hand_over_all(lane)

    def _waiting_in(self, lane: str) -> list[str]:
        with self._lock:
            return [job_id for job_id, asked in self._requests.items() if asked.lane == lane and job_id in self._queue]

    def _hand_over_all(self, lane: str) -> None:
        try:
            cluster = self._ready_cluster(lane)
        except Exception as error:  # no error may leave jobs queued forever
            sentence = sentence_of(error)
            for job_id in self._waiting_in(lane):
                self._ledger.finish(job_id, JobStatus.FAILED, error=sentence)
            return
        try:
            self._fill(cluster, lane)
        except (
            Exception,
            asyncio.CancelledError,
        ) as error:  # the connection was just lost: waiting jobs stay queued
            _LOG.warning(
                "The cluster for background work does not answer (%s) and is no longer used", type(error).__name__
            )
            self._lose(cluster)

    def _fill(self, cluster: AnyCluster, lane: str) -> None:
        n_workers = cluster.n_workers()
        while self._n_tasks(cluster) < n_workers and self._hand_over_next(cluster, lane):
            pass
        for job_id in self._waiting_in(lane):
            self._ledger.change(job_id, message="" if n_workers else _NO_WORKERS)

    def _ready_cluster(self, lane: str) -> AnyCluster:
        found = self._clusters.get(lane)
        if found is not None and found.alive:
            return found
        if found is not None:
            self._lose(found)
        cluster: AnyCluster = OutsideCluster() if lane == _OUTSIDE else Cluster(on_lost=self._lose)
        cluster.client.subscribe_topic(TOPIC, self._on_report)
        with self._lock:
            self._clusters[lane] = cluster
        return cluster

    def _n_tasks(self, cluster: AnyCluster) -> int:
        with self._lock:
            return sum(handed.cluster is cluster for handed in self._at_work())

    def _hand_over_next(self, cluster: AnyCluster, lane: str) -> bool:
        with self._lock:
            free = self._last_near_of_the_free()
            taken = self._queue.take(
                self._running(), lane, most_running_per_user(), lambda job_id: self._rank(job_id, free)
            )
            if taken is None:
                return False
            job_id, taken_for = taken
            self._handed[job_id] = _Handed(cluster=cluster, request=self._requests[job_id], taken_for=taken_for)
            worker = self._handed[job_id].meant_for = free.get(self._requests[job_id].near, "")
        self._hand_over(job_id, worker)
        return True

    def _last_near_of_the_free(self) -> dict[str, str]:
        """Workers that do nothing, by what their last job was near to."""
        busy = {handed.place for handed in self._at_work()}
        if "" in busy:
            return {}  # a job might be sent to wait for one worker while another does nothing
        return {near: worker for worker, near in self._last_near.items() if near and worker not in busy}

    def _rank(self, job_id: str, free: Mapping[str, str]) -> int:
        """Prefer jobs that a free worker has the data of, and leave others to the workers that have theirs."""
        near = self._requests[job_id].near
        return 0 if near in free else 1 + (near in self._last_near.values())

    def _hand_over(self, job_id: str, worker: str = "") -> None:
        try:
            with self._lock:
                handed = self._handed.get(job_id)
                if handed is None:  # cancelled in the meantime
                    return
                future = handed.future = _submit(handed, job_id, worker)
            future.add_done_callback(functools.partial(self._ended, job_id))
        except Exception as error:  # such as arguments that cannot be sent: only this job fails
            self._ledger.finish(job_id, JobStatus.FAILED, error=sentence_of(error))

    # Threads of Dask's client, of the watch on the embedded cluster, and of the senders.

    def _lose(self, cluster: AnyCluster) -> None:
        with self._lock:
            self._clusters = {lane: one for lane, one in self._clusters.items() if one is not cluster}
            lost = [job_id for job_id, handed in self._handed.items() if handed.cluster is cluster]
            self._last_near = {}
        for job_id in lost:
            self._ledger.finish(job_id, JobStatus.FAILED, error=LOST)
        cluster.close()
        self._news.set()

    def _on_report(self, event: tuple[float, dict[str, Any]]) -> None:
        _, facts = event
        with self._lock:
            job, handed = self._ledger.job(facts["job"]), self._handed.get(facts["job"])
            if job is None or handed is None:
                return
            if "pid" in facts:  # it begins, or begins again after its process died
                handed.pid, handed.worker = facts["pid"], facts["worker"]
                self._last_near[handed.worker] = handed.request.near
                restarted = {"share": 0.0, "message": "", "losses": (), "first": None, "last": None}
                self._ledger.change(job.id, status=JobStatus.RUNNING, begun=job.begun or time.time(), **restarted)
            else:
                now, losses = (time.monotonic(), facts["share"]), (*job.losses, *facts["losses"])
                news = {"share": now[1], "message": facts["message"], "losses": losses}
                self._ledger.change(job.id, first=job.first or now, last=now, **news)

    def _ended(self, job_id: str, future: "Future[Any]") -> None:
        self._news.set()
        if future.status == "finished":
            self._take_result(job_id, future)
        elif future.status == "error":
            self._take_error(job_id, future.exception())
        else:
            with self._lock:
                handed = self._handed.get(job_id)
            if handed is not None and handed.future is future:  # the scheduler is gone, as we did not cancel it
                self._lose(handed.cluster)

    def _take_result(self, job_id: str, future: "Future[Any]") -> None:
        with self._lock:
            handed = self._handed.get(job_id)
        if handed is None:
            return
        try:
            result = future.result()
            if isinstance(result, _Refused):
                self._take_error(job_id, result.error)
                return
            if isinstance(result, Delivery):
                result = result.unpack(handed.request.args)
        except Exception as error:  # lost in transfer, or its files cannot be written here
            self._ledger.finish(job_id, JobStatus.FAILED, error=sentence_of(error))
        else:
            self._ledger.finish(job_id, JobStatus.DONE, share=1.0, result=result)

    def _take_error(self, job_id: str, error: BaseException | None) -> None:
        if isinstance(error, MissingFileError):
            self._in_background(self._send, job_id, error)
        elif isinstance(error, CancelledError):
            self._ledger.finish(job_id, JobStatus.CANCELLED)
        elif error is not None:
            self._ledger.finish(job_id, JobStatus.FAILED, error=sentence_of(error))

    def _send(self, job_id: str, missing: MissingFileError) -> None:
        with self._lock:
            handed = self._handed.get(job_id)
        if handed is None or not isinstance(handed.cluster, OutsideCluster):
            return
        try:
            check_may_be_sent(missing, handed.request.args)
            handed.cluster.send(missing)
            self._hand_over(job_id, worker=missing.worker)
        except Exception as error:  # the job must end, whatever the error
            self._ledger.finish(job_id, JobStatus.FAILED, error=sentence_of(error))


def _submit(handed: _Handed, job_id: str, worker: str) -> "Future[Any]":
    where = {"workers": [worker], "allow_other_workers": True} if worker else {}
    key = f"{job_id}-{uuid.uuid4().hex[:8]}"  # a key for each attempt: the scheduler remembers how an earlier one ended
    request = handed.request
    return handed.cluster.client.submit(_work, request.task, job_id, *request.args, key=key, pure=False, **where)


@dataclass(frozen=True, slots=True)
class _Refused:
    """What a task refused to do, as a value: Dask writes a raised error with its traceback into the log, as if the program failed."""

    error: DomainsError


def _work(task: Callable[..., Any], job_id: str, *args: Any) -> Any:
    try:
        return task(Progress(job_id), *args)
    except DomainsError as error:
        return _Refused(error)
