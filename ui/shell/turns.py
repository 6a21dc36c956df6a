"""Redraws take turns on a server that many people share.

Python runs one thread at a time. Twenty redraws at once switch threads after every message that they send, and all of them
are late. One after the other, each ends early, and all together take less time. Fragments that redraw themselves take no
turn, because Streamlit runs them without the page.
"""

import functools
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_MOST_SECONDS = 0.5


class Turns:
    """A lock for redraws, taken in the order of arrival and held for a limited time.

    Parameters
    ----------
    most_seconds : float
        A redraw holds the turn for at most this time, and then runs beside the next one, so that a large tissue does not
        block others for longer.
    """

    def __init__(self, most_seconds: float = _MOST_SECONDS) -> None:
        self._most_seconds = most_seconds
        self._changed = threading.Condition()
        self._line: deque[object] = deque()
        self._holder: object = None
        self._free_at = 0.0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn, hold it, and release it however the work ends."""
        me = threading.current_thread()
        if self._holder is me:  # a part of the page inside the page
            yield
            return
        self._take(me)
        try:
            yield
        finally:
            self._leave(me)

    def _take(self, me: object) -> None:
        with self._changed:
            self._line.append(me)
            while self._line[0] is not me or self._free_at > time.monotonic():
                self._changed.wait(self._free_at - time.monotonic() if self._line[0] is me else None)
            self._line.popleft()
            self._holder, self._free_at = me, time.monotonic() + self._most_seconds
            self._changed.notify_all()  # the new first in line now waits with this time limit

    def _leave(self, me: object) -> None:
        with self._changed:
            if self._holder is me:  # it may be another redraw, if the time of this one was over
                self._holder, self._free_at = None, 0.0
                self._changed.notify_all()


@functools.cache
def of_this_server() -> Turns:
    """Give the turns that all sessions share."""
    return Turns()
