"""What is set once for the server's process: where its log goes, and how many threads and pools of memory its libraries use."""

import ctypes
import functools
import logging
import os
import sys

from core.method.threads import one_thread_from_now_on

_M_ARENA_MAX = -8  # of glibc's malloc.h
_ARENAS = 2


@functools.cache
def set_up() -> None:
    """Set the process up at the first page that is drawn, before other threads compute."""
    _log()
    one_thread_from_now_on()
    _few_arenas()


def _log() -> None:
    """Write this project's own lines to standard error, one a line, with the time: from INFO up, or from `SPCA_LOG`."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("core")
    logger.addHandler(handler)
    level = logging.getLevelName(os.environ.get("SPCA_LOG", "INFO").upper())
    logger.setLevel(level if isinstance(level, int) else logging.INFO)


def _few_arenas() -> None:
    """Have threads share pools of memory, where the C library is glibc.

    It gives threads that ask at once a pool each, eight for a core, and takes none back; every redraw is a thread. Python lets one
    thread work at a time, so two pools are enough, and after an hour of many visitors the server is smaller.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
