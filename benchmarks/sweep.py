"""A grid of 5 x 5 settings x 3 starts beside its parts, and beside as many separate commands.

The parts are timed one after another in this process: reading, each distinct pooling, and every clustering. What a sweep adds to
them is what it takes to hand them to workers, and to record what they found.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.io import lab, synthetic
from core.method.cache import StepCache
from core.method.pipeline import Pipeline
from core.method.threads import one_thread
from core.params import MethodParams, preset
from core.sample import Sample
from core.work.board.board import shared_board
from core.work.cluster.host import sizes
from core.work.runs import Record
from core.work.sweep.outcome import SweepStatus
from core.work.sweep.plan import Section, Sweep
from core.work.sweep.sweeps import Sweeps
from core.work.sweep.varied import Axis

AIM = 1.15
_WINDOWS = (2, 4, 6, 8, 10)
_WEIGHTS = (0.5, 1.0, 2.0, 5.0, 10.0)
_STARTS = 3
_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Seconds of the steps of a grid, each distinct one counted once.

    Parameters
    ----------
    load, pool, cluster : float
    processor : float
        Processor seconds of all of them.
    """

    load: float
    pool: float
    cluster: float
    processor: float

    @property
    def seconds(self) -> float:
        """All of them, one after another."""
        return self.load + self.pool + self.cluster


def report(path: Path | None, *, n_commands: int = 3) -> bool:
    """Time the grid, and print the figures.

    Parameters
    ----------
    path : Path or None
        A sample; synthetic tissue of 4,226 spots and 1,159 genes where there is none.
    n_commands : int
        How many of the 75 separate commands are run; the others are taken to last as long.

    Returns
    -------
    bool
        Whether the aim was met.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = path or _synthetic(Path(folder))
        sample = lab.read(file)
        print(
            f"{sample.name}: {sample.n_spots} spots x {sample.n_genes} genes; load of the machine {os.getloadavg()[0]:.1f}"
        )
        before, n_workers = _parts(file), _warm()
        spent = _processor_seconds()
        swept = _swept(file, sample, Path(folder))
        spent = _processor_seconds() - spent
        after = _parts(file)  # on both sides of the sweep: others may use the machine, too
        one = _seconds_of_commands(file, n_commands)
    return _say(before, after, swept, spent, one, n_workers, n_commands)


def _say(before: Parts, after: Parts, swept: float, spent: float, one: float, n_workers: int, n_commands: int) -> bool:
    parts = (before.seconds + after.seconds) / 2
    n_runs = len(_WINDOWS) * len(_WEIGHTS) * _STARTS
    ratio = swept / (parts / n_workers)
    for name, some in (("before", before), ("after", after)):
        print(
            f"parts {name}: read {some.load:.2f} s, 5 poolings {some.pool:.2f} s, {n_runs} clusterings {some.cluster:.2f} s"
        )
    print(f"sweep: {swept:.2f} s on {n_workers} workers, every run recorded")
    processor = (before.processor + after.processor) / 2
    print(
        f"processor: sweep {spent:.1f} s in all processes, parts {processor:.1f} s, ratio {spent / processor:.2f}: what others do on "
        "the machine hardly changes it"
    )
    print(f"sweep / (parts / workers) = {ratio:.2f} (aim: at most {AIM})")
    print(
        f"{n_runs} separate commands: {one * n_runs:.0f} s ({n_commands} timed, {one:.2f} s each), "
        f"{one * n_runs / swept:.1f} times the sweep"
    )
    return ratio <= AIM


def _synthetic(folder: Path) -> Path:
    path = folder / "synthetic.h5"
    lab.write(synthetic.synthesise(4226, n_genes=1159), path)
    return path


def _base(sample: Sample) -> MethodParams:
    return preset("paper", n_clusters=sample.suggested_n_clusters())


def _plan(file: Path, sample: Sample) -> Sweep:
    section = Section(
        name=sample.name,
        path=str(file.absolute()),
        content_hash=sample.content_hash,
        annotation_hash=sample.annotation_hash,
        params=_base(sample),
    )
    axes = Axis(knob="window", values=_WINDOWS), Axis(knob="x_weight", values=_WEIGHTS)
    return Sweep(sections=(section,), axes=axes, n_starts=_STARTS)


def _parts(file: Path) -> Parts:
    """Time the steps as one worker does them: with as many threads."""
    seconds = dict.fromkeys(("load", "pool", "cluster"), 0.0)
    began = time.process_time()
    with one_thread() if sizes().n_threads == 1 else nullcontext():
        with _timed(seconds, "load"):
            sample = lab.read(file)
            _ = sample.content_hash
        steps = Pipeline(sample, cache=StepCache(2**40))
        for setting in _plan(file, sample).settings():
            with _timed(seconds, "pool"):
                steps.pooled(setting.params.pooling)
            with _timed(seconds, "cluster"):
                steps.run(setting.params)
    return Parts(**seconds, processor=time.process_time() - began)


def _processor_seconds() -> float:
    """Of this process, of the one that holds the cluster, and of its workers."""
    cluster = shared_board().cluster
    held = [] if cluster is None else [psutil.Process(cluster.process.pid)]
    processes = [psutil.Process(), *held, *(child for process in held for child in process.children(recursive=True))]
    return float(sum(sum(process.cpu_times()[:2]) for process in processes))


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[step] += time.perf_counter() - started


def _warm() -> int:
    """Start the workers, as they are on a server, and let each import what it needs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.h5"
        lab.write(synthetic.synthesise(1000, n_genes=50), path)
        sample = lab.read(path)
        _swept(path, sample, Path(folder))
    return shared_board().n_workers


def _swept(file: Path, sample: Sample, folder: Path) -> float:
    models = folder / f"models-{sample.name}"
    models.mkdir()
    sweeps = Sweeps(
        models / "sweeps", shared_board(), Record(f"sqlite:///{models / 'runs.sqlite3'}", models / "runs"), models
    )
    started = time.perf_counter()
    sweep_id = sweeps.start(_plan(file, sample))
    while not sweeps.wait(sweep_id, 60):
        pass
    seconds = time.perf_counter() - started
    status = sweeps.find(sweep_id)
    if status is None or status.outcome.status is not SweepStatus.DONE or status.outcome.failed:
        raise RuntimeError(f"The sweep did not end as it should: {status and status.outcome}")
    sweeps.close()
    shutil.rmtree(models)
    return seconds


def _seconds_of_commands(file: Path, n_commands: int) -> float:
    started = time.perf_counter()
    for index in range(n_commands):
        options = ["--preset", "paper", "--window", str(_WINDOWS[index % 5]), "--x-weight", "2", "--json"]
        subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "core", "cluster", str(file), *options],
            cwd=_ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return (time.perf_counter() - started) / max(1, n_commands)
