"""The database of runs: an Optuna storage, written and read in few statements.

Optuna reads and writes trials one object at a time, which takes too long for ten thousand; so trials go straight to its tables
and come straight from them, whose version Optuna checks when it opens them. What goes wrong leaves as one sentence.
"""

import functools
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from core.errors import RecordError
from core.text import shown
from core.work.runs.insertion import insert
from core.work.runs.tables import PARAMS, STUDY_ATTRIBUTES, TRIALS, USER_ATTRIBUTES

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

FACTS = "run"
"""Attribute of a trial that holds the facts of its run; trials without it are not ours."""

_CHANGE = "run:"
_SECONDS_TO_WAIT = 10
_ROWS_AT_ONCE = 500
_TRIES_TO_OPEN = 5
_TRIES_TO_WRITE = 5


@dataclass(frozen=True, slots=True)
class Row:
    """A recorded run as the database has it.

    Parameters
    ----------
    trial_id, study_id : int
    facts : object
        What the attribute `run` holds.
    values : dict of str to object
        Parameters of the trial.
    """

    trial_id: int
    study_id: int
    facts: Any
    values: dict[str, Any]


class Database:
    """Where trials lie; opened when it is first needed, and again after a failure.

    Parameters
    ----------
    url : str
        SQLAlchemy's address, such as `sqlite:///runs.sqlite3` or `postgresql+psycopg://user@host/runs`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._storage: RDBStorage | None = None
        self._lock = threading.Lock()

    def add(self, study: str, about: dict[str, str], trials: Sequence["FrozenTrial"]) -> tuple[int, list[int]]:
        """Add trials to one study, all in one transaction.

        Parameters
        ----------
        study : str
            Its name; made where there is none yet.
        about : dict of str to str
            What a new study says of itself.
        trials : sequence of FrozenTrial

        Returns
        -------
        study_id : int
        trial_ids : list of int
            In order.
        """
        with self._as_sentence():
            storage = self._opened()
            study_id = _study(storage, study, about)
            return study_id, _inserted(storage.engine, study_id, trials)

    def trials(self) -> dict[int, int]:
        """List the runs that are there.

        Returns
        -------
        dict of int to int
            Study by trial.
        """
        return dict(self._read(_our_trials()))

    def rows(self, trials: dict[int, int]) -> Iterator[list[Row]]:
        """Read runs, some hundreds at a time.

        Parameters
        ----------
        trials : dict of int to int
            Study by trial.

        Yields
        ------
        list of Row
        """
        wanted = sorted(trials)
        for first in range(0, len(wanted), _ROWS_AT_ONCE):
            some = wanted[first : first + _ROWS_AT_ONCE]
            facts = self._read(_facts_of(some))
            values = _values(self._read(_params_of(some)))
            yield [Row(trial, trials[trial], json.loads(text), values.get(trial, {})) for trial, text in facts]

    def find(self, run_id: str) -> Row | None:
        """Look one run up without reading the others.

        Parameters
        ----------
        run_id : str
            32 hexadecimal digits.

        Returns
        -------
        Row or None
        """
        # Facts are JSON as Python writes it, and an id holds no sign that means something to LIKE.
        found = _our_trials().where(USER_ATTRIBUTES.c.value_json.like(f'%"id": "{run_id}"%'))
        rows = [row for some in self.rows(dict(self._read(found))) for row in some]
        return next((row for row in rows if isinstance(row.facts, dict) and row.facts.get("id") == run_id), None)

    def changes(self) -> dict[str, dict[str, Any]]:
        """Read what was changed of runs after they were recorded.

        Returns
        -------
        dict of str to dict
            Values by name, by run.
        """
        columns = STUDY_ATTRIBUTES.c
        query = sa.select(columns.key, columns.value_json).where(columns.key.like(f"{_CHANGE}%"))
        found: dict[str, dict[str, Any]] = {}
        for key, text in self._read(query):
            _, run_id, name = key.split(":", 2)
            found.setdefault(run_id, {})[name] = json.loads(text)
        return found

    def change(self, study_id: int, run_id: str, name: str, value: Any) -> None:
        """Change one fact of a run: Optuna allows none in a finished trial, so its study holds them.

        Parameters
        ----------
        study_id : int
        run_id, name : str
        value : object
            Fit for JSON.
        """
        with self._as_sentence():
            self._opened().set_study_user_attr(study_id, f"{_CHANGE}{run_id}:{name}", value)

    def close(self) -> None:
        """Let go of all connections; the next call opens new ones."""
        with self._lock:
            if self._storage is not None:
                self._storage.scoped_session.remove()
                self._storage.engine.dispose()
                self._storage = None

    def _read(self, query: Any) -> Sequence[Any]:
        with self._as_sentence():
            engine = self._opened().engine
            with engine.connect() as connection:
                return connection.execute(query).all()

    def _opened(self) -> "RDBStorage":
        with self._lock:
            if self._storage is None:
                self._storage = _open(self._url)
            return self._storage

    @contextmanager
    def _as_sentence(self) -> Iterator[None]:
        from optuna.exceptions import OptunaError

        try:
            yield
        except (OptunaError, SQLAlchemyError, OSError, ImportError, RuntimeError, KeyError, ValueError) as error:
            raise RecordError(_sentence(error, self._url)) from error


def _our_trials() -> Any:
    finished = TRIALS.c.state == "COMPLETE"
    query = sa.select(TRIALS.c.trial_id, TRIALS.c.study_id).join_from(
        TRIALS, USER_ATTRIBUTES, USER_ATTRIBUTES.c.trial_id == TRIALS.c.trial_id
    )
    return query.where(USER_ATTRIBUTES.c.key == FACTS, finished)


def _facts_of(trials: list[int]) -> Any:
    columns = USER_ATTRIBUTES.c
    chosen = sa.select(columns.trial_id, columns.value_json).where(columns.key == FACTS, columns.trial_id.in_(trials))
    return chosen.order_by(columns.trial_id)


def _params_of(trials: list[int]) -> Any:
    return sa.select(*PARAMS.c).where(PARAMS.c.trial_id.in_(trials))


def _values(rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
    values: dict[int, dict[str, Any]] = {}
    for trial, name, value, text in rows:
        values.setdefault(trial, {})[name] = _known(text).to_external_repr(value)
    return values


@functools.lru_cache(maxsize=1024)
def _known(text: str) -> "BaseDistribution":
    from optuna.distributions import json_to_distribution

    return json_to_distribution(text)


def _study(storage: "RDBStorage", name: str, about: dict[str, str]) -> int:
    from optuna.exceptions import DuplicatedStudyError
    from optuna.study import StudyDirection

    with suppress(KeyError):
        return storage.get_study_id_from_name(name)
    with suppress(DuplicatedStudyError):  # another process was faster
        study_id = storage.create_new_study([StudyDirection.MAXIMIZE], name)
        for key, value in about.items():
            storage.set_study_user_attr(study_id, key, value)
    return storage.get_study_id_from_name(name)


def _inserted(engine: sa.Engine, study_id: int, trials: Sequence["FrozenTrial"]) -> list[int]:
    """Insert in one transaction; whom many other writers kept out tries again, as Optuna does."""
    for _ in range(_TRIES_TO_WRITE - 1):
        with suppress(OperationalError), engine.begin() as connection:
            return insert(connection, study_id, trials)
        time.sleep(2.0 * random.random())  # noqa: S311 - so that those who were kept out do not come back together
    with engine.begin() as connection:
        return insert(connection, study_id, trials)


def _open(url: str) -> "RDBStorage":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    address = sa.engine.make_url(url)
    is_file = address.get_backend_name() == "sqlite"
    if is_file and address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    return _with_patience(lambda: optuna.storages.RDBStorage(url, engine_kwargs=_ENGINE[is_file]))


# A file is written by one process at a time: others wait, and a write begins as one, or two that read first would each wait
# for the other and SQLite would refuse one at once. A server may have restarted since a connection was last used.
_ENGINE: dict[bool, dict[str, Any]] = {
    True: {"connect_args": {"timeout": _SECONDS_TO_WAIT, "isolation_level": "IMMEDIATE"}},
    False: {"pool_pre_ping": True},
}


def _with_patience(make: Callable[[], "RDBStorage"]) -> "RDBStorage":
    """Open a record that several processes may be making at this moment: one makes a table, the others find it there."""
    for _ in range(_TRIES_TO_OPEN - 1):
        try:
            return make()
        except SQLAlchemyError as error:
            if "already exists" not in str(error) and "UNIQUE" not in str(error).upper():
                raise
            time.sleep(0.2)
    return make()


_REASONS = (
    ("database is locked", "another program holds it. Try again; if it stays so, end what has the file open"),
    ("database or disk is full", "there is no space left on its disk. Make room, then try again"),
    ("readonly database", "it may not be written to. Give the user that runs this program the right to write it"),
    ("unable to open database", "it cannot be opened. Check that its folder exists and may be written to"),
    ("not a database", "it is not a database. Move that file away, or let RUNS_URL name another"),
    ("malformed", "it is damaged. Take it from a backup"),
    ("no longer compatible", "another version of Optuna wrote it. Save a copy, then run `optuna storage upgrade`, or install that version"),
    ("No record found", "its study was deleted. Reload the page, then try again"),
)  # fmt: skip


def _sentence(error: BaseException, url: str) -> str:
    address = sa.engine.make_url(url)
    is_file = address.get_backend_name() == "sqlite"
    where = Path(address.database or "").name if is_file else address.render_as_string(hide_password=True)
    said = " ".join(str(part) for part in (error, error.__cause__) if part is not None)
    reason = next((reason for sign, reason in _REASONS if sign in said), None)
    if reason is None:
        kind = (
            "it cannot be used"
            if is_file
            else "it does not answer, or refuses. Check that it runs and what RUNS_URL says"
        )
        reason = f"{kind} ({shown(said.splitlines()[0] if said else type(error).__name__, 200)})"
    return f"The record of runs, {where}, was not read or written: {reason}."
