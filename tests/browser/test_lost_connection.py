"""Drawing on while the connection is lost, in a real Chromium and without a reload: nothing is lost, nothing comes twice."""

import shutil

import pytest

from scripts.chromium import served
from tests.browser.conftest import opening
from tests.browser.test_annotate import add_region, begin, sizes, stroke
from tests.browser.test_tissue_view import look, settled, until
from tests.sections import SHIPPED

pytestmark = pytest.mark.browser

LINES = (0.3, 0.4, 0.5, 0.6)


@pytest.fixture
def folder(tmp_path):
    """A folder of samples of its own, because annotations lie beside the sample."""
    (tmp_path / "samples").mkdir()
    shutil.copy(SHIPPED, tmp_path / "samples")
    return tmp_path / "samples"


@pytest.fixture
def serve(folder, tmp_path):
    """Start a server on the folder: the first time on a free port, later on the same."""

    def started(port=""):
        return served(
            "app.py", port=port, SPCA_PRESET="paper", SPCA_DATA=str(folder), SPCA_MODELS=str(tmp_path / "models")
        )

    return started


def drawn(page, label=0):
    return look(page, f"view.panels[0].map.labels.filter(label => label === {label}).length")


def pending(page):
    return look(page, "view.drawing.pending.edits.length")


def connection(page):
    return page.locator('[data-testid="stApp"]').get_attribute("data-test-connection-state")


def test_what_is_drawn_while_the_connection_is_lost_is_kept_once_it_is_back(browser, serve, folder):
    sockets, reachable = [], [True]

    def proxied(socket):
        if not any(reachable):
            socket.close()
            return
        socket.connect_to_server()
        sockets.append(socket)

    def watch(page):
        page.route_web_socket("**/_stcore/stream", proxied)

    with serve() as server, opening(browser, server.address, watch) as opened:
        page = opened(path="/annotate")
        begin(page)
        stroke(page, (0.3, 0.2), (0.6, 0.2))
        until(lambda: pending(page) == 0)
        assert drawn(page) == sizes(folder)["Region 1"] > 0
        reachable.clear()
        sockets[-1].close()
        until(lambda: connection(page) != "CONNECTED")
        for down in LINES:
            stroke(page, (0.3, down), (0.6, down))
        n_drawn = drawn(page)
        assert pending(page) == len(LINES)
        assert sizes(folder)["Region 1"] < n_drawn
        reachable.append(True)
        # Each look at the page lets the messages through that go by this test.
        until(lambda: pending(page) == 0, seconds=60)
        assert drawn(page) == sizes(folder)["Region 1"] == n_drawn
        settled(page)
        add_region(page, "Region 2")
        stroke(page, (0.3, 0.7), (0.6, 0.7))
        until(lambda: drawn(page, 1) == sizes(folder).get("Region 2", 0) > 0)


def test_what_is_drawn_while_the_server_starts_again_is_kept(browser, serve, folder):
    with serve() as server:
        port = server.address.rpartition(":")[2]
        opener = opening(browser, server.address)
        page = opener.__enter__()(path="/annotate")
        begin(page)
        stroke(page, (0.3, 0.2), (0.6, 0.2))
        until(lambda: sizes(folder)["Region 1"] == drawn(page) > 0)
    until(lambda: connection(page) != "CONNECTED")
    for down in LINES:
        stroke(page, (0.3, down), (0.6, down))
    n_drawn = drawn(page)
    with serve(port):
        until(lambda: sizes(folder)["Region 1"] == n_drawn, seconds=90)
        until(lambda: pending(page) == 0)
        assert drawn(page) == n_drawn
        settled(page)
        add_region(page, "Region 2")
        stroke(page, (0.3, 0.7), (0.6, 0.7))
        until(lambda: sizes(folder).get("Region 2", 0) == drawn(page, 1) > 0)
        opener.__exit__(None, None, None)
