"""Tasks of a sweep: runs of one sample that share their early steps."""

import dataclasses
import functools
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from core.guidance import Guidance
from core.method.cache import StepCache
from core.method.pipeline import Pipeline
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from core.work.board.progress import Progress
from core.work.cluster import depot
from core.work.cluster.depot import Delivery
from core.work.sweep.guiding import GuidanceFile
from core.work.sweep.steps import SharedSteps
from core.work.tasks import SampleFile, model_shelf

SECONDS_A_TASK = 1.0
"""After so long a task begins no further run: its worker is free for others, and what it has made is recorded."""


def make_runs(
    progress: Progress,
    sample: SampleFile,
    settings: tuple[MethodParams, ...],
    models: Path,
    steps: Path,
    to_itself: bool = False,
    guidance: GuidanceFile | None = None,
) -> list[Result] | Delivery:
    """Compute runs, reusing steps that other runs of the sweep have computed, for about :data:`SECONDS_A_TASK`.

    Parameters
    ----------
    progress : Progress
        Receives the loss of every epoch of training, as a share of the variance of its target: such losses can be
        compared over pooling and scale.
    sample : SampleFile
    settings : tuple of MethodParams
    models : Path
        Folder of checkpoints.
    steps : Path
        Folder of the steps that workers of the sweep share, if they share a disk.
    to_itself : bool
        Whether no other task pools as these runs do.
    guidance : GuidanceFile, optional
        What guides the runs.

    Returns
    -------
    list of Result
        One for each of the first settings, in order, at least one; in a `Delivery` if a model has to be sent back. Guided ones
        come without their guidance, which the client has, and which may be large.
    """
    until = time.monotonic() + SECONDS_A_TASK
    cache, read = _begun(sample, steps)
    shelf = model_shelf(read, settings[0], models)  # runs of one task share their early steps, and so their model
    guided = None if guidance is None else _read(guidance, read.n_spots)
    results: list[Result] = []
    with cache.hold_back() if to_itself and isinstance(cache, SharedSteps) else nullcontext():
        for number, params in enumerate(settings, start=1):
            on_epoch = (
                _epochs(progress, Pipeline(read, cache=cache), params) if params.embedding.needs_training else None
            )
            own = Pipeline(read, cache=cache, models=shelf.folder, on_epoch=on_epoch)
            results.append(own.run(params) if guided is None else _guided(own, params, guided))
            if number == len(settings) or time.monotonic() >= until:
                break
            progress.report(number / len(settings), f"Run {number} of {len(settings)}")
        if len(results) < len(settings) and isinstance(cache, SharedSteps):
            cache.publish()
    return shelf.brought_back(results)


@functools.lru_cache(maxsize=2)  # a reference takes as long to read as some runs to make
def _read(guidance: GuidanceFile, n_spots: int) -> Guidance:
    return guidance.read(n_spots)


def _guided(own: Pipeline, params: MethodParams, guidance: Guidance) -> Result:
    return dataclasses.replace(own.run_guided(params, guidance), guidance=None)


def _begun(sample: SampleFile, steps: Path) -> tuple[StepCache, Sample]:
    if depot.own_depot() is not None:
        return _own_steps(), sample.read()
    cache = _steps(steps)
    return cache, cache.sample(_name_of(sample), sample.read)


def sample_of(sample: SampleFile, steps: Path) -> Sample:
    """Look up a sample as a worker has read it, or read it.

    Parameters
    ----------
    sample : SampleFile
    steps : Path
        As for :func:`make_runs`.
    """
    return SharedSteps(steps).find_sample(_name_of(sample)) or sample.read()


def _name_of(sample: SampleFile) -> str:
    return f"sample-{sample.content_hash}-{sample.annotation_hash}"


@functools.cache
def _own_steps() -> StepCache:
    return StepCache()


@functools.lru_cache(maxsize=1)
def _steps(folder: Path) -> SharedSteps:
    return SharedSteps(folder)


def _epochs(progress: Progress, steps: Pipeline, params: MethodParams) -> Callable[[int, int, float], None]:
    @functools.cache  # found in the first epoch, when the run itself has pooled and its seconds count that
    def scale() -> float:
        if params.embedding.kind == "latent":
            return 1.0  # the small autoencoder reads values of unit variance
        return max(float(steps.pooled(params.pooling).var(axis=0).mean()), 1e-300)

    def on_epoch(epoch: int, n_epochs: int, loss: float) -> None:
        progress.report(0.0, f"Epoch {epoch} of {n_epochs}, loss {loss:.4g}", loss / scale())

    return on_epoch
