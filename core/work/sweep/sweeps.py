"""Sweeps as background work: started, paused, continued, and recorded run by run.

A sweep hands the board a few tasks at a time, so that jobs of other users can begin in between. Every run is
recorded as it comes in; recorded runs are not repeated after a stop.
"""

import atexit
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from core import files
from core.errors import LimitError, ParameterError, WorkError
from core.guidance import Guidance
from core.people import called, is_same
from core.text import counted
from core.work.board.board import Board
from core.work.board.limits import most_at_a_place, most_sweeps_per_user
from core.work.runs import Record
from core.work.sweep.driver import Driver, Means, SweepSnapshot
from core.work.sweep.folder import SweepFolder, sweep_folder, sweep_folders
from core.work.sweep.outcome import Outcome, SweepStatus
from core.work.sweep.plan import Sweep
from core.work.sweep.tasks import make_runs

__all__ = ["SweepSnapshot", "Sweeps"]

_SECONDS_TO_STOP = 5.0
_SECONDS_TO_GET_HOLD, _SECONDS_BETWEEN_TRIES = 0.5, 0.02
_OF_ANOTHER = "This sweep is {who}'s, who alone may continue it on this server: change a value to start one of your own, or ask {who}."
_TOO_MANY = (
    "{who} already has {n} at work, as many as this server allows one user (SPCA_SWEEPS_PER_USER). Wait until one is done, or pause or "
    "cancel one."
)
_TOO_MANY_AT_A_PLACE = (
    "{n} of people at your address are at work, as many as this server allows one address without a sign-in (four times "
    "SPCA_SWEEPS_PER_USER). Wait until one is done, or pause or cancel one."
)
_HELD = "Another process works on this sweep ({sweep}): wait until it has ended, or end it there."


