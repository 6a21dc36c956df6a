"""What reports know of a run: its result, and where both came from. Nothing of how runs are recorded."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from core import __version__
from core.result import Result
from core.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportedRun:
    """A run, and its story.

    Parameters
    ----------
    result : Result
    content_hash, annotation_hash : str
        Of the sample that it was made on; see :class:`core.sample.Sample`.
    name : str
        What people call the run.
    id : str
        What a record of runs calls it; empty where it is in none.
    code_version : str
        Of this package, when the run was made.
    created : datetime
        With a time zone.
    who, note : str
        Who made it, and what they wrote about it.
    source : str
        Where the sample came from, and under which licence.
    picture : bytes
        A small map as PNG, for where the sample is not at hand; empty where there is none.
    """

    result: Result
    content_hash: str
    annotation_hash: str = ""
    name: str
    id: str = ""
    code_version: str = __version__
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    who: str = ""
    note: str = ""
    source: str = ""
    picture: bytes = b""


def reported(sample: Sample, result: Result, name: str) -> ReportedRun:
    """Tell of a run that was made just now.

    Parameters
    ----------
    sample : Sample
    result : Result
        A run on that sample.
    name : str

    Returns
    -------
    ReportedRun
    """
    return ReportedRun(
        result=result,
        content_hash=sample.content_hash,
        annotation_hash=sample.annotation_hash,
        name=name,
        source=sample.source,
    )
