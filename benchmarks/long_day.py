"""A long day of a server, in a real browser: hundreds of moves of one visitor, hundreds of visitors who come and go.

What counts is the memory that the server keeps when all of them have left. Linux only: memory is asked of psutil.
"""

import time
from collections.abc import Iterator

import psutil
from playwright.sync_api import Browser, Page
from tqdm import tqdm

from scripts.chromium import ROOT, chromium, served

N_MOVES, N_SESSIONS, SETTLE_SECONDS = 500, 200, 130.0
"""Defaults. Streamlit keeps a session for 120 s after its connection was closed."""

MOST_GROWTH_MIB = 100.0
_PAGES = ["/", *sorted(f"/{path.stem}" for path in (ROOT / "pages").glob("[a-z]*.py") if path.stem != "tune")]
_WARM_UP_MOVES = 40
_PATIENCE_MS = 120_000
_MIB = 2**20


def report(*, moves: int, sessions: int, settle: float) -> bool:
    """Live through the day and print what the server keeps of it.

    Parameters
    ----------
    moves : int
        Of knobs, by one visitor.
    sessions : int
        Visitors who open a page and leave.
    settle : float
        Seconds from the last visitor to the measurement of memory.

    Returns
    -------
    bool
        Whether memory came back to within `MOST_GROWTH_MIB`, and no page showed an exception.
    """
    with served("app.py", SPCA_PRESET="paper") as server, chromium() as browser:
        _move(browser, server.address, _WARM_UP_MOVES)
        list(_visits(browser, server.address, len(_PAGES)))
        time.sleep(settle)
        before, n_wrong = _mib(server.process), 0
        n_wrong += _move(browser, server.address, moves)
        n_wrong += sum(tqdm(_visits(browser, server.address, sessions), total=sessions, desc="Visitors", disable=None))
        time.sleep(settle)
        after = _mib(server.process)
    print(
        f"{moves} moves and {sessions} visitors: {before:.0f} MiB before, {after:.0f} MiB after, {n_wrong} exceptions"
    )
    return after - before <= MOST_GROWTH_MIB and n_wrong == 0


def _move(browser: Browser, address: str, n_moves: int) -> int:
    page = _opened(browser, address)
    knob = page.get_by_role("slider", name="X weight").or_(page.get_by_role("spinbutton", name="X weight")).first
    for number in tqdm(range(n_moves), desc="Moves", disable=None):
        knob.press("ArrowUp" if number % 20 < 10 else "ArrowDown")
        knob.press("Enter")
        page.wait_for_timeout(50)
        page.locator('[data-testid=stApp][data-test-script-state="notRunning"]').wait_for()
    n_wrong = page.get_by_test_id("stException").count()
    page.context.close()
    return n_wrong


def _visits(browser: Browser, address: str, n_sessions: int) -> Iterator[int]:
    """Open pages one after another, each as a visitor of its own; give the number of exceptions that each shows."""
    for number in range(n_sessions):
        page = _opened(browser, address + _PAGES[number % len(_PAGES)])
        yield page.get_by_test_id("stException").count()
        page.context.close()


def _opened(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(address)
    page.get_by_test_id("stSidebarNavLink").first.wait_for()
    page.locator('[data-testid=stApp][data-test-script-state="notRunning"]').wait_for()
    return page


def _mib(process: int) -> float:
    return float(psutil.Process(process).memory_info().rss) / _MIB
