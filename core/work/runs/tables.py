"""The record's own tables: one row for each run, and one row with the version that wrote them and a count of changes.

Every writer raises the count first, and that row keeps other writers out until the end of the transaction: the order of counts
is the order in which changes become visible, so whoever has read up to one count misses nothing of what came before.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core import codec
from core.errors import CodecError, RecordError
from core.work.runs.knobs import trial_params
from core.work.runs.run import Run, facts_of, run_of

VERSION = 1
"""Version of these tables; raised when they change."""

Row = dict[str, Any]
"""A run as a row of the table."""

METADATA = sa.MetaData()

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("changed", sa.Integer, nullable=False),
    *(
        sa.Column(name, sa.Text, nullable=False)
        for name in ("sample_name", "content_hash", "annotation_hash", "sweep", "created", "name", "note")
    ),
    sa.Column("starred", sa.Boolean, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("params", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Index("runs_by_change", "changed", "id"),
)

SCHEMA = sa.Table(
    "runs_schema",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("n_changes", sa.Integer, nullable=False),
    # Trials of version 0.1 that were checked; when their number changes, they are checked again.
    sa.Column("n_trials", sa.Integer, nullable=False),
)

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_JSON = ("params", "facts")
_FACTS_APART = {column.name for column in RUNS.c} - {*_JSON, "changed", "deleted"}


def row_of(run: Run, facts: Mapping[str, Any] | None = None, values: Mapping[str, Any] | None = None) -> Row:
    """Write a run as a row.

    Parameters
    ----------
    run : Run
    facts, values : mapping of str to object, optional
        Facts and knobs as another version wrote them, if this version does not know them all.
    """
    rest = {name: value for name, value in (facts or facts_of(run)).items() if name not in _FACTS_APART}
    return {
        **{name: getattr(run, name) for name in (*_FACTS_APART, "deleted")},
        "created": run.created.isoformat(),
        "params": json.dumps(dict(values or trial_params(run.params))),
        "facts": json.dumps(rest),
    }


def run_from(row: Row) -> Run:
    """Read a run from its row.

    Raises
    ------
    RecordError
        If the row does not hold a run.
    """
    try:
        values, rest = (codec.parsed(row[name]) for name in _JSON)
        facts = rest | {name: row[name] for name in _FACTS_APART}
    except CodecError as error:
        raise RecordError(f"The facts of the run are damaged. {error}") from error
    except TypeError as error:
        raise RecordError("The facts of the run are damaged: they are of another kind.") from error
    return run_of(facts, values, deleted=row["deleted"])


def next_change(connection: sa.Connection) -> int:
    """Raise the count of changes, which keeps other writers out until the end of the transaction.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction that has read and written nothing yet.
    """
    connection.execute(sa.update(SCHEMA).values(n_changes=SCHEMA.c.n_changes + 1))
    return int(connection.execute(sa.select(SCHEMA.c.n_changes)).scalar_one())


def insert(connection: sa.Connection, rows: Sequence[Row]) -> None:
    """Insert runs into the table; runs that exist already stay unchanged.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction that has read and written nothing yet.
    rows : sequence of Row
    """
    changed = next_change(connection)
    if not rows:
        return
    into = _INSERT[connection.dialect.name](RUNS).on_conflict_do_nothing(index_elements=["id"])
    connection.execute(into, [row | {"changed": changed} for row in rows])
