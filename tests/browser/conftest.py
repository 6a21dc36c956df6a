"""A real server and a real browser. A missing browser fails the tests: it is never skipped."""

import contextlib
from pathlib import Path

import pytest
from playwright.sync_api import Error, expect
from playwright.sync_api import TimeoutError as TooLate

from scripts.chromium import chromium, served_app

expect.set_options(timeout=120_000)  # a busy machine draws late


def pytest_collection_modifyitems(items):
    """Try a test in the browser once more where it failed, and list it: among hundreds one meets a bad moment of a busy machine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def browser():
    running = chromium()
    try:
        started = running.__enter__()
    except Error as error:
        pytest.fail(
            "No Chromium could be started for the browser tests. Install one (Debian, Ubuntu: apt install chromium; "
            f"elsewhere: playwright install chromium), or name it in CHROMIUM. {error.message.splitlines()[0]}"
        )
    yield started
    running.__exit__(None, None, None)


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """Where the app listens: on the samples that ship, with an empty folder of models."""
    with served_app(SPCA_PRESET="paper", SPCA_MODELS=str(tmp_path_factory.mktemp("models"))) as address:
        yield address


def settle(page):
    """Wait until the script has ended and the maps keep their position: what stands above them is drawn after them."""
    seen = None
    while (now := page.locator(".legend .label").first.bounding_box()) != seen:
        seen = now
        page.wait_for_timeout(500)
        page.locator('[data-testid=stApp][data-test-script-state="notRunning"]').wait_for()


@contextlib.contextmanager
def opening(browser, address, watch=lambda page: None):
    """Open the app in contexts of their own; each page is watched before it loads."""
    contexts = []

    def opened(width=1440, scheme="light", path=""):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        watch(page)
        page.goto(address + path)
        try:
            page.locator(".legend .label").first.wait_for()
        except TooLate as error:
            error.add_note(f"What the page said instead:\n{page.inner_text('body')}")
            raise
        settle(page)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def open_page(browser, address):
    """Open the app on the samples that ship; afterwards no console may have complained."""
    complaints = []

    def watch(page):
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))

    with opening(browser, address, watch) as opened:
        yield opened
    assert complaints == []
