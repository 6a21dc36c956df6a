"""What can still be read of a damaged record in SQLite, written as a new one.

Nothing that leads to the rows is trusted: not the first page, which says where the table is, nor its index, nor the pages between.
Each page that can hold rows of a table is read as if the table were this page alone. Pages that are no longer in use may hold a
row as it was earlier, so of several rows of one run the one that was changed last counts.
"""

import contextlib
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.errors import RecordError
from core.io.drafts import private_folder
from core.text import shown
from core.work.runs.database import Database
from core.work.runs.sentences import where
from core.work.runs.tables import RUNS, Row, run_from

# https://www.sqlite.org/fileformat2.html: the header of a file, and the first byte of a page with rows.
_MAGIC, _HEADER_BYTES, _PAGE_BYTES = b"SQLite format 3\x00", 100, 4096
_SIZE_AT, _PAGES_AT, _FREE_AT = 16, 28, 32
_WITH_ROWS = 0x0D
_COLUMNS = ", ".join(f'"{column.name}"' for column in RUNS.c)
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found.

    Parameters
    ----------
    n_runs : int
        Runs that were written.
    n_unread : int
        Rows that hold no run any more, and pages with rows of which not all could be read.
    """

    n_runs: int
    n_unread: int


def recover(url: str, out: Path) -> Recovered:
    """Write what can be read of a record into a new file.

    Parameters
    ----------
    url : str
        SQLAlchemy's address of the record, which stays as it is.
    out : Path
        Must not exist.

    Returns
    -------
    Recovered

    Raises
    ------
    RecordError
        If the record is no file, there is something at `out`, no run is found, or a file cannot be read or written.
    """
    source = _file_of(url)
    if out.exists():
        raise RecordError(f"{out.name} exists already: name a file that does not.")
    try:
        with private_folder() as folder:
            found, n_unread = _found_in(_prepared(source, Path(folder)))
    except OSError as error:
        raise RecordError(f"{source.name} cannot be read: {error.strerror or error}.") from error
    if not found:
        raise RecordError(f"No run can be read in {source.name}: take the record from a backup.")
    rows = [row for _, row in sorted(found.values(), key=lambda one: one[0])]
    new = Database(f"sqlite:///{out.absolute()}")
    try:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            new.add(rows[start : start + _ROWS_AT_ONCE])
    finally:
        new.close()
    return Recovered(len(rows), n_unread)


def _file_of(url: str) -> Path:
    address = sa.engine.make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise RecordError(f"The record, {where(url)}, is no file: take it from a backup that `pg_dump` made.")
    path = Path(address.database)
    if not path.is_file():
        raise RecordError(
            f"There is no record {shown(path)}: name its folder with --models, or its address with RUNS_URL."
        )
    return path


def _prepared(source: Path, folder: Path) -> Path:
    """Copy the file, and give the copy a first page that says nothing of what is in it."""
    copy, journal = folder / "record.sqlite3", source.with_name(f"{source.name}-journal")
    shutil.copyfile(source, copy)
    if journal.is_file():  # of a writer that was killed: SQLite takes back what it had begun
        shutil.copyfile(journal, copy.with_name(f"{copy.name}-journal"))
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(copy)) as rows:
            rows.execute("SELECT count(*) FROM sqlite_master").fetchall()
        copy.with_name(f"{copy.name}-journal").unlink(missing_ok=True)
    with copy.open("r+b") as file:
        n_bytes = _page_bytes(file.read(_HEADER_BYTES))
        first = bytearray(_first_page(folder, n_bytes))
        n_pages = max(2, copy.stat().st_size // n_bytes)
        first[_PAGES_AT : _PAGES_AT + 4] = struct.pack(">I", n_pages)
        first[_FREE_AT : _FREE_AT + 8] = bytes(8)
        file.seek(0)
        file.write(first)
        file.truncate(n_pages * n_bytes)
    return copy


def _page_bytes(header: bytes) -> int:
    (said,) = struct.unpack_from(">H", header.ljust(_HEADER_BYTES, b"\0"), _SIZE_AT)
    said = 1 << 16 if said == 1 else said
    is_size = header.startswith(_MAGIC) and said >= 512 and not said & (said - 1)
    return said if is_size else _PAGE_BYTES


def _first_page(folder: Path, n_bytes: int) -> bytes:
    """Make the first page of a file that has the table of runs and nothing else."""
    path = folder / "empty.sqlite3"
    columns = ", ".join(f'"{column.name}"' for column in RUNS.c)
    with contextlib.closing(sqlite3.connect(path)) as empty:
        empty.execute(f"PRAGMA page_size = {n_bytes}")
        empty.execute(f"CREATE TABLE runs ({columns})")
        empty.commit()
    return path.read_bytes()[:n_bytes]


def _found_in(copy: Path) -> tuple[dict[str, tuple[int, Row]], int]:
    """Read the runs on all pages, each with the number of its last change, by id."""
    found: dict[str, tuple[int, Row]] = {}
    ids_of_no_run, n_pages_cut = set[object](), 0
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as rows:
        rows.text_factory = lambda text: text.decode(errors="replace")
        rows.row_factory = sqlite3.Row
        rows.execute("PRAGMA writable_schema = ON")
        for page in _pages_with_rows(copy):
            taken, whole = _rows_on(rows, page)
            n_pages_cut += not whole
            for row in taken:
                changed, run = row.pop("changed"), _as_run(row)
                if run is None or not isinstance(changed, int):
                    ids_of_no_run.add(row["id"])
                elif changed >= found.get(run["id"], (0, {}))[0]:
                    found[run["id"]] = changed, run
    return found, len(ids_of_no_run - set(found)) + n_pages_cut


def _pages_with_rows(copy: Path) -> Iterator[int]:
    with copy.open("rb") as file:
        n_bytes = _page_bytes(file.read(_HEADER_BYTES))
        for page in range(2, copy.stat().st_size // n_bytes + 1):
            file.seek((page - 1) * n_bytes)
            if file.read(1) == bytes([_WITH_ROWS]):
                yield page


def _rows_on(rows: sqlite3.Connection, page: int) -> tuple[list[dict[str, Any]], bool]:
    """Read the rows of one page, from its end, too, where one of them is damaged; and say whether these are all."""
    found: dict[int, dict[str, Any]] = {}
    try:
        rows.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = 'runs'", (page,))
        rows.execute("PRAGMA writable_schema = RESET")
        rows.execute("PRAGMA writable_schema = ON")
    except sqlite3.Error:
        return [], False
    whole = True
    for order in ("ASC", "DESC"):
        try:
            for row in rows.execute(f"SELECT rowid AS number, {_COLUMNS} FROM runs ORDER BY rowid {order}"):  # noqa: S608 - names of our own
                values = dict(row)
                found[values.pop("number")] = values
        except (sqlite3.Error, OverflowError):
            whole = False
            continue
        break
    # Of other tables, and of pages that only look as if they had rows, nothing fits.
    kept = [row for row in found.values() if isinstance(row["params"], str) and isinstance(row["facts"], str)]
    return kept, whole or not kept


def _as_run(row: dict[str, Any]) -> Row | None:
    made = row | {name: bool(row[name]) for name in ("starred", "deleted")}
    try:
        run_from(made)
    except RecordError:
        return None
    return made
