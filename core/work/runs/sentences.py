"""Errors of a database as one sentence, with a remedy and without its password."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.errors import RecordError
from core.text import counted, shown

_DAMAGED = "it is damaged. Take it from a backup"
_RECOVER = ", or end the server and save what can still be read of it: `python -m core runs recover --out new.sqlite3`"
_NOT_A_DATABASE = "it is not a database. Move that file away, or let {setting} name another"
_DAMAGE_OF_POSTGRESQL = ("XX000", "XX001", "XX002")  # internal errors, damaged data, a damaged index

_MOST_SAID = 5
_RECORD = "RUNS_URL"

_REASONS = (
    ("database is locked", "another program holds it. Try again; if it stays so, end what has the file open"),
    ("database or disk is full", "there is no space left on its disk. Make room, then try again"),
    ("readonly database", "it may not be written to. Give the user that runs this program the right to write it"),
    ("unable to open database", "it cannot be opened. Check that its folder exists and may be written to"),
    ("not a database", _NOT_A_DATABASE),
    ("the file is empty", "it is empty, so all runs in it are lost. Take it from a backup, or delete the file to begin anew"),
    ("malformed", _DAMAGED),
    ("newer version of this program", "a newer version of this program wrote it. Install that version"),
    ("no longer compatible", "another version of Optuna wrote it. Save a copy, then run `optuna storage upgrade`, or install that version"),
)  # fmt: skip

# As SQLAlchemy reads an address, a password ends at its first @; people write it as it is.
_WITH_PASSWORD = re.compile(r"(?P<before>[^:]*:(?P<slashes>/*))(?P<secret>.*)@(?P<after>.*)", re.DOTALL)
_AT_SIGN = "its password holds an @, which ends a password there. Write %40 for it in {setting}"


@contextmanager
def as_sentence(url: str, what: str = "The record of runs", setting: str = _RECORD) -> Iterator[None]:
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
        reason = _DAMAGED if is_damage(error) else _reason(said, url, setting)
        if setting == _RECORD and url.startswith("sqlite"):
            reason = _with_rescue(reason)
        raise RecordError(f"{what}, {where(url)}, was not read or written: {reason}.") from error


def where(url: str) -> str:
    """Name a database by its file, or by its address without the password.

    Parameters
    ----------
    url : str
        SQLAlchemy's address, which may be none.

    Returns
    -------
    str
        With all up to the last @ hidden where SQLAlchemy would take it for something else; never with a query, which may
        hold a password, too.
    """
    address = _address(url)
    if address is None or _is_cut(address):
        return shown(_hidden(url), 100)
    is_file = address.get_backend_name() == "sqlite"
    return Path(address.database or "").name if is_file else address.set(query={}).render_as_string(hide_password=True)


def is_damage(error: BaseException) -> bool:
    """Whether an error says that a part of the database is damaged, rather than that it cannot be reached.

    Parameters
    ----------
    error : BaseException
        Or one that it was raised from.
    """
    return any("malformed" in str(one) or _state(one) in _DAMAGE_OF_POSTGRESQL for one in _chain(error))


def of_damaged(problems: Mapping[str, str], url: str) -> str:
    """Say which runs cannot be read, why, and what to do.

    Parameters
    ----------
    problems : mapping of str to str
        What is wrong with each, as a sentence by id.
    url : str
        SQLAlchemy's address of the database.

    Returns
    -------
    str
        Empty where there are none.
    """
    if not problems:
        return ""
    said = " ".join(f"Run {shown(key, 32)}: {problem}" for key, problem in list(problems.items())[:_MOST_SAID])
    more = len(problems) - _MOST_SAID
    rest = f" So {'is' if more == 1 else 'are'} {more:,} more, which the log names." if more > 0 else ""
    many = f"{counted(len(problems), 'run')} in the record, {where(url)}, cannot be read, and so no list shows {'it' if len(problems) == 1 else 'them'}."
    return f"{many} {said}{rest} All other runs are there. Take the record from a backup."


def _with_rescue(reason: str) -> str:
    if reason == _DAMAGED:
        return f"{reason}{_RECOVER}"
    is_none = reason == _NOT_A_DATABASE.format(setting=_RECORD)
    return f"{reason}; if it was the record, take it from a backup{_RECOVER}" if is_none else reason


def _state(error: BaseException) -> str:
    """Read the code that PostgreSQL gave to an error; empty where it comes from elsewhere."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def _address(url: str) -> sa.URL | None:
    try:
        return sa.engine.make_url(url)
    except (SQLAlchemyError, ValueError):  # ValueError: of a port that is no number
        return None


def _is_cut(address: sa.URL) -> bool:
    """Whether a part of the password was taken for the host or for what follows it."""
    return address.get_backend_name() != "sqlite" and "@" in f"{address.host}{address.database}"


def _hidden(url: str) -> str:
    parts = _WITH_PASSWORD.fullmatch(url)
    if parts is None:
        return url.partition("?")[0]
    user, colon, _ = parts["secret"].partition(":")
    known = f"{user}:" if colon and parts["slashes"] == "//" else ""
    return f"{parts['before']}{known}***@{parts['after'].partition('?')[0]}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _reason(said: str, url: str, setting: str) -> str:
    if (address := _address(url)) is not None and _is_cut(address):
        return _AT_SIGN.format(setting=setting)  # the driver would name what it took for a host
    reason = next((reason for sign, reason in _REASONS if sign in said), None)
    if reason is not None:
        return reason.format(setting=setting)
    first_line = shown(said.splitlines()[0] if said else "no reason was given", 200)
    if url.startswith("sqlite"):
        return f"it cannot be used ({first_line})"
    return f"it does not answer, or refuses. Check that it runs and what {setting} says ({first_line})"
