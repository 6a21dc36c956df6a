"""The database of runs: SQLite or PostgreSQL, made when it is first used. Errors are raised as one sentence."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from core.errors import RecordError
from core.work.runs.sentences import as_sentence, is_damage, where
from core.work.runs.tables import METADATA, RUNS, SCHEMA, VERSION, Row, insert, next_change
from core.work.runs.taking_over import take_over

_SECONDS_TO_WAIT = 10
_SECONDS_TO_BEGIN = 30  # more than any process takes to make the tables
_ROWS_AT_ONCE = 500
_TRIES_TO_OPEN = 5
_TRIES_TO_WRITE = 5
_MOST_CHANGES = 2**31 - 1
_ONE_DAMAGED = "Its row in the record of runs, {where}, is damaged. Take the record from a backup."


@dataclass(frozen=True, slots=True)
class Standing:
    """The number of changes and of runs in the database.

    Parameters
    ----------
    n_changes : int
        Number of all changes so far.
    n_runs : int
        Number of runs.
    n_new : int
        Number of runs added or changed since the given change.
    """

    n_changes: int
    n_runs: int
    n_new: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that the database cannot give, while it gives others.

    Parameters
    ----------
    id : object
        As the index of rows says.
    """

    id: Any


class Database:
    """The database of runs; opened when it is first needed, and again after a failure.

    Parameters
    ----------
    url : str
        SQLAlchemy's address, such as `sqlite:///runs.sqlite3` or `postgresql+psycopg://user@host/runs`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: sa.Engine | None = None
        self._lock = threading.Lock()

    def add(self, rows: Sequence[Row]) -> None:
        """Add runs in one transaction; runs that exist already stay unchanged."""
        self._write(lambda connection: insert(connection, rows))

    def change(self, run_id: str, values: dict[str, Any]) -> None:
        """Change some columns of a run; concurrent changes to other columns are kept.

        Parameters
        ----------
        run_id : str
        values : dict of str to object
            By column.
        """
        update = sa.update(RUNS).where(RUNS.c.id == run_id)
        self._write(lambda connection: connection.execute(update.values(values | {"changed": next_change(connection)})))

    def change_facts(self, run_id: str, values: dict[str, Any]) -> None:
        """Change some facts of a run, all or none; all others stay as they were written, those of other versions among them.

        Parameters
        ----------
        run_id : str
        values : dict of str to object
            By name; fit for JSON.
        """
        this = RUNS.c.id == run_id

        def change(connection: sa.Connection) -> None:
            changed = next_change(connection)
            facts = json.loads(connection.execute(sa.select(RUNS.c.facts).where(this)).scalar_one())
            text = json.dumps({**facts, **values})
            connection.execute(sa.update(RUNS).where(this).values(facts=text, changed=changed))

        self._write(change)

    def standing(self, since: int) -> Standing:
        """Count changes and runs.

        Parameters
        ----------
        since : int
            Number of the change up to which runs were read; 0 for none.
        """
        n_runs = sa.select(sa.func.count()).select_from(RUNS)
        n_new = n_runs.where(RUNS.c.changed > since)
        # One statement, so that the three numbers are consistent.
        query = sa.select(SCHEMA.c.n_changes, n_runs.scalar_subquery(), n_new.scalar_subquery())
        rows = self._read(query)
        if len(rows) != 1 or not all(type(number) is int for number in rows[0]):
            with as_sentence(self._url):
                raise RuntimeError("malformed: the number of its changes is lost")
        return Standing(*rows[0])

    def rows(self, since: int, until: int) -> Iterator[list[Row | Unreadable]]:
        """Read runs that were added or changed, a few hundred at a time.

        Parameters
        ----------
        since, until : int
            Changes after `since`, up to and including `until`.

        Yields
        ------
        list of Row or Unreadable
            Where a part of the database is damaged, its rows are read one by one, so that it hides no others.
        """
        order, last, after = sa.tuple_(RUNS.c.changed, RUNS.c.id), None, RUNS.c.changed > since
        while keys := self._read(_chosen(RUNS.c.changed, RUNS.c.id).where(RUNS.c.changed <= until, after)):
            if last == (now := (keys[-1].changed, keys[-1].id)):
                return  # an id with a damaged letter, which is read as another, would come again and again
            yield self._page(RUNS.c.changed <= until, after) or self._one_by_one([key.id for key in keys])
            last, after = now, order > now

    def astray(self, until: int) -> list[Any]:
        """List ids of rows that :meth:`rows` passes over, because what they say of their change is damaged."""
        return [row.id for row in self._read(sa.select(RUNS.c.id).where(~RUNS.c.changed.between(1, until)))]

    def find(self, run_id: str) -> Row | None:
        """Look up one run without reading the others.

        Parameters
        ----------
        run_id : str
            32 hexadecimal digits.

        Returns
        -------
        Row or None

        Raises
        ------
        RecordError
            If its row, or the database, cannot be read.
        """
        try:
            found = self._read(sa.select(RUNS).where(RUNS.c.id == run_id))
        except RecordError as error:
            if is_damage(error):
                raise RecordError(_ONE_DAMAGED.format(where=where(self._url))) from error
            raise
        return dict(found[0]._mapping) if found else None

    def _page(self, *which: Any) -> list[Row | Unreadable]:
        """Read rows at once; none where one of them is damaged."""
        try:
            return [dict(row._mapping) for row in self._read(_chosen(RUNS).where(*which))]
        except RecordError as error:
            if is_damage(error):
                return []
            raise

    def _one_by_one(self, ids: Sequence[Any]) -> list[Row | Unreadable]:
        found: list[Row | Unreadable] = []
        for run_id in ids:
            try:
                row = self.find(run_id)
            except RecordError as error:
                if not is_damage(error):
                    raise
                found.append(Unreadable(run_id))
            else:
                found.extend([] if row is None else [row])
        return found

    def close(self) -> None:
        """Close all connections; the next call opens new ones."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def _read(self, query: Any) -> Sequence[Any]:
        with as_sentence(self._url), self._opened().connect() as connection:
            return connection.execute(query).all()

    def _write(self, work: Callable[[sa.Connection], object]) -> None:
        """Write in one transaction, and try again if other writers keep the file locked."""
        with as_sentence(self._url):
            for _ in range(_TRIES_TO_WRITE - 1):
                try:
                    return self._write_once(work)
                except OperationalError as error:
                    if "locked" not in str(error):
                        raise
                time.sleep(2.0 * random.random())  # noqa: S311 - so that waiting writers do not all return at once
            return self._write_once(work)

    def _write_once(self, work: Callable[[sa.Connection], object]) -> None:
        with self._opened().begin() as connection:
            work(connection)

    def _opened(self) -> sa.Engine:
        with self._lock:
            if self._engine is None:
                self._engine = _open(self._url)
            return self._engine


