"""The runs that this process has read; only new or changed ones are read again."""

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any

from core import codec
from core.errors import CodecError, RecordError
from core.work.runs.database import Database, Unreadable
from core.work.runs.run import Run
from core.work.runs.tables import Row, run_from

OnRead = Callable[[int, int], object]
"""Called as `on_read(n_read, n_new)` while runs are read."""

_ROW = "The database cannot read its row."
_ASTRAY = "The number of its last change is damaged."

_LOG = logging.getLogger(__name__)


class Known:
    """Runs of one database, including deleted ones; may be used by several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._runs: dict[Any, Run | None] = {}  # None where a row holds no run
        self._problems: dict[Any, str] = {}
        self._owners: dict[Any, str] = {}  # of rows that hold no run, where they say whose it was
        self._dismissed: set[Any] = set()
        self._astray: dict[str, str] = {}
        self._n_rows = 0
        self._until = 0

    def now(self, on_read: OnRead | None = None) -> list[Run]:
        """Read new and changed runs, and list all."""
        with self._lock:
            self._catch_up(on_read or _say_nothing)
            return [run for run in self._runs.values() if run is not None]

    @property
    def damaged(self) -> dict[str, str]:
        """What is wrong with rows that hold no run, as a sentence by id."""
        with self._lock:
            named = {key for key, run in self._runs.items() if run is None} - self._dismissed
            return {str(key): problem for key, problem in self._problems.items() if key in named} | self._astray

    @property
    def owners_of_damaged(self) -> dict[str, str]:
        """Whose runs the rows were that hold none any more and are not dismissed, by id, where they still say it."""
        with self._lock:
            return {str(key): who for key, who in self._owners.items() if key not in self._dismissed}

    @property
    def dismissed(self) -> list[str]:
        """Ids of rows that hold no run and are not named any more."""
        with self._lock:
            return sorted(map(str, self._dismissed))

    def _catch_up(self, on_read: OnRead) -> None:
        now = self._database.standing(self._until)
        n_read = 0
        for rows in self._database.rows(self._until, now.n_changes):
            for row in rows:
                self._take(row)
            n_read += len(rows)
            on_read(n_read, now.n_new)
        replaced = now.n_changes < self._until or len(self._runs) > now.n_runs
        self._until, self._n_rows = now.n_changes, now.n_runs
        if replaced:  # a backup was restored, or rows were deleted by hand
            self._runs, self._problems, self._owners, self._dismissed, self._until = {}, {}, {}, set(), 0
            self._catch_up(on_read)
            return
        astray = self._database.astray(self._until) if len(self._runs) < self._n_rows else []
        self._astray = {str(key): _ASTRAY for key in astray if key not in self._runs}

    def _take(self, row: Row | Unreadable) -> None:
        """Know a run, or why there is none in its row."""
        run_id = row.id if isinstance(row, Unreadable) else row["id"]
        self._runs[run_id], self._problems[run_id] = None, _ROW
        self._owners.pop(run_id, None)
        self._dismissed.discard(run_id)
        if isinstance(row, dict):
            try:
                self._runs[run_id], self._problems[run_id] = run_from(row), ""
            except RecordError as error:
                self._problems[run_id] = str(error)
                self._look_whose(run_id, row)
        if run_id in self._dismissed:
            return
        if problem := self._problems[run_id]:
            _LOG.warning("Run %s of the record was passed over: %s", run_id, problem)

    def _look_whose(self, run_id: Any, row: Row) -> None:
        with contextlib.suppress(CodecError, TypeError, KeyError):
            who = codec.parsed(row["facts"])["who"]
            if isinstance(who, str):
                self._owners[run_id] = who
        if row["deleted"] is True:
            self._dismissed.add(run_id)


def _say_nothing(n_read: int, n_new: int) -> None:
    del n_read, n_new
