"""A sweep in a real browser: started, watched, and a cell of it opened in Tune."""

import re

import pytest
from playwright.sync_api import expect

from core.io import lab
from scripts.chromium import served_app
from tests.small_tissue import small_sample

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser, tmp_path):
    """The Sweep page on a small sample."""
    (tmp_path / "samples").mkdir()
    (tmp_path / "models").mkdir()
    lab.write(small_sample("first"), tmp_path / "samples" / "first.h5")
    with served_app(SPCA_DATA=str(tmp_path / "samples"), SPCA_MODELS=str(tmp_path / "models")) as address:
        context = browser.new_context(viewport={"width": 1440, "height": 1200})
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{address}/sweep")
        yield page
        context.close()


def test_a_grid_fills_its_sheet_survives_a_reload_and_opens_the_clicked_map_in_tune(page):
    values = page.get_by_role("textbox", name="Values")
    values.nth(0).fill("1, 3")
    values.nth(0).press("Enter")
    values.nth(1).fill("0.5, 2")
    values.nth(1).press("Enter")
    expect(page.get_by_text("4 settings × 3 starts = 12 runs")).to_be_visible()
    page.get_by_role("button", name="Start sweep").click()
    sheet = page.locator(".js-plotly-plot")
    expect(sheet.locator("image")).to_have_count(4, timeout=120_000)
    expect(page.get_by_role("button", name="Pause")).to_have_count(0, timeout=120_000)
    page.reload()
    expect(sheet.locator("image")).to_have_count(4)
    points = sheet.locator(".scatterlayer path.point")
    expect(points).to_have_count(4)
    box = points.nth(3).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("heading", name="Tune")).to_be_visible()
    expect(page).to_have_url(re.compile(r"window=3.*x_weight=2"))
