"""A run that takes long says so and can be cancelled, in a real Chromium; the maps of before stay in their place."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_tissue_view import look, settled

pytestmark = pytest.mark.browser
NARROW = 768
"""Below this many pixels the sidebar lies over the page."""


def labels(page):
    return look(page, "[...view.panels[0].map.labels].join()")


@pytest.mark.parametrize(("width", "n_starts"), [(390, 400), (1024, 390), (1440, 380)])  # each is computed once
def test_a_long_run_tells_the_time_left_and_cancel_leaves_the_maps_of_before(open_page, width, n_starts):
    page = open_page(width=width)
    before, top = labels(page), page.locator(".stage").first.bounding_box()
    cancel = page.get_by_role("button", name="Cancel finding")
    assert cancel.count() == 0
    if width < NARROW:
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_text("Starts", exact=True).first.click()
    page.get_by_role("spinbutton", name=re.compile("^Starts")).fill(
        str(n_starts)
    )  # ten seconds or more, and not a minute: it goes on to its end
    page.keyboard.press("Enter")
    if width < NARROW:
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    cancel.wait_for()
    expect(page.locator(".st-key-tune-finding")).to_contain_text(re.compile("About .* left|Time left: not known yet"))
    assert page.locator(".stage").first.bounding_box() == top
    cancel.click()
    expect(
        page.get_by_text("Cancelled; the maps are of the settings before. The running step still ends, unseen.")
    ).to_be_visible()
    settled(page)
    assert page.locator(".stage").first.bounding_box() == top
    row, said = (page.locator(f".st-key-{name}").bounding_box() for name in ("tune-finding", "tune-cancelled p"))
    assert row["y"] <= said["y"] + 1  # nothing is cut off
    assert said["y"] + said["height"] <= row["y"] + row["height"] + 1
    assert labels(page) == before
    expect(page.locator("input[aria-label^=Starts]")).to_have_value(str(n_starts))
    assert (
        page.locator(".stBidiComponent")
        .filter(has=page.locator(".stage"))
        .first.evaluate("node => getComputedStyle(node).opacity")
        == "0.4"
    )
    assert cancel.count() == 0
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Cancelled; the maps")).to_have_count(0)
    assert page.locator(".stage").first.bounding_box() == top
    settled(page)
    page.wait_for_function("() => ![...document.querySelectorAll('.st-key-tune-cancelled')].length")
    assert page.locator(".stage").first.bounding_box() == top
    assert page.get_by_test_id("stException").count() == 0
