"""What the server makes ready before its first visitor comes."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ui.tune import warm_up


@pytest.fixture
def warmed(monkeypatch):
    """Start the server's part that warms up, with a stand-in for what it computes."""

    def run(compute):
        monkeypatch.setattr(warm_up, "_compute_first_picture", compute)

        async def serve():
            async with warm_up.beside_the_server(None):
                started = [thread for thread in threading.enumerate() if thread.name == "warm up"]
                assert all(thread.daemon for thread in started)  # a server that stops does not wait for it
                for thread in started:
                    await asyncio.to_thread(thread.join, 60)

        # In a thread of its own, as a browser test before this one may have left its event loop in the thread of tests.
        with ThreadPoolExecutor(1) as apart:
            apart.submit(asyncio.run, serve()).result(timeout=90)

    return run


def test_the_sample_that_a_page_opens_with_is_made_ready(warmed):
    ready = []
    warmed(lambda sample: ready.append(sample.name))
    assert ready == ["151673"]


def test_what_goes_wrong_stops_no_server_and_is_in_its_log(warmed, caplog):
    def fail(sample):
        raise OSError("the disk is gone")

    with caplog.at_level(logging.INFO):
        warmed(fail)
    assert "the disk is gone" in caplog.text
