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
    """The name of a job in the queue and in the log.

    Parameters
    ----------
    what : str
        Kind of work, such as `Training`.
    sample : str
        Its name; empty where there is none.
    settings : str
        The parameters that matter, in brief.
    sweep : str
        Id of the sweep that it belongs to; empty for none.
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
    """A job as it was when the board was asked; it does not change.

    Parameters
    ----------
    id : str
    key : str
        Key of the request; equal requests have equal keys.
    owners : tuple of str
        Users who wait for it, in the order in which they asked.
    about : About
    status : JobStatus
    share : float
        Share of the work that is done, from 0 to 1.
    message : str
        What it is doing now.
    losses : tuple of float
        Loss of each epoch so far.
    error : str
        Why the job failed, as a sentence.
    result : object
        What the task returned, once it is done.
    first, last : tuple of float
        Time (monotonic, in seconds) and share of the first and of the last report.
    asked, begun, ended : float
        Times (seconds since 1970); 0 where it has not happened.
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
        """Whether the job has ended."""
        return self.status not in (JobStatus.QUEUED, JobStatus.RUNNING)

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the pace so far; None as long as the pace is unknown."""
        if self.finished or self.first is None or self.last is None or self.last[1] <= self.first[1]:
            return None
        seconds_per_share = (self.last[0] - self.first[0]) / (self.last[1] - self.first[1])
        return max(0.0, seconds_per_share * (1 - self.last[1]) - (time.monotonic() - self.last[0]))
