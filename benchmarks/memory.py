"""Print the growth of this process's memory, in MiB, while one side reads, pools and clusters a sample.

`python -m benchmarks.memory loops|ours FILE`; `benchmarks.paper` starts it, so that the sides do not share a process.
"""

import resource
import sys
from pathlib import Path

import h5py
import numpy as np

from benchmarks import reference
from core.io import lab
from core.method import pipeline
from core.params import preset

_HIGH_WATER = Path("/proc/self/status")


def main() -> None:
    """Run one side and print its growth."""
    side, path = sys.argv[1:]
    forget_peak()
    before = peak_mib()
    (_loops if side == "loops" else _ours)(path)
    print(peak_mib() - before)


def _loops(path: str) -> None:
    with h5py.File(path) as file:
        expression = file["X"][:].astype(np.float64, copy=False)
        positions = file["pos"][:]
    lattice = positions.T if positions.shape[0] == 2 else positions
    pooled = reference.pool(expression, lattice, 6, 2.0)
    starts = np.random.default_rng(0).choice(len(lattice), 8, replace=False)
    # A few iterations show the peak: each makes the same arrays again.
    reference.rotated_kmeans(lattice, pooled, starts, 0.38, max_iter=3)


def _ours(path: str) -> None:
    pipeline.run(lab.read(path), preset("paper", 8))


def forget_peak() -> None:
    """Start the high-water mark of this process's memory anew, where the system can: imports have peaks of their own."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_mib() -> float:
    """Read the high-water mark of this process's memory.

    Returns
    -------
    float
        MiB.
    """
    if _HIGH_WATER.exists():
        line = next(line for line in _HIGH_WATER.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
