"""Our implementation beside the paper's loops: seconds in one process, alternating; memory in a process each.

Absolute seconds depend on the machine and on who else uses it; the ratios of one run are what counts.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import reference
from core.depth import depth
from core.io import lab
from core.method.clustering import cluster
from core.method.pooling import pool_window
from core.method.training import train
from core.params import AutoencoderParams, ClusteringParams, PoolingParams
from core.sample import Sample

_ANGLE = 0.38
_WINDOWS = (2, 6, 10, 20)
_ROW = "{:<34} {:>11} {:>11} {:>8}  {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One step, done both ways.

    Parameters
    ----------
    step : str
    reference_seconds, our_seconds : float
        Medians over the rounds.
    agrees : bool
    remark : str
        What agreement means for this step, with the figure seen.
    """

    step: str
    reference_seconds: float
    our_seconds: float
    agrees: bool
    remark: str


def report(path: Path, *, rounds: int, starts: int, epochs: int) -> bool:
    """Compare all steps on one sample and print a table.

    Parameters
    ----------
    path : Path
    rounds : int
        Times that each side runs.
    starts : int
        Runs of k-means.
    epochs : int
        Of the autoencoder; 0 leaves it out.

    Returns
    -------
    bool
        Whether both sides gave the same everywhere.
    """
    sample = lab.read(path)
    print(f"{sample.name}: {sample.n_spots} spots, {sample.n_genes} genes\n")
    print(_ROW.format("step", "loops (s)", "ours (s)", "ratio", "agreement"))
    agrees = True
    for row in _comparisons(sample, rounds, starts, epochs):
        ratio = row.reference_seconds / row.our_seconds
        print(
            _ROW.format(row.step, f"{row.reference_seconds:.3f}", f"{row.our_seconds:.3f}", f"{ratio:.1f}", row.remark)
        )
        agrees &= row.agrees
    _print_windows(sample, rounds)
    _print_memory(path)
    return agrees


def _comparisons(sample: Sample, rounds: int, starts: int, epochs: int) -> Iterator[Comparison]:
    yield _compare_pooling(sample, rounds)
    yield _compare_clustering(sample, starts)
    if epochs:
        yield _compare_training(sample, rounds, epochs)


def _compare_pooling(sample: Sample, rounds: int) -> Comparison:
    counts = _dense(sample)
    slow, quick = [], []
    theirs = ours = np.empty(0)
    for _ in range(rounds):  # only the last results are kept: memory never touched before is slow for whoever gets it
        seconds, theirs = _timed(lambda: reference.pool(counts, sample.positions, 10, 2.0))
        slow.append(seconds)
        seconds, ours = _timed(lambda: pool_window(sample.expression, sample.positions, PoolingParams(window=10)))
        quick.append(seconds)
    equal = np.array_equal(theirs, ours)
    return Comparison(
        step="pooling, window 10",
        reference_seconds=statistics.median(slow),
        our_seconds=statistics.median(quick),
        agrees=equal,
        remark="equal to the last bit" if equal else f"differs by up to {np.abs(theirs - ours).max():.3g}",
    )


def _compare_clustering(sample: Sample, starts: int) -> Comparison:
    pooled = pool_window(sample.expression, sample.positions, PoolingParams())
    n_clusters = len(sample.classes)  # with the unannotated, as in the paper
    params = ClusteringParams(n_clusters=n_clusters)
    theirs, ours, n_equal = [], [], 0
    for seed in range(starts):
        first = np.random.default_rng(seed).choice(sample.n_spots, n_clusters, replace=False)
        seconds, slow = _timed(partial(reference.rotated_kmeans, sample.positions, pooled, first, _ANGLE))
        theirs.append(seconds)
        seconds, quick = _timed(
            partial(cluster, pooled, sample.positions, params, depths=depth(sample.positions, _ANGLE), starts=first)
        )
        ours.append(seconds)
        n_equal += np.array_equal(slow, quick)
    return Comparison(
        step=f"k-means, {n_clusters} clusters",
        reference_seconds=statistics.median(theirs),
        our_seconds=statistics.median(ours),
        agrees=n_equal == starts,
        remark=f"same labels from {n_equal} of {starts} starts",
    )


def _compare_training(sample: Sample, rounds: int, epochs: int) -> Comparison:
    pooled = pool_window(sample.expression, sample.positions, PoolingParams(window=10, scale=20_000.0))
    train(pooled, AutoencoderParams(epochs=1))  # the first training of a process pays for loading the kernels
    pairs = [
        (
            _timed(lambda: reference.train_autoencoder(pooled, epochs)),
            _timed(lambda: train(pooled, AutoencoderParams(epochs=epochs)).network),
        )
        for _ in range(rounds)
    ]
    (_, slow), (_, quick) = pairs[-1]
    weights = zip(slow.parameters(), quick.parameters(), strict=True)
    apart = max((one - other.cpu()).abs().max().item() for one, other in weights)
    return Comparison(
        step=f"autoencoder, {epochs} epochs",
        reference_seconds=statistics.median(seconds for (seconds, _), _ in pairs),
        our_seconds=statistics.median(seconds for _, (seconds, _) in pairs),
        agrees=apart <= 1e-5,
        remark=f"weights within {apart:.1g}",
    )


def _print_windows(sample: Sample, rounds: int) -> None:
    def seconds(window: int) -> float:
        return min(
            _timed(lambda: pool_window(sample.expression, sample.positions, PoolingParams(window=window)))[0]
            for _ in range(rounds)
        )

    times = {window: seconds(window) for window in _WINDOWS}
    cells = ", ".join(f"k = {window}: {value:.3f} s" for window, value in times.items())
    print(f"\nOur pooling over windows: {cells}")


def _print_memory(path: Path) -> None:
    loops, ours = _growth_mib("loops", path), _growth_mib("ours", path)
    print(
        "Memory of reading, pooling and k-means, over what the imports took: "
        f"loops {loops:.0f} MiB, ours {ours:.0f} MiB, ratio {ours / loops:.2f}\n"
    )


def _growth_mib(side: str, path: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", side, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout)


def _dense(sample: Sample) -> np.ndarray:
    return sample.expression if isinstance(sample.expression, np.ndarray) else sample.expression.toarray()


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result
