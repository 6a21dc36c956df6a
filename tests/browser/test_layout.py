"""At the widths that people have nothing is cut off, covered, or put into a row of its own, in a real Chromium."""

import itertools
import shutil

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from core.io import lab
from core.parts import part_of
from scripts.chromium import served_app
from tests.browser.conftest import opening
from tests.browser.test_markers import apart
from tests.browser.test_tissue_view import settled, until
from tests.painted import keep_annotation, keep_strokes
from tests.sections import SHIPPED
from ui.data import user

pytestmark = pytest.mark.browser

WIDTHS = [390, 1024, 1440, 1920]
ME = "Ana"
AGAIN = "z_half.h5"  # half the spots of the section
PAGES = ["", "sweep", "tissue", "annotate", "guide", "sections", "runs", "method", "add_data", "glossary", "health"]


def boxes(found):
    return [one.bounding_box() for one in found.all()]


BOXES = "nodes => nodes.map(node => { const { x, y, width, height } = node.getBoundingClientRect(); return { x, y, width, height }; })"


def at_each_width(page):
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(1000)  # charts take the new width
        settled(page)
        yield width


def test_every_chart_and_every_value_can_be_chosen_without_scrolling_sideways(open_page):
    page = open_page()
    for words in ("Depth profile", "Counts per spot"):
        group = page.get_by_role("radiogroup").filter(has_text=words)
        group.wait_for()
        for width in at_each_width(page):
            choices, inside = boxes(group.get_by_role("radio")), group.bounding_box()
            assert len(choices) > 3
            assert all(box["x"] + box["width"] <= min(width, inside["x"] + inside["width"] + 1) for box in choices)
        page.get_by_role("link", name="Tissue").click()


def test_headings_of_maps_side_by_side_do_not_lie_over_one_another(open_page):
    page = open_page()
    page.get_by_role("link", name="Method").click()
    page.get_by_text("Seed 2").wait_for()
    for _ in at_each_width(page):
        for figure in page.locator(".js-plotly-plot").all():
            headings = figure.locator(".annotation-text").evaluate_all(BOXES)  # at one time: charts are drawn again
            assert len(headings) >= 3
            assert all(apart(one, other) for one, other in itertools.combinations(headings, 2))


def test_what_is_written_in_the_cells_of_a_table_does_not_lie_over_the_next_cell_on_a_telephone(open_page):
    page = open_page(width=390)
    page.get_by_role("radio", name="Confusion").evaluate("choice => choice.click()")
    written = page.locator(".js-plotly-plot .heatmap-label")
    expect(written).not_to_have_count(0)
    settled(page)
    cells = written.evaluate_all(BOXES)
    assert len(cells) > 7
    assert all(apart(one, other) for one, other in itertools.combinations(cells, 2))


def test_the_titles_of_all_pages_stand_at_one_height(browser, address):
    with opening(browser, address) as opened:
        page = opened()
        for _ in at_each_width(page):
            heights = {}
            for name in PAGES:
                page.goto(f"{address}/{name}")
                title = page.get_by_role("heading", level=1)
                title.wait_for()
                settled(page)
                heights[name] = title.bounding_box()["y"]
            assert max(heights.values()) - min(heights.values()) <= 1, heights


def test_every_page_is_called_in_its_title_as_in_the_navigation(browser, address):
    with opening(browser, address) as opened:
        page = opened()
        titles = {}
        for name in page.get_by_test_id("stSidebarNavLink").all_inner_texts():
            page.get_by_role("link", name=name, exact=True).click()
            page.get_by_role("heading", level=1, name=name, exact=True).wait_for()
            settled(page)
            titles[name] = page.get_by_role("heading", level=1).all_inner_texts()
        assert len(titles) == 10
        assert titles == {name: [name] for name in titles}


def test_maps_stand_close_to_what_is_above_and_below_them(open_used):
    for path, above in (("/", ".st-key-tune-story"), ("/tissue", None), ("/guide", None)):
        page = open_used(path=path)
        for width in at_each_width(page):
            title, last = (
                page.locator(".title").first.bounding_box(),
                page.locator(".legend .label").last.bounding_box(),
            )
            slider = page.locator(".underlay").bounding_box()
            assert slider["y"] - (last["y"] + last["height"]) < 12, (path, width)
            if above and width > 640:  # else the maps come first
                told = page.locator(above).bounding_box()
                assert 0 < title["y"] - (told["y"] + told["height"]) <= 30, (path, width)


