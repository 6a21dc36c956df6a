"""The runs that this process has read; only new or changed ones are read again."""

import logging
import threading
from collections.abc import Callable

from core.errors import RecordError
from core.work.runs.database import Database
from core.work.runs.run import Run
from core.work.runs.tables import Row, run_from

OnRead = Callable[[int, int], object]
"""Called as `on_read(n_read, n_new)` while runs are read."""

_LOG = logging.getLogger(__name__)


class Known:
    """Runs of one database, including deleted ones; may be used by several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._runs: dict[str, Run | None] = {}  # None where a row holds no run
        self._n_rows = 0
        self._until = 0

    def now(self, on_read: OnRead | None = None) -> list[Run]:
        """Read new and changed runs, and list all."""
        with self._lock:
            self._catch_up(on_read or _say_nothing)
            return [run for run in self._runs.values() if run is not None]

    @property
    def n_damaged(self) -> int:
        """Number of rows that hold no run, as far as they were read."""
        with self._lock:
            return self._n_rows - sum(run is not None for run in self._runs.values())

    def _catch_up(self, on_read: OnRead) -> None:
        now = self._database.standing(self._until)
        n_read = 0
        for rows in self._database.rows(self._until, now.n_changes):
            self._runs |= {row["id"]: _run_or_none(row) for row in rows}
            n_read += len(rows)
            on_read(n_read, now.n_new)
        replaced = now.n_changes < self._until or len(self._runs) > now.n_runs
        self._until, self._n_rows = now.n_changes, now.n_runs
        if replaced:  # a backup was restored, or rows were deleted by hand
            self._runs, self._until = {}, 0
            self._catch_up(on_read)


def _run_or_none(row: Row) -> Run | None:
    try:
        return run_from(row)
    except RecordError as error:
        _LOG.warning("Run %s of the record was passed over: %s", row["id"], error)
        return None


def _say_nothing(n_read: int, n_new: int) -> None:
    del n_read, n_new
