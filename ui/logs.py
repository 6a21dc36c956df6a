"""Where this project's own lines of log go: to standard error, one a line, with the time."""

import functools
import logging
import os


@functools.cache
def set_up() -> None:
    """Say what happens from INFO up, or from `SPCA_LOG`; once for the process."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("core")
    logger.addHandler(handler)
    level = logging.getLevelName(os.environ.get("SPCA_LOG", "INFO").upper())
    logger.setLevel(level if isinstance(level, int) else logging.INFO)
