"""The tree of domains in a real Chromium, on the section that ships."""

import csv
import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_markers import settled

pytestmark = pytest.mark.browser

POINT = """([x, y]) => {
  const plot = [...document.querySelectorAll(".js-plotly-plot")].find(plot => plot.layout.xaxis.title?.text?.startsWith("Steps"));
  const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
  return [box.x + xaxis._offset + xaxis.l2p(x), box.y + yaxis._offset + yaxis.l2p(y)];
}"""
BRANCH = """name => {
  const plot = [...document.querySelectorAll(".js-plotly-plot")].find(plot => plot.layout.xaxis.title?.text?.startsWith("Steps"));
  const points = plot.data.at(-1), at = points.hovertext.findIndex(text => text.startsWith(`<b>${name}</b>`));
  return [points.x[at], points.y[at], Number(points.hovertext[at].match(/: ([\\d,]+) spot/)[1].replace(",", ""))];
}"""


def test_a_click_on_a_branch_lights_its_spots_and_the_slider_splits_one_domain_alone(open_page):
    page = open_page(path="/?preset=recommended&chart=tree", width=1440)
    slider = page.get_by_role("slider", name="Domains in the tree")
    slider.wait_for()
    settled(page)
    maps = page.locator(".legend").last.locator(".label")
    before = maps.all_inner_texts()
    assert len(before) == int(slider.input_value())
    slider.press("ArrowRight")
    expect(maps).to_have_count(len(before) + 1)
    after = maps.all_inner_texts()
    split = set(before) - set(after)
    assert len(split) == 1
    assert sorted(set(after) - set(before)) in (
        [f"{name}{gap}a", f"{name}{gap}b"] for name in split for gap in ("", " ")
    )
    expect(page).to_have_url(re.compile(f"chart=tree&tree={len(after)}"))
    settled(page)

    leaf = next(name for name in after if name in split or name.endswith("b"))
    slider.scroll_into_view_if_needed()
    x, y, size = page.evaluate(BRANCH, leaf)
    page.mouse.move(*page.evaluate(POINT, [x, y]))
    page.wait_for_timeout(500)
    page.mouse.click(*page.evaluate(POINT, [x, y]))
    expect(page.get_by_role("combobox", name="Branch")).to_have_value(leaf)
    expect(maps.get_by_text("Elsewhere", exact=True)).to_be_visible()
    expect(page.get_by_text(f"{size} spots selected", exact=False).last).to_be_visible()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Barcodes").last.click()
    with open(download.value.path(), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == size
    assert {row["tree"] for row in rows} == {leaf}
