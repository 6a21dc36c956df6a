"""How many redraws are worked on at once, on a server that many people share.

Python runs one thread at a time. Twenty redraws side by side hand it to each other after every message that they send, and all
of them are late; a few at once, the others in line, and each is done soon. With 20 sessions on two cores the median redraw took
0.4 s instead of 1.4 s (`python -m benchmarks lab`).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from dask.system import CPU_COUNT

_FEWEST, _MOST = 2, 4  # one may wait for numpy while another speaks Python; more than a few gain nothing
_PATIENCE_SECONDS = 2.0


class Turns:
    """Places for redraws, taken in the order of arrival.

    Parameters
    ----------
    n_places : int
    patience_seconds : float
        Whoever has waited so long goes in without a place: a large tissue that takes its time holds up nobody for longer.
    """

    def __init__(self, n_places: int, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._places = threading.Semaphore(n_places)
        self._patience_seconds = patience_seconds

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a place, hold it, and leave it, however the work ends.

        Yields
        ------
        None
        """
        has_place = self._places.acquire(timeout=self._patience_seconds)
        try:
            yield
        finally:
            if has_place:
                self._places.release()


@st.cache_resource(show_spinner=False)
def of_this_server() -> Turns:
    """Give the places that all sessions share.

    Returns
    -------
    Turns
    """
    return Turns(max(_FEWEST, min(CPU_COUNT, _MOST)))
