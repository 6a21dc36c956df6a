"""Marker genes in a real Chromium, on the section that ships."""

import itertools

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROW_PX = 35


def settled(page):
    page.wait_for_timeout(500)
    page.wait_for_function("document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'")


def test_a_click_on_a_gene_of_the_table_shows_it_on_the_tissue_and_back_finds_the_markers_again(open_page):
    page = open_page()
    page.get_by_text("Markers", exact=True).click()
    page.get_by_role("button", name="Find markers").click()
    page.get_by_role("button", name="All genes as CSV").wait_for()
    settled(page)
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(
        box["x"] + 30, box["y"] + 1.5 * ROW_PX
    )  # the grid is a canvas: its first row lies below the heading
    page.get_by_role("heading", name="Tissue").wait_for()
    settled(page)
    assert "show=gene&gene=" in page.url
    gene = page.url.split("gene=")[-1]
    expect(page.get_by_text(gene, exact=True).first).to_be_visible()
    page.go_back()
    page.get_by_role("heading", name="Tune").wait_for()
    expect(page.get_by_role("button", name="All genes as CSV")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize("width", [390, 1024, 1440, 1920])
def test_the_tools_of_the_table_cover_nothing_that_stands_above_it(open_page, width):
    page = open_page(path="/?chart=markers", width=width)
    page.get_by_role("button", name="Find markers").or_(page.get_by_role("button", name="All genes as CSV")).wait_for()
    if (find := page.get_by_role("button", name="Find markers")).count():
        find.click()
    button = page.get_by_role("button", name="All genes as CSV")
    button.wait_for()
    settled(page)
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    table.hover(position={"x": 60, "y": 1.5 * ROW_PX})
    tools = page.get_by_test_id("stElementToolbar").filter(visible=True)
    expect(tools.get_by_role("button", name="Fullscreen")).to_be_visible()
    page.wait_for_timeout(500)  # they fade in
    shown = tools.locator("button").all()
    assert len(shown) >= 3
    for tool, other in itertools.product(shown, (button, page.get_by_role("combobox", name="Domain"))):
        assert apart(tool.bounding_box(), other.bounding_box())


def apart(one, other):
    """Whether two boxes have no point in common."""
    return (
        one["x"] + one["width"] <= other["x"]
        or other["x"] + other["width"] <= one["x"]
        or one["y"] + one["height"] <= other["y"]
        or other["y"] + other["height"] <= one["y"]
    )