class Sweeps:
    """All sweeps of a record.

    Parameters
    ----------
    folder : Path
        Folder of their plans and events: `save_model/sweeps/`.
    board : Board
    record : Record
    models : Path
        Folder of checkpoints.
    task : callable
        The function that workers execute.
    """

    def __init__(
        self, folder: Path, board: Board, record: Record, models: Path, *, task: Callable[..., Any] = make_runs
    ) -> None:
        self._folder, self._means = folder, Means(board=board, record=record, models=models, task=task)
        self._drivers: dict[str, Driver] = {}
        self._lock = threading.Lock()
        atexit.register(self.close)  # registered after the board's, so that it runs before
        self._clear()

    def start(
        self,
        sweep: Sweep,
        who: str = "",
        owner: str = "",
        guidances: Iterable[Guidance] = (),
        may_continue: Callable[[str], bool] = lambda who: True,
    ) -> str:
        """Start a sweep, or continue an equal one.

        Parameters
        ----------
        sweep : Sweep
        who : str
            User that its runs are recorded for, unless the sweep exists already.
        owner : str
            User that its tasks on the board count for.
        guidances : iterable of Guidance
            What guides the runs of its sections, where the sweep is new.
        may_continue : callable
            Whether the user may continue a sweep that somebody has paused, cancelled or left; one that runs or is done is
            everybody's to look at, and what is missing of it is recorded for who asks now.

        Returns
        -------
        str
            Its id.

        Raises
        ------
        ParameterError
            If a knob that varies changes nothing.
        LimitError
            If the user has as many sweeps at work as `SPCA_SWEEPS_PER_USER` allows.
        WorkError
            If another process works on it, the user may not continue it, or its folder cannot be written.
        """
        sweep.check_knobs()
        folder = self._folder_of(sweep.id)
        if self._driver(sweep.id) is None:
            self._check_limit(owner)  # before anything is written
        try:
            folder.begin(sweep, who, guidances)
            with self._lock:
                self._begin(folder, who, owner, may_continue)
        except OSError as error:
            raise WorkError(
                f"The sweep cannot be written to {folder.path.parent.name} ({error.strerror or error}): check that the folder may be "
                "written to, and has room."
            ) from error
        return sweep.id

    def _begin(self, folder: SweepFolder, who: str, owner: str, may_continue: Callable[[str], bool]) -> None:
        at_work, starter = self._drivers.get(folder.id), folder.plan().who
        at_work = at_work if at_work is not None and at_work.is_alive() else None
        outcome, mine = folder.outcome(), may_continue(starter)
        status = outcome.status if at_work is None else at_work.asked
        if not mine and outcome != Outcome() and status not in (SweepStatus.RUNNING, SweepStatus.DONE):
            raise WorkError(_OF_ANOTHER.format(who=called(starter)))
        if at_work is not None:
            at_work.ask(SweepStatus.RUNNING)
            return
        self._check_limit(owner)
        self._drivers[folder.id] = self._driver_of(folder, starter if mine else who, owner)
        self._drivers[folder.id].start()

    def _check_limit(self, owner: str) -> None:
        starters = [one.owner for one in list(self._drivers.values()) if one.is_alive()]
        n = sum(is_same(one, owner) for one in starters)
        if n >= most_sweeps_per_user():
            raise LimitError(_TOO_MANY.format(who=called(owner) or "This session", n=counted(n, "sweep")))
        n = sum(self._means.board.beside(owner, one) for one in starters)
        if n >= most_at_a_place(most_sweeps_per_user()):
            raise LimitError(_TOO_MANY_AT_A_PLACE.format(n=counted(n, "sweep")))

    def _driver_of(self, folder: SweepFolder, who: str, owner: str) -> Driver:
        # Who looks whether somebody works on it holds it for a moment.
        until = time.monotonic() + _SECONDS_TO_GET_HOLD
        while (held := folder.hold()) is None and time.monotonic() < until:
            time.sleep(_SECONDS_BETWEEN_TRIES)
        if held is None:
            raise WorkError(_HELD.format(sweep=folder.id))
        return Driver(folder, held, self._means, who=who, owner=owner)

    def go_on(self, sweep_id: str, owner: str = "", may_continue: Callable[[str], bool] = lambda who: True) -> None:
        """Continue a sweep that was paused, cancelled or stopped, and try failed runs again.

        Parameters
        ----------
        sweep_id : str
        owner : str
            User that its tasks on the board count for.
        may_continue : callable
            As for :meth:`start`, which also says what is raised.
        """
        # Files may have moved since: the plan on the disk says where they were.
        self.start(self._folder_of(sweep_id).plan().sweep, owner=owner, may_continue=may_continue)

    def pause(self, sweep_id: str) -> None:
        """Start no more runs; those that run are finished."""
        self._ask(sweep_id, SweepStatus.PAUSED)

    def cancel(self, sweep_id: str) -> None:
        """End a sweep now. Recorded runs stay."""
        self._ask(sweep_id, SweepStatus.CANCELLED)

    def find(self, sweep_id: str) -> SweepSnapshot | None:
        """Look up a sweep.

        Returns
        -------
        SweepSnapshot or None
            None if there is no such sweep of this version.
        """
        driver = self._driver(sweep_id)
        if driver is not None:
            return driver.snapshot()
        try:
            folder = self._folder_of(sweep_id)
            outcome = folder.outcome()
            elsewhere = outcome.status is SweepStatus.RUNNING
            return SweepSnapshot(id=sweep_id, plan=folder.plan(), outcome=outcome, elsewhere=elsewhere)
        except ParameterError:
            return None

    def all(self) -> list[SweepSnapshot]:
        """List all sweeps that can be read, the latest first."""
        found = [self.find(folder.id) for folder in sweep_folders(self._folder)]
        return [snapshot for snapshot in found if snapshot is not None]

    def wait(self, sweep_id: str, seconds: float) -> bool:
        """Wait for a sweep to stop.

        Parameters
        ----------
        sweep_id : str
        seconds : float

        Returns
        -------
        bool
            Whether it has stopped.
        """
        driver = self._driver(sweep_id)
        if driver is not None:
            driver.join(seconds)
        return driver is None or not driver.is_alive()

    def close(self) -> None:
        """Stop all sweeps as the end of the program does."""
        with self._lock:
            drivers = list(self._drivers.values())
        for driver in drivers:
            driver.ask(SweepStatus.STOPPED)
        for driver in drivers:
            driver.join(_SECONDS_TO_STOP)
        atexit.unregister(self.close)

    def _clear(self) -> None:
        """Delete the steps of interrupted sweeps; recorded runs and trained models do not need them."""
        for folder in sweep_folders(self._folder):
            if folder.steps.is_dir() and (held := folder.hold()) is not None:
                with held:
                    files.remove(folder.steps)

    def _folder_of(self, sweep_id: str) -> SweepFolder:
        return sweep_folder(self._folder, sweep_id)

    def _driver(self, sweep_id: str) -> Driver | None:
        with self._lock:
            driver = self._drivers.get(sweep_id)
        return driver if driver is not None and driver.is_alive() else None

    def _ask(self, sweep_id: str, status: SweepStatus) -> None:
        driver = self._driver(sweep_id)
        if driver is not None:
            driver.ask(status)
