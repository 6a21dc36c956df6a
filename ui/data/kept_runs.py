"""A kept run with its labels and its sample, where they can be read here."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import DomainsError
from core.evaluation.matching import Matching
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
    """A run, with what can be read of it here.

    Parameters
    ----------
    run : Run
    name : str
        What pages call it.
    result : Result or None
        None if its labels cannot be read.
    problem : str
        Why the labels cannot be read, as a sentence.
    file : str or None
        Name of the sample's file; None if the sample is not here, or now holds other data.
    sample : Sample or None
    domains : Matching or None
        What the session calls its domains, for files that another thread makes.
    """

    run: Run
    name: str
    result: Result | None = None
    problem: str = ""
    file: str | None = None
    sample: Sample | None = None
    domains: Matching | None = None


def with_all(runs: Sequence[Run], names: Mapping[str, str]) -> list[KeptRun]:
    """Read the results and samples of runs, with their names by id."""
    return [_with_all(run, names.get(run.id, run.title)) for run in runs]


def _with_all(run: Run, name: str) -> KeptRun:
    found = sample_of(run)
    file, sample = (None, None) if found is None else (found[0].path.name, found[1])
    try:
        result = compute.kept(lambda: record().result(run), "kept run", run.id)
    except DomainsError as error:
        return KeptRun(run=run, name=name, problem=str(error), file=file, sample=sample)
    return KeptRun(run=run, name=name, result=result, file=file, sample=sample)


def sample_of(run: Run) -> tuple[SampleSummary, Sample] | None:
    """Find the sample that a run was made on, whatever its name is now; None if no sample here holds that data."""
    return find_sample(run, compute.samples(), compute.sample)


def reported(kept: KeptRun) -> ReportedRun | None:
    """Collect what a report says of a run; None if its labels cannot be read."""
    if kept.result is None:
        return None
    source = "" if kept.sample is None else kept.sample.source
    found = reported_run(kept.run, kept.result, source=source, picture=picture(kept.run) or b"")
    return dataclasses.replace(found, name=kept.name)


def picture(run: Run) -> bytes | None:
    """Read the small map (PNG) that was kept with a run; None if it cannot be read."""
    try:
        return compute.kept(lambda: record().picture(run), "kept picture", run.id)
    except DomainsError:
        return None
