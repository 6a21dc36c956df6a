"""The door to the record of runs, one for all sessions."""

from core.work.runs import Record, open_record
from ui import compute


def record() -> Record:
    """Open the record.

    Returns
    -------
    Record
    """
    return open_record(compute.models_folder())
