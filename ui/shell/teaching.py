"""What this session starts guided domains from, by sample: annotated sections, a saved reference, or marker genes."""

from dataclasses import dataclass
from typing import Literal

from core.marker_table import MarkerTable
from core.reference import Reference
from ui.shell import marker_tables
from ui.shell.drawing import remembered

Kind = Literal["", "sections", "model", "markers"]

_STARTS, _CLICKED = "starts of guided domains", "strokes to begin"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """What domains are taught by; by nothing where `kind` is empty.

    Parameters
    ----------
    kind : str
    files : tuple of str
        Names of the files of annotated sections.
    table : str
        Name of a shipped table of marker genes, or a table as text.
    model : Reference or None
        Of a file, or of a kept run.
    """

    kind: Kind = ""
    files: tuple[str, ...] = ()
    table: str = ""
    model: Reference | None = None

    @property
    def markers(self) -> MarkerTable | None:
        """The table, if it is one; raises what `core.marker_table.parse` does."""
        return None if self.kind != "markers" else marker_tables.named(self.table)


NOTHING = Start()


def start(file: str) -> Start:
    """Look up what the domains of a sample start from."""
    found: Start = remembered.of(_STARTS).get(file, NOTHING)
    return found


def choose(file: str, start: Start, *, clicked: bool = False) -> None:
    """Start the domains of a sample from something else; `clicked` where somebody asked for strokes with it, as a link never does."""
    remembered.remember(_STARTS, file, start)
    remembered.remember(_CLICKED, file, clicked)


def takes_click(file: str) -> bool:
    """Whether strokes of a sample shall begin, which is told once."""
    wanted = bool(remembered.of(_CLICKED).get(file, False))
    if wanted:
        remembered.remember(_CLICKED, file, False)
    return wanted
