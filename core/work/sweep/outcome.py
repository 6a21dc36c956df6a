"""The outcome of a sweep so far: the sum of its events."""

from dataclasses import dataclass, field
from enum import StrEnum

from core.work.sweep.plan import Setting

Cell = tuple[int, tuple[int, ...], int]
"""A run of a sweep: the index of its sample, that of its setting (as `Setting.index`), and its seed."""


class SweepStatus(StrEnum):
    """How a sweep stands."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened to a sweep, or to one of its runs. Fields are called as version 0.1 wrote them.

    Parameters
    ----------
    state : SweepStatus or None
        How the sweep stands from now on.
    error : str
        Why it stopped.
    cell : Cell or None
        A run that has ended: recorded, failed or given up.
    run : str or None
        Id of the run in the record.
    failed : str or None
        Why the run failed, as a sentence.
    given_up : bool
    """

    state: SweepStatus | None = None
    error: str = ""
    cell: Cell | None = None
    run: str | None = None
    failed: str | None = None
    given_up: bool = False


@dataclass(slots=True)
class Outcome:
    """The outcome of a sweep so far.

    Parameters
    ----------
    runs : dict of Cell to str
        Ids of the recorded runs.
    failed : dict of Cell to str
        Why each run failed, as a sentence.
    given_up : set of Cell
        Runs whose training was worse than most others.
    status : SweepStatus
        Its last status; `STOPPED` if the program ended meanwhile.
    error : str
        Why it stopped.
    """

    runs: dict[Cell, str] = field(default_factory=dict)
    failed: dict[Cell, str] = field(default_factory=dict)
    given_up: set[Cell] = field(default_factory=set)
    status: SweepStatus = SweepStatus.STOPPED
    error: str = ""

    @property
    def n_done(self) -> int:
        """Number of runs that have ended."""
        return len(self.runs) + len(self.given_up)

    def take(self, event: Event) -> None:
        """Add one event."""
        if event.state is not None:
            self.status, self.error = event.state, event.error
        if event.cell is None:
            return
        self.failed.pop(event.cell, None)
        if event.run is not None:
            self.runs[event.cell] = event.run
        elif event.failed is not None:
            self.failed[event.cell] = event.failed
        else:
            self.given_up.add(event.cell)


def cell_of(setting: Setting) -> Cell:
    """Identify a run within its sweep."""
    return setting.section, setting.index, setting.params.clustering.random_state
