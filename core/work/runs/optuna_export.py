"""Runs written as studies of Optuna, for its dashboard: one study per sample, one trial per run."""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.errors import RecordError
from core.params import params_key
from core.result import Scores
from core.text import shown
from core.work.runs import artifacts as files
from core.work.runs import knobs
from core.work.runs.run import Run, facts_of
from core.work.runs.sentences import as_sentence, where
from core.work.runs.tables import SCHEMA

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

_ENDINGS = (".sqlite3", ".sqlite", ".db")


def write_studies(runs: Sequence[Run], url: str) -> list[str]:
    """Write runs into an Optuna storage.

    Parameters
    ----------
    runs : sequence of Run
    url : str
        SQLAlchemy's address of the storage, which is made if it does not exist, such as `sqlite:///studies.sqlite3`.

    Returns
    -------
    list of str
        Names of the studies that were made.

    Raises
    ------
    RecordError
        If it is the record itself, a file of another ending than databases have, or has a study of such a name already, in all
        of which nothing was written; or if it cannot be written.
    """
    by_study: dict[str, list[Run]] = {}
    for run in runs:
        by_study.setdefault(study_name(run), []).append(run)
    with as_sentence(url, "The Optuna storage", "--optuna"):
        _check_place(url)
        _write(by_study, url)
    return list(by_study)


def _check_place(url: str) -> None:
    """Refuse a file that is the record, or that is called as something else than a database."""
    address = sa.engine.make_url(url)
    if address.get_backend_name() != "sqlite":
        return
    if not (address.database or "").lower().endswith(_ENDINGS):
        raise RecordError(
            f"--optuna must name a file that ends in {', '.join(_ENDINGS)}, such as sqlite:///studies.sqlite3."
        )
    if sa.inspect(sa.create_engine(address, poolclass=sa.NullPool)).has_table(SCHEMA.name):
        raise RecordError(f"{where(url)} is a record of runs: let --optuna name another file.")


def _write(by_study: dict[str, list[Run]], url: str) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": sa.NullPool})
        try:
            _check_that_all_are_new(by_study, optuna.get_all_study_names(storage), url)
            for name, runs in by_study.items():
                _write_study(storage, name, runs)
        finally:
            storage.remove_session()
    except optuna.exceptions.OptunaError as error:
        raise RuntimeError(str(error)) from error


def _check_that_all_are_new(names: Iterable[str], there: list[str], url: str) -> None:
    taken = sorted(set(names) & set(there))
    if taken:
        raise RecordError(
            f"{where(url)} has a study {shown(taken[0])} already, and no study is overwritten: delete that study, or "
            "name another database."
        )


def _write_study(storage: "RDBStorage", name: str, runs: list[Run]) -> None:
    import optuna

    study = optuna.create_study(storage=storage, study_name=name, direction="maximize")
    study.set_user_attr("sample", runs[0].sample_name)
    study.add_trials([trial_of(run) for run in runs])


def study_name(run: Run) -> str:
    """Name the study of a sample.

    Returns
    -------
    str
        The sample's name, and a digest of its contents, its annotation and the choices that knobs offer: values of one study
        can be compared, and Optuna takes all its trials. Guided runs have a study of their own.
    """
    guided = " guided" * bool(run.guided)
    return f"{run.sample_name} {params_key(run.content_hash, run.annotation_hash, knobs.choices_digest())[:8]}{guided}"


def objective(scores: Scores) -> float:
    """Choose the value by which Optuna compares runs; higher is better.

    Returns
    -------
    float
        ARI, else the share of spots that most of their neighbours agree with, else 0, since a finished trial needs a value.
    """
    if scores.ari is not None:
        return scores.ari
    return 0.0 if scores.pas is None else 1 - scores.pas


def trial_of(run: Run) -> "FrozenTrial":
    """Write a run as a finished trial, its files among its artifacts."""
    from optuna.artifacts import ArtifactMeta
    from optuna.trial import create_trial

    meta = [ArtifactMeta(key, name, files.MIME_TYPES[name], None) for name, key in run.artifacts.items()]
    return create_trial(
        value=objective(run.scores),
        params=knobs.trial_params(run.params),
        distributions=knobs.distributions(),
        user_attrs={"run": facts_of(run), "name": run.name},
        # In the form of `optuna.artifacts.upload_artifact`, which needs a trial that exists already.
        system_attrs={f"artifacts:{entry.artifact_id}": json.dumps(dataclasses.asdict(entry)) for entry in meta},
    )
