"""Measure one method on one case, and print what was seen as JSON.

`python -m benchmarks.accuracy_run CASE METHOD SEEDS SHUFFLES`; `benchmarks.accuracy` starts it, so that each measurement has a
process, and a peak of memory, of its own. Each line that is printed is a JSON object: `done` after each run, then what was
seen, or why the case is passed over.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics.cluster import contingency_matrix

from benchmarks import parts
from benchmarks.cases import Case
from benchmarks.memory import peak_mib
from benchmarks.peers import PEERS
from core import codec
from core.errors import DomainsError
from core.evaluation.agreement import agreement
from core.method import joint, pipeline
from core.method.shared_genes import shared_genes
from core.params import MethodParams, preset, replaced
from core.parts import part_of
from core.sample import Sample

Labels = list[np.ndarray]
"""Of each section, in their order."""


def main() -> None:
    """Run one method with all seeds and shuffles, and print what was seen."""
    case, method, n_seeds, n_shuffles = sys.argv[1:]
    try:
        _say(measured(codec.decode(Case, case), method, int(n_seeds), int(n_shuffles), lambda: _say({"done": True})))
    except DomainsError as error:
        _say({"refused": str(error)})


def measured(
    case: Case, method: str, n_seeds: int, n_shuffles: int, on_run: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Run one method with all seeds and shuffles.

    Parameters
    ----------
    case : Case
    method : str
        Name of a preset or of a peer.
    n_seeds, n_shuffles : int
    on_run : callable, optional
        Called after each run.

    Returns
    -------
    dict
        Fields of :class:`benchmarks.accuracy_table.Accuracy` as they were in each run.

    Raises
    ------
    DomainsError
        If the case does not allow it.
    """
    samples = [parts.read(part) for part in case.parts]
    runs: list[Labels] = []
    seconds: list[float] = []
    for seed in range(n_seeds):
        started = time.perf_counter()
        runs.append(_labels(samples, method, seed))  # without a cache: each run starts from the counts
        seconds.append(time.perf_counter() - started)
        on_run()
    moved = []
    for number in range(n_shuffles):
        moved.append(_n_moved_by_shuffling(samples, method, runs[0], number))
        on_run()
    peak = peak_mib()
    return {
        **_sizes(samples),
        **_scores(samples, runs),
        **(_beside(samples, method, runs) if len(samples) > 1 else {}),
        "seconds": seconds,
        "n_moved": moved,
        "peak_mib": peak,
    }


def _say(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)


def _labels(samples: Sequence[Sample], method: str, seed: int) -> Labels:
    n_clusters = _n_clusters(samples)
    if method in PEERS:
        return [PEERS[method](sample.expression, sample.tissue_um, n_clusters, seed) for sample in samples]
    params = _seeded(preset(method, n_clusters), seed)
    if len(samples) == 1:
        return [pipeline.run(samples[0], params).labels]
    found = joint.JointPipeline(samples).run(params)
    return [found[sample.name].labels for sample in samples]


def _n_clusters(samples: Sequence[Sample]) -> int:
    return len({layer for sample in samples for layer in sample.layer_names})


def _seeded(params: MethodParams, seed: int) -> MethodParams:
    params = replaced(params, ("clustering", "random_state"), seed)
    return replaced(params, ("embedding", "autoencoder", "random_state"), seed)


def _sizes(samples: Sequence[Sample]) -> dict[str, int]:
    n_genes = samples[0].n_genes if len(samples) == 1 else len(shared_genes(samples))
    n_spots = sum(sample.n_spots for sample in samples)
    return {"n_spots": n_spots, "n_genes": n_genes, "n_clusters": _n_clusters(samples)}


def _scores(samples: Sequence[Sample], runs: Sequence[Labels]) -> dict[str, list[float]]:
    """Agreement of each run; of several sections the mean of theirs."""
    of_runs = [
        [agreement(labels, sample.labels_true) for sample, labels in zip(samples, run, strict=True)] for run in runs
    ]
    return {score: [_mean([getattr(one, score) for one in of_run]) for of_run in of_runs] for score in ("ari", "nmi")}


def _beside(samples: Sequence[Sample], method: str, runs: Sequence[Labels]) -> dict[str, list[float]]:
    """ARI of all spots of a joint run, and the mean ARI of the sections alone with the same seeds."""
    truth = np.concatenate([np.asarray(sample.labels_true) for sample in samples])
    alone = [[_labels([sample], method, seed)[0] for sample in samples] for seed in range(len(runs))]
    stacked = [agreement(np.concatenate(run), truth).ari for run in runs]
    return {"ari_alone": _scores(samples, alone)["ari"], "ari_stacked": [value or 0.0 for value in stacked]}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _n_moved_by_shuffling(samples: Sequence[Sample], method: str, first: Labels, number: int) -> int:
    random = np.random.default_rng(number)
    orders = [random.permutation(sample.n_spots) for sample in samples]
    moved = [part_of(sample, order) for sample, order in zip(samples, orders, strict=True)]
    before = [labels[order] for labels, order in zip(first, orders, strict=True)]
    return n_apart(np.concatenate(before), np.concatenate(_labels(moved, method, 0)))


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
