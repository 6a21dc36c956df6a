"""A browser that vanishes in the middle of its work: the connection breaks off, and the work goes on without it."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.lab_session import opened
from core.io import lab
from scripts.chromium import served
from tests.small_tissue import small_sample

QUERY = "sample=first.h5&preset=paper-ae&epochs=150"
SECONDS = 80  # three times, within the limit of a test


def run(work):
    """Run in a thread of its own: a test with a browser may have left an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def until(session, holds):
    async with asyncio.timeout(SECONDS):
        while not holds(session):
            await asyncio.sleep(0.3)
            await session.redraw()


async def train_and_vanish(address):
    async with opened(address, QUERY, user="Ada") as session:
        await session.press("Train")
        await until(session, lambda session: session.has("Training"))
        session.break_off()


async def come_back(address, query, user):
    """Open the page again; what it says, once the training is over."""
    async with opened(address, query, user=user) as session:
        await until(session, lambda session: session.has("Trained"))
        cards = {card.label: card.body for card in session.elements("metric")}
        return cards, session.exceptions


@pytest.mark.slow
def test_training_goes_on_when_the_connection_breaks_off_and_is_found_done_on_coming_back(tmp_path):
    (tmp_path / "samples").mkdir()
    lab.write(small_sample("first"), tmp_path / "samples" / "first.h5")
    with served("app.py", SPCA_DATA=str(tmp_path / "samples"), SPCA_MODELS=str(tmp_path / "models")) as server:
        run(train_and_vanish(server.address))
        cards, wrong = run(come_back(server.address, QUERY, "Ada"))
        of_others, wrong_there = run(come_back(server.address, QUERY, "Grace"))
    assert wrong == wrong_there == []
    assert 0 < float(cards["ARI"]) <= 1
    assert of_others == cards  # who asks for the same later gets the same
    [model] = (tmp_path / "models").glob("*.json")
    assert json.loads(model.read_text())
