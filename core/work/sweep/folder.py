"""The files of a sweep beside its runs: its plan, and its events one by one.

One folder per sweep: `plan.json`, written once, `events.jsonl`, to which lines are added, and `guidance`, where runs are guided.
"""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from core import codec, files
from core.errors import CodecError, ParameterError
from core.guidance import Guidance
from core.text import shown
from core.work.event_log import EventLog
from core.work.sweep.guiding import GuidanceFile
from core.work.sweep.outcome import Event, Outcome, SweepStatus
from core.work.sweep.plan import Sweep, as_json, from_json

_PLAN, _EVENTS, _STEPS, _GUIDANCE = "plan.json", "events.jsonl", "steps", "guidance"
PROGRAM_ENDED = "The program ended before this was done. What is recorded is not made again."
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A sweep, with the user who asked for it.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    sweep: dict[str, Any]
    who: str
    created: datetime


class SweepFolder:
    """The folder of one sweep."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log = EventLog(path / _EVENTS)

    @property
    def id(self) -> str:
        """Id of the sweep."""
        return self.path.name

    @property
    def steps(self) -> Path:
        """Folder of the steps that its workers share while it runs."""
        return self.path / _STEPS

    def steps_from_now_on(self) -> Path:
        """Choose the folder for steps: the one of before a pause, else one of a new name, as workers remember old ones."""
        found = sorted(self.steps.iterdir()) if self.steps.is_dir() else []
        return found[0] if found else self.steps / uuid.uuid4().hex

    def begin(self, sweep: Sweep, who: str, guidances: Iterable[Guidance] = ()) -> None:
        """Write what guides its runs, and then the plan, unless it exists already."""
        for guidance in guidances:
            self.guidance(guidance.digest).write(guidance)
        path = self.path / _PLAN
        if not path.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            with files.written_whole(path) as draft:
                draft.write_bytes(codec.encode(_Written(sweep=as_json(sweep), who=who, created=datetime.now(UTC))))

    def guidance(self, digest: str) -> GuidanceFile:
        """Name the file of what guides runs."""
        return GuidanceFile.within(self.path.absolute() / _GUIDANCE, digest)

    def plan(self) -> Plan:
        """Read the plan.

        Raises
        ------
        ParameterError
            If it is missing, or of another version.
        """
        try:
            written = codec.read(_Written, self.path / _PLAN)
            return Plan(sweep=from_json(written.sweep), who=written.who, created=codec.in_utc(written.created))
        except (OSError, CodecError, ParameterError) as error:
            raise ParameterError(f"The sweep {self.id} cannot be read: {error}") from error

    def add(self, *events: Event) -> None:
        """Add events."""
        self._log.append(*events)

    def hold(self) -> IO[str] | None:
        """Keep the sweep for this process, until the file is closed or the process dies.

        Returns
        -------
        file or None
            None where another process works on it.
        """
        return self._log.hold()

    def outcome(self) -> Outcome:
        """Read the outcome so far.

        Returns
        -------
        Outcome
            Stopped, if it was left running and no process works on it now.
        """
        outcome = Outcome()
        for event in self._log.events(Event):
            outcome.take(event)
        if outcome.status is SweepStatus.RUNNING and (free := self.hold()) is not None:
            free.close()
            outcome.status, outcome.error = SweepStatus.STOPPED, PROGRAM_ENDED
        return outcome


def sweep_folder(folder: Path, sweep_id: str) -> SweepFolder:
    """Find the folder of one sweep, which need not exist.

    Parameters
    ----------
    folder : Path
        `save_model/sweeps/`.
    sweep_id : str
        As anybody may write it into an address.

    Returns
    -------
    SweepFolder

    Raises
    ------
    ParameterError
        If it is no id of a sweep, so that it leads nowhere else.
    """
    if _ID.fullmatch(sweep_id) is None:
        raise ParameterError(f"{shown(sweep_id, 60)} is no id of a sweep: open it from the list of sweeps.")
    return SweepFolder(folder / sweep_id)


def sweep_folders(folder: Path) -> list[SweepFolder]:
    """List the sweeps below a folder.

    Parameters
    ----------
    folder : Path
        `save_model/sweeps/`; it need not exist.

    Returns
    -------
    list of SweepFolder
        The latest first.
    """
    plans = [path for path in folder.glob(f"*/{_PLAN}") if _ID.fullmatch(path.parent.name)]
    return [SweepFolder(path.parent) for path in sorted(plans, key=lambda path: path.stat().st_mtime, reverse=True)]
