"""How long the steps of a run take: each second counts under one step, so that the steps add up to the wall."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

STEPS = ("pool", "train", "cluster")


class StepClock:
    """Wall time by step; a step inside another one takes its seconds from it."""

    def __init__(self) -> None:
        self._seconds = dict.fromkeys(STEPS, 0.0)
        self._running: list[str] = []
        self._counted_to = 0.0

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds of each step since the last reset."""
        return dict(self._seconds)

    def reset(self) -> None:
        """Count from zero."""
        self._seconds = dict.fromkeys(STEPS, 0.0)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Count what happens inside under a step, but for the steps inside it.

        Parameters
        ----------
        step : {"pool", "train", "cluster"}
        """
        self._count()
        self._running.append(step)
        try:
            yield
        finally:
            self._count()
            self._running.pop()

    def _count(self) -> None:
        now = time.perf_counter()
        if self._running:
            self._seconds[self._running[-1]] += now - self._counted_to
        self._counted_to = now
