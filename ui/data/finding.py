"""Runs of the method beside the page: how far one is, about how long it still takes, and an end before it is done.

A run goes on in a thread of its own, so that a press on the page can end the wait for it. Between two steps it looks whether
anybody still wants it; what its steps computed is kept. Whoever asks for what is being found waits for the same run.
"""

import threading
import time
from collections.abc import Callable

from core.method.early_steps import OnStep
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from ui.data import seats, turns
from ui.data.seats import NotWantedError, Person

__all__ = ["Finding", "NotWantedError", "begun"]

_BY_GENES = ("pooled", "log components", "raw factors", "embedded", "reduced", "model")
"""Steps whose work grows with the number of genes, too."""

_BY_STARTS = ("unrefined",)
_SLOWER = 2  # times as long as expected: nothing is known of such a run

Kind = tuple[str, str, str]


_took: dict[Kind, dict[str, float]] = {}
"""Seconds of each step for each spot, or for each count where genes matter."""

_lock = threading.Lock()

_running: dict[str, "Finding"] = {}
"""Runs that are not done, by the result that they find."""


class Finding:
    """A run of the method that others can look at.

    Parameters
    ----------
    key : str
        Names the result.
    sample : Sample
    params : MethodParams
    run : callable
        Runs the method, and tells of each step.
    by : str
        Who wants it first.
    """

    def __init__(
        self, key: str, sample: Sample, params: MethodParams, run: Callable[[OnStep], Result], by: str = ""
    ) -> None:
        self.key = key
        self._sample, self._params, self._run = sample, params, run
        self._kind: Kind = (params.embedding.kind, params.clustering.read_out, params.direction.method)
        self._step_begun = time.monotonic()
        self._step = ""
        self._steps: list[tuple[str, float]] = []
        self._wanted_by, self._done = {by}, threading.Event()
        self._person = Person.here()
        self._result: Result | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._work, name="finding domains", daemon=True).start()

    def done(self, seconds: float) -> bool:
        """Wait for the run for at most so long."""
        return self._done.wait(seconds)

    def wait(self) -> Result:
        """Wait for the result."""
        self._done.wait()
        return self.result()

    def result(self) -> Result:
        """Give the result of a run that is done, or raise its error."""
        if self._error is not None:
            raise self._error
        assert self._result is not None  # noqa: S101 - for the type checker
        return self._result

    def want(self, by: str = "") -> None:
        """Wait for the run, too, or again."""
        self._wanted_by.add(by)

    def leave(self, by: str = "") -> None:
        """Wait no longer: the run ends after its present step, unless others want it."""
        self._wanted_by.discard(by)

    @property
    def ended_unwanted(self) -> bool:
        """Whether the run ended before it had a result, because nobody wanted it."""
        return isinstance(self._error, NotWantedError)

    @property
    def seconds_left(self) -> float | None:
        """About how long it still takes, from runs of its kind on this server; None where none was, or this one is slower."""
        with _lock:
            took = dict(_took.get(self._kind, {}))
        if self._step not in took:
            return None
        names = list(took)
        before = sum(seconds for step, seconds in self._steps if step == self._step)  # some steps come several times
        spent = before + time.monotonic() - self._step_begun
        expected = took[self._step] * self._size(self._step)
        if spent > _SLOWER * max(expected, 1.0):
            return None
        ahead = sum(took[name] * self._size(name) for name in names[names.index(self._step) + 1 :])
        return max(0.0, expected - spent) + ahead

    def _size(self, step: str) -> int:
        starts = self._params.clustering.n_init if step in _BY_STARTS else 1
        return self._sample.n_spots * starts * (self._sample.n_genes if step in _BY_GENES else 1)

    def _work(self) -> None:
        try:
            with (
                seats.of_this_server().taken(self._person, self._is_wanted),
                turns.of_runs().taken(self._person, is_wanted=self._is_wanted),
            ):
                self._result = self._run(self._tell)
            self._end_step()
            self._remember()
        except BaseException as error:
            self._error = error
        finally:
            with _lock:
                if _running.get(self.key) is self:
                    del _running[self.key]
            self._done.set()

    def _is_wanted(self) -> bool:
        return bool(self._wanted_by)

    def _tell(self, step: str) -> None:
        if not self._is_wanted():
            raise NotWantedError
        self._end_step()
        self._step, self._step_begun = step, time.monotonic()

    def _end_step(self) -> None:
        if self._step:
            self._steps.append((self._step, time.monotonic() - self._step_begun))

    def _remember(self) -> None:
        """Keep how long steps took, in their order; those that this run found ready keep what they took before."""
        totals: dict[str, float] = {}
        for step, seconds in self._steps:
            totals[step] = totals.get(step, 0.0) + seconds
        new = {step: seconds / self._size(step) for step, seconds in totals.items()}
        with _lock:
            before = _took.get(self._kind, {})
            kept = {step: took for step, took in before.items() if step not in new}
            _took[self._kind] = {**before, **new} if set(new) <= set(before) else kept | new  # what is kept came first


def begun(key: str, by: str, begin: Callable[[], Finding]) -> Finding:
    """Join the run that finds this result already, or begin one."""
    with _lock:
        running = _running.get(key)
        if running is None:
            running = _running[key] = begin()
        running.want(by)
    return running
