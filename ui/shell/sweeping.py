"""What Guide hands to Sweep: what guides the domains of a sample now, and whether runs of a new sweep follow it, too."""

from core.guidance import Guidance
from ui.shell.drawing import remembered

_OFFERED, _WANTED = "guidance for sweeps", "sweeps are guided"


def offer(file: str, guidance: Guidance | None) -> None:
    """Hand over what guides the domains of a sample now; None where nothing does."""
    remembered.remember(_OFFERED, file, guidance)


def offered(file: str) -> Guidance | None:
    """Look up what guided the domains of a sample last in this session."""
    found: Guidance | None = remembered.of(_OFFERED).get(file)
    return found


def want(file: str, wanted: bool) -> None:
    """Let runs of new sweeps follow it, or not."""
    remembered.remember(_WANTED, file, wanted)


def followed(file: str) -> Guidance | None:
    """Look up what runs of a new sweep on a sample follow; None where they are label-free."""
    return offered(file) if remembered.of(_WANTED).get(file) else None
