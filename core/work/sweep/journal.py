"""What a sweep leaves on the disk beside its runs: what it is to do, and what became of it, line by line.

A folder a sweep: `plan.json`, written once, and `events.jsonl`, to which lines are added. A line that was cut off is passed over.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from core.errors import ParameterError
from core.work.sweep.plan import Setting, Sweep, as_json, from_json

_PLAN, _EVENTS, _STEPS, _LOCK = "plan.json", "events.jsonl", "steps", "lock"
PROGRAM_ENDED = "The program ended before this was done. What is recorded is not made again."
_ID = re.compile(r"[0-9a-f]{16}")
_MOST_BYTES = 256 * 2**20

Cell = tuple[int, tuple[int, ...], int]
"""A run of a sweep: its sample, its place, and its seed."""


class State(StrEnum):
    """Where a sweep stands."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A sweep with who asked for it.

    Parameters
    ----------
    sweep : Sweep
    who : str
    created : datetime
        UTC.
    """

    sweep: Sweep
    who: str = ""
    created: datetime


@dataclass(slots=True)
class Outcome:
    """What became of a sweep so far.

    Parameters
    ----------
    runs : dict of Cell to str
        Ids of the recorded runs.
    failed : dict of Cell to str
        Sentences that say why.
    given_up : set of Cell
        Whose training was worse than most others.
    state : State
        As it was left; `STOPPED` where the program ended meanwhile.
    error : str
        Why it stopped.
    """

    runs: dict[Cell, str] = field(default_factory=dict)
    failed: dict[Cell, str] = field(default_factory=dict)
    given_up: set[Cell] = field(default_factory=set)
    state: State = State.STOPPED
    error: str = ""

    @property
    def n_done(self) -> int:
        """Runs that need not be made any more."""
        return len(self.runs) + len(self.given_up)

    def take(self, event: dict[str, Any]) -> None:
        """Take one event in.

        Parameters
        ----------
        event : dict
        """
        if "state" in event:
            self.state, self.error = State(event["state"]), str(event.get("error", ""))
            return
        section, place, seed = event["cell"]
        cell = int(section), tuple(map(int, place)), int(seed)
        self.failed.pop(cell, None)
        if "run" in event:
            self.runs[cell] = str(event["run"])
        elif "failed" in event:
            self.failed[cell] = str(event["failed"])
        else:
            self.given_up.add(cell)


class Journal:
    """The folder of one sweep.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def steps(self) -> Path:
        """Folder of the steps that its workers share while it runs."""
        return self.folder / _STEPS

    def begin(self, sweep: Sweep, who: str) -> None:
        """Write what is to be done, unless it is there already.

        Parameters
        ----------
        sweep : Sweep
        who : str
        """
        path = self.folder / _PLAN
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            facts = {"sweep": as_json(sweep), "who": who, "created": datetime.now(UTC).isoformat()}
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_text(json.dumps(facts, indent=1), encoding="utf-8")
            part.replace(path)

    def plan(self) -> Plan:
        """Read what is to be done.

        Returns
        -------
        Plan

        Raises
        ------
        ParameterError
            If it is not there, or of another version.
        """
        try:
            facts = json.loads((self.folder / _PLAN).read_text(encoding="utf-8"))
            created = datetime.fromisoformat(facts["created"])
            return Plan(sweep=from_json(facts["sweep"]), who=str(facts["who"]), created=created)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ParameterError(f"The sweep {self.folder.name} cannot be read: {error}.") from error

    def add(self, **event: Any) -> None:
        """Add an event.

        Parameters
        ----------
        **event : object
            Plain values.
        """
        with (self.folder / _EVENTS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    def hold(self) -> IO[str] | None:
        """Take the sweep for this process; the system gives it back when the file is closed or the process dies.

        Returns
        -------
        file or None
            None where another process works on it.
        """
        file = (self.folder / _LOCK).open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def outcome(self) -> Outcome:
        """Read what became of it.

        Returns
        -------
        Outcome
            Stopped, where it was left running and no process works on it any more.
        """
        outcome = self._outcome()
        if outcome.state is State.RUNNING and (free := self.hold()) is not None:
            free.close()
            outcome.state, outcome.error = State.STOPPED, PROGRAM_ENDED
        return outcome

    def _outcome(self) -> Outcome:
        outcome = Outcome()
        for event in self._events():
            try:
                outcome.take(event)
            except (KeyError, ValueError, TypeError):
                continue  # of another version
        return outcome

    def _events(self) -> Iterator[dict[str, Any]]:
        path = self.folder / _EVENTS
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue  # cut off when the program ended
            if isinstance(event, dict):
                yield event


def journals(folder: Path) -> list[Journal]:
    """List the sweeps below a folder.

    Parameters
    ----------
    folder : Path
        `save_model/sweeps/`; it need not exist.

    Returns
    -------
    list of Journal
        The latest first.
    """
    plans = [path for path in folder.glob(f"*/{_PLAN}") if _ID.fullmatch(path.parent.name)]
    return [Journal(path.parent) for path in sorted(plans, key=lambda path: path.stat().st_mtime, reverse=True)]


def cell_of(setting: Setting) -> Cell:
    """Name a run within its sweep.

    Parameters
    ----------
    setting : Setting

    Returns
    -------
    Cell
    """
    return setting.section, setting.place, setting.params.clustering.random_state


def plain(cell: Cell) -> list[Any]:
    """Write a cell as JSON has it.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    list
    """
    return [cell[0], list(cell[1]), cell[2]]
