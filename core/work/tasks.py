"""What workers do. Every function takes its line to the board first, and then arguments small enough to be sent.

Samples are named by file and content, never sent: a worker reads a file once and keeps it for its next tasks.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import SampleFileError
from core.evaluation.markers import Markers, find_markers
from core.io import lab_h5
from core.method import pipeline
from core.method.cache import StepCache
from core.params import MethodParams
from core.result import AutoencoderReport, Result
from core.sample import Sample
from core.work.progress import Progress


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A sample, for a process that has none.

    Parameters
    ----------
    path : Path
        In the lab's format.
    content_hash : str
        As :attr:`core.sample.Sample.content_hash` of what the user sees.
    """

    path: Path
    content_hash: str

    def read(self) -> Sample:
        """Read the sample, or take it from the last time.

        Returns
        -------
        Sample

        Raises
        ------
        SampleFileError
            If the file no longer holds what the user sees.
        """
        status = self.path.stat() if self.path.exists() else None
        sample = _read(self.path, status and (status.st_mtime_ns, status.st_size))
        if sample.content_hash != self.content_hash:
            raise SampleFileError(f"{self.path.name} changed on the disk: reload the page, then start the work again.")
        return sample


@functools.lru_cache(maxsize=2)
def _read(path: Path, stamp: tuple[int, int] | None) -> Sample:
    del stamp  # part of the key only
    return lab_h5.read(path)


@functools.cache
def _steps() -> StepCache:
    return StepCache()


def train(progress: Progress, sample: SampleFile, params: MethodParams, models: Path) -> AutoencoderReport:
    """Train the autoencoder of a run, and save it where every session finds it.

    Parameters
    ----------
    progress : Progress
    sample : SampleFile
    params : MethodParams
    models : Path
        Folder of checkpoints.

    Returns
    -------
    AutoencoderReport
    """
    return pipeline.train(sample.read(), params, models=models, on_epoch=_epochs(progress))


def repeat(progress: Progress, sample: SampleFile, params: MethodParams, n_starts: int, models: Path) -> list[Result]:
    """Run with seeds counted up.

    Parameters
    ----------
    progress : Progress
    sample : SampleFile
    params : MethodParams
    n_starts : int
    models : Path
        Folder of checkpoints.

    Returns
    -------
    list of Result
        One for each seed, in order.
    """
    starts = pipeline.repeat(
        sample.read(), params, n_starts, cache=_steps(), models=models, on_epoch=_epochs(progress, whole=0.0)
    )
    results = []
    for number, result in enumerate(starts, start=1):
        results.append(result)
        progress.report(number / n_starts, f"Start {number} of {n_starts}")
    return results


def markers(progress: Progress, sample: SampleFile, labels: np.ndarray) -> Markers:
    """Rank the genes of every domain.

    Parameters
    ----------
    progress : Progress
    sample : SampleFile
    labels : ndarray of shape (n_spots,), int

    Returns
    -------
    Markers
    """
    read = sample.read()
    progress.report(0.0, "Loads scanpy")

    def on_progress(done: int, of: int) -> None:
        progress.report(done / of, f"Gene {done:,} of {of:,}")

    return find_markers(read.expression, labels, read.gene_names, on_progress)


def _epochs(progress: Progress, whole: float = 1.0) -> Callable[[int, int, float], None]:
    """Report epochs; `whole` is the share of the job that the training is counted as."""

    def on_epoch(epoch: int, n_epochs: int, loss: float) -> None:
        progress.report(whole * epoch / n_epochs, f"Epoch {epoch} of {n_epochs}, loss {loss:.4g}", loss)

    return on_epoch
