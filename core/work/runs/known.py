"""The runs that this process has read; only new or changed ones are read again."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from core.errors import RecordError
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
            return {str(key): self._problems[key] for key, run in self._runs.items() if run is None} | self._astray

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
            self._runs, self._problems, self._until = {}, {}, 0
            self._catch_up(on_read)
            return
        astray = self._database.astray(self._until) if len(self._runs) < self._n_rows else []
        self._astray = {str(key): _ASTRAY for key in astray if key not in self._runs}

    def _take(self, row: Row | Unreadable) -> None:
        """Know a run, or why there is none in its row."""
        run_id = row.id if isinstance(row, Unreadable) else row["id"]
        self._runs[run_id], self._problems[run_id] = None, _ROW
        if isinstance(row, dict):
            try:
                self._runs[run_id], self._problems[run_id] = run_from(row), ""
            except RecordError as error:
                self._problems[run_id] = str(error)
        if problem := self._problems[run_id]:
            _LOG.warning("Run %s of the record was passed over: %s", run_id, problem)


def _say_nothing(n_read: int, n_new: int) -> None:
    del n_read, n_new
