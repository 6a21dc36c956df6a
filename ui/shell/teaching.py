"""What this session starts guided domains from, by sample: annotated sections, a saved reference, or marker genes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import DomainsError
from core.io.lab import SampleSummary
from core.marker_table import MarkerTable
from core.method.shared_genes import MIN_SHARED
from core.reference import Reference
from ui.data import compute, truth
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


def annotated(among: Iterable[SampleSummary]) -> list[SampleSummary]:
    """Choose the sections that can be asked for their layers, in their order."""
    return [one for one in among if _is_annotated(one)]


def _is_annotated(summary: SampleSummary) -> bool:
    return summary.annotated or truth.chosen(summary.path.name) not in (truth.OWN, truth.NONE)


def suggested(summary: SampleSummary, among: Sequence[SampleSummary]) -> list[str]:
    """Choose the file that teaches a section as long as nobody chose: the one with most of its genes; none where few are shared."""
    genes = compute.gene_names_in(summary) or frozenset()
    n_shared = {
        one.path.name: len(genes & (compute.gene_names_in(one) or frozenset()))
        for one in among
        if _can_teach(one, summary)
    }
    best = max(n_shared, key=n_shared.__getitem__, default="")
    return [best] if best and n_shared[best] >= MIN_SHARED else []


def _can_teach(one: SampleSummary, other: SampleSummary) -> bool:
    return truth.chosen(one.path.name) != truth.NONE and not _is_copy(one, other)


def _is_copy(one: SampleSummary, other: SampleSummary) -> bool:
    """Whether two files hold one section; counts are read only where both are of one size."""
    if (one.n_spots, one.n_genes) != (other.n_spots, other.n_genes):
        return False
    try:
        return compute.file_sample(one).content_hash == compute.file_sample(other).content_hash
    except DomainsError:  # who chooses it is told why it cannot be read
        return False
