"""Jobs that were asked for and have not ended, on disk, so that a later server can list what was interrupted.

Each server writes and holds its own log. A log that no process holds belongs to a server that ended: what it began and did
not finish was interrupted.
"""

import logging
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from core import codec, files
from core.errors import DomainsError
from core.version_0_1 import renewed_steps
from core.work.board.job import About, Job
from core.work.board.tasks_by_name import Task, arguments_of, name_of, task_named
from core.work.event_log import EventLog

_LOG = logging.getLogger(__name__)
_LATEST = 2**33  # seconds, in the year 2242


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """A job that was interrupted when its server ended.

    Parameters
    ----------
    id, key : str
        As of the job.
    owners : tuple of str
    about : About
    asked : float
        Seconds since 1970.
    task : callable
    args : tuple
    at_home, again : bool
        As `Board.submit` takes them.
    """

    id: str
    key: str
    owners: tuple[str, ...]
    about: About
    asked: float
    task: Task
    args: tuple[Any, ...]
    at_home: bool
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """A job was asked for, or has ended."""

    event: Literal["asked", "ended"]
    id: str
    how: str = ""
    time: float = 0.0
    key: str = ""
    owners: tuple[str, ...] = ()
    about: tuple[str, str, str] = ("", "", "")
    asked: Annotated[float, msgspec.Meta(ge=0, lt=_LATEST)] = 0.0
    task: str = ""
    args: Any = None
    arrays: tuple[str, ...] = ()  # of version 0.1; now they are among `args`
    at_home: bool = False
    again: bool = False


class JobLog:
    """The requests of one server, and jobs that earlier servers did not finish.

    Parameters
    ----------
    folder : Path
        Folder of all servers' logs; made if needed.

    Raises
    ------
    OSError
        If it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._undone: dict[str, _Event] = {}
        self._log = EventLog(folder / f"{uuid.uuid4().hex}.jsonl", durable=True)
        # Another server that starts may look into it before it is held: it finds nothing, and lets go.
        self._held = files.open_locked(self._log.path, wait=True)
        for path in sorted(folder.glob("*.jsonl")):
            self._adopt(path)

    def asked(self, job: Job, task: Task, args: tuple[Any, ...], *, at_home: bool, again: bool) -> None:
        """Write down a request before its work begins.

        Raises
        ------
        CodecError
            If an argument is not data.
        """
        self._write(
            _Event(
                event="asked",
                id=job.id,
                key=job.key,
                owners=job.owners,
                about=(job.about.what, job.about.sample, job.about.settings),
                asked=job.asked,
                task=name_of(task),
                args=codec.as_plain(args),
                at_home=at_home,
                again=again,
            )
        )

    def ended(self, job_id: str, how: str) -> None:
        """Write down that a job has ended, or that an interrupted one is settled."""
        self._write(_Event(event="ended", id=job_id, how=how, time=time.time()))

    def interrupted(self) -> list[Interrupted]:
        """List jobs that earlier servers did not finish, the oldest first."""
        with self._lock:
            undone = list(self._undone.values())
        return [job for job in map(_read, undone) if job is not None]

    def settle(self, job_id: str) -> None:
        """Forget an interrupted job that was asked for again or is not wanted."""
        with self._lock:
            known = self._undone.pop(job_id, None)
        if known is not None:
            self.ended(job_id, "settled")

    def close(self) -> None:
        """Stop writing; jobs that have not ended count as interrupted from now on."""
        with self._lock:
            self._held.close()

    def _write(self, event: _Event) -> None:
        with self._lock:
            if self._held.closed:
                return
            try:
                self._log.append(event)
            except OSError as error:
                _LOG.warning("The log of jobs cannot be written: %s", error)

    def _adopt(self, path: Path) -> None:
        """Take over the unfinished jobs of a log, unless a running server holds it."""
        log = EventLog(path)
        held = log.hold()
        if held is None:
            return
        with held:
            undone = _undone(log)
            for event in undone.values():
                self._write(event)
            self._undone.update(undone)
            path.unlink(missing_ok=True)


def _undone(log: EventLog) -> dict[str, _Event]:
    undone: dict[str, _Event] = {}
    for event in log.events(_Event):
        if event.event == "asked":
            undone[event.id] = event
        else:
            undone.pop(event.id, None)
    return undone


def _read(event: _Event) -> Interrupted | None:
    what, sample, settings = event.about
    try:
        task = task_named(event.task)
        return Interrupted(
            id=event.id,
            key=event.key,
            owners=event.owners,
            about=About(what=what, sample=sample, settings=settings),
            asked=event.asked,
            task=task,
            args=codec.from_plain(arguments_of(task), renewed_steps(_untagged(event.args, event.arrays))),
            at_home=event.at_home,
            again=event.again,
        )
    except (DomainsError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        _LOG.warning("An interrupted job cannot be read and is passed over: %s", error)
        return None


def _untagged(written: Any, arrays: tuple[str, ...]) -> Any:
    """Read what version 0.1 wrote, with the type of every value; now the task's annotations give the types."""
    if not isinstance(written, dict):
        return written
    if "array" in written:
        return arrays[written["array"]]
    if "path" in written:
        return written["path"]
    if "pairs" in written:
        return {key: _untagged(value, arrays) for key, value in written["pairs"]}
    if "fields" in written:
        return {name: _untagged(value, arrays) for name, value in written["fields"].items()}
    return [_untagged(value, arrays) for value in written["tuple" if "tuple" in written else "list"]]
