"""Whether a server works: what runs, how much memory it takes, and whether its folders and the record can be used."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from core import __version__
from core.errors import DomainsError, RecordError
from core.method.version import code_version
from core.work.board.board import Board, JobStatus
from core.work.cluster import outside
from core.work.runs import open_record

_NO_RUN = "0" * 32
_LITTLE_SPACE_BYTES = 2**30
_GIB = 2**30


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check.

    Parameters
    ----------
    name : str
    ok : bool
    message : str
        What was found, and what to do if something is wrong.
    """

    name: str
    ok: bool
    message: str


def check_all(board: Board, samples: Path, models: Path) -> list[Check]:
    """Check everything that a server needs.

    Parameters
    ----------
    board : Board
    samples, models : Path
        Folders of samples and of trained models.
    """
    return [
        Check("Version", True, f"{__version__}, code {code_version()}"),
        _queue(board),
        _workers(board),
        _memory(),
        _check("Samples", lambda: _samples(samples)),
        _check("Models", lambda: _models(models)),
        _check("Record of runs", lambda: _record(models)),
    ]


def _check(name: str, find: Callable[[], str]) -> Check:
    try:
        return Check(name, True, find())
    except DomainsError as error:
        return Check(name, False, str(error))
    except OSError as error:
        return Check(name, False, f"{error.strerror or error}: check the folder and its permissions.")


def _queue(board: Board) -> Check:
    running = sum(job.status is JobStatus.RUNNING for job in board.jobs())
    waiting = sum(job.status is JobStatus.QUEUED for job in board.jobs())
    return Check("Queue", True, f"{running} running, {waiting} waiting")


def _workers(board: Board) -> Check:
    if outside.is_configured():
        return _check("Workers", lambda: f"On the cluster at {outside.address()}")
    started = board.cluster
    return Check("Workers", True, f"{started.n_workers()} here" if started else "Start with the first job")


def _memory() -> Check:
    here, machine = psutil.Process(), psutil.virtual_memory()
    workers = sum(_resident_bytes(child) for child in here.children(recursive=True))
    message = f"{here.memory_info().rss / _GIB:.1f} GiB here, {workers / _GIB:.1f} GiB in workers, {machine.available / _GIB:.1f} GiB free"
    return Check("Memory", machine.percent < 95, message)


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0


def _samples(folder: Path) -> str:
    files = f"{sum(path.suffix == '.h5' for path in folder.iterdir()):,} files"
    try:
        _write_something(folder)
    except OSError as error:
        said = f"{files}, but none can be added and nothing can be annotated ({error.strerror})"
        raise OSError(error.errno, said) from error
    return f"{files}; can be written"


def _write_something(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x")


def _models(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    _write_something(folder)
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < _LITTLE_SPACE_BYTES:
        raise OSError(0, f"Only {free_bytes / 2**20:.0f} MiB are free: make room")
    return f"Can be written; {free_bytes / _GIB:.0f} GiB free"


def _record(models: Path) -> str:
    record = open_record(models)
    record.find(_NO_RUN)
    record.runs()  # those that were read before are not read again
    if said := record.said_of_damaged:
        raise RecordError(said)
    return "Can be read"
