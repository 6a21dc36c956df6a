"""Background jobs: all sessions of the server share one board."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.evaluation.differential import Group
from core.folders import models_folder, samples_folder
from core.knobs import value_in_words
from core.method.expression_space import space_key, space_params
from core.params import MethodParams, params_key, replaced
from core.result import Result
from core.sample import Sample
from core.text import counted, shown
from core.work import tasks
from core.work.board.board import About, Board, Job, JobStatus, shared_board
from core.work.board.job_log import Interrupted
from core.work.tasks import SampleFile
from ui.data import compute, user


def board() -> Board:
    """Look up the board of this server. Streamlit does not cache it, because "Clear cache" must not end jobs."""
    shared = shared_board()
    shared.keep_in(models_folder())
    return shared


def train(sample: Sample, params: MethodParams) -> str:
    """Start the training of a run, or join the running one; returns the job's id, like all functions here that start a job."""
    models = models_folder()
    key = _training_key(sample, params)
    trained = params.embedding.autoencoder
    window = value_in_words(("pooling", "window"), params.pooling.window)
    settings = f"window {window}, scale {params.pooling.scale:g}, width {trained.width}, {trained.epochs} epochs"
    about = About(what="Training", sample=sample.name, settings=settings)
    task = tasks.train, _counts(sample), params, models
    return board().submit(key, *task, owner=owner(), again=True, about=about, lasting=True)


def training(sample: Sample, params: MethodParams) -> Job | None:
    """Look up the last training of a run, whoever started it; None if it is done, since its model may have been deleted."""
    found = board().find(_training_key(sample, params))
    return None if found is None or found.status is JobStatus.DONE else found


def repeat(sample: Sample, params: MethodParams, n_starts: int) -> str:
    """Start runs with the present seed and those after it, or join equal ones; the job's result is a list of `core.result.Result`."""
    models = models_folder()
    key = _repeats_key(sample, params, n_starts)
    about = About(
        what=counted(n_starts, "start"),
        sample=sample.name,
        settings=counted(params.clustering.n_clusters, "cluster"),
    )
    task = tasks.repeat, _file(sample), params, n_starts, models
    return board().submit(key, *task, owner=owner(), about=about, lasting=True)


def repeats(sample: Sample, params: MethodParams, n_starts: int) -> Job | None:
    """Look up the last job of :func:`repeat` on this sample, whoever started it."""
    return board().find(_repeats_key(sample, params, n_starts), tasks.repeat)


def try_numbers(sample: Sample, params: MethodParams) -> str:
    """Start runs at each number of clusters, or join equal ones; the job's result is a `core.method.how_many.Curve`."""
    models = models_folder()
    key = _numbers_key(sample, params)
    about = About(what="Numbers of clusters", sample=sample.name)
    task = tasks.try_numbers, _counts(sample), params, models
    return board().submit(key, *task, owner=owner(), about=about, lasting=True)


def numbers(sample: Sample, params: MethodParams) -> Job | None:
    """Look up the last job of :func:`try_numbers` on this sample, whoever started it."""
    return board().find(_numbers_key(sample, params), tasks.try_numbers)


def find_markers(sample: Sample, result: Result) -> str:
    """Start the search for the marker genes of a run, or join one of equal labels; the job's result is `core.evaluation.markers.Markers`."""
    labels = result.labels.astype(
        np.min_scalar_type(int(result.labels.max()))
    )  # small, because it is sent to the worker
    about = About(
        what="Marker genes", sample=sample.name, settings=counted(result.params.clustering.n_clusters, "cluster")
    )
    task = tasks.markers, _counts(sample), labels
    return board().submit(_markers_key(sample, result), *task, owner=owner(), about=about, lasting=True)


def markers(sample: Sample, result: Result) -> Job | None:
    """Look up the last job of :func:`find_markers` for these labels, whoever started it."""
    return board().find(_markers_key(sample, result), tasks.markers)


def find_differential(sample: Sample, group: Group, against: Group) -> str:
    """Start the comparison of two groups of spots, or join an equal one; the job's result is a `core.evaluation.differential.Differential`."""
    about = About(
        what="Differential expression",
        sample=sample.name,
        settings=f"{shown(group.name)} against {shown(against.name)}",
    )
    task = tasks.differential, _counts(sample), group, against
    return board().submit(_differential_key(sample, group, against), *task, owner=owner(), about=about, lasting=True)


def differential(sample: Sample, group: Group, against: Group) -> Job | None:
    """Look up the last job of :func:`find_differential` for these spots, whoever started it and whatever they were called."""
    return board().find(_differential_key(sample, group, against), tasks.differential)


def lay_out(sample: Sample, params: MethodParams) -> str:
    """Start UMAP of the factors of a run, or join an equal one; the job's result is an array of x and y by spot."""
    about = About(what="UMAP", sample=sample.name)
    return board().submit(
        _umap_key(sample, params),
        tasks.umap,
        _counts(sample),
        space_params(params),
        owner=owner(),
        about=about,
        lasting=True,
    )


