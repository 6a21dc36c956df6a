"""The first page in a real Chromium, on the section that ships."""

import re

import pytest

pytestmark = pytest.mark.browser

SEVEN = "7 predicted domains of 151673."


def card(page, label):
    return page.get_by_test_id("stMetric").filter(has_text=label)


def value(page, label):
    return card(page, label).get_by_test_id("stMetricValue").inner_text()


def picture(page):
    """Pixels of the map of predicted domains."""
    return page.locator(".stage .spots").first.evaluate("canvas => canvas.toDataURL()")


def wait_until_changed(page, read, before):
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    )
    for _ in range(150):
        if read(page) != before:
            return
        page.wait_for_timeout(200)
    pytest.fail("The page did not change.")


def test_opening_shows_both_maps_and_the_scores(open_page):
    page = open_page()
    assert page.locator(".stage").count() == 2
    assert [text for text in ("Predicted", "Annotated") if page.get_by_text(text, exact=True).count() == 1]
    for label in ("ARI", "NMI"):
        assert re.fullmatch(r"0\.\d{3}", value(page, label))
    assert value(page, "Direction").endswith("rad")
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize("width", [1024, 1440, 1920])
def test_the_maps_fit_into_the_window_without_scrolling(open_page, width):
    page = open_page(width=width)
    box = page.locator(".stage").first.bounding_box()
    assert box["y"] + box["height"] <= 900
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for label in ("ARI", "NMI", "Direction", "Time"):
        shown = card(page, label).get_by_test_id("stMetricValue").locator("div").last
        assert shown.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_a_knob_moved_by_key_changes_picture_and_scores(open_page):
    page = open_page()
    before, score = picture(page), value(page, "ARI")
    window = page.get_by_role("slider", name=re.compile("^Window k"))
    window.press("ArrowRight")
    wait_until_changed(page, picture, before)
    assert window.input_value() == "7"
    page.get_by_role("spinbutton", name=re.compile("^Clusters")).fill("3")
    page.keyboard.press("Enter")
    wait_until_changed(page, lambda page: page.locator(".marks").first.get_attribute("aria-label"), SEVEN)
    assert page.locator(".marks").first.get_attribute("aria-label") == "3 predicted domains of 151673."
    assert value(page, "ARI") != score


def test_a_link_opens_on_its_sample(open_page):
    page = open_page(path="/?sample=151673.h5")
    assert page.get_by_text("2,929 spots").count() == 1
