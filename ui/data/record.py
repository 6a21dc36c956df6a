"""The record of runs: every session of the server asks the same one."""

from core.folders import models_folder
from core.work.runs import Record, open_record


def record() -> Record:
    """Open the record of this server: in `RUNS_URL` and `RUNS_ARTIFACTS`, else beside the trained models."""
    return open_record(models_folder())
