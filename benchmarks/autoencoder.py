"""The small autoencoder beside the paper's at window 6 and scale 2: processor time to the paper's final loss.

By turns in one process, one thread each. The loss is the mean squared error of the pooled counts, whatever each minimises.
"""

import os
import time
from pathlib import Path
from typing import cast

import numpy as np

from core.io import lab
from core.method import small_training, training
from core.method.autoencoder import Autoencoder
from core.method.pooling import pool_window
from core.method.small_autoencoder import SmallAutoencoder
from core.method.threads import one_thread, one_torch_thread
from core.params import AutoencoderParams, LatentParams, PoolingParams
from core.sample import Sample

_AIM = 3.0
_SCALE = 2.0
_ROW = "{:<26} {:>8} {:>8} {:>8} {:>10}"


def report(path: Path, *, rounds: int, epochs: int) -> bool:
    """Train both by turns, print what each took, and compare.

    Parameters
    ----------
    path : Path
    rounds : int
    epochs : int
        Of the paper's autoencoder.

    Returns
    -------
    bool
        Whether the small one had a lower loss after all its epochs, in a third of the paper's processor time, every time.
    """
    sample = lab.read(path)
    counts = pool_window(sample.expression, sample.positions, PoolingParams(scale=1.0))
    print(f"{sample.name}: {sample.n_spots} spots, {sample.n_genes} genes\n")
    print(_ROW.format("autoencoder", "wall (s)", "CPU (s)", "load", "loss"))
    return sum(_round(sample, counts, seed, epochs) for seed in range(rounds)) == rounds  # all of them are run


def _round(sample: Sample, counts: np.ndarray, seed: int, epochs: int) -> bool:
    small_seconds, small_loss = _small(sample, counts, seed)
    papers_seconds, papers_loss = _papers(_SCALE * counts, seed, epochs)
    ratio = papers_seconds / small_seconds
    print(f"{'':<26} the paper's took {ratio:.1f} times the small one's processor time\n")
    return small_loss <= papers_loss and ratio >= _AIM


def _small(sample: Sample, counts: np.ndarray, seed: int) -> tuple[float, float]:
    started = time.perf_counter(), time.process_time()
    model = small_training.train(counts, sample.coordinates, LatentParams(hops=0, random_state=seed))
    wall, cpu = time.perf_counter() - started[0], time.process_time() - started[1]
    network = cast(SmallAutoencoder, model.network)
    found = small_training.reconstruct(network, counts, sample.coordinates, 0)
    return _shown(f"small, {len(model.losses)} epochs", wall, cpu, _SCALE * counts, _SCALE * found)


def _papers(pooled: np.ndarray, seed: int, epochs: int) -> tuple[float, float]:
    started = time.perf_counter(), time.process_time()
    with one_thread(), one_torch_thread():
        model = training.train(pooled, AutoencoderParams(epochs=epochs, random_state=seed))
    wall, cpu = time.perf_counter() - started[0], time.process_time() - started[1]
    found = training.reconstruct(cast(Autoencoder, model.network), pooled)
    return _shown(f"the paper's, {epochs} epochs", wall, cpu, pooled, found)


def _shown(name: str, wall: float, cpu: float, pooled: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    loss = float(np.square(pooled - found).mean())
    print(_ROW.format(name, f"{wall:.1f}", f"{cpu:.1f}", f"{os.getloadavg()[0]:.1f}", f"{loss:.4g}"), flush=True)
    return cpu, loss
