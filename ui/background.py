"""Doors to background work: every session of the server asks the same board."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.io.dlpfc import Places
from core.params import MethodParams, params_key
from core.sample import Sample
from core.work import bringing, tasks
from core.work.jobs import Board, Job, State, shared_board
from core.work.tasks import SampleFile
from ui import compute
from ui.state import Incoming


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
        Pooling and autoencoder count.

    Returns
    -------
    str
        Id of the job.
    """
    models = compute.models_folder()
    key = _training_key(sample, params)
    return board().submit(key, tasks.train, _file(sample), params, models, owner=_session(), again=True)


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
    return board().submit(key, tasks.repeat, _file(sample), params, n_starts, models, owner=_session())


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


def look(incoming: Incoming, *, anew: bool = False) -> Job:
    """Look at the source that a session is bringing in, or find what was seen.

    Parameters
    ----------
    incoming : Incoming
    anew : bool
        Whether to look again where that failed or was cancelled.

    Returns
    -------
    Job
        Its result is a `core.io.incoming.Survey`.
    """
    key = _incoming_key(incoming, "look", str(incoming.source.annotation_csv))
    return _found_or_started(key, anew, bringing.look, incoming.source)


def prepare(incoming: Incoming, *, anew: bool = False) -> Job:
    """Make the sample that comes of a source, or find it made.

    Parameters
    ----------
    incoming : Incoming
        Its source and choices count.
    anew : bool
        Whether to do it again where that failed or was cancelled.

    Returns
    -------
    Job
        Its result is the path of a file in the lab's format, in the private folder of `incoming`.
    """
    key = _incoming_key(incoming, "prepare", params_key(incoming.choices, str(incoming.source.annotation_csv)))
    out = incoming.draft.folder / key / "preview.h5"
    return _found_or_started(key, anew, bringing.prepare, incoming.source, incoming.choices, out)


def end_work_on(incoming: Incoming) -> None:
    """Cancel what goes on with a source.

    Parameters
    ----------
    incoming : Incoming
    """
    for job in board().jobs():
        if job.key.startswith(_incoming_key(incoming)) and not job.finished:
            cancel(job.id)


def fetch(collection: str, sections: tuple[str, ...]) -> None:
    """Start to fetch public sections; one fetch of a collection goes on at a time.

    Parameters
    ----------
    collection : str
        One of `core.work.bringing.COLLECTIONS`.
    sections : tuple of str
    """
    folder = compute.samples_folder()
    key = _fetch_key(collection)
    places = Places.configured()
    board().submit(key, bringing.fetch, collection, sections, folder, places, owner=_session(), again=True)


def fetching(collection: str) -> Job | None:
    """Look up the last fetch of a collection, whoever started it.

    Parameters
    ----------
    collection : str

    Returns
    -------
    Job or None
    """
    return board().find(_fetch_key(collection))


def _fetch_key(collection: str) -> str:
    return params_key("fetch", collection, str(compute.samples_folder()))


def _incoming_key(incoming: Incoming, *parts: str) -> str:
    return "-".join(("incoming", incoming.draft.folder.name, *(params_key(part) for part in parts)))


def _found_or_started(key: str, anew: bool, task: Callable[..., Any], *args: Any) -> Job:
    known = board().find(key)
    if known is not None and not anew:
        return known
    started = board().job(board().submit(key, task, *args, owner=_session()))
    return started or Job(id=key, key=key)


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
    return params_key("train", where, sample.name, sample.content_hash, params.pooling, params.embedding.autoencoder)


def _repeats_key(sample: Sample, params: MethodParams, n_starts: int) -> str:
    return params_key("repeat", sample.name, sample.content_hash, sample.annotation_hash, params, str(n_starts))


def _file(sample: Sample) -> SampleFile:
    of_that_name = [summary for summary in compute.samples() if summary.name == sample.name and not summary.problem]
    paths = [summary.path for summary in of_that_name if compute.sample(summary).content_hash == sample.content_hash]
    # A file that is gone is told of by the task that looks for it.
    return SampleFile((paths or [_usual_path(sample)])[0], sample.content_hash)


def _usual_path(sample: Sample) -> Path:
    return compute.samples_folder() / f"{sample.name}.h5"


def _session() -> str:
    context = get_script_run_ctx()
    return "" if context is None else context.session_id
