"""A kept run with what belongs to it: its labels, and the sample that it was made on, where they are at hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import DomainsError
from core.io.lab import SampleSummary
from core.report.reported import ReportedRun
from core.result import Result
from core.sample import Sample
from core.work.runs import Run
from core.work.runs.reported import reported as reported_run
from core.work.runs.samples import find_sample
from ui.data import compute
from ui.data.record import record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptRun:
    """A run, and what there is of it.

    Parameters
    ----------
    run : Run
    result : Result or None
        None where its labels cannot be read.
    problem : str
        Why not, as a sentence.
    file : str or None
        Name of the sample's file; None where the sample is not here, or holds other data now.
    sample : Sample or None
    """

    run: Run
    result: Result | None = None
    problem: str = ""
    file: str | None = None
    sample: Sample | None = None

    @property
    def name(self) -> str:
        """What the run is called; the beginning of its id where it has no name."""
        return self.run.title


def with_all(runs: Sequence[Run]) -> list[KeptRun]:
    """Look up what belongs to some runs."""
    return [_with_all(run) for run in runs]


def _with_all(run: Run) -> KeptRun:
    found = sample_of(run)
    file, sample = (None, None) if found is None else (found[0].path.name, found[1])
    try:
        result = compute.kept(lambda: record().result(run), "kept run", run.id)
    except DomainsError as error:
        return KeptRun(run=run, problem=str(error), file=file, sample=sample)
    return KeptRun(run=run, result=result, file=file, sample=sample)


def sample_of(run: Run) -> tuple[SampleSummary, Sample] | None:
    """Find the sample that a run was made on, under whatever name; None where no sample here holds that data."""
    return find_sample(run, compute.samples(), compute.sample)


def reported(kept: KeptRun) -> ReportedRun | None:
    """Put what is known of a run together for a report; None where its labels cannot be read."""
    if kept.result is None:
        return None
    source = "" if kept.sample is None else kept.sample.source
    return reported_run(kept.run, kept.result, source=source, picture=picture(kept.run) or b"")


def picture(run: Run) -> bytes | None:
    """Read the small map (PNG) that was kept with a run; None where it cannot be read."""
    try:
        return compute.kept(lambda: record().picture(run), "kept picture", run.id)
    except DomainsError:
        return None
