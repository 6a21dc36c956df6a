"""What leaves the page: its address, opened by somebody else, and its downloads."""

import csv
import re
import struct
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from core.io import lab
from tests.sections import SHIPPED

pytestmark = pytest.mark.browser


def value(page, label):
    card = page.get_by_test_id("stMetric").filter(has_text=label)
    return card.get_by_test_id("stMetricValue").inner_text()


def scores(page):
    return [value(page, label) for label in ("ARI", "NMI", "Direction")]


def settled(page):
    page.wait_for_timeout(500)
    page.wait_for_function("document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'")


def query(page):
    return page.url.partition("?")[2]


def test_a_link_shows_somebody_else_the_same_scores_and_knobs_and_back_undoes(open_page):
    page = open_page()
    first = scores(page)
    page.get_by_role("slider", name=re.compile("^Window k")).press("ArrowRight")
    settled(page)
    page.get_by_role("spinbutton", name=re.compile("^Clusters")).fill("5")
    page.keyboard.press("Enter")
    settled(page)
    assert "window=7" in query(page)
    assert "n_clusters=5" in query(page)
    assert scores(page) != first
    colleague = open_page(path="/?" + query(page))
    settled(colleague)
    assert scores(colleague) == scores(page)
    expect(colleague.get_by_role("slider", name=re.compile("^Window k"))).to_have_value("7")
    page.go_back()
    settled(page)
    assert "n_clusters" not in query(page)
    expect(page.get_by_role("spinbutton", name=re.compile("^Clusters"))).to_have_value("7")
    expect(page.get_by_role("slider", name=re.compile("^Window k"))).to_have_value("7")


def download(page, name):
    with page.expect_download() as started:
        page.get_by_role("button", name=name).click()
    path = started.value.path()
    return started.value.suggested_filename, path.read_bytes()


def test_maps_and_labels_are_taken_away_and_open(open_page):
    page = open_page()
    page.get_by_role("button", name="Export").click()
    name, content = download(page, "Labels as CSV")
    rows = list(csv.DictReader(content.decode().splitlines()))
    assert name == "151673_labels.csv"
    assert [row["spot"] for row in rows] == lab.read(SHIPPED).barcodes.tolist()
    assert {row["cluster"] for row in rows} == {str(cluster) for cluster in range(7)}
    name, content = download(page, "Maps as PNG")
    assert (name, content[:8]) == ("151673_maps.png", b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (2400, 1360)
    _, content = download(page, "Maps as SVG")
    assert ElementTree.fromstring(content).tag.endswith("svg")  # noqa: S314 - made by our own server
    _, content = download(page, "Maps as HTML")
    assert b"Predicted" in content
    assert b"<script src=" not in content


def test_the_tissue_page_opens_from_a_link_and_keeps_sample_and_address_on_the_way(open_page):
    page = open_page(path="/?sample=151673.h5&window=8")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Tissue").click()
    page.get_by_role("heading", name="Tissue").wait_for()
    settled(page)
    assert "/tissue?" in page.url
    assert "sample=151673.h5" in query(page)
    assert "window=8" in query(page)
    page.get_by_text("Counts per spot", exact=True).first.click()
    page.get_by_text("counts", exact=False).first.wait_for()
    settled(page)
    assert page.get_by_test_id("stException").count() == 0
