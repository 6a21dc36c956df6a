"""How much one user may ask of this server, as its environment says."""

import os

_MOST_JOBS = 500
_USERS_AT_A_PLACE = (
    4  # behind one address may be a whole lab, whose people seldom have all that they may at the same time
)
_MOST_SWEEPS = 10  # each has a thread that looks at its tasks all the time; more at once make none of them faster


def most_jobs_per_user() -> int:
    """Look up how many jobs of one user may wait or run (`SPCA_JOBS_PER_USER`)."""
    return _whole_number("SPCA_JOBS_PER_USER") or _MOST_JOBS


def most_at_a_place(per_user: int) -> int:
    """Count how much all users of one place may have, where nobody checks who they are."""
    return _USERS_AT_A_PLACE * per_user


def most_running_per_user() -> int | None:
    """Look up how many jobs of one user may run at once (`SPCA_RUNNING_PER_USER`); None for any number."""
    return _whole_number("SPCA_RUNNING_PER_USER")


def most_sweeps_per_user() -> int:
    """Look up how many sweeps of one user may be at work at once (`SPCA_SWEEPS_PER_USER`)."""
    return _whole_number("SPCA_SWEEPS_PER_USER") or _MOST_SWEEPS


def _whole_number(setting: str) -> int | None:
    text = os.environ.get(setting, "").strip()
    return int(text) if text.isdecimal() and int(text) > 0 else None
