"""The first page in a real Chromium, on the section that ships."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

VIEW = "[...document.querySelectorAll('*')].map(node => node.shadowRoot?.tissueView).find(Boolean)"
PICTURE = f"{VIEW}.panels[0].spots.toDataURL()"


def card(page, label):
    return page.get_by_test_id("stMetric").filter(has_text=label)


def value(page, label):
    return card(page, label).get_by_test_id("stMetricValue").inner_text()


def picture(page):
    """Pixels of the map of predicted domains."""
    return page.evaluate(PICTURE)


def test_opening_shows_both_maps_and_the_scores(open_page):
    page = open_page()
    expect(page.locator(".stage")).to_have_count(2)
    assert page.locator(".maps .title").all_inner_texts() == ["Predicted", "Annotated"]
    for label in ("ARI", "NMI"):
        assert re.fullmatch(r"0\.\d{3}", value(page, label))
    assert value(page, "Direction").endswith("°")
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
    page.wait_for_function(f"before => {PICTURE} !== before", arg=before)
    expect(window).to_have_value("7")
    page.get_by_role("spinbutton", name=re.compile("^Clusters")).fill("3")
    page.keyboard.press("Enter")
    expect(page.locator(".marks").first).to_have_attribute("aria-label", "3 predicted domains of 151673.")
    expect(card(page, "ARI").get_by_test_id("stMetricValue")).not_to_have_text(score)


def test_cards_beside_a_pinned_result_are_not_cut_off_in_a_narrow_window_nor_higher(open_page):
    page = open_page(width=1024)
    height = card(page, "Direction").bounding_box()["height"]
    page.get_by_role("button", name="Pin").click()
    page.get_by_role("button", name="Unpin").wait_for()
    page.get_by_role("slider", name=re.compile("^Window k")).press("ArrowRight")
    for label in ("ARI", "NMI", "Direction", "Time"):
        words = card(page, label).get_by_text("vs pin")
        words.wait_for()
        assert words.evaluate("node => node.scrollWidth <= node.clientWidth")
        assert card(page, label).bounding_box()["height"] == height


def test_a_link_opens_on_its_sample(open_page):
    page = open_page(path="/?sample=151673.h5")
    expect(page.get_by_text("2,929 spots").first).to_be_visible()


def test_at_1024_the_head_of_tune_takes_at_most_a_third_of_the_window_and_its_cards_one_row(open_page):
    page = open_page(width=1024)
    page.set_viewport_size({"width": 1024, "height": 768})
    page.wait_for_timeout(500)
    head = page.locator(".st-key-tune-head").bounding_box()
    assert head["y"] + head["height"] <= 768 / 3
    boxes = [card.bounding_box() for card in page.get_by_test_id("stMetric").all()]
    assert len({box["y"] for box in boxes}) == 1
    assert len(boxes) == 6
    words = page.locator(".st-key-tune-cards [data-testid=stMetricValue] p")
    assert all(words.evaluate_all("all => all.map(one => one.scrollWidth <= one.clientWidth + 1)"))
