"""Errors of a database as one sentence, with a remedy and without its password."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.errors import RecordError
from core.text import shown

_REASONS = (
    ("database is locked", "another program holds it. Try again; if it stays so, end what has the file open"),
    ("database or disk is full", "there is no space left on its disk. Make room, then try again"),
    ("readonly database", "it may not be written to. Give the user that runs this program the right to write it"),
    ("unable to open database", "it cannot be opened. Check that its folder exists and may be written to"),
    ("not a database", "it is not a database. Move that file away, or let {setting} name another"),
    ("the file is empty", "it is empty, so all runs in it are lost. Take it from a backup, or delete the file to begin anew"),
    ("malformed", "it is damaged. Take it from a backup"),
    ("newer version of this program", "a newer version of this program wrote it. Install that version"),
    ("no longer compatible", "another version of Optuna wrote it. Save a copy, then run `optuna storage upgrade`, or install that version"),
)  # fmt: skip


@contextmanager
def as_sentence(url: str, what: str = "The record of runs", setting: str = "RUNS_URL") -> Iterator[None]:
    """Turn database errors inside this block into one sentence.

    Parameters
    ----------
    url : str
        SQLAlchemy's address of the database.
    what : str
        What the database holds.
    setting : str
        Name of the setting with its address.

    Raises
    ------
    RecordError
    """
    try:
        yield
    except (SQLAlchemyError, OSError, ImportError, RuntimeError, KeyError, ValueError) as error:
        said = " ".join(map(str, _chain(error)))
        raise RecordError(f"{what}, {where(url)}, was not read or written: {_reason(said, url, setting)}.") from error


def where(url: str) -> str:
    """Name a database by its file, or by its address without the password."""
    try:
        address = sa.engine.make_url(url)
    except SQLAlchemyError:
        return shown(url, 40)
    is_file = address.get_backend_name() == "sqlite"
    return Path(address.database or "").name if is_file else address.render_as_string(hide_password=True)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _reason(said: str, url: str, setting: str) -> str:
    reason = next((reason for sign, reason in _REASONS if sign in said), None)
    if reason is not None:
        return reason.format(setting=setting)
    first_line = shown(said.splitlines()[0] if said else "no reason was given", 200)
    if url.startswith("sqlite"):
        return f"it cannot be used ({first_line})"
    return f"it does not answer, or refuses. Check that it runs and what {setting} says ({first_line})"
