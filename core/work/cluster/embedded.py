"""The embedded cluster as the app sees it: started, used and ended.

Dask sends pickles and runs any code it receives, so every connection is TLS on loopback, and only holders of the
credentials that are made here, for this one cluster, are let in.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import dask
import psutil
from distributed import Client, Security

from core.errors import WorkError
from core.io.drafts import remove_those_of
from core.work.cluster.host import sizes

_ROOT = Path(__file__).resolve().parents[3]
_SECONDS_TO_END = 5.0
_PARTS = ("ca_file", "client_cert", "client_key", "scheduler_cert", "scheduler_key", "worker_cert", "worker_key")


class Cluster:
    """A scheduler and workers in separate processes, and the connection to them.

    Parameters
    ----------
    on_lost : callable
        Called with this cluster, from another thread, when it ended unexpectedly.

    Raises
    ------
    WorkError
        If it does not start.
    """

    def __init__(self, on_lost: Callable[["Cluster"], None]) -> None:
        security = Security.temporary()
        self._on_lost = on_lost
        self._closing = False
        self._n_workers = sizes().n_workers
        self.process = _start_host(security)
        self.address = _address(self.process)
        with dask.config.set({"distributed.comm.require-encryption": True}):
            self.client = Client(self.address, security=security, set_as_default=False)
        threading.Thread(target=self._watch, name="cluster-watch", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether it accepts work."""
        return not self._closing and self.process.poll() is None

    def n_workers(self) -> int:
        """Count how many tasks can run at once."""
        return self._n_workers

    def end_worker(self, pid: int, worker: str) -> None:
        """End a process that does not react; another one replaces it.

        Parameters
        ----------
        pid : int
            0 where the task has not begun.
        worker : str
            Its address.
        """
        del worker
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            _clear_up_after(pid)

    def close(self) -> None:
        """End workers and scheduler, and kill those that do not end by themselves."""
        self._closing = True
        self.client.close(timeout=_SECONDS_TO_END)
        _end(self.process)

    def _watch(self) -> None:
        self.process.wait()
        if not self._closing:
            self._on_lost(self)


def _clear_up_after(pid: int) -> None:
    """Remove what the process had unpacked, which may be gigabytes: killed, it could not."""
    with suppress(psutil.Error):
        psutil.Process(pid).wait(_SECONDS_TO_END)
    with suppress(OSError):
        remove_those_of(pid)


def _start_host(security: Security) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "core.work.cluster.host"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C in the server's terminal must reach only the server, which then ends the cluster. No new session: Linux
        # shares processor time out between sessions first, and niceness counts only within one (sched(7), autogroup).
        process_group=0,
    )
    assert process.stdin is not None  # noqa: S101 - for mypy: it is a pipe
    process.stdin.write(json.dumps({f"tls_{part}": getattr(security, f"tls_{part}") for part in _PARTS}) + "\n")
    process.stdin.flush()
    return process


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None  # noqa: S101 - for mypy: it is a pipe
    address = process.stdout.readline().strip()
    if not address:
        _end(process)
        raise WorkError("The processes for background work did not start; the server's log says why.")
    return address


def _end(process: "subprocess.Popen[str]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
