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

from core.annotation import compared
from core.errors import DomainsError, SampleError, SampleFileError
from core.evaluation.differential import Differential, Group, find_differential
from core.evaluation.markers import Markers, find_markers
from core.files import Stamp, stamp_of
from core.io import lab
from core.io.annotation_file import from_text
from core.io.annotation_store import annotation_path
from core.method import expression_space, how_many, pipeline
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
        As :attr:`core.sample.Sample.annotation_hash`; empty where the annotation does not matter, or there is none.
    annotation : Path, optional
        File of the annotation that scores are counted with instead of that of the sample's file.
    annotated : bool
        Whether scores are counted with any.
    """

    path: Path
    content_hash: str
    annotation_hash: str = ""
    annotation: Path | None = None
    annotated: bool = True

    @classmethod
    def of(cls, sample: Sample, path: Path) -> "SampleFile":
        """Identify a sample by its content.

        Parameters
        ----------
        sample : Sample
        path : Path
            The file that it was read from.
        """
        given = annotation_path(path, sample.annotation_id) if sample.annotation_id else None
        return cls(path, sample.content_hash, sample.annotation_hash, given, sample.labels_true is not None)

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
        sample = self._compared(_read(self.path), self.annotation)
        if not self.is_of(sample):
            raise self._changed()
        return sample

    def _changed(self) -> SampleFileError:
        return SampleFileError(f"{self.path.name} changed on the disk: reload the page, then start the work again.")

    def _compared(self, sample: Sample, given: Path | None) -> Sample:
        """Put the annotation that scores are counted with in the place of the file's own."""
        if given is not None:
            try:
                return compared(sample, from_text(given.read_bytes(), sample).annotation)
            except (OSError, DomainsError) as error:
                raise self._changed() from error
        return sample if self.annotated else compared(sample, None)

    def is_of(self, sample: Sample) -> bool:
        """Whether a sample has these contents."""
        return _are((sample.content_hash, sample.annotation_hash), self.content_hash, self.annotation_hash)

    def _read_away(self, own: depot.Depot) -> Sample:
        path = self._in_own_folder() or self._from_client(
            own, self.path, f"{self.content_hash}-{self._file_hash or 'any'}.h5"
        )
        given = self.annotation and self._from_client(own, self.annotation, f"{self.annotation_hash}-annotation.json")
        sample = self._compared(_read(path), given)
        if not self.is_of(sample):
            for taken in filter(None, (path, given)):
                own.drop(taken.name)
            raise self._changed()
        return dataclasses.replace(sample, name=lab.sample_name(self.path))  # whatever it is called here

    def _in_own_folder(self) -> Path | None:
        folder = os.environ.get("SPCA_DATA")
        found = sorted(Path(folder).glob("*.h5"), key=lambda path: path.name != self.path.name) if folder else []
        return next(
            (path for path in found if _are(_hashes(path, _stamp(path)), self.content_hash, self._file_hash)), None
        )

    @property
    def _file_hash(self) -> str:
        """Digest of the annotation in the sample's own file; empty where another takes its place."""
        return "" if self.annotation is not None else self.annotation_hash

    def _from_client(self, own: depot.Depot, path: Path, name: str) -> Path:
        own.bring((path,), (name,))
        if not own.has(name):
            raise SampleFileError(f"{path.name} is no longer there: reload the page and choose another sample.")
        return own.folder / name


def _are(found: tuple[str, str] | None, content_hash: str, annotation_hash: str) -> bool:
    return found is not None and found[0] == content_hash and annotation_hash in ("", found[1])


def _read(path: Path) -> Sample:
    return _read_stamped(path, _stamp(path))


def _stamp(path: Path) -> Stamp | None:
    return stamp_of(path.stat()) if path.exists() else None


@functools.lru_cache(maxsize=2)
def _read_stamped(path: Path, stamp: Stamp | None) -> Sample:
    del stamp  # part of the key only
    return lab.read(path)


@functools.lru_cache(maxsize=4096)
def _hashes(path: Path, stamp: Stamp | None) -> tuple[str, str] | None:
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


def _genes(progress: Progress) -> Callable[[int, int], None]:
    """Tell of the genes that are done."""
    return lambda done, of: progress.report(done / of, f"Gene {done:,} of {of:,}")


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

    return find_markers(read.expression, labels, read.gene_names, _genes(progress), logged=read.is_logged)


def differential(progress: Progress, sample: SampleFile, group: Group, against: Group) -> Differential:
    """Compare a group of spots with another.

    Parameters
    ----------
    progress : Progress
    sample : SampleFile
    group, against : Group
    """
    read = sample.read()
    progress.report(0.0, "Loading scanpy")

    return find_differential(read.expression, group, against, read.gene_names, _genes(progress), logged=read.is_logged)


def umap(progress: Progress, sample: SampleFile, params: MethodParams) -> np.ndarray:
    """Lay the spots of a sample out by expression.

    Parameters
    ----------
    progress : Progress
    sample : SampleFile
    params : MethodParams
        Of a run, whose factors are laid out.

    Returns
    -------
    ndarray of shape (n_spots, 2)
    """
    read = sample.read()
    progress.report(0.0, "Finding factors")
    factors = expression_space.factor_space(pipeline.Pipeline(read), params)
    progress.report(0.1, "Loading UMAP")

    def on_epoch(done: int, of: int) -> None:
        progress.report(0.1 + 0.9 * done / of, f"Epoch {done:,} of {of:,}")

    return expression_space.umap(factors, on_epoch)


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
