"""Bringing a sample in, in a real Chromium: upload, checks, preview, save, and there it is in Tune."""

import pytest
from playwright.sync_api import expect

from scripts.chromium import served_app
from tests.incoming_tissue import write_zip

pytestmark = pytest.mark.browser


@pytest.fixture
def own_server(tmp_path):
    """A server with an empty folder of samples."""
    (tmp_path / "samples").mkdir()
    with served_app(SPCA_DATA=str(tmp_path / "samples"), SPCA_MODELS=str(tmp_path)) as address:
        yield address


def test_a_zip_of_space_rangers_output_is_uploaded_seen_saved_and_tuned(browser, own_server, tmp_path):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{own_server}/add_data")
    page.locator("input[type=file]").first.set_input_files(write_zip(tmp_path / "mine.zip"))
    page.get_by_text("192 spots, 12 genes").first.wait_for()
    expect(page.get_by_text("layer (3 classes)").first).to_be_visible()
    page.locator(".legend .label").first.wait_for()
    expect(page.locator(".stage")).to_have_count(1)
    expect(page.get_by_role("textbox", name="Name")).to_have_value("block_a")
    assert not list((tmp_path / "samples").iterdir())
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Tune").wait_for()
    expect(page.get_by_text("192 spots").first).to_be_visible()
    page.get_by_test_id("stMetric").filter(has_text="ARI").get_by_test_id("stMetricValue").wait_for()
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["block_a.h5"]
    assert "sample=block_a.h5" in page.url
    context.close()
    assert complaints == []
