"""Doors to background work: every session of the server asks the same board."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.params import MethodParams, params_key, replaced
from core.result import Result
from core.sample import Sample
from core.work import tasks
from core.work.job import About
from core.work.jobs import Board, Job, State, shared_board
from core.work.tasks import SampleFile
from ui import compute


def board() -> Board:
    """Look up the one board of this server. No cache of Streamlit's: "Clear cache" must not end people's work.

    Returns
    -------
    Board
    """
    return shared_board()


def train(sample: Sample, params: MethodParams) -> str:
    """Start the training of a run, or join the one that goes on.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
        Pooling and the embedding's autoencoder count.

    Returns
    -------
    str
        Id of the job.
    """
    models = compute.models_folder()
    key = _training_key(sample, params)
    return board().submit(key, tasks.train, _file(sample), params, models, owner=session_id(), again=True)


def training(sample: Sample, params: MethodParams) -> Job | None:
    """Look up the last training of a run, whoever started it.

    Parameters
    ----------
    sample : Sample
    params : MethodParams

    Returns
    -------
    Job or None
        None where there was none, or where its model was used and then deleted from the disk.
    """
    found = board().find(_training_key(sample, params))
    return None if found is None or found.state is State.DONE else found


def repeat(sample: Sample, params: MethodParams, n_starts: int) -> str:
    """Start runs with seeds counted up, or join equal ones.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
        `clustering.random_state` is the first seed.
    n_starts : int

    Returns
    -------
    str
        Id of the job; its result is a list of `core.result.Result`.
    """
    models = compute.models_folder()
    key = _repeats_key(sample, params, n_starts)
    return board().submit(key, tasks.repeat, _file(sample), params, n_starts, models, owner=session_id())


def repeats(sample: Sample, params: MethodParams, n_starts: int) -> Job | None:
    """Look up the last such repeats, whoever started them.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
    n_starts : int

    Returns
    -------
    Job or None
    """
    return board().find(_repeats_key(sample, params, n_starts))


def try_numbers(sample: Sample, params: MethodParams) -> str:
    """Start runs at each number of clusters, or join equal ones.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
        The number of clusters in it does not count.

    Returns
    -------
    str
        Id of the job; its result is `core.method.how_many.Curve`.
    """
    models = compute.models_folder()
    key = _numbers_key(sample, params)
    return board().submit(key, tasks.try_numbers, _file(sample), params, models, owner=session_id())


def numbers(sample: Sample, params: MethodParams) -> Job | None:
    """Look up the last such runs, whoever started them.

    Parameters
    ----------
    sample : Sample
    params : MethodParams

    Returns
    -------
    Job or None
    """
    return board().find(_numbers_key(sample, params))


def find_markers(sample: Sample, result: Result) -> str:
    """Start the search for the marker genes of a run, or join that of equal labels.

    Parameters
    ----------
    sample : Sample
    result : Result

    Returns
    -------
    str
        Id of the job; its result is `core.evaluation.markers.Markers`.
    """
    labels = result.labels.astype(np.min_scalar_type(int(result.labels.max())))  # it travels to the worker
    return board().submit(_markers_key(sample, result), tasks.markers, _file(sample), labels, owner=session_id())


def markers(sample: Sample, result: Result) -> Job | None:
    """Look up the last such search, whoever started it.

    Parameters
    ----------
    sample : Sample
    result : Result

    Returns
    -------
    Job or None
    """
    return board().find(_markers_key(sample, result))


def cluster_together(samples: Sequence[Sample], params: MethodParams) -> str:
    """Start the clustering of several sections as one, or join an equal one.

    Parameters
    ----------
    samples : sequence of Sample
    params : MethodParams

    Returns
    -------
    str
        Id of the job; its result is a dict of `core.result.Result` by the name of the section.
    """
    files = tuple(_file(sample) for sample in samples)
    about = About(what="Clustering together", sample=", ".join(sample.name for sample in samples))
    return board().submit(_joint_key(samples, params), tasks.joint, files, params, owner=session_id(), about=about)


def joint(samples: Sequence[Sample], params: MethodParams) -> Job | None:
    """Look up the last such clustering, whoever started it.

    Parameters
    ----------
    samples : sequence of Sample
    params : MethodParams

    Returns
    -------
    Job or None
    """
    return board().find(_joint_key(samples, params))


def job(job_id: str) -> Job | None:
    """Look a job up.

    Parameters
    ----------
    job_id : str

    Returns
    -------
    Job or None
        None where it is unknown or was forgotten.
    """
    return board().job(job_id)


def cancel(job_id: str) -> None:
    """End a job for everyone who waits for it.

    Parameters
    ----------
    job_id : str
    """
    board().cancel(job_id)


def _training_key(sample: Sample, params: MethodParams) -> str:
    # The folder and the name are part of it, since the model is looked for under both.
    where = str(compute.models_folder())
    return params_key("train", where, sample.name, sample.content_hash, params.pooling, params.embedding.network)


def _repeats_key(sample: Sample, params: MethodParams, n_starts: int) -> str:
    return params_key("repeat", sample.name, sample.content_hash, sample.annotation_hash, params, str(n_starts))


def _joint_key(samples: Sequence[Sample], params: MethodParams) -> str:
    # In any order: neither labels nor scores depend on it.
    parts = sorted((sample.name, sample.content_hash, sample.annotation_hash) for sample in samples)
    return params_key("joint", *(part for of_sample in parts for part in of_sample), params)


def _numbers_key(sample: Sample, params: MethodParams) -> str:
    whatever_number = replaced(params, ("clustering", "n_clusters"), 1)
    return params_key("numbers", sample.name, sample.content_hash, whatever_number)


def _markers_key(sample: Sample, result: Result) -> str:
    labels = hashlib.sha256(result.labels.astype("<i8").tobytes()).hexdigest()
    return params_key("markers", sample.name, sample.content_hash, labels)


def _file(sample: Sample) -> SampleFile:
    of_that_name = [summary for summary in compute.samples() if summary.name == sample.name and not summary.problem]
    paths = [summary.path for summary in of_that_name if compute.sample(summary).content_hash == sample.content_hash]
    # A file that is gone is told of by the task that looks for it.
    return SampleFile.of(sample, (paths or [_usual_path(sample)])[0])


def _usual_path(sample: Sample) -> Path:
    return compute.samples_folder() / f"{sample.name}.h5"


def session_id() -> str:
    """Name this session, as the owner of the jobs that it asks for.

    Returns
    -------
    str
        Empty outside of one.
    """
    context = get_script_run_ctx()
    return "" if context is None else context.session_id
