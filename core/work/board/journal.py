"""What was asked for, line by line on disk: after the server ended, however it did, it is known what was not done.

Each server writes a file of its own and holds a lock on it. A file without a lock is one of a server that ended: what it began
and did not finish was interrupted.
"""

import fcntl
import importlib
import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.work.board.job import About, Job
from core.work.board.plain import as_text, decoded, encoded, from_text

_LOG = logging.getLogger(__name__)
_TASKS = "core.work."
_UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError, ImportError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """A job that a server's end cut off.

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
    task: Callable[..., Any]
    args: tuple[Any, ...]
    at_home: bool
    again: bool


class Journal:
    """The requests of one server, and what earlier ones left undone.

    Parameters
    ----------
    folder : Path
        Of all servers' journals; made if needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._lines: dict[str, dict[str, Any]] = {}
        self._file = self._opened()
        for path in sorted(folder.glob("*.jsonl")):
            self._adopt(path)

    def asked(self, job: Job, task: Callable[..., Any], args: tuple[Any, ...], *, at_home: bool, again: bool) -> None:
        """Write down a request before its work begins.

        Parameters
        ----------
        job : Job
        task : callable
        args : tuple
        at_home, again : bool
        """
        arrays: list[Any] = []
        written = encoded(args, arrays)
        self._write(
            {
                "event": "asked",
                "id": job.id,
                "key": job.key,
                "owners": list(job.owners),
                "about": [job.about.what, job.about.sample, job.about.settings],
                "asked": job.asked,
                "task": f"{task.__module__}:{task.__qualname__}",
                "args": written,
                "arrays": [as_text(array) for array in arrays],
                "at_home": at_home,
                "again": again,
            }
        )

    def ended(self, job_id: str, how: str) -> None:
        """Write down that a job has ended, or that an interrupted one needs no more attention.

        Parameters
        ----------
        job_id : str
        how : str
        """
        self._write({"event": "ended", "id": job_id, "how": how, "time": time.time()})

    def interrupted(self) -> list[Interrupted]:
        """List what earlier servers began and did not finish, the oldest first.

        Returns
        -------
        list of Interrupted
        """
        with self._lock:
            lines = list(self._lines.values())
        return [job for job in map(_read, lines) if job is not None]

    def settle(self, job_id: str) -> None:
        """Let go of an interrupted job: it was asked for again, or nobody wants it.

        Parameters
        ----------
        job_id : str
        """
        with self._lock:
            known = self._lines.pop(job_id, None)
        if known is not None:
            self.ended(job_id, "settled")

    def close(self) -> None:
        """Write no more; what has not ended counts as interrupted from now on."""
        with self._lock:
            self._file.close()

    def _opened(self) -> Any:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = (self.folder / f"{uuid.uuid4().hex}.jsonl").open("a", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file

    def _write(self, line: dict[str, Any]) -> None:
        with self._lock:
            if self._file.closed:
                return
            try:
                self._file.write(json.dumps(line) + "\n")
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                _LOG.warning("The journal of jobs cannot be written: %s", error)

    def _adopt(self, path: Path) -> None:
        """Take over what a server that ended left undone; a file that is locked belongs to one that runs."""
        with path.open("r+", encoding="utf-8", errors="replace") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return
            undone = _undone(file)
            for line in undone.values():
                self._write(line)
            self._lines.update(undone)
            path.unlink(missing_ok=True)


def _undone(file: Iterator[str]) -> dict[str, dict[str, Any]]:
    undone: dict[str, dict[str, Any]] = {}
    for text in file:
        try:
            line = json.loads(text)
            if line["event"] == "asked":
                undone[line["id"]] = line
            else:
                undone.pop(line["id"], None)
        except (ValueError, KeyError, TypeError):  # cut off in the middle of a write
            continue
    return undone


def _read(line: dict[str, Any]) -> Interrupted | None:
    try:
        arrays = [from_text(text) for text in line["arrays"]]
        return Interrupted(
            id=line["id"],
            key=line["key"],
            owners=tuple(line["owners"]),
            about=About(**dict(zip(("what", "sample", "settings"), line["about"], strict=True))),
            asked=float(line["asked"]),
            task=_task(line["task"]),
            args=decoded(line["args"], arrays),
            at_home=bool(line["at_home"]),
            again=bool(line["again"]),
        )
    except _UNREADABLE as error:
        _LOG.warning("An interrupted job cannot be read and is left out: %s", error)
        return None


def _task(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    if not module.startswith(_TASKS) or not function.isidentifier() or function.startswith("_"):
        raise ValueError(f"{name!r} is no task of this program")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found
