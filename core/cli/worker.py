"""`worker`: lend this machine to the cluster of a server."""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.options import at_least_one

if TYPE_CHECKING:
    from core.work.cluster import host

_EPILOG = (
    "The environment names the cluster: DASK_SCHEDULER_ADDRESS, and for TLS SPCA_TLS_CA, SPCA_TLS_CERT and SPCA_TLS_KEY (or "
    "Dask's own settings). SPCA_DATA names a folder where samples are searched before they are requested; SPCA_DEPOT_MB "
    "(4096) bounds the folder of files that were sent."
)


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser(
        "worker", help="lend this machine to the cluster of a server", epilog=_EPILOG, allow_abbrev=False
    )
    parser.add_argument(
        "--workers", type=at_least_one, help="tasks at a time (default: at most four, no more than cores)"
    )
    parser.add_argument(
        "--depot",
        type=Path,
        metavar="FOLDER",
        help="folder for samples and models that are sent (default: SPCA_DEPOT, else a cache)",
    )
    parser.set_defaults(run=_work)


def _work(options: argparse.Namespace) -> None:
    """Join the cluster that the environment names, and execute its tasks until asked to stop."""
    from core.work.cluster import (
        joining,
    )  # slow to import, and other commands do not need it

    joining.join(_sizes(options.workers), options.depot or joining.default_depot(), _tell)


def _sizes(n_workers: int | None) -> "host.Sizes":
    from core.work.cluster import host

    default = host.sizes()
    if n_workers is None:
        return default
    memory_bytes = default.memory_bytes * default.n_workers // n_workers
    n_threads = max(1, default.n_threads * default.n_workers // n_workers)
    return dataclasses.replace(default, n_workers=n_workers, n_threads=n_threads, memory_bytes=memory_bytes)


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