def layout(sample: Sample, params: MethodParams) -> Job | None:
    """Look up the last job of :func:`lay_out` for these factors, whoever started it."""
    return board().find(_umap_key(sample, params), tasks.umap)


def cluster_together(samples: Sequence[Sample], params: MethodParams) -> str:
    """Start the clustering of several sections as one, or join an equal one; the job's result is a dict of `core.result.Result` by section."""
    files = tuple(_file(sample) for sample in samples)
    about = About(what="Clustering together", sample=", ".join(sample.name for sample in samples))
    return board().submit(
        _joint_key(samples, params), tasks.joint, files, params, owner=owner(), about=about, lasting=True
    )


def joint(samples: Sequence[Sample], params: MethodParams) -> Job | None:
    """Look up the last job of :func:`cluster_together` on these sections, whoever started it."""
    return board().find(_joint_key(samples, params), tasks.joint)


def job(job_id: str) -> Job | None:
    """Look up a job; None if the board does not know it."""
    return board().job(job_id)


def jobs() -> list[Job]:
    """List all jobs of this server, the oldest first."""
    return board().jobs()


def waiting() -> list[Job]:
    """List the waiting jobs, the next one first."""
    return board().waiting()


def is_mine(job: Job | Interrupted) -> bool:
    """Whether this user waits for a job, and so may leave or cancel it."""
    return any(user.is_me(name) for name in job.owners)


def may_cancel(job: Job) -> bool:
    """Whether this user may leave or cancel a job: his own, or by setting any."""
    return any(map(user.may_cancel, job.owners))


def cancel(job_id: str) -> None:
    """Stop waiting for a job; it ends unless others wait for it. Does nothing if this user may not do that."""
    job = board().job(job_id)
    for name in filter(user.may_cancel, () if job is None else job.owners):
        board().leave(job_id, name)


def interrupted() -> list[Interrupted]:
    """List this user's jobs that were interrupted when the server ended."""
    return [job for job in board().interrupted() if is_mine(job)]


def take_up(job_id: str) -> None:
    """Start an interrupted job again."""
    board().take_up(job_id, owner())


def let_go(job_id: str) -> None:
    """Stop listing an interrupted job."""
    board().let_go(job_id)


def owner() -> str:
    """Name this user as the owner of new jobs, and say from where he asks where nobody checks names."""
    name = user.who()
    board().is_at(name, user.place())
    return name


def _training_key(sample: Sample, params: MethodParams) -> str:
    # The folder and the name are part of the key, because a model is looked up by both.
    where = str(models_folder())
    return params_key("train", where, sample.name, sample.content_hash, params.pooling, params.embedding.network)


def _repeats_key(sample: Sample, params: MethodParams, n_starts: int) -> str:
    return params_key("repeat", sample.name, sample.content_hash, sample.annotation_hash, params, str(n_starts))


def _joint_key(samples: Sequence[Sample], params: MethodParams) -> str:
    # Sorted, because neither labels nor scores depend on the order of sections.
    parts = sorted((sample.name, sample.content_hash, sample.annotation_hash) for sample in samples)
    return params_key("joint", *(part for of_sample in parts for part in of_sample), params)


def _numbers_key(sample: Sample, params: MethodParams) -> str:
    whatever_number = replaced(params, ("clustering", "n_clusters"), 1)
    return params_key("numbers", sample.name, sample.content_hash, whatever_number)


def _markers_key(sample: Sample, result: Result) -> str:
    labels = hashlib.sha256(result.labels.astype("<i8").tobytes()).hexdigest()
    return params_key("markers", sample.name, sample.content_hash, labels)


def _differential_key(sample: Sample, group: Group, against: Group) -> str:
    digests = [hashlib.sha256(np.packbits(one.spots).tobytes()).hexdigest() for one in (group, against)]
    return params_key("differential", sample.name, sample.content_hash, *digests)


def _umap_key(sample: Sample, params: MethodParams) -> str:
    return params_key("umap", sample.name, sample.content_hash, space_key(params))


def _counts(sample: Sample) -> SampleFile:
    """Name a sample for a task that counts no scores: an annotation that is drawn on meanwhile does not stop it."""
    return dataclasses.replace(_file(sample), annotation_hash="", annotation=None, annotated=True)


def _file(sample: Sample) -> SampleFile:
    of_that_name = [summary for summary in compute.samples() if summary.name == sample.name and not summary.problem]
    paths = [
        summary.path for summary in of_that_name if compute.file_sample(summary).content_hash == sample.content_hash
    ]
    # If the file is gone, the task reports it.
    return SampleFile.of(sample, (paths or [_default_path(sample)])[0])


def _default_path(sample: Sample) -> Path:
    return samples_folder() / f"{sample.name}.h5"
