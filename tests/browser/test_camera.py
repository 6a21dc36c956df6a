"""The camera is in the address, in a real Chromium: the browser alone writes it, and a link opens with it."""

import re
import urllib.parse

import pytest
from playwright.sync_api import expect

from core.io import lab
from scripts.chromium import served_app
from tests.browser.conftest import opening, settle
from tests.browser.test_tissue_view import camera, look, settled, until
from tests.named_tissue import named_sample

pytestmark = pytest.mark.browser

COUNT_SENT = """() => {
    window.sent = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) { window.sent += 1; return send.call(this, data); };
}"""
ENTRIES = "() => [...new URLSearchParams(location.search)]"


def entries(page):
    return dict(page.evaluate(ENTRIES))


def zoomed(page, index=0):
    """Zoom in and move by keys; wait until the address has it."""
    page.locator(".stage .marks").nth(index).focus()
    for key in ("+", "+", "+", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_function("[...new URLSearchParams(location.search).keys()].some(name => name.startsWith('view'))")
    page.wait_for_timeout(500)


def near(one, other):
    return [pytest.approx(part, rel=1e-3) for part in one] == list(other)


@pytest.mark.parametrize("path", ["/", "/tissue"])
def test_a_link_and_a_reload_show_the_same_camera_and_moving_it_asks_the_server_for_nothing(open_small, path):
    page = open_small(path=path)
    page.evaluate(COUNT_SENT)
    n_entries = page.evaluate("history.length")
    zoomed(page)
    assert page.evaluate("window.sent") == 0
    assert page.evaluate("history.length") == n_entries
    wanted, query = camera(page), page.url.partition("?")[2]
    assert wanted[2] == pytest.approx(1.25**3)
    assert re.search(r"view=[\d.]+,[\d.]+,[\d.]+", page.url)
    other = open_small(path=f"{path}?{query}")
    assert near(camera(other), wanted)
    assert entries(other)["view"] == entries(page)["view"]
    page.reload()
    page.locator(".legend .label").first.wait_for()
    settle(page)
    assert near(camera(page), wanted)


def test_a_moved_knob_and_another_chart_keep_camera_and_entry_and_fit_takes_it_out(open_page):
    page = open_page()
    zoomed(page)
    wanted, entry = camera(page), entries(page)["view"]
    page.get_by_role("slider", name=re.compile("^Window k")).press("ArrowRight")
    page.wait_for_url(re.compile("window=7"))
    settled(page)
    page.get_by_role("radio", name="Flow").click()
    page.wait_for_url(re.compile("chart=flow"))
    settled(page)
    assert (camera(page), entries(page)["view"]) == (wanted, entry)
    page.go_back()
    page.wait_for_url(lambda url: "chart" not in url)
    settled(page)
    assert (camera(page), entries(page)["view"]) == (wanted, entry)
    assert page.get_by_test_id("stException").count() == 0
    page.get_by_role("button", name="Fit", exact=True).click()
    page.wait_for_url(lambda url: "view=" not in url)
    page.get_by_role("slider", name=re.compile("^Window k")).press("ArrowRight")
    page.wait_for_url(re.compile("window=8"))
    settled(page)
    assert "view" not in entries(page)


@pytest.mark.parametrize("text", ["here", "1e9,0,100", "1000,1000,nan", "1000,1000,1"])
def test_a_camera_that_the_tissue_cannot_have_is_said_and_left_out(open_page, text):
    page = open_page(path="/?view=" + urllib.parse.quote(text))
    expect(page.get_by_text(f"view={text} in the address was ignored")).to_be_visible()
    assert camera(page)[2] == 1
    assert "view" not in entries(page)


@pytest.fixture(scope="module")
def small_address(tmp_path_factory):
    """Where the app listens: on two small samples."""
    folder = tmp_path_factory.mktemp("samples")
    lab.write(named_sample("first"), folder / "first.h5")
    lab.write(named_sample("second", 20), folder / "second.h5")
    models = str(tmp_path_factory.mktemp("models"))
    with served_app(SPCA_PRESET="paper", SPCA_DATA=str(folder), SPCA_MODELS=models) as address:
        yield address


@pytest.fixture
def open_small(browser, small_address):
    with opening(browser, small_address) as opened:
        yield opened


def test_another_sample_is_shown_whole_and_its_address_says_nothing_of_a_camera(open_small):
    page = open_small(path="/?sample=first.h5")
    zoomed(page)
    page.get_by_role("combobox", name="Sample").click()
    page.get_by_role("option", name="second", exact=True).click()
    page.wait_for_url(re.compile("sample=second"))
    until(lambda: look(page, "view.geometry.count") == 240)
    settled(page)
    page.wait_for_timeout(500)
    assert camera(page)[2] == 1
    assert "view" not in entries(page)


CAMERAS = """() => [...document.querySelectorAll('*')].map(node => node.shadowRoot?.tissueView).filter(Boolean)
    .map(view => [view.camera.x, view.camera.y, view.camera.zoom])"""


def test_each_of_several_sections_has_its_camera_in_the_address(open_small):
    page = open_small(path="/sections?section=first.h5&section=second.h5")
    zoomed(page, index=2)  # each section has two maps with one camera
    first, second = page.evaluate(CAMERAS)
    assert (first[2], second[2]) == (1, pytest.approx(1.25**3))
    assert [name for name in entries(page) if name.startswith("view")] == ["view.second"]
    other = open_small(path="/sections?" + page.url.partition("?")[2])
    assert near(other.evaluate(CAMERAS)[1], second)
    assert entries(other) == entries(page)
    assert page.get_by_test_id("stAlert").count() == 0
