"""The record of runs with ten thousand of them: the first reading, later ones, one looked up by its link."""

import itertools
import tempfile
import time
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

from core.io import lab
from core.method import pipeline
from core.method.cache import StepCache
from core.params import ClusteringParams, MethodParams, replaced
from core.work.runs import Record
from core.work.runs.database import Database

_SAMPLE = Path(__file__).resolve().parents[1] / "spca_dat" / "151673.h5"
_N_REAL = 20
_FIRST_AT_MOST, _LATER_AT_MOST = 10.0, 2.0


def report(n_runs: int = 10_000) -> bool:
    """Fill a record, read it, and print how long that took.

    Parameters
    ----------
    n_runs : int

    Returns
    -------
    bool
        Whether the first reading took at most 10 s and a later one at most 2.
    """
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(Path(folder), n_runs)
    print(f"A record of {n_runs:,} runs in SQLite, s:")
    for name, value in seconds.items():
        print(f"  {name:<42} {value:8.3f}")
    later = [seconds[name] for name in (_NOTHING_NEW, _ONE_NEW)]
    return seconds[_FIRST] <= _FIRST_AT_MOST and max(later) <= _LATER_AT_MOST


_KEEP = "keep one run (mean)"
_OPEN = "open the database"
_FIRST = "first reading of all runs"
_NOTHING_NEW = "later reading, nothing new"
_ONE_NEW = "later reading, one run new"
_LINK = "one run by its link, in a new process"


def measure(folder: Path, n_runs: int) -> dict[str, float]:
    """Fill a record and read it.

    Parameters
    ----------
    folder : Path
        Empty; filled with some 60 MB.
    n_runs : int

    Returns
    -------
    dict of str to float
        Seconds by what was done.
    """
    url, artifacts = f"sqlite:///{folder / 'runs.sqlite3'}", folder / "runs"
    kept, seconds = _keep_some(Record(url, artifacts))
    _multiply(url, n_runs)
    record = Record(url, artifacts)
    seconds[_LINK] = _timed(lambda: record.run(kept))
    record = Record(url, artifacts)
    seconds[_OPEN] = _timed(lambda: record.find("0" * 32))
    seconds[_FIRST] = _timed(record.runs)
    seconds[_NOTHING_NEW] = _timed(record.runs)
    Record(url, artifacts).import_(_exported(record, kept, folder))
    seconds[_ONE_NEW] = _timed(record.runs)
    if len(record.runs()) != n_runs + 1:
        raise AssertionError(
            f"{len(record.runs()):,} runs were read of {n_runs + 1:,}"
        )  # the benchmark itself is wrong
    return seconds


def _keep_some(record: Record) -> tuple[str, dict[str, float]]:
    sample, cache = lab.read(_SAMPLE), StepCache()
    params = MethodParams(clustering=ClusteringParams(n_clusters=sample.suggested_n_clusters()))
    results = [
        pipeline.run(sample, replaced(params, ("clustering", "random_state"), seed), cache=cache)
        for seed in range(_N_REAL)
    ]
    first = record.keep(sample, results[0])
    seconds = _timed(lambda: [record.keep(sample, result) for result in results[1:]])
    return first.id, {_KEEP: seconds / (_N_REAL - 1)}


def _exported(record: Record, run_id: str, folder: Path) -> Path:
    """Write a run as one file, and give it another id there, so that it comes in as new."""
    path, other = folder / "one.run.zip", folder / "other.run.zip"
    record.export(run_id, path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(run_id.encode(), uuid.uuid4().hex.encode()))
    return other


def _multiply(url: str, n_runs: int) -> None:
    """Copy the rows of the kept runs under new ids: keeping ten thousand one by one would take half an hour."""
    database = Database(url)
    [rows] = database.rows(0, database.standing(0).n_changes)
    whole = [row for row in rows if isinstance(row, dict)]
    copies = itertools.islice(itertools.cycle(whole), n_runs - len(rows))
    database.add([row | {"id": uuid.uuid4().hex} for row in copies])
    database.close()


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
