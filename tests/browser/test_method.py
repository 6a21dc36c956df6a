"""The Method page in a real Chromium, on the section that ships; the fixture fails on any complaint of the console."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_method_page_draws_its_four_figures_and_a_knob_redraws_its_own(open_page):
    page = open_page()
    page.get_by_role("link", name="Method").click()
    page.get_by_text("Seed 2").wait_for()
    expect(page.locator(".js-plotly-plot")).to_have_count(4)
    page.get_by_role("spinbutton", name="First seed").fill("3")
    page.keyboard.press("Enter")
    page.get_by_text("Seed 5").wait_for()
    assert page.get_by_test_id("stException").count() == 0
