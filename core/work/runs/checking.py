"""Whether an imported run is what it claims: its settings are run again, and its labels and scores compared."""

from pathlib import Path

import numpy as np

from core.errors import RecordError
from core.method.version import same_method
from core.result import Result
from core.sample import Sample
from core.text import counted
from core.work.runs.record import Record
from core.work.runs.run import Run


def why_not(run: Run, sample: Sample | None) -> str:
    """Say why a run cannot be checked here.

    Parameters
    ----------
    run : Run
    sample : Sample, optional
        That it was made on, compared with the annotation that its scores are with; None where it is not here.

    Returns
    -------
    str
        Empty where it can be.
    """
    if sample is None:
        return "Its sample is not here."
    if run.together:
        return "It was clustered as one with other sections: cluster them on Sections and compare."
    if run.aside:
        return "It was made with knobs that this version does not know."
    if run.annotation_hash != sample.annotation_hash:
        return "Its sample is compared with another annotation here than its scores are with: choose that one."
    return ""


def recompute(claimed: Result, sample: Sample, models: Path) -> Result:
    """Run the settings of a run again, guided by what guided it.

    Parameters
    ----------
    claimed : Result
        What the record has of the run.
    sample : Sample
        That it was made on.
    models : Path
        `save_model/`.

    Returns
    -------
    Result
    """
    from core.method.pipeline import Pipeline

    steps = Pipeline(sample, models=models)
    if claimed.guidance is None:
        return steps.run(claimed.params)
    return steps.run_guided(claimed.params, claimed.guidance)


def confirm(record: Record, run: Run, sample: Sample, result: Result) -> Run:
    """Compare a run with what its settings give here, and keep that it was computed here.

    Parameters
    ----------
    record : Record
    run : Run
    sample : Sample
        That it was made on.
    result : Result
        Of :func:`recompute`.

    Returns
    -------
    Run
        With scores, confidence, losses, direction and small map of `result`; names stay as people gave them.

    Raises
    ------
    RecordError
        If its labels are others; the run stays as it is.
    """
    claimed = record.result(run).labels
    n_other = int(np.count_nonzero(claimed != result.labels))
    if n_other:
        why = (
            "" if same_method(run.code_version) else " Another version of the method made it, which may be the reason."
        )
        raise RecordError(
            f"{counted(n_other, 'spot')} of {len(claimed):,} have another label than the settings of this run give here, so it "
            f"still counts as not computed here.{why}"
        )
    return record.confirm(run.id, sample, result)
