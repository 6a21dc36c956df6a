"""Why a job failed, in a sentence for its user."""

import logging

from distributed import KilledWorker

from core.errors import DomainsError

LOST = "The background processes ended before this was done. Start it again."

_LOG = logging.getLogger(__name__)
_KILLED = (
    "The process that did this work ended twice before it was done, as happens when memory runs out. Try a smaller sample or "
    "smaller values, or run it on a machine with more memory."
)
_UNREADABLE = "Error during deserialization of the task graph"  # the text of Dask's scheduler
_NO_PACKAGE = (
    "The scheduler of the cluster cannot read this work: it does not find this package, or has another version of Python or Dask. "
    "Start it in the folder of the package, with the package's own environment; the server's log says more."
)
_UNFORESEEN = (
    "An error in the program stopped this work ({kind}); the server's log has all of it. Try again, or report it."
)


def sentence_of(error: BaseException) -> str:
    """Say in one sentence why a job failed; an unexpected error is logged in full."""
    if isinstance(error, DomainsError):
        return str(error)
    if isinstance(error, KilledWorker):
        return _KILLED
    _LOG.error("A background job failed", exc_info=error)
    if isinstance(error, RuntimeError) and _UNREADABLE in str(error):
        return _NO_PACKAGE
    return _UNFORESEEN.format(kind=type(error).__name__)
