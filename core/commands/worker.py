"""Lend this machine to a cluster."""

import dataclasses
import sys
from pathlib import Path

from core.work.cluster import host, joining


def work(n_workers: int | None, folder: Path | None) -> None:
    """Join the cluster that the environment names, and do its tasks until asked to end.

    Parameters
    ----------
    n_workers : int, optional
        Processes, each with one task at a time; by default as many as the machine is good for.
    folder : Path, optional
        For samples and models that clients send.

    Raises
    ------
    WorkError
        If the cluster is not to be used, or cannot be joined.
    """
    joining.join(_sizes(n_workers), folder or joining.default_depot(), _tell)


def _sizes(n_workers: int | None) -> host.Sizes:
    usual = host.sizes()
    if n_workers is None:
        return usual
    memory_bytes = usual.memory_bytes * usual.n_workers // n_workers
    n_threads = max(1, usual.n_threads * usual.n_workers // n_workers)
    return dataclasses.replace(usual, n_workers=n_workers, n_threads=n_threads, memory_bytes=memory_bytes)


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
