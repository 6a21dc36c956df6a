"""The expression space in a real Chromium, on the section that ships: what is lit in one is lit in the other."""

import re

import pytest
from playwright.sync_api import expect

from core.io import lab
from core.method.early_steps import LEARNT_BY
from core.method.pipeline import Pipeline
from tests.browser.test_markers import settled
from tests.sections import SHIPPED

pytestmark = pytest.mark.browser

LIT = """() => [...document.querySelectorAll(".js-plotly-plot")].at(-1)._fullData
  .filter(trace => trace.name !== "Not selected").flatMap(trace => [...trace.customdata]).sort((a, b) => a - b)"""
PLACE = """([x, y]) => {
  const plot = [...document.querySelectorAll(".js-plotly-plot")].at(-1);
  const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
  return [box.x + xaxis._offset + xaxis.l2p(x), box.y + yaxis._offset + yaxis.l2p(y)];
}"""


def draw(page, corners):
    """Draw a lasso with the pointer around corners on the screen."""
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in (*corners[1:], corners[0]):
        page.mouse.move(*corner, steps=10)
    page.mouse.up()


def box_around(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def n_selected(page):
    """How many spots the page says are selected, below the maps."""
    words = page.get_by_text(re.compile(r"^[\d,]+ spots? selected\. Predicted")).first
    expect(words).to_be_visible()
    return int(words.inner_text().split(" ")[0].replace(",", ""))


def test_a_lasso_in_the_scatter_lights_the_maps_and_one_on_the_map_lights_the_scatter(open_page):
    factors = Pipeline(lab.read(SHIPPED)).factors(LEARNT_BY)[:, :2]
    page = open_page(path="/?chart=expression")
    plot = page.locator(".js-plotly-plot").last
    plot.wait_for()
    settled(page)
    plot.scroll_into_view_if_needed()
    (left, low), (right, high) = factors.min(axis=0), factors.mean(axis=0)
    first, last = page.evaluate(PLACE, [left, high]), page.evaluate(PLACE, [right, low])
    draw(page, box_around(first[0] - 4, first[1], last[0], last[1] + 4))
    inside = [at for at, (x, y) in enumerate(factors) if x <= right and y <= high]
    settled(page)
    lit = page.evaluate(LIT)
    # But for spots within a pixel of the lasso's line.
    assert len(set(lit) ^ set(inside)) <= 0.02 * len(inside)
    assert n_selected(page) == len(lit)
    views = page.locator(".view")
    for at in (0, 1):  # the maps above, and the one beside
        expect(views.nth(at).get_by_role("button", name="Clear")).to_be_enabled()

    beside = views.nth(1)
    beside.get_by_role("button", name="Lasso").click()
    box = beside.locator("canvas").first.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    draw(page, box_around(middle[0] - 40, middle[1] - 40, middle[0] + 40, middle[1] + 40))
    settled(page)
    page.wait_for_timeout(1000)
    settled(page)
    again = page.evaluate(LIT)
    assert again != lit
    assert 0 < len(again) == n_selected(page)

    beside.get_by_role("button", name="Clear").click()
    expect(views.nth(0).get_by_role("button", name="Clear")).to_be_disabled()
    settled(page)
    assert len(page.evaluate(LIT)) == len(factors)