def _chosen(*what: Any) -> Any:
    return sa.select(*what).order_by(RUNS.c.changed, RUNS.c.id).limit(_ROWS_AT_ONCE)


def _open(url: str) -> sa.Engine:
    address = sa.engine.make_url(url)
    is_file = address.get_backend_name() == "sqlite"
    if is_file and address.database:
        _check_not_emptied(Path(address.database))
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(address, **_ENGINE[is_file])
    sa.event.listen(engine, "connect", _read_damaged_text if is_file else _read_damaged_text_of_postgresql)
    try:
        _with_patience(lambda: _prepare(engine))
        take_over(engine, _ENGINE[is_file])
    except BaseException:
        engine.dispose()
        raise
    return engine


def _check_not_emptied(path: Path) -> None:
    """Refuse a record that lost its content: SQLite would begin it anew, as if there had been no runs.

    Another process that begins one has it empty for a moment only.
    """
    if path.is_file() and (status := path.stat()).st_size == 0 and time.time() - status.st_mtime > _SECONDS_TO_BEGIN:
        raise RuntimeError("the file is empty")


def _read_damaged_text(connection: Any, _: object) -> None:
    """Read text with a damaged letter, so that one such run does not hide all others."""
    connection.text_factory = lambda text: text.decode(errors="replace")


def _read_damaged_text_of_postgresql(connection: Any, _: object) -> None:
    if not hasattr(connection, "adapters"):
        return  # another driver than psycopg
    from psycopg.adapt import Loader

    class Replacing(Loader):
        def load(self, data: Any) -> str:
            return bytes(data).decode(errors="replace")

    for kind in ("text", "varchar"):
        connection.adapters.register_loader(kind, Replacing)


# A file is written by one process at a time: others wait, and a write begins as one, or two that read first would each wait
# for the other and SQLite would refuse one at once. A server may have restarted since a connection was last used.
_ENGINE: dict[bool, dict[str, Any]] = {
    True: {"connect_args": {"timeout": _SECONDS_TO_WAIT, "isolation_level": "IMMEDIATE"}},
    False: {"pool_pre_ping": True},
}


def _prepare(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        present = sa.inspect(connection)
        if present.has_table(SCHEMA.name) and not present.has_table(RUNS.name):
            raise RuntimeError("malformed: it has lost the table of its runs")
        METADATA.create_all(connection)
        counts = RUNS.c.changed.between(0, _MOST_CHANGES)  # in SQLite text, too, may stand there
        last = sa.select(sa.func.coalesce(sa.func.max(RUNS.c.changed), 0)).where(counts).scalar_subquery()
        version, too_few = connection.execute(sa.select(SCHEMA.c.version, SCHEMA.c.n_changes < last)).first() or (
            None,
            None,
        )
        # A count that was lost hides no run: all stay below it.
        if version is None:
            connection.execute(sa.insert(SCHEMA).values(id=1, version=VERSION, n_changes=last, n_trials=0))
        elif version != VERSION:
            raise RuntimeError(f"a newer version of this program wrote it, with tables of version {version}")
        elif too_few:
            connection.execute(sa.update(SCHEMA).where(SCHEMA.c.n_changes < last).values(n_changes=last))


def _with_patience(prepare: Callable[[], None]) -> None:
    """Make the tables of a record; several processes may do so at the same moment."""
    for _ in range(_TRIES_TO_OPEN - 1):
        try:
            return prepare()
        except SQLAlchemyError as error:
            if "already exists" not in str(error) and "UNIQUE" not in str(error).upper():
                raise
            time.sleep(0.2)
    return prepare()
