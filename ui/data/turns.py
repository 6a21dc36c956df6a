"""Redraws, and runs of the method beside the pages, take turns where many people share a server.

Python runs one thread at a time. Twenty redraws at once switch threads after every message that they send, and all of them
are late. One after the other, each ends early, and all together take less time. The same holds for runs of the method on few processors. Whoever had no turn for longest comes next, address by
address and then person by person, so that many tabs of one make nobody else wait. What is told of a picture comes after the
pictures of others. Fragments that redraw themselves take no turn, because Streamlit runs them without the page.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ui.data.seats import NotWantedError, Person

_MOST_SECONDS = 0.5
_MOST_SECONDS_BEHIND = 3.0
_SECONDS_BETWEEN_LOOKS = 0.25  # who comes next changes with time alone, too, and nobody says so then
_MOST_REMEMBERED = 1000
_NOBODY = Person()


@dataclass(frozen=True, slots=True)
class _Waiting:
    thread: object
    person: Person
    behind_until: float  # seconds of the monotonic clock: until then others come first


class Turns:
    """A lock, taken by people in turn, and by each in the order of arrival, and held for a limited time.

    Parameters
    ----------
    most_seconds : float
        A redraw holds the turn for at most this time, and then runs beside the next one, so that a large tissue does not
        block others for longer.
    """

    def __init__(self, most_seconds: float = _MOST_SECONDS) -> None:
        self._most_seconds = most_seconds
        self._changed = threading.Condition()
        self._line: list[_Waiting] = []
        self._last: dict[object, int] = {}  # number of the last turn of a person, and of a place
        self._n_turns = 0
        self._holder: object = None
        self._free_at = 0.0

    @contextmanager
    def taken(
        self, person: Person = _NOBODY, *, behind: bool = False, is_wanted: Callable[[], bool] = lambda: True
    ) -> Iterator[None]:
        """Wait for the turn, hold it, and release it however the work ends.

        What can wait lets others go first for some seconds, with `behind`. Raises `NotWantedError` once nobody wants to wait.
        """
        me = threading.current_thread()
        if self._holder is me:  # a part of the page inside the page
            yield
            return
        self._take(me, person, behind=behind, is_wanted=is_wanted)
        try:
            yield
        finally:
            self._leave(me)

    @contextmanager
    def lent(self, person: Person = _NOBODY) -> Iterator[None]:
        """Let others have the turn, where this thread has it, while it waits for something; it stands in line for it again."""
        me = threading.current_thread()
        if self._holder is not me:
            yield
            return
        self._leave(me)
        yield  # and if what it waited for, or the redraw itself, came to nothing, it wants no turn
        self._take(me, person)

    def _take(
        self, thread: object, person: Person, *, behind: bool = False, is_wanted: Callable[[], bool] = lambda: True
    ) -> None:
        me = _Waiting(thread, person, time.monotonic() + (_MOST_SECONDS_BEHIND if behind else 0.0))
        with self._changed:
            self._line.append(me)
            while (is_later := self._next() is not me) or self._free_at > time.monotonic():
                if not is_wanted():
                    self._line.remove(me)
                    self._changed.notify_all()  # it may have been the next one
                    raise NotWantedError
                left = _SECONDS_BETWEEN_LOOKS if is_later else self._free_at - time.monotonic()
                self._changed.wait(min(left, _SECONDS_BETWEEN_LOOKS))
            self._line.remove(me)
            self._count(person)
            self._holder, self._free_at = thread, time.monotonic() + self._most_seconds
            self._changed.notify_all()  # the next one now waits with this time limit

    def _next(self) -> _Waiting:
        now = time.monotonic()
        return min(
            self._line,
            key=lambda one: (one.behind_until > now, *(self._last.get(key, 0) for key in _keys(one.person))),
        )

    def _count(self, person: Person) -> None:
        self._n_turns += 1
        for key in _keys(person):
            self._last.pop(key, None)
            self._last[key] = self._n_turns
        while len(self._last) > _MOST_REMEMBERED:
            del self._last[next(iter(self._last))]  # the one whose last turn was longest ago

    def _leave(self, me: object) -> None:
        with self._changed:
            if self._holder is me:  # it may be another redraw, if the time of this one was over
                self._holder, self._free_at = None, 0.0
                self._changed.notify_all()


def _keys(person: Person) -> tuple[object, object]:
    """Name the address of somebody, which is his alone where it is not known, and himself."""
    return ("at", person.place) if person.place else ("of", person.who), ("who", person.who)


@functools.cache
def of_redraws() -> Turns:
    """Give the turns that redraws of all sessions share."""
    return Turns()


@functools.cache
def of_runs() -> Turns:
    """Give the turns of runs of the method beside the pages: their threads need no redraw to end."""
    return Turns()
