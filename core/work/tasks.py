"""The tasks of workers. Every function takes a `Progress` first, and then arguments small enough to be sent.

Samples are named by file and content: a worker reads a file once and keeps it for its next tasks. Where it does not share its
client's folders, it looks for the content in a folder of its own, or asks for the file (see `core.work.cluster.depot`).
"""

import dataclasses
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import SampleError, SampleFileError
from core.evaluation.markers import Markers, find_markers
from core.io import lab
from core.method import how_many, pipeline
from core.method.cache import StepCache
from core.method.joint import JointPipeline
from core.params import MethodParams
from core.result import AutoencoderReport, Result
from core.sample import Sample
from core.work.board.progress import Progress
from core.work.cluster import depot
from core.work.cluster.depot import Delivery, Shelf


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A sample, for a process that has none.

    Parameters
    ----------
    path : Path
        In the lab's format.
    content_hash : str
        As :attr:`core.sample.Sample.content_hash` of what the user sees.
    annotation_hash : str
        As :attr:`core.sample.Sample.annotation_hash`; empty where the annotation does not matter.
    """

    path: Path
    content_hash: str
    annotation_hash: str = ""

    @classmethod
    def of(cls, sample: Sample, path: Path) -> "SampleFile":
        """Identify a sample by its content.

        Parameters
        ----------
        sample : Sample
        path : Path
            The file that it was read from.
        """
        return cls(path, sample.content_hash, sample.annotation_hash)

    def read(self) -> Sample:
        """Read the sample, or reuse it from the last task.

        Raises
        ------
        SampleFileError
            If the file no longer holds what the user sees.
        """
        own = depot.own_depot()
        if own is not None:
            return self._read_away(own)
        sample = _read(self.path)
        if not self.is_of(sample):
            raise SampleFileError(f"{self.path.name} changed on the disk: reload the page, then start the work again.")
        return sample

    def is_of(self, sample: Sample) -> bool:
        """Whether a sample has these contents."""
        return self._has_hashes((sample.content_hash, sample.annotation_hash))

    def _read_away(self, own: depot.Depot) -> Sample:
        path = self._in_own_folder() or self._from_client(own)
        sample = _read(path)
        if not self.is_of(sample):
            own.drop(path.name)
            raise SampleFileError(f"{self.path.name} changed on the disk: reload the page, then start the work again.")
        return dataclasses.replace(sample, name=lab.sample_name(self.path))  # whatever it is called here

    def _in_own_folder(self) -> Path | None:
        folder = os.environ.get("SPCA_DATA")
        found = sorted(Path(folder).glob("*.h5"), key=lambda path: path.name != self.path.name) if folder else []
        return next((path for path in found if self._has_hashes(_hashes(path, _stamp(path)))), None)

    def _has_hashes(self, found: tuple[str, str] | None) -> bool:
        return found is not None and found[0] == self.content_hash and self.annotation_hash in ("", found[1])

    def _from_client(self, own: depot.Depot) -> Path:
        name = f"{self.content_hash}-{self.annotation_hash or 'any'}.h5"
        own.bring((self.path,), (name,))
        if not own.has(name):
            raise SampleFileError(f"{self.path.name} is no longer there: reload the page and choose another sample.")
        return own.folder / name


def _read(path: Path) -> Sample:
    return _read_stamped(path, _stamp(path))


def _stamp(path: Path) -> tuple[int, int] | None:
    status = path.stat() if path.exists() else None
    return status and (status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=2)
def _read_stamped(path: Path, stamp: tuple[int, int] | None) -> Sample:
    del stamp  # part of the key only
    return lab.read(path)


@functools.lru_cache(maxsize=4096)
def _hashes(path: Path, stamp: tuple[int, int] | None) -> tuple[str, str] | None:
    """Digests of a file's content; None if it holds no sample."""
    del stamp  # part of the key only
    try:
        sample = lab.read(path)
    except SampleError:
        return None
    return sample.content_hash, sample.annotation_hash


