"""Makes machine code of inner loops."""

import functools
import logging
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numba import njit

_LOG = logging.getLogger(__name__)
_NOT_KEPT = "%s is compiled anew in each process, which takes a second: %s"
Loop = TypeVar("Loop", bound=Callable[..., None])
Part = TypeVar("Part", bound=Callable[..., object])


def compiled(loop: Loop) -> Loop:
    """Compile a loop at its first use, and keep it on disk. It holds no lock of Python's while it runs.

    Parameters
    ----------
    loop : callable
        That fills in arrays and returns nothing.

    Returns
    -------
    callable
    """
    try:
        kept = njit(cache=True, nogil=True)(loop)
    except RuntimeError as error:  # no folder for it can be written to
        _LOG.warning(_NOT_KEPT, loop.__name__, error)
        return njit(nogil=True)(loop)  # type: ignore[return-value]

    @functools.wraps(loop)
    def run(*args: np.ndarray) -> None:
        try:
            kept(*args)
        except OSError as error:  # compiled, but a full disk did not keep it; the loop itself has not run yet
            _LOG.warning(_NOT_KEPT, loop.__name__, error)
            kept(*args)

    return run  # type: ignore[return-value]


def part_of_loops(part: Part) -> Part:
    """Compile a function for loops that call it; called from Python, it would be compiled anew in each process.

    Parameters
    ----------
    part : callable
        Of the same file as the loops, since what is kept of them on disk holds for that file.

    Returns
    -------
    callable
    """
    return njit(nogil=True)(part)  # type: ignore[return-value]
