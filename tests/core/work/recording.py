"""A process that keeps runs beside others: `python -m tests.core.work.recording URL FOLDER N`."""

import dataclasses
import sys
from pathlib import Path

import numpy as np

from core.params import MethodParams, replaced
from core.result import Result
from core.work.runs import Record
from tests.small_tissue import small_sample

SAMPLE = dataclasses.replace(small_sample("shared"), labels_true=None)


def labels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, SAMPLE.n_spots)


def main(url: str, folder: str, who: str, n_runs: int) -> None:
    record = Record(url, Path(folder))
    for seed in range(n_runs):
        params = replaced(MethodParams(), ("clustering", "random_state"), seed)
        run = record.keep(SAMPLE, Result(sample_name="shared", labels=labels(seed), params=params), who=who)
        record.change(run.id, name=f"{who} {seed}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
