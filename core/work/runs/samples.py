"""The sample that a run was made on, searched among the samples at hand."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from core.errors import SampleError
from core.io.lab import SampleSummary
from core.sample import Sample
from core.work.runs.run import Run


def find_sample(
    run: Run, listed: Iterable[SampleSummary], read: Callable[[SampleSummary], Sample]
) -> tuple[SampleSummary, Sample] | None:
    """Find a run's sample by its content, since files may have been renamed.

    Parameters
    ----------
    run : Run
    listed : iterable of SampleSummary
        Only those with as many spots are read, one of the run's name first.
    read : callable
        Reads one of them.

    Returns
    -------
    summary : SampleSummary
    sample : Sample
        None instead of both where none holds that data.
    """
    likely = [summary for summary in listed if not summary.problem and summary.n_spots == run.n_spots]
    for summary in sorted(likely, key=lambda summary: summary.name != run.sample_name):
        with suppress(SampleError):  # the list of samples says what is wrong with it
            sample = read(summary)
            if sample.content_hash == run.content_hash:
                return summary, sample
    return None
