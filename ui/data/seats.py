"""How much of the server's own time one person has: in many tabs, by links that each begin another run, it would be all of it.

Whoever runs the method in the server holds a seat for as long. One person has few, and all people of one address four times as many
where nobody signs in; who asks for more waits for his own runs, and nobody waits for those of others.
"""

import functools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.work.board.limits import most_at_a_place
from ui.data import user

_MOST = 2
_SECONDS_BETWEEN_LOOKS = 0.25


class NotWantedError(Exception):
    """Ends a run that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, and from where; nobody where both are empty, as while the server starts."""

    who: str = ""
    place: str = ""

    @classmethod
    def here(cls) -> "Person":
        """Look up whose session runs this thread."""
        return cls() if get_script_run_ctx() is None else cls(user.who(), user.place())


class Seats:
    """Seats by person and by address.

    Parameters
    ----------
    most : int
        Of one person.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._held: Counter[str] = Counter()
        self._held_at: Counter[str] = Counter()
        self._mine = threading.local()

    @contextmanager
    def taken(self, person: Person, is_wanted: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """Wait for a seat, and hold it; a thread that has one needs no other. Raises `NotWantedError` once nobody wants to wait."""
        if not person.who or getattr(self._mine, "held", False):
            yield
            return
        with self._changed:
            while not self._is_free(person):
                if not is_wanted():
                    raise NotWantedError
                self._changed.wait(_SECONDS_BETWEEN_LOOKS)
            self._count(person, 1)
        self._mine.held = True
        try:
            yield
        finally:
            self._mine.held = False
            with self._changed:
                self._count(person, -1)
                self._changed.notify_all()

    def _is_free(self, person: Person) -> bool:
        at_place = self._held_at[person.place] if person.place else 0
        return self._held[person.who] < self._most and at_place < most_at_a_place(self._most)

    def _count(self, person: Person, n: int) -> None:
        for held, key in ((self._held, person.who), (self._held_at, person.place)):
            held[key] += n
            if not held[key]:
                del held[key]  # names come and go


@functools.cache
def of_this_server() -> Seats:
    """Give the seats that all sessions share."""
    return Seats()
