"""Options of `worker`."""

from pathlib import Path
from typing import Any

from core.cli.options import at_least_one

_EPILOG = (
    "The environment names the cluster: DASK_SCHEDULER_ADDRESS, and for TLS SPCA_TLS_CA, SPCA_TLS_CERT and SPCA_TLS_KEY (or "
    "Dask's own settings). SPCA_DATA names a folder of samples to look in before a sample is asked for; SPCA_DEPOT_MB "
    "(4096) bounds the folder of files that were sent."
)


def add_worker(todo: Any) -> None:
    """Declare `worker`: lend this machine to a cluster.

    Parameters
    ----------
    todo : argparse subparsers
    """
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
        help="for samples and models that are sent (default: SPCA_DEPOT, else a cache)",
    )
    parser.set_defaults(run=_run_worker)


def _run_worker(options: Any) -> None:
    from core.commands import worker  # distributed takes half a second to import, which other commands do without

    worker.work(options.workers, options.depot)
