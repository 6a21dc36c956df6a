"""What never changes for a sample travels once, in a real Chromium, and the maps that show it are always those asked for last."""

import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from core.io import lab
from core.parts import part_of
from scripts.chromium import served_app
from tests.browser.conftest import settle
from tests.browser.test_tissue_view import camera, draw_lasso, look, move, settled, shades, until

pytestmark = pytest.mark.browser

SHIPPED = Path(__file__).resolve().parents[2] / "spca_dat" / "151673.h5"
N_SPOTS, N_HALF = 2929, 1500
BLOCKS = "**/media/*.bin"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The section that ships, and its first spots as a second sample."""
    folder = tmp_path_factory.mktemp("samples")
    shutil.copy(SHIPPED, folder)
    whole = lab.read(SHIPPED)
    first = part_of(whole, np.arange(N_HALF))
    lab.write(dataclasses.replace(first, name="half", image=None), folder / "half.h5")
    return folder


@pytest.fixture(scope="module", params=["", "lab/spatial"])
def address(folder, tmp_path_factory, request):
    """Where the app listens: at the root, and below a path."""
    places = {"SPCA_DATA": str(folder), "SPCA_MODELS": str(tmp_path_factory.mktemp("models"))}
    with served_app(SPCA_PRESET="paper", STREAMLIT_SERVER_BASE_URL_PATH=request.param, **places) as address:
        yield address


@pytest.fixture
def visit(browser, address):
    """Open the app on the section that ships; the page keeps what it receives and the blocks of spots that it asks for."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.received, page.blocks, page.came = [], [], []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: page.received.append(frame)))
    page.on("request", lambda request: request.url.endswith(".bin") and page.blocks.append(request.url))
    page.on("response", lambda answer: answer.url.endswith(".bin") and answer.ok and page.came.append(answer.url))
    page.goto(f"{address}/?sample={SHIPPED.name}")
    page.locator(".legend .label").first.wait_for()
    settle(page)
    yield page
    context.close()


def choose(page, name):
    page.get_by_role("combobox", name="Sample").click()
    page.get_by_role("option", name=name, exact=True).click()


def count(page):
    return look(page, "view.geometry.count")


def drawn(page):
    """Whether all maps show one label for each spot, and colours."""
    counts = look(page, "view.panels.map(panel => panel.map.labels.length)")
    return set(counts) == {count(page)} and all(len(shades(page, index)) > 3 for index in range(len(counts)))


def test_a_second_move_sends_labels_and_no_barcodes(visit):
    move(visit)
    visit.received.clear()
    move(visit, 6)
    visit.wait_for_timeout(500)
    settled(visit)
    sent = [frame.encode() if isinstance(frame, str) else frame for frame in visit.received]
    with_maps = [frame for frame in sent if b"tissue_view" in frame]
    assert with_maps
    assert (
        max(map(len, with_maps)) < 2 * N_SPOTS + 4000
    )  # one byte for each spot of two maps, and words, also on drawing and choosing
    for barcode in lab.read_barcodes(SHIPPED):
        assert not any(str(barcode).encode() in frame for frame in with_maps)
    assert len(visit.blocks) == 1


def test_maps_are_drawn_after_leaving_tune_and_coming_back_and_after_a_reload(visit):
    visit.get_by_role("link", name="Tissue").click()
    visit.get_by_role("heading", name="Tissue", exact=True).wait_for()
    expect(visit.locator(".stage")).to_have_count(1)
    until(lambda: drawn(visit))
    visit.get_by_role("link", name="Tune").click()
    expect(visit.locator(".stage")).to_have_count(2)
    until(lambda: drawn(visit))
    assert len(visit.blocks) == 1
    visit.reload()
    visit.locator(".legend .label").first.wait_for()
    until(lambda: drawn(visit))
    move(visit)
    assert drawn(visit)
    assert visit.blocks == visit.blocks[:1] * 2