LONE_BUTTONS = """() => {
  const seen = node => { const box = node.getBoundingClientRect(); return box.width > 1 && box.height > 1; };
  const found = [];
  for (const row of document.querySelectorAll(".stHorizontalBlock")) {
    const lines = [];
    for (const child of [...row.children].filter(seen)) {
      const { top, bottom } = child.getBoundingClientRect();
      const line = lines.find(line => top < line.bottom - 2 && bottom > line.top + 2);
      if (!line) lines.push({ top, bottom, children: [child] });
      else { line.children.push(child); line.bottom = Math.max(line.bottom, bottom); }
    }
    const buttons = lines.map(line => line.children.filter(child => child.matches(".stElementContainer, :has(> .stPopover)") && child.querySelector("button:not([role=radio])")));
    if (lines.length > 1 && lines.at(-1).children.length === 1 && buttons.at(-1).length === 1 && buttons.some(line => line.length > 1))
      found.push(buttons.at(-1)[0].innerText);
  }
  return found;
}"""
"""Buttons that stand alone below the row that they belong to."""


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """Where an app listens whose section has strokes and an annotation of the user."""
    folder = tmp_path_factory.mktemp("samples")
    shutil.copy(SHIPPED, folder)
    whole = lab.read(SHIPPED)
    lab.write(part_of(whole, np.arange(0, whole.n_spots, 2)), folder / AGAIN)
    keep_strokes(folder / SHIPPED.name, ME)
    keep_annotation(folder / SHIPPED.name, ME)
    models = str(tmp_path_factory.mktemp("models"))
    with served_app(SPCA_PRESET="paper", SPCA_DATA=str(folder), SPCA_MODELS=models) as address:
        yield address


@pytest.fixture
def open_used(browser, used):
    def watch(page):
        page.context.add_cookies([{"name": user.COOKIE, "value": ME, "url": used}])

    with opening(browser, used, watch) as opened:
        yield opened


SECTIONS = f"/sections?section={SHIPPED.name}&section={AGAIN}"


@pytest.mark.parametrize("path", ["/", "/tissue", "/annotate", "/guide", SECTIONS])
def test_no_button_stands_alone_below_its_row(open_used, path):
    page = open_used(path=path)
    assert {width: lone for width in at_each_width(page) if (lone := page.evaluate(LONE_BUTTONS))} == {}


@pytest.mark.parametrize("width", [1024, 1440, 1920])
def test_strokes_and_what_follows_them_are_side_by_side_in_sight(open_used, width):
    page = open_used(width=width, path="/guide")
    painted, guided = boxes(page.locator(".stage"))
    assert painted["y"] == guided["y"]
    assert painted["x"] + painted["width"] <= guided["x"]
    assert guided["y"] + guided["height"] <= 900


@pytest.mark.parametrize("width", [1024, 1440, 1920])
def test_what_stands_below_the_maps_does_not_move_with_another_result(open_page, width):
    heights, counts = set(), set()
    for query in ("/?n_clusters=5", "/?n_clusters=9", "/?n_clusters=12"):
        page = open_page(width=width, path=query)
        below = page.locator(".st-key-tune-told")
        below.wait_for()
        settled(page)
        heights.add(round(below.bounding_box()["y"] - page.locator(".stage").first.bounding_box()["y"]))
        counts.add(page.locator(".legend .label").count())
    assert len(counts) > 1
    assert len(heights) == 1


@pytest.mark.parametrize("width", [1024, 1440])
def test_on_guide_nothing_below_the_maps_moves_when_another_map_is_beside_the_strokes(open_used, width):
    page = open_used(width=width, path="/guide")
    places = {}
    for kind in ("Guided", "Uncertainty", "Label-free"):
        page.get_by_role("radio", name=kind, exact=True).evaluate("choice => choice.click()")
        page.locator(".title").filter(has_text=kind).wait_for()
        settled(page)
        places[kind] = round(page.get_by_test_id("stMetric").first.bounding_box()["y"])
    assert len(set(places.values())) == 1, places


@pytest.mark.parametrize("width", [1024, 1440, 1920])
def test_what_is_drawn_and_what_is_beside_it_stand_side_by_side(open_used, width):
    page = open_used(width=width, path="/annotate")
    drawn, beside = boxes(page.locator(".stage"))
    assert drawn["y"] == beside["y"]
    assert drawn["x"] + drawn["width"] <= beside["x"]


def test_before_their_spots_are_here_maps_have_their_place_and_show_nothing_half_made(browser, address):
    held: list[Route] = []
    context = browser.new_context(viewport={"width": 1024, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.route("**/media/*.bin", lambda route: held.append(route))
    page.goto(address)
    waiting = page.locator(".view.waits")
    waiting.wait_for()
    until(lambda: len(held) == 1)
    assert page.locator(".view .tool, .view .foot").filter(visible=True).count() == 0
    settled(page)  # the styles of the page are there by then
    place = 0.0
    while place != (place := waiting.bounding_box()["height"]):
        page.wait_for_timeout(1000)
    held[0].continue_()
    page.locator(".legend .label").first.wait_for()
    settled(page)
    assert abs(page.locator(".view").bounding_box()["height"] - place) < 48
    assert page.locator(".view .tool").filter(visible=True).count() == 4
    context.close()
