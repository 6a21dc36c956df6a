"""What reports know of a run: its result, and where both came from. Nothing of how runs are recorded."""

from dataclasses import dataclass
from datetime import datetime

from core.result import Domain, Result


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportedRun:
    """A run, and where it came from.

    Parameters
    ----------
    result : Result
    content_hash, annotation_hash : str
        Of the sample that it was made on; see :class:`core.sample.Sample`.
    name : str
        What people call the run.
    id : str
        Its id in the record; empty where it is in none.
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
    together : tuple of str
        Names of the sections that it was clustered as one with.
    unknown : tuple of str
        Knobs of the run that this version of the program does not know: it was made by another one.
    domains : tuple of Domain
        Names and colours of its domains; empty where they were not kept.
    """

    result: Result
    content_hash: str
    annotation_hash: str = ""
    name: str
    id: str = ""
    code_version: str
    created: datetime
    who: str = ""
    note: str = ""
    source: str = ""
    picture: bytes = b""
    together: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    domains: tuple[Domain, ...] = ()
