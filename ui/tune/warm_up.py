"""Makes ready, when the server starts, what Tune shows its first visitor."""

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.evaluation.matching import domains_of
from core.figures.depth import depth_profile
from core.sample import Sample
from ui.data import compute
from ui.shell import forms, process, sample_picker
from ui.shell.session import Settings
from ui.tune import story

_LOG = logging.getLogger(__name__)
_THREAD = "warm up"
_OUTSIDE_A_PAGE = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")


@asynccontextmanager
async def beside_the_server(_server: object) -> AsyncIterator[None]:
    """Warm up in a thread beside the server, which answers at once; who comes too early waits for the same results."""
    # Streamlit warns of spinners that no page shows: here none is meant to.
    _OUTSIDE_A_PAGE.addFilter(lambda record: record.threadName != _THREAD)
    threading.Thread(target=_warm_up, name=_THREAD, daemon=True).start()  # a server that stops does not wait for it
    yield


def _warm_up() -> None:
    process.set_up()
    try:
        if readable := sample_picker.readable_of(compute.samples()):
            _compute_first_picture(compute.file_sample(readable[sample_picker.first(readable)]))
    except Exception:  # a page says better what is wrong, to somebody who reads it
        _LOG.info("The first picture was not made ready.", exc_info=True)


def _compute_first_picture(sample: Sample) -> None:
    params = forms.params_of(sample, Settings())
    if not compute.ready(sample, params):
        return
    result = compute.found(sample, params)
    story.chapters(sample)
    compute.depth_lines(sample, result.direction)
    found = compute.shown_direction(sample, result)
    depths, positions = found.depth_um(sample.coordinates), compute.positions_um(sample, found)
    compute.thicknesses(sample, result)
    matching = domains_of(sample, result.labels)
    depth_profile(depths, sample.labels_true, matching, positions_um=positions, theme="light")
