"""The process that holds the cluster: `python -m core.work.cluster.host`, started by `core.work.cluster.embedded` alone.

A process of its own, because workers are spawned: they import the main module again, and in a running Streamlit that is
`app.py`. Credentials come in over standard input and the address goes out over standard output, so neither is ever on disk or
in a list of processes. The end of standard input ends the cluster: however the app dies, nothing stays behind.
"""

import json
import os
import sys
from dataclasses import dataclass
from typing import IO, Any

import dask
from dask.system import CPU_COUNT
from distributed import LocalCluster, Security
from distributed.system import MEMORY_LIMIT

_MOST_WORKERS = 4
_NICENESS = 10
_SHARE_OF_MEMORY = 0.6  # the rest is for the app, its caches and the system

CONFIG = {
    # One retry for a task whose worker dies; then it fails.
    "distributed.scheduler.allowed-failures": 1,
    "distributed.comm.require-encryption": True,
    # Without routes, Dask's HTTP servers answer no request.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # Results are small; expression must not be spilled to a disk that others read.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.admin.log-length": 1000,
    # Dask's own value (65536) makes every array above 128 KiB a mapping of its own, whose pages are asked for and given back
    # each time: clustering then takes two to three times as long.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    # Nobody looks at what these measure all the time, and together they wake each process a hundred times a second.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.scheduler.active-memory-manager.start": False,
    # Training blocks the worker's event loop for seconds at a time.
    "distributed.admin.tick.limit": "60s",
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How a machine is divided among workers.

    Parameters
    ----------
    n_workers : int
        Processes, each with one job at a time.
    n_threads : int
        Threads of torch, BLAS and numba in each.
    memory_bytes : int
        Limit of each; a worker that exceeds it is ended.
    """

    n_workers: int
    n_threads: int
    memory_bytes: int


def sizes(n_cores: int = CPU_COUNT, memory_bytes: int = MEMORY_LIMIT) -> Sizes:
    """Divide a machine: at most four workers, and no more threads than cores.

    Parameters
    ----------
    n_cores : int
        As the control group allows.
    memory_bytes : int
        As the control group allows.
    """
    n_workers = max(1, min(n_cores, _MOST_WORKERS))
    return Sizes(n_workers, max(1, n_cores // n_workers), int(memory_bytes * _SHARE_OF_MEMORY / n_workers))


def main() -> None:
    """Hold the cluster until standard input ends."""
    answers = _own_standard_output()
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICENESS)  # workers inherit it: turning a knob comes before background work
    security = Security(require_encryption=True, **json.loads(sys.stdin.readline()))
    with dask.config.set(CONFIG), _cluster(security, sizes()) as cluster:
        answers.write(cluster.scheduler_address + "\n")
        answers.flush()
        sys.stdin.read()


def _own_standard_output() -> IO[str]:
    """Keep output of workers out of the pipe, which nobody reads after the first line."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def thread_settings(wanted: Sizes) -> dict[str, str]:
    """Give the settings that limit the threads of libraries.

    Returns
    -------
    dict of str to str
        For the environment of a worker.
    """
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    return dict.fromkeys(names, str(wanted.n_threads))


def _cluster(security: Security, wanted: Sizes) -> Any:
    return LocalCluster(
        n_workers=wanted.n_workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        protocol="tls://",
        security=security,
        dashboard_address=None,
        scheduler_kwargs={
            "dashboard_address": "127.0.0.1:0"
        },  # the port of the HTTP server, which cannot be switched off
        memory_limit=wanted.memory_bytes,
        env=thread_settings(wanted),
    )


if __name__ == "__main__":
    main()
