"""Keeping a result and sending its link, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def scores(page):
    page.get_by_test_id("stMetricValue").nth(1).wait_for()
    return page.get_by_test_id("stMetricValue").all_inner_texts()[:2]


def test_a_result_is_kept_under_a_name_and_its_link_opens_it_in_another_browser(open_page, address):
    page = open_page(path="/?n_clusters=5")
    page.get_by_role("button", name=re.compile("Keep$")).first.click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Five *domains*")
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    link = page.get_by_test_id("stCode").inner_text().strip()
    assert re.fullmatch(re.escape(address.rstrip("/")) + r"/\?run=[0-9a-f]{32}", link)
    colleague = open_page(path=link.removeprefix(address.rstrip("/")))
    colleague.get_by_text("Kept: Five *domains*").first.wait_for()
    assert scores(colleague) == scores(page)
    expect(colleague.get_by_role("spinbutton", name=re.compile("^Clusters"))).to_have_value("5")
