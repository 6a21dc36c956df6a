"""Doors to the record of runs: every session of the server asks the same one."""

import streamlit as st

from core.errors import RecordError
from core.folders import models_folder
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from core.work.runs import Record, Run, open_record
from ui.data import compute
from ui.shell import session


def record() -> Record:
    """Look up the record of this server: in `RUNS_URL` and `RUNS_ARTIFACTS`, else beside the trained models.

    Returns
    -------
    Record
    """
    return open_record(models_folder())


def kept(sample: Sample, params: MethodParams, file: str) -> Run | None:
    """Look up the kept run that this session shows: it was kept here, or a link opened it, and no knob was moved since.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
    file : str
        Of the sample.

    Returns
    -------
    Run or None
        None, too, where the sample is not the one that the run was made on.
    """
    run = session.kept_run(file)
    return run if run is not None and run.params == params and run.content_hash == sample.content_hash else None


def kept_result(sample: Sample, params: MethodParams, file: str) -> Result | None:
    """Read the result of the kept run that this session shows: what was kept is shown, not what it would be today.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
    file : str
        Of the sample.

    Returns
    -------
    Result or None
        None where there is no such run, or the annotation is no longer what it was scored against.
    """
    run = kept(sample, params, file)
    if run is None or run.annotation_hash != sample.annotation_hash:
        return None
    try:
        return compute.kept(lambda: record().result(run), "kept run", run.id)
    except RecordError as error:
        st.warning(f"{error} What is shown was computed anew.")
        return None
