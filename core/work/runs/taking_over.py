"""Runs that version 0.1 recorded as trials of Optuna, taken over into the record's own table; its tables stay as they are.

Version 0.1 kept a run's facts in the attribute `run` of a trial, its knobs as the trial's parameters, and what was changed
later as attributes of the study, such as `run:<id>:name`.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from core.errors import RecordError
from core.work.runs.run import run_of
from core.work.runs.tables import SCHEMA, Row, insert, row_of

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial

_CHANGE = "run:"

_LOG = logging.getLogger(__name__)


def take_over(engine: sa.Engine, options: dict[str, Any]) -> None:
    """Take over the runs of version 0.1 that are not in the table yet, in one transaction.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of a record whose own tables are there.
    options : dict of str to object
        Options of that engine.

    Notes
    -----
    A run that is here already stays as it is: what version 0.1 changes of it afterwards is not followed. A run that
    version 0.1 adds afterwards is taken over when the record is next opened. Ten thousand runs take 11 s, once.
    """
    n_trials, n_known = _n_trials(engine)
    if n_trials == n_known:
        return
    with _storage(engine.url, options) as storage:
        rows = _rows(storage)
    with engine.begin() as connection:
        insert(connection, rows)
        connection.execute(sa.update(SCHEMA).values(n_trials=n_trials))
    _LOG.info("%s runs of version 0.1 were found and taken over", len(rows))


def _n_trials(engine: sa.Engine) -> tuple[int, int]:
    """Count Optuna's trials, and those checked already."""
    if not sa.inspect(engine).has_table("trials"):
        return 0, 0
    count = sa.select(sa.func.count()).select_from(sa.table("trials")).scalar_subquery()
    with engine.connect() as connection:
        n_trials, n_known = connection.execute(sa.select(count, SCHEMA.c.n_trials)).one()
    return n_trials, n_known


@contextmanager
def _storage(url: sa.URL, options: dict[str, Any]) -> "Iterator[RDBStorage]":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = optuna.storages.RDBStorage(
            url.render_as_string(hide_password=False),
            engine_kwargs={**options, "poolclass": sa.NullPool},
            skip_table_creation=True,
        )
        try:
            yield storage
        finally:
            storage.remove_session()
    except optuna.exceptions.OptunaError as error:
        raise RuntimeError(str(error)) from error


def _rows(storage: "RDBStorage") -> list[Row]:
    import optuna

    names = optuna.get_all_study_names(storage)
    studies = [optuna.load_study(study_name=name, storage=storage) for name in names]
    changes = _changes(studies)
    trials = (trial for study in studies for trial in study.get_trials(False, (optuna.trial.TrialState.COMPLETE,)))
    rows = (_row(trial, changes) for trial in trials)
    return list({row["id"]: row for row in rows if row is not None}.values())


def _changes(studies: "Iterable[Study]") -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for key, value in (item for study in studies for item in study.user_attrs.items()):
        if key.startswith(_CHANGE):
            run_id, _, name = key.removeprefix(_CHANGE).partition(":")
            found.setdefault(run_id, {})[name] = value
    return found


def _row(trial: "FrozenTrial", changes: dict[str, dict[str, Any]]) -> Row | None:
    facts = trial.user_attrs.get("run")
    if not isinstance(facts, dict):
        return None  # not a study of this program
    changed = changes.get(str(facts.get("id")), {})
    now = {name: changed[name] for name in ("name", "note", "starred") if name in changed}
    try:
        run = run_of(facts | now, trial.params, deleted=changed.get("deleted") is True)
    except RecordError as error:
        _LOG.warning("Trial %s of study %s was not taken over: %s", trial.number, facts.get("sample_name"), error)
        return None
    return row_of(run, facts, trial.params)
