"""Finished trials put into Optuna's tables, many at a time.

Optuna writes a trial row by row and looks each row up again before the next: a hundred statements where eight do. What it would
write is written here.
"""

import functools
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from core.work.runs.tables import PARAMS, STUDIES, SYSTEM_ATTRIBUTES, TRIALS, USER_ATTRIBUTES, VALUES

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial


def insert(connection: sa.Connection, study_id: int, trials: Sequence["FrozenTrial"]) -> list[int]:
    """Put finished trials into a study.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction, in which nothing else has been written.
    study_id : int
    trials : sequence of FrozenTrial
        Complete, each with one finite value.

    Returns
    -------
    list of int
        Id of each trial, in order.

    Raises
    ------
    KeyError
        If there is no such study.
    """
    first = _next_number(connection, study_id)
    numbers = range(first, first + len(trials))
    connection.execute(sa.insert(TRIALS), [_trial_row(study_id, *pair) for pair in zip(numbers, trials, strict=True)])
    new = sa.select(TRIALS.c.trial_id).where(TRIALS.c.study_id == study_id, TRIALS.c.number >= first)
    ids = list(connection.execute(new.order_by(TRIALS.c.number)).scalars())
    for table, rows_of in _PARTS:
        rows = [
            {"trial_id": trial_id} | row for trial_id, trial in zip(ids, trials, strict=True) for row in rows_of(trial)
        ]
        if rows:
            connection.execute(sa.insert(table), rows)
    return ids


def _next_number(connection: sa.Connection, study_id: int) -> int:
    # A change that changes nothing keeps other writers out of the study until the end of the transaction, in every database:
    # Optuna locks the same row before it counts.
    mine = STUDIES.c.study_id == study_id
    held = connection.execute(sa.update(STUDIES).where(mine).values(study_name=STUDIES.c.study_name))
    if held.rowcount == 0:
        raise KeyError("No record found")
    last = connection.execute(sa.select(sa.func.max(TRIALS.c.number)).where(TRIALS.c.study_id == study_id)).scalar()
    return 0 if last is None else int(last) + 1


def _trial_row(study_id: int, number: int, trial: "FrozenTrial") -> dict[str, Any]:
    return {
        "study_id": study_id,
        "number": number,
        "state": trial.state.name,
        "datetime_start": _utc(trial.datetime_start),
        "datetime_complete": _utc(trial.datetime_complete),
    }


def _utc(local: datetime | None) -> datetime | None:
    """Optuna's objects have local time, its tables UTC, both without saying so."""
    return None if local is None else local.astimezone(UTC).replace(tzinfo=None)


def _value_rows(trial: "FrozenTrial") -> list[dict[str, Any]]:
    return [{"objective": 0, "value": trial.value, "value_type": "FINITE"}]


def _param_rows(trial: "FrozenTrial") -> list[dict[str, Any]]:
    return [
        {
            "param_name": name,
            "param_value": allowed.to_internal_repr(trial.params[name]),
            "distribution_json": _json(allowed),
        }
        for name, allowed in trial.distributions.items()
    ]


@functools.lru_cache(maxsize=1024)
def _json(distribution: "BaseDistribution") -> str:
    from optuna.distributions import distribution_to_json

    return distribution_to_json(distribution)


def _attribute_rows(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value_json": json.dumps(value)} for key, value in attributes.items()]


_PARTS: tuple[tuple[sa.TableClause, Callable[["FrozenTrial"], list[dict[str, Any]]]], ...] = (
    (VALUES, _value_rows),
    (PARAMS, _param_rows),
    (USER_ATTRIBUTES, lambda trial: _attribute_rows(trial.user_attrs)),
    (SYSTEM_ATTRIBUTES, lambda trial: _attribute_rows(trial.system_attrs)),
)
