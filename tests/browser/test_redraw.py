"""Moves of a knob in a real Chromium: the picture goes ahead, and in the end everything on the page agrees."""

import itertools
import math
import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_tissue_view import look, settled

pytestmark = pytest.mark.browser


def scores(page):
    return page.get_by_test_id("stMetric").filter(has_text="ARI").inner_text()


def partition(page):
    """Number the domains of the predicted map as they are met: which layer each stands for depends on the moves before."""
    numbers: dict[int, int] = {}
    return [numbers.setdefault(label, len(numbers)) for label in look(page, "[...view.panels[0].map.labels]")]


def test_a_drag_of_many_moves_ends_with_maps_address_cards_and_knob_agreeing(open_page):
    page = open_page(path="/?preset=paper&angle=0.1")
    settled(page)
    look(page, "view.panels.forEach(panel => { panel.spots.remembered = true; })")
    angle = page.get_by_role("slider", name=re.compile("^Angle"))
    for _ in range(12):
        angle.press("ArrowRight")
    wanted = float(angle.input_value())
    page.wait_for_url(lambda url: f"angle={round(math.radians(wanted), 4):g}" in url)
    expect(page.get_by_test_id("stMetric").filter(has_text="Direction")).to_contain_text(f"{wanted:.1f}°")
    page.wait_for_timeout(500)
    settled(page)
    assert look(page, "view.panels.map(panel => panel.spots.isConnected && panel.spots.remembered)") == [True, True]

    other = open_page(path="/?" + page.url.partition("?")[2])
    settled(other)
    arrow = "[...view.panels[0].map.arrow]"
    assert look(other, arrow) == look(page, arrow)
    assert partition(other) == partition(page)
    assert scores(other) == scores(page)
    assert float(other.get_by_role("slider", name=re.compile("^Angle")).input_value()) == wanted


def test_moves_that_meet_the_redraw_at_rest_leave_no_older_map(open_page):
    page = open_page(path="/?preset=paper&angle=0.1")
    settled(page)
    angle = page.get_by_role("slider", name=re.compile("^Angle"))
    pauses = itertools.cycle((0, 130, 60, 250, 120, 20, 180))  # the page asks for the rest after 120 ms
    for key in ("ArrowRight", "ArrowLeft") * 4:
        for _ in range(9):
            angle.press(key)
            page.wait_for_timeout(next(pauses))
        wanted = float(angle.input_value())
        expect(page.get_by_test_id("stMetric").filter(has_text="Direction")).to_contain_text(f"{wanted:.1f}°")
        page.wait_for_timeout(700)
        x, y = look(page, "[...view.panels[0].map.arrow]")
        # Depth is cos(a) row - sin(a) column, rows are sqrt(3)/2 and columns 1/2 of 100 um apart.
        assert math.isclose(x / y, -math.tan(round(math.radians(wanted), 4)) * math.sqrt(3), abs_tol=1e-6)


def test_a_move_to_what_nobody_has_found_yet_is_drawn_after_a_page_that_only_showed_what_was_known(open_page):
    for n_moves in (1, 2):  # the second visitor's page is drawn whole at a move that the first one has made
        page = open_page(path="/?preset=paper&angle=0.7")
        settled(page)
        angle = page.get_by_role("slider", name=re.compile("^Angle"))
        for _ in range(n_moves):
            angle.press("ArrowRight")
            wanted = float(angle.input_value())
            expect(page.get_by_test_id("stMetric").filter(has_text="Direction")).to_contain_text(f"{wanted:.1f}°")
            page.wait_for_timeout(700)
            settled(page)
        assert page.get_by_test_id("stException").count() == 0


def test_no_knob_of_the_preset_before_is_left_over_while_the_next_one_computes(open_page):
    page = open_page(path="/?preset=recommended&components=40")  # computed anew
    page.get_by_role("combobox", name=re.compile("^Preset|Recommended")).first.click()
    page.get_by_role("option", name="Paper without").click()
    page.get_by_role("slider", name=re.compile("^Window k \\(default 6")).wait_for()
    expect(page.get_by_label(re.compile("^Components"))).to_have_count(0, timeout=1000)
    expect(page.get_by_label(re.compile("^Bend"))).to_have_count(0, timeout=1000)


WATCH = """() => {
    window.seen = { opacity: 1, tops: new Set() };
    setInterval(() => {
        const metric = document.querySelector('[data-testid=stMetric]');
        let opacity = metric ? 1 : 0;
        for (let at = metric; at; at = at.parentElement) opacity *= parseFloat(getComputedStyle(at).opacity);
        window.seen.opacity = Math.min(window.seen.opacity, opacity);
        window.seen.tops.add(Math.round(metric ? metric.getBoundingClientRect().top : -1));
    }, 15);
}"""


def test_while_it_computes_what_stands_above_the_maps_neither_dims_nor_moves(open_page):
    page = open_page(path="/?preset=paper&angle=0.1")
    angle = page.get_by_role("slider", name=re.compile("^Angle"))
    for moves in (1, 5):
        for _ in range(moves):
            angle.press("ArrowRight")
        wanted = float(angle.input_value())
        expect(page.get_by_test_id("stMetric").filter(has_text="Direction")).to_contain_text(f"{wanted:.1f}°")
        page.wait_for_timeout(500)
        settled(page)
    page.evaluate(WATCH)  # after the first move, which draws the whole page
    for _ in range(4):
        angle.press("ArrowRight")
        page.wait_for_timeout(400)
    seen = page.evaluate("() => ({ opacity: window.seen.opacity, tops: [...window.seen.tops] })")
    assert seen["opacity"] == 1
    assert len(seen["tops"]) == 1


def test_the_way_back_of_a_knob_is_there_while_the_knob_is_moved_and_only_then(open_page):
    page = open_page(path="/?preset=paper&angle=0.1")
    settled(page)
    window = page.get_by_role("slider", name=re.compile("^Window k"))
    back, every = (page.get_by_role("button", name=f"Undo {name}") for name in ("Window k", "all moved knobs"))
    default = window.input_value()
    expect(page.get_by_text("2 knobs moved")).to_be_visible()  # the angle of the address, and that there is one
    for _ in range(2):
        expect(back).to_have_count(0)
        window.press("ArrowRight")
        expect(back).to_be_visible()
        expect(page.get_by_text("3 knobs moved")).to_be_visible()
        window.press("ArrowLeft")
    expect(page.get_by_text("2 knobs moved")).to_be_visible()
    expect(back).to_have_count(0)  # or else the click meets the way back of the move before
    window.press("ArrowRight")
    expect(page.get_by_text("3 knobs moved")).to_be_visible()
    back.click()
    expect(window).to_have_value(default)
    expect(back).to_have_count(0)
    every.click()
    expect(page.get_by_text("Unchanged")).to_be_visible()
    expect(every).to_have_count(0)
