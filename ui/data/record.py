"""The record of runs, which all sessions of the server share."""

from core.folders import models_folder
from core.work.runs import Record, open_record


def record() -> Record:
    """Open the record of this server: at `RUNS_URL` and `RUNS_ARTIFACTS`, or else beside the trained models."""
    return open_record(models_folder())
