"""Whose page is worked on, on a server that many people share.

Python runs one thread at a time. Twenty redraws side by side hand it to each other after every message that they send, and all
of them are late. One after the other, each is done soon, and all together take less. Fragments of a page that draw themselves
again go beside: Streamlit runs them without the page.
"""

import functools
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_MOST_SECONDS = 0.5


class Turns:
    """One place, taken in the order of arrival.

    Parameters
    ----------
    most_seconds : float
        So long a place is kept at most; the redraw then goes on beside the next one. A large tissue that takes its time holds
        nobody up for longer.
    """

    def __init__(self, most_seconds: float = _MOST_SECONDS) -> None:
        self._most_seconds = most_seconds
        self._changed = threading.Condition()
        self._line: deque[object] = deque()
        self._holder: object = None
        self._free_at = 0.0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the place, hold it, and leave it, however the work ends."""
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
            self._changed.notify_all()  # who is the first now waits for the time from now on

    def _leave(self, me: object) -> None:
        with self._changed:
            if self._holder is me:  # and not one that came when its time was over
                self._holder, self._free_at = None, 0.0
                self._changed.notify_all()


@functools.cache
def of_this_server() -> Turns:
    """Give the place that all sessions share."""
    return Turns()
