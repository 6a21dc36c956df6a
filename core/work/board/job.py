"""What a job is, and how it stands."""

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class JobStatus(StrEnum):
    """How a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a job is called in the queue and in the log.

    Parameters
    ----------
    what : str
        Kind of work, such as `Training`.
    sample : str
        Its name; empty where there is none.
    settings : str
        The parameters that matter, in short.
    sweep : str
        Id of the sweep that it is a part of; empty for none.
    """

    what: str = "Work"
    sample: str = ""
    settings: str = ""
    sweep: str = ""

    def __str__(self) -> str:
        """Name the work and the sample."""
        return f"{self.what} of {self.sample}" if self.sample else self.what


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stood when the board was asked; ask again for news.

    Parameters
    ----------
    id : str
    key : str
        Of the request: equal requests have equal keys.
    owners : tuple of str
        Who waits for it, the first who asked first.
    about : About
    status : JobStatus
    share : float
        Of the work, from 0 to 1.
    message : str
        What it is doing.
    losses : tuple of float
        Of the epochs so far.
    error : str
        The sentence of a failed job.
    result : object
        What the task returned, once it is done.
    first, last : tuple of float
        Time (monotonic, in seconds) and share of the first and of the last report.
    asked, begun, ended : float
        Times (seconds since 1970); 0 where that has not happened.
    """

    id: str
    key: str
    owners: tuple[str, ...] = ()
    about: About = About()
    status: JobStatus = JobStatus.QUEUED
    share: float = 0.0
    message: str = ""
    losses: tuple[float, ...] = ()
    error: str = ""
    result: Any = None
    first: tuple[float, float] | None = None
    last: tuple[float, float] | None = None
    asked: float = 0.0
    begun: float = 0.0
    ended: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in (JobStatus.QUEUED, JobStatus.RUNNING)

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the pace so far; None before there is one."""
        if self.finished or self.first is None or self.last is None or self.last[1] <= self.first[1]:
            return None
        seconds_per_share = (self.last[0] - self.first[0]) / (self.last[1] - self.first[1])
        return max(0.0, seconds_per_share * (1 - self.last[1]) - (time.monotonic() - self.last[0]))
