"""Damage to what is stored, the same for every store: each field of a JSON text, and the bytes of any file."""

import copy
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

MISSING = object()
"""Stands for a field that is left out."""

_DEEP = "@deep {}@"
_DEPTHS = (300, 3000, 200_000)

WRONG: dict[str, Any] = {
    "missing": MISSING,
    "null": None,
    "text": "wrong",
    "no text": "",
    "unprintable text": "a\0b\ud800\u202e\n",
    "long text": "x" * 20_000,
    "below": -1,
    "fraction": 0.5,
    "large": 10**6,
    "larger": 10**30,
    "largest": 10**400,
    "too large for a float": 1e308,
    "NaN": math.nan,
    "infinity": math.inf,
    "truth": True,
    "list": [],
    "list of lists": [[[]]],
    "many": [0] * 2000,
    "names": {"x": {}},
    **{f"nested {depth:,} deep": _DEEP.format(depth) for depth in _DEPTHS},
}


@dataclass(frozen=True)
class Damaged:
    """A JSON text with one wrong field."""

    where: tuple[str | int, ...]
    what: str
    text: bytes

    @property
    def value(self) -> Any:
        """The wrong value."""
        return WRONG[self.what]

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.where))} is {self.what}"


def damaged_fields(plain: Any) -> Iterator[Damaged]:
    """Put each wrong value into each field, nested ones too; of lists into the first element."""
    for where in _places(plain):
        before = _at(plain, where)
        for what, wrong in WRONG.items():
            if not _same(before, wrong):
                yield Damaged(where, what, _as_text(_with(plain, where, wrong)))


def kept(damaged: Damaged, before: Any, again: Any) -> bool:
    """Whether a reader that took a damaged text took what stands there: a value of the field's kind, or none where none is needed."""
    what, wrong, old = damaged.what, damaged.value, _at(before, damaged.where)
    try:
        new = _at(again, damaged.where)
    except (KeyError, IndexError):
        return wrong is MISSING or not wrong
    if wrong is MISSING and isinstance(damaged.where[-1], int):
        return True  # a shorter list
    if wrong is MISSING or wrong is None:
        return new in (None, "", 0, False, [], {}, ()) or _same(new, old)
    if what == "unprintable text":
        return isinstance(old, str) and isinstance(new, str) and len(new) == len(wrong)
    return (old is None or _kind(wrong) == _kind(old)) and _same(new, wrong)


def torn(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Cut a file off at several places, empty it, blank its end, and turn bits all over it."""
    for share in (0, 0.01, 0.25, 0.5, 0.75, 0.99):
        yield f"cut off at {share:.0%}", data[: int(len(data) * share)]
        yield f"blank from {share:.0%}", data[: int(len(data) * share)] + bytes(len(data) - int(len(data) * share))
    yield "one byte too few", data[:-1]
    yield "more at the end", data + b"more"
    random = np.random.default_rng(0)
    for place, bit in zip(random.integers(0, len(data), 60).tolist(), random.integers(0, 8, 60).tolist(), strict=True):
        yield f"bit {bit} of byte {place}", data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


@contextmanager
def in_a_sentence(error: type[Exception], *what: object) -> Iterator[None]:
    """A block that may end in an error of this kind, whose text people can read, and in no other."""
    try:
        yield
    except error as told:
        if not is_sentence(str(told)):
            raise AssertionError(f"{what}: {told}") from told


def is_sentence(text: str) -> bool:
    """Whether text can be shown to people: one line, not too long, with an end."""
    return text.endswith(".") and "\n" not in text and 20 < len(text) < 900


def _places(plain: Any, where: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if where:
        yield where
    inner = plain.items() if isinstance(plain, dict) else enumerate(plain[:1]) if isinstance(plain, list) else ()
    for name, value in inner:
        yield from _places(value, (*where, name))


def _at(plain: Any, where: tuple[str | int, ...]) -> Any:
    for name in where:
        plain = plain[name]
    return plain


def _with(plain: Any, where: tuple[str | int, ...], value: Any) -> Any:
    changed = copy.deepcopy(plain)
    owner = _at(changed, where[:-1])
    if value is MISSING:
        del owner[where[-1]]
    else:
        owner[where[-1]] = value
    return changed


def _as_text(plain: Any) -> bytes:
    text = json.dumps(plain)
    for depth in _DEPTHS:
        text = text.replace(f'"{_DEEP.format(depth)}"', "[" * depth + "]" * depth)
    return text.encode()


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | float):
        return "number" if not isinstance(value, float) or math.isfinite(value) else "no number"
    return type(value).__name__


def _same(one: Any, other: Any) -> bool:
    if _kind(one) == _kind(other) == "number":
        return bool(
            one == other or (max(abs(one), abs(other)) < 1e300 and float(one) == float(other))
        )  # JSON has one kind of number
    return type(one) is type(other) and (one == other or (one != one and other != other))
