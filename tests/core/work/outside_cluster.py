"""An outside cluster for tests: a scheduler and workers in processes of their own, with credentials made for the occasion."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from distributed import Security

ROOT = Path(__file__).resolve().parents[3]


def credentials(folder):
    """Write one authority, certificate and key; as settings of a client or worker."""
    made = Security.temporary()
    files = {"ca": made.tls_ca_file, "cert": made.tls_client_cert, "key": made.tls_client_key}
    for name, text in files.items():
        (folder / f"{name}.pem").write_text(text)
    return {f"SPCA_TLS_{name.upper()}": str(folder / f"{name}.pem") for name in files}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class OutsideCluster:
    """Settings for those who join; processes that a test may end."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.settings = credentials(folder) | {"DASK_SCHEDULER_ADDRESS": f"tls://127.0.0.1:{self.port}"}
        self.scheduler = None
        self.workers = []

    def start_scheduler(self, index=ROOT):
        tls = {name.lower().removeprefix("spca_"): path for name, path in self.settings.items() if "TLS" in name}
        files = [f"--{name.replace('_', '-').replace('ca', 'ca-file')}={path}" for name, path in tls.items()]
        where = ["--host=127.0.0.1", f"--port={self.port}", "--protocol=tls", "--no-dashboard", "--no-show"]
        self.scheduler = self._start("scheduler", "distributed.cli.dask_scheduler", *where, *files, index=index)
        wait_until(lambda: "Scheduler at" in self.log("scheduler"))

    def start_worker(self, **settings):
        name = f"worker{len(self.workers)}"
        depot = self.folder / name
        words = ("core", "worker", "--workers=1", f"--depot={depot}")
        self.workers.append(self._start(name, *words, **settings))
        return depot

    def wait_for_workers(self):
        for number in range(len(self.workers)):
            wait_until(lambda number=number: "joined" in self.log(f"worker{number}"))

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def _start(self, name, *words, index=ROOT, **settings):
        with (self.folder / f"{name}.log").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=index,
                env={**os.environ, **self.settings, **settings},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.terminate()
        for process in (*self.workers, self.scheduler):
            with ExitStack() as stack:
                stack.callback(process.wait)
                try:
                    process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)


def wait_until(true, seconds=120.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@contextmanager
def outside_cluster(folder, n_workers=2, scheduler_in=ROOT, **settings):
    """Start a scheduler and workers; end them afterwards."""
    cluster = OutsideCluster(folder)
    cluster.start_scheduler(scheduler_in)
    try:
        for _ in range(n_workers):
            cluster.start_worker(**settings)
        cluster.wait_for_workers()
        yield cluster
    finally:
        cluster.close()
