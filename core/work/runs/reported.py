"""A kept run as reports and scripts know it."""

from core.report.reported import ReportedRun
from core.result import Result
from core.work.runs.run import Run


def reported(run: Run, result: Result, *, source: str = "", picture: bytes = b"") -> ReportedRun:
    """Collect what is known of a run.

    Parameters
    ----------
    run : Run
    result : Result
        With its labels.
    source : str
        Where the sample came from, if it is at hand.
    picture : bytes
        Small map as PNG; empty for none.
    """
    return ReportedRun(
        result=result,
        content_hash=run.content_hash,
        annotation_hash=run.annotation_hash,
        name=run.title,
        id=run.id,
        code_version=run.code_version,
        created=run.created,
        who=run.who,
        note=run.note,
        source=source,
        picture=picture,
        together=run.together,
        unknown=tuple(run.aside),
        domains=run.domains,
    )
