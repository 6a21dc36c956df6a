"""Values to JSON and back, for event logs, results, plans and runs.

A reader names the type that it expects, so no file decides what is made: no pickles, no names of classes. Types are those of
annotations: dataclasses, tuples, lists, mappings, paths, times and NumPy arrays.
"""

import base64
import functools
import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, get_origin

import msgspec
import numpy as np

from core import npy
from core.errors import CodecError, DomainsError
from core.text import shown

T = TypeVar("T")

MOST_BYTES = 64 * 2**20
"""Longest text that :func:`decode` reads by default."""


def encode(value: Any, arrays: list[np.ndarray] | None = None) -> bytes:
    """Write a value as one line of JSON.

    Parameters
    ----------
    value : object
    arrays : list of ndarray, optional
        Arrays of the value are added to it, and the line holds their index; else they are written into the line.

    Returns
    -------
    bytes
        NaN and infinity are written as Python's `json` does.

    Raises
    ------
    CodecError
        If the value holds something that is not data, such as a function or an array of objects.
    """
    return json.dumps(as_plain(value, arrays), separators=(",", ":")).encode()


def as_plain(value: Any, arrays: list[np.ndarray] | None = None) -> Any:
    """Turn a value into dicts, lists, text and numbers, for a caller who writes them.

    Parameters
    ----------
    value : object
    arrays : list of ndarray, optional
        As for :func:`encode`.

    Returns
    -------
    object

    Raises
    ------
    CodecError
        As :func:`encode`.
    """
    try:
        return msgspec.to_builtins(value, str_keys=True, enc_hook=functools.partial(_written, arrays))
    except (TypeError, ValueError, RecursionError) as error:
        raise CodecError(f"A {type(value).__name__} cannot be kept on disk: {error}.") from error


def decode(kind: type[T], data: bytes | str, arrays: list[np.ndarray] | None = None, most_bytes: int = MOST_BYTES) -> T:
    """Read what :func:`encode` wrote.

    Parameters
    ----------
    kind : type
        Type that it must have, such as a dataclass or `tuple[Path, int]`.
    data : bytes or str
    arrays : list of ndarray, optional
        Arrays that were written separately.
    most_bytes : int
        Longer text is refused.

    Returns
    -------
    object
        Of that type. An integer is taken where a float belongs; nothing else is converted.

    Raises
    ------
    CodecError
        If it is damaged or anything else: another type, a field missing or too many, a value outside its limits.
    """
    if len(data) > most_bytes:
        raise CodecError(f"It has more than {most_bytes:,} bytes, which nothing has that belongs here.")
    return from_plain(kind, parsed(data), arrays)


def parsed(data: bytes | str) -> Any:
    """Read JSON in which nothing stands twice.

    Parameters
    ----------
    data : bytes or str

    Returns
    -------
    object
        Of dicts, lists, text and numbers.

    Raises
    ------
    CodecError
        If it is no JSON, or names something twice in one place: Python's `json` would take the last, and others the first.
    """
    try:
        return json.loads(data, object_pairs_hook=_named_once)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"It is not JSON, or was cut off: {shown(error)}.") from error


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise CodecError(f"{shown(name)} stands in it twice.")
    return found


def read(kind: type[T], path: Path, most_bytes: int = MOST_BYTES) -> T:
    """Read a file that holds what :func:`encode` wrote, and nothing else.

    Parameters
    ----------
    kind : type
    path : Path
    most_bytes : int

    Returns
    -------
    object

    Raises
    ------
    CodecError
        As :func:`decode`.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return decode(kind, file.read(most_bytes + 1), most_bytes=most_bytes)


def from_plain(kind: type[T], plain: Any, arrays: list[np.ndarray] | None = None) -> T:
    """Read what :func:`as_plain` made.

    Parameters
    ----------
    kind : type
    plain : object
    arrays : list of ndarray, optional

    Returns
    -------
    object

    Raises
    ------
    CodecError
        As :func:`decode`.
    """
    try:
        value = msgspec.convert(plain, kind, str_keys=True, dec_hook=functools.partial(_made, arrays))
        _refuse_unknown(plain, msgspec.to_builtins(value, str_keys=True, enc_hook=_without_fields))
    except DomainsError as error:  # a value outside its limits
        raise CodecError(str(error)) from error
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, IndexError, RecursionError) as error:
        raise CodecError(f"It is not what belongs here: {shown(error, 200)}.") from error
    return value


def in_utc(time: datetime) -> datetime:
    """Read a point in time; one without a time zone is in UTC.

    Parameters
    ----------
    time : datetime

    Returns
    -------
    datetime
        In UTC.

    Raises
    ------
    CodecError
        If tables and time zones cannot hold it.
    """
    if not 1970 < time.year < 2262:  # as in nanoseconds of 64 bits, with a year to spare for time zones
        raise CodecError(f"It is of the year {time.year}, when nothing was written that belongs here.")
    if time.tzinfo is UTC:
        return time
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _written(arrays: list[np.ndarray] | None, value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise ValueError("an array of objects needs pickle")
        if arrays is None:
            return _array_as_text(value)
        arrays.append(value)
        return len(arrays) - 1
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"it holds a {type(value).__name__}")


def _without_fields(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else None


def _made(arrays: list[np.ndarray] | None, kind: type[Any], plain: Any) -> Any:
    if issubclass(get_origin(kind) or kind, np.ndarray):
        return _array_from_text(plain) if arrays is None else arrays[_index(plain)]
    if issubclass(kind, Path) and isinstance(plain, str):
        return Path(plain)
    raise ValueError(f"a {type(plain).__name__} is no {kind.__name__}")


def _index(plain: Any) -> int:
    if type(plain) is not int or plain < 0:
        raise ValueError(f"{shown(plain)} is not the index of an array")
    return plain


def _refuse_unknown(plain: Any, known: Any) -> None:
    """Refuse fields that a type does not have, since they may have mattered to the writer."""
    if isinstance(plain, dict) and isinstance(known, dict):
        for name, value in plain.items():
            if name not in known:
                raise CodecError(f"It holds `{shown(name)}`, which this version of the program does not know.")
            _refuse_unknown(value, known[name])
    elif isinstance(plain, list | tuple) and isinstance(known, list | tuple):
        for one, other in zip(plain, known, strict=True):
            _refuse_unknown(one, other)


def _array_as_text(array: np.ndarray) -> str:
    return base64.b64encode(npy.as_bytes(array)).decode()


def _array_from_text(text: Any) -> np.ndarray:
    return npy.from_bytes(base64.b64decode(text, validate=True))
