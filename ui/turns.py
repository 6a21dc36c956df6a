"""Whose redraw is worked on, on a server that many people share.

Python runs one thread at a time. Twenty redraws side by side hand it to each other after every message that they send, and all
of them are late. One after the other, each is done soon, and all together take less.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.method.threads import one_thread_from_now_on

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
        self._lock = threading.Lock()
        self._line: deque[threading.Event] = deque()
        self._holder: threading.Event | None = None
        self._free_at = 0.0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the place, hold it, and leave it, however the work ends.

        Yields
        ------
        None
        """
        me = threading.Event()
        self._come_in(me)
        try:
            yield
        finally:
            self._leave(me)

    def _come_in(self, me: threading.Event) -> None:
        with self._lock:
            self._line.append(me)
        while not self._takes(me):
            me.wait(self._seconds_to_wait(me))
            me.clear()

    def _takes(self, me: threading.Event) -> bool:
        with self._lock:
            if self._line[0] is not me or time.monotonic() < self._free_at:
                return False
            self._line.popleft()
            self._holder, self._free_at = me, time.monotonic() + self._most_seconds
            self._wake_the_first()  # who until now waited to be the first waits for the time from now on
            return True

    def _seconds_to_wait(self, me: threading.Event) -> float | None:
        with self._lock:
            return max(0.0, self._free_at - time.monotonic()) if self._line[0] is me else None

    def _leave(self, me: threading.Event) -> None:
        with self._lock:
            if self._holder is me:
                self._free_at = 0.0
                self._wake_the_first()

    def _wake_the_first(self) -> None:
        if self._line:
            self._line[0].set()


@st.cache_resource(show_spinner=False)
def of_this_server() -> Turns:
    """Give the place that all sessions share; from then on numpy works in one thread, as Python does.

    Returns
    -------
    Turns
    """
    one_thread_from_now_on()
    return Turns()
