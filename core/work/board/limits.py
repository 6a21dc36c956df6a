"""How much one user may ask of this server, as its environment says."""

import os

_MOST_JOBS = 500


def most_jobs_per_user() -> int:
    """Look up how many jobs of one user may wait or run (`SPCA_JOBS_PER_USER`)."""
    return _whole_number("SPCA_JOBS_PER_USER") or _MOST_JOBS


def most_running_per_user() -> int | None:
    """Look up how many jobs of one user may run at once (`SPCA_RUNNING_PER_USER`); None for any number."""
    return _whole_number("SPCA_RUNNING_PER_USER")


def _whole_number(setting: str) -> int | None:
    text = os.environ.get(setting, "").strip()
    return int(text) if text.isdecimal() and int(text) > 0 else None
