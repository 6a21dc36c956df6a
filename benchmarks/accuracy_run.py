"""Print, as JSON, how one preset does on one sample.

`python -m benchmarks.accuracy_run SOURCE PRESET SEEDS SHUFFLES`; `benchmarks.accuracy` starts it, so that each measurement has a
process, and a peak of memory, of its own.
"""

import dataclasses
import json
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics.cluster import contingency_matrix

from benchmarks import sections
from benchmarks.memory import peak_mib
from core.method import pipeline
from core.params import MethodParams, preset, replaced
from core.result import Result
from core.sample import Sample

_BY_SPOT = ("lattice", "coords_um", "labels_true", "barcodes", "coords_px", "spot_rgb")


def main() -> None:
    """Run one preset with all seeds and shuffles, and print what was seen."""
    source, name, n_seeds, n_shuffles = sys.argv[1:]
    sample = sections.read(Path(source))
    params = preset(name, len(sample.layer_names))
    runs, seconds = [], []
    for seed in range(int(n_seeds)):
        started = time.perf_counter()
        runs.append(pipeline.run(sample, _seeded(params, seed)))  # without a cache: each run starts from the counts
        seconds.append(time.perf_counter() - started)
    moved = [_n_moved_by_shuffling(sample, params, runs[0], number) for number in range(int(n_shuffles))]
    scores = {"ari": [run.scores.ari for run in runs], "nmi": [run.scores.nmi for run in runs]}
    print(json.dumps({**scores, "seconds": seconds, "n_moved": moved, "peak_mib": peak_mib()}))


def _seeded(params: MethodParams, seed: int) -> MethodParams:
    params = replaced(params, ("clustering", "random_state"), seed)
    return replaced(params, ("embedding", "autoencoder", "random_state"), seed)


def _n_moved_by_shuffling(sample: Sample, params: MethodParams, first: Result, number: int) -> int:
    order = np.random.default_rng(number).permutation(sample.n_spots)
    again = pipeline.run(shuffled(sample, order), _seeded(params, 0))
    return n_apart(first.labels[order], again.labels)


def shuffled(sample: Sample, order: np.ndarray) -> Sample:
    """Write the same tissue with its spots in another order.

    Parameters
    ----------
    sample : Sample
    order : ndarray of shape (n_spots,), int

    Returns
    -------
    Sample
    """
    by_spot = {field: getattr(sample, field) for field in _BY_SPOT}
    moved = {field: values[order] for field, values in by_spot.items() if values is not None}
    return dataclasses.replace(sample, expression=sample.expression[order], **moved)


def n_apart(one: np.ndarray, other: np.ndarray) -> int:
    """Count the spots that two partitions disagree about, however their clusters are numbered.

    Parameters
    ----------
    one, other : ndarray of shape (n_spots,), int

    Returns
    -------
    int
        0 for equal partitions.
    """
    shared = contingency_matrix(one, other)
    return len(one) - int(shared[linear_sum_assignment(-shared)].sum())


if __name__ == "__main__":
    main()
