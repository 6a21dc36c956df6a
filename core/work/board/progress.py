"""How a task on a worker reports to the board, and learns that it must stop."""

import os
import time
from typing import Any

from distributed import Event, get_client, get_worker

from core.errors import CancelledError

TOPIC = "jobs"
"""Dask topic to which workers report and the board listens."""

_SECONDS_BETWEEN_REPORTS = 0.25  # each asks the scheduler whether to stop, and waits for the answer


def cancel_flag(job_id: str) -> str:
    """Name the event that asks a job to stop."""
    return f"cancel {job_id}"


class Progress:
    """Connects a running task to the board: reports go out, and a request to stop comes in.

    Raises
    ------
    CancelledError
        If the job was cancelled before it began.
    """

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self._worker = get_worker()
        self._cancelled = Event(cancel_flag(job_id), client=get_client())
        self._losses: list[float] = []
        self._next = 0.0
        self._check()
        self._send(pid=os.getpid(), worker=self._worker.address)

    def report(self, share: float, message: str, loss: float | None = None) -> None:
        """Report how far the task is; some reports are dropped, since too many would overload the scheduler.

        Parameters
        ----------
        share : float
            Share of the work that is done, from 0 to 1.
        message : str
        loss : float, optional
            Loss of the epoch that just ended; no loss is dropped.

        Raises
        ------
        CancelledError
            If the job must stop.
        """
        if loss is not None:
            self._losses.append(loss)
        if time.monotonic() >= self._next or share >= 1:
            self._next = time.monotonic() + _SECONDS_BETWEEN_REPORTS
            self._check()
            self._send(share=share, message=message, losses=self._losses)
            self._losses = []

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise CancelledError("The work was cancelled.")

    def _send(self, **facts: Any) -> None:
        self._worker.log_event(TOPIC, {"job": self._job_id, **facts})
