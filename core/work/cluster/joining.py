"""A machine's workers on an outside cluster: joined, kept running, and joined again after the scheduler went away.

Each does one task at a time, in a process of its own that a keeper replaces when it dies.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
from distributed import Nanny

from core.errors import WorkError
from core.work.cluster import depot, outside
from core.work.cluster.host import CONFIG, Sizes, thread_settings

_LOG = logging.getLogger(__name__)
_SECONDS_TO_JOIN = 30
_SECONDS_BETWEEN_TRIES = 2


def default_depot() -> Path:
    """Find the folder for files that clients send.

    Returns
    -------
    Path
        `SPCA_DEPOT` where it is set, else below the user's folder of caches.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get(depot.FOLDER) or caches / "spatial-domains" / "depot")


def join(wanted: Sizes, folder: Path, report: Callable[[str], None]) -> None:
    """Work for the cluster until this process is asked to end (SIGINT or SIGTERM).

    Parameters
    ----------
    wanted : Sizes
        How the machine is divided among workers.
    folder : Path
        For files that clients send.
    report : callable
        Called with a sentence when workers have joined, and when the scheduler went away.

    Raises
    ------
    WorkError
        If the cluster must not be used, or cannot be joined at first. Once joined, workers wait for a scheduler that went
        away.
    """
    outside.security()  # refuse wrong settings at once
    with dask.config.set(CONFIG | {"distributed.comm.require-encryption": outside.address().startswith("tls://")}):
        asyncio.run(_join(wanted, folder, report))


async def _join(wanted: Sizes, folder: Path, report: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    joined_once = False
    while not stop.is_set():
        workers = await _joined(wanted, folder)
        if not workers and not joined_once:
            raise WorkError(
                f"The scheduler at {outside.address()} does not answer, or does not accept this worker's certificate: no "
                "worker joined it."
            )
        if workers:
            report(f"{len(workers)} workers have joined {outside.address()}.")
            joined_once = True
            await _until_gone(workers, stop)
            report("The workers have left." if stop.is_set() else "The scheduler went away: waiting for it to return.")
        await _pause(stop)


async def _joined(wanted: Sizes, folder: Path) -> list[Any]:
    keepers = [_keeper(wanted, folder) for _ in range(wanted.n_workers)]
    try:
        await asyncio.wait_for(asyncio.gather(*keepers), _SECONDS_TO_JOIN)
    except (OSError, TimeoutError, RuntimeError) as error:
        _LOG.info("Workers could not join: %s", error)
        await _close(keepers)
        return []
    return keepers


def _keeper(wanted: Sizes, folder: Path) -> Any:
    return Nanny(
        outside.address(),
        nthreads=1,
        memory_limit=wanted.memory_bytes,
        security=outside.security(),
        protocol=outside.address().partition("://")[0] + "://",
        env=thread_settings(wanted) | {depot.FOLDER: str(folder)},
    )


async def _until_gone(workers: list[Any], stop: asyncio.Event) -> None:
    """Wait until any worker has left for good or this process must end, then let all leave."""
    ends = [asyncio.ensure_future(worker.finished()) for worker in workers]
    asked = asyncio.ensure_future(stop.wait())
    await asyncio.wait([*ends, asked], return_when=asyncio.FIRST_COMPLETED)
    for one in (*ends, asked):
        one.cancel()
    await _close(workers)


async def _close(workers: list[Any]) -> None:
    await asyncio.gather(*(worker.close(timeout=5) for worker in workers), return_exceptions=True)


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), _SECONDS_BETWEEN_TRIES)
    except TimeoutError:
        return