def test_samples_that_are_switched_quickly_end_with_the_one_chosen_last(visit):
    for name in ("half", "151673", "half"):
        choose(visit, name)
    until(lambda: count(visit) == N_HALF and drawn(visit))
    settle(visit)
    assert (count(visit), drawn(visit)) == (N_HALF, True)
    # Spots that the server has let go of by a run that began meanwhile are asked for once more; none come twice.
    assert len(set(visit.came)) == len(visit.came) <= 2


def test_a_sample_whose_spots_come_late_is_not_drawn_over_the_one_chosen_meanwhile(visit):
    waiting: list[Route] = []
    # Where the server has let go of the spots, they are asked for again, a quarter of a second later.
    visit.route(BLOCKS, lambda route: route.continue_() if waiting else waiting.append(route))
    choose(visit, "half")
    until(lambda: visit.wait_for_timeout(50) or waiting)
    choose(visit, "151673")
    settled(visit)
    visit.wait_for_timeout(500)
    waiting[0].continue_()
    visit.wait_for_timeout(1500)
    assert (count(visit), drawn(visit)) == (N_SPOTS, True)
    choose(visit, "half")
    until(lambda: count(visit) == N_HALF and drawn(visit))
    assert len(set(visit.blocks)) == 2


def test_the_newest_of_the_moves_that_waited_for_the_spots_is_drawn(visit):
    waiting: list[Route] = []
    visit.route(BLOCKS, lambda route: waiting.append(route))
    choose(visit, "half")
    until(lambda: visit.wait_for_timeout(50) or waiting)
    settled(visit)
    clusters = visit.get_by_role("spinbutton", name=re.compile("^Clusters"))
    clusters.fill("3")
    visit.keyboard.press("Enter")
    visit.wait_for_timeout(1500)
    waiting.pop().continue_()
    until(lambda: count(visit) == N_HALF)
    expect(visit.locator(".marks").first).to_have_attribute("aria-label", "3 predicted domains of half.")
    assert (len(set(look(visit, "[...view.panels[0].map.labels]"))), waiting) == (3, [])


def test_a_fetch_that_fails_is_tried_again_and_then_said_in_a_sentence_until_spots_come(visit):
    attempts = []
    visit.route(BLOCKS, lambda route: (attempts.append(route), route.abort()))
    choose(visit, "half")
    sentence = visit.locator(".missing")
    expect(sentence).to_have_text(
        "The spots of this sample did not arrive: check the connection, then reload the page."
    )
    assert len(attempts) == 5
    expect(visit.locator(".stage").first).to_be_hidden()
    visit.unroute(BLOCKS)
    choose(visit, "151673")
    expect(sentence).to_be_hidden()
    until(lambda: count(visit) == N_SPOTS and drawn(visit))
    choose(visit, "half")
    until(lambda: count(visit) == N_HALF and drawn(visit))


def test_the_script_of_the_maps_is_fetched_once_and_again_if_that_failed(visit):
    scripts = []
    visit.on(
        "request", lambda asked: asked.resource_type == "script" and "/media/" in asked.url and scripts.append(asked)
    )
    move(visit)
    assert scripts == []
    visit.route("**/media/*", lambda route: route.abort() if route.request in scripts[:1] else route.continue_())
    visit.reload()
    visit.locator(".legend .label").first.wait_for()
    until(lambda: drawn(visit))
    assert len(scripts) == 2


def test_selection_and_camera_stay_over_a_move_and_are_new_for_another_sample(visit):
    draw_lasso(visit, index=1)
    visit.get_by_text(re.compile(r"\d+ spots selected")).first.wait_for()
    settled(visit)
    fitted = camera(visit)
    visit.locator(".stage .marks").first.focus()
    visit.keyboard.press("+")
    until(lambda: camera(visit)[2] > fitted[2])
    selected, zoomed = "view.selected?.reduce((sum, one) => sum + one, 0) ?? 0", camera(visit)
    n_selected = look(visit, selected)
    move(visit)
    assert (look(visit, selected), camera(visit)) == (n_selected, zoomed)
    choose(visit, "half")
    until(lambda: count(visit) == N_HALF and drawn(visit))
    assert (look(visit, selected), camera(visit)[2]) == (0, 1)
