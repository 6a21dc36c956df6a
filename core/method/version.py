"""Which method made a result: stored results of another version may have other labels."""

from core import __version__

METHOD_VERSION = 8
"""Raise it by hand when labels, confidence or another stored result (markers, how many domains) change for equal data and parameters.

A test of golden labels (`tests/core/method/test_version.py`) tells when that was forgotten.
"""


def code_version() -> str:
    """Name the program that makes a run.

    Returns
    -------
    str
        Its release and the version of the method, such as `0.2.0+method.1`.
    """
    return f"{__version__}{_method()}"


def same_method(recorded: str) -> bool:
    """Whether a run was made by this version of the method, whatever the release.

    Parameters
    ----------
    recorded : str
        As :func:`code_version` of the program that made the run. Release 0.1 wrote a digest of its source, such as
        `0.1.0+5e884898`, which names no method.

    Returns
    -------
    bool
    """
    return recorded.endswith(_method())


def _method() -> str:
    return f"+method.{METHOD_VERSION}"
