"""Set up the server's process once: its log, and the threads and pools of memory of its libraries."""

import ctypes
import functools
import logging
import os
import sys
from contextlib import suppress

from core.io.drafts import remove_forgotten
from core.method.threads import one_thread_from_now_on

_M_ARENA_MAX = -8  # of glibc's malloc.h
_ARENAS = 2


@functools.cache
def set_up() -> None:
    """Set up the process when the first page is drawn, before other threads compute."""
    _log()
    _no_word_of_late_timers()
    one_thread_from_now_on()
    _few_arenas()
    with suppress(OSError):
        remove_forgotten()


def _log() -> None:
    """Write this project's log messages with the time to standard error, from the level in `SPCA_LOG` (INFO) up."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("core")
    logger.addHandler(handler)
    level = logging.getLevelName(os.environ.get("SPCA_LOG", "INFO").upper())
    logger.setLevel(level if isinstance(level, int) else logging.INFO)


def _no_word_of_late_timers() -> None:
    """Keep out of the log that the timer of a part rang once more after the part was gone, as it may after each job."""
    logging.getLogger("streamlit.runtime.app_session").addFilter(
        lambda record: not str(record.msg).startswith("The fragment with id")
    )


def _few_arenas() -> None:
    """Make threads share pools of memory, where the C library is glibc.

    glibc gives concurrent threads a pool each, up to eight for each core, and frees none; every redraw is a thread. Python runs
    one thread at a time, so two pools are enough, and they save memory after an hour with many visitors.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
