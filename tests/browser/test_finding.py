"""A run that takes long says so and can be cancelled, in a real Chromium; the maps of before stay in their place."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_tissue_view import look, settled

pytestmark = pytest.mark.browser


def labels(page):
    return look(page, "[...view.panels[0].map.labels].join()")


def test_a_long_run_tells_the_time_left_and_cancel_leaves_the_maps_of_before(open_page):
    page = open_page()
    before, top = labels(page), page.locator(".stage").first.bounding_box()
    cancel = page.get_by_role("button", name="Cancel finding")
    assert cancel.count() == 0
    page.get_by_text("Starts", exact=True).first.click()
    page.get_by_role("spinbutton", name=re.compile("^Starts")).fill("1000")  # ten seconds or more
    page.keyboard.press("Enter")
    cancel.wait_for()
    expect(page.locator(".st-key-tune-finding")).to_contain_text(re.compile("About .* left|Time left: not known yet"))
    assert page.locator(".stage").first.bounding_box() == top
    cancel.click()
    expect(
        page.get_by_text("Finding domains was cancelled. The maps and scores are those of the settings before.")
    ).to_be_visible()
    settled(page)
    assert labels(page) == before
    expect(page.get_by_role("spinbutton", name=re.compile("^Starts"))).to_have_value("1000")
    assert (
        page.locator(".stBidiComponent")
        .filter(has=page.locator(".stage"))
        .first.evaluate("node => getComputedStyle(node).opacity")
        == "0.4"
    )
    assert cancel.count() == 0
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Finding domains was cancelled", exact=False)).to_have_count(0)
    settled(page)
    page.wait_for_function("before => ![...document.querySelectorAll('.st-key-tune-cancelled')].length", arg=before)
    assert page.get_by_test_id("stException").count() == 0