@functools.cache
def _steps() -> StepCache:
    return StepCache()


def model_shelf(sample: Sample, params: MethodParams, models: Path) -> Shelf:
    """Find where the model of a run is read from and written to.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
    models : Path
        Folder of checkpoints of the client.

    Returns
    -------
    Shelf
        `folder` is for the pipeline; the task returns its result through `brought_back`.
    """
    if not params.embedding.needs_training:
        return depot.shelf(models, ())
    from core.method import checkpoints  # torch takes seconds to import

    weights = checkpoints.checkpoint_path(models, sample, params.pooling, params.embedding.network)
    return depot.shelf(models, (weights.name, weights.with_suffix(".json").name))


def train(progress: Progress, sample: SampleFile, params: MethodParams, models: Path) -> AutoencoderReport | Delivery:
    """Train the autoencoder of a run, and save it for every session.

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
        In a `Delivery` if the model has to be sent back.
    """
    read = sample.read()
    shelf = model_shelf(read, params, models)
    report = pipeline.train(read, params, models=shelf.folder, on_epoch=_epochs(progress))
    return shelf.brought_back(report, old_ones_too=True)


def repeat(
    progress: Progress, sample: SampleFile, params: MethodParams, n_starts: int, models: Path
) -> list[Result] | Delivery:
    """Run from several seeds, counted up.

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
        One for each seed, in order; in a `Delivery` if a model has to be sent back.
    """
    read = sample.read()
    shelf = model_shelf(read, params, models)
    starts = pipeline.repeat(
        read, params, n_starts, cache=_steps(), models=shelf.folder, on_epoch=_epochs(progress, whole=0.0)
    )
    results = []
    for number, result in enumerate(starts, start=1):
        results.append(result)
        progress.report(number / n_starts, f"Start {number} of {n_starts}")
    return shelf.brought_back(results)


def try_numbers(
    progress: Progress, sample: SampleFile, params: MethodParams, models: Path
) -> how_many.Curve | Delivery:
    """Run at each number of clusters from several starts.

    Parameters
    ----------
    progress : Progress
    sample : SampleFile
    params : MethodParams
    models : Path
        Folder of checkpoints.

    Returns
    -------
    Curve
        In a `Delivery` if a model has to be sent back.
    """
    read = sample.read()
    shelf = model_shelf(read, params, models)
    steps = pipeline.Pipeline(read, cache=_steps(), models=shelf.folder, on_epoch=_epochs(progress, whole=0.0))

    def on_run(done: int, of: int) -> None:
        progress.report(done / of, f"Run {done} of {of}")

    return shelf.brought_back(how_many.try_numbers(steps, params, on_run=on_run))


def markers(progress: Progress, sample: SampleFile, labels: np.ndarray) -> Markers:
    """Rank the genes of every domain.

    Parameters
    ----------
    progress : Progress
    sample : SampleFile
    labels : ndarray of shape (n_spots,), int
    """
    read = sample.read()
    progress.report(0.0, "Loading scanpy")

    def on_progress(done: int, of: int) -> None:
        progress.report(done / of, f"Gene {done:,} of {of:,}")

    return find_markers(read.expression, labels, read.gene_names, on_progress)


def joint(progress: Progress, samples: tuple[SampleFile, ...], params: MethodParams) -> dict[str, Result]:
    """Cluster several sections as one.

    Returns
    -------
    dict of str to Result
        By the name of the section.
    """
    progress.report(0.0, "Reading the sections")
    sections = [sample.read() for sample in samples]
    return JointPipeline(sections, cache=_steps(), on_step=progress.report).run(params)


def _epochs(progress: Progress, whole: float = 1.0) -> Callable[[int, int, float], None]:
    """Report epochs; training counts as the share `whole` of the job."""

    def on_epoch(epoch: int, n_epochs: int, loss: float) -> None:
        progress.report(whole * epoch / n_epochs, f"Epoch {epoch} of {n_epochs}, loss {loss:.4g}", loss)

    return on_epoch
