"""The record of runs: what was kept or swept, with its labels, so that it can be compared, searched, shared and reproduced.

`Record` keeps and finds runs, `Run` is one of them, `open_record` opens the record that the settings name.
"""

from core.work.runs.record import Record, open_record
from core.work.runs.run import Run

__all__ = ["Record", "Run", "open_record"]
