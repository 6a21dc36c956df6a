"""Two kept runs are chosen, compared and taken home; the report that comes of them opens from a disk, without a server."""

import base64
import itertools
from pathlib import Path

import pytest
from playwright.sync_api import Error, expect

from core.io import lab
from core.method import pipeline
from core.method.cache import StepCache
from core.params import preset, replaced
from core.work.runs import open_record
from scripts.chromium import served_app
from tests.browser.test_markers import apart
from tests.sections import SHIPPED

pytestmark = pytest.mark.browser

ROW_PX = 35
HOSTILE = "<img src=x onerror=alert(1)><b>bold</b>"


@pytest.fixture(scope="module")
def app_with_runs(tmp_path_factory):
    """Where an app with two kept runs listens."""
    models, sample, cache = tmp_path_factory.mktemp("models"), lab.read(SHIPPED), StepCache()
    paper = preset("paper", n_clusters=7)
    for window, name in ((3, HOSTILE), (6, "The paper's")):
        result = pipeline.run(sample, replaced(paper, ("pooling", "window"), window), cache=cache)
        open_record(models).keep(sample, result, name=name)
    turned = [replaced(paper, ("clustering", "random_state"), seed) for seed in (1, 2)]
    swept = [pipeline.run(sample, params, cache=cache) for params in turned]
    open_record(models).keep_all(sample, swept, who="", sweep="seeds")
    with served_app(SPCA_MODELS=str(models)) as address:
        yield address


@pytest.fixture
def page(browser, app_with_runs):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(app_with_runs + "/runs")
    yield page
    context.close()


def choose(page, row):
    """Tick a row of the table, a canvas that takes clicks once it is drawn."""
    table = page.get_by_test_id("stDataFrame").first
    table.wait_for()
    words = page.get_by_text(f"{row + 1} chosen")
    for _ in range(20):
        box = table.bounding_box()
        page.mouse.click(box["x"] + 18, box["y"] + (row + 1.5) * ROW_PX)
        try:
            words.first.wait_for(timeout=10_000)  # a second click would take the tick away
        except Error:
            continue
        return
    pytest.fail("The table takes no clicks.")


def test_a_tick_on_the_row_of_a_sweep_lists_its_runs(page):
    table = page.get_by_test_id("stDataFrame").first
    table.wait_for()
    page.wait_for_timeout(1500)
    box = table.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 3.5 * ROW_PX)
    expect(page.get_by_text("2 of 4 runs").first).to_be_visible()
    expect(page.get_by_text("Tick a sweep to list its runs")).to_have_count(0)


def download(page, name, folder):
    with page.expect_download() as started:
        page.get_by_role("button", name=name, exact=True).click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def test_chosen_runs_leave_as_a_picture_and_as_a_report_that_opens_from_a_disk(page, browser, tmp_path):
    choose(page, 0)
    choose(page, 1)
    assert page.locator(".map .title").all_inner_texts()[1].startswith("1 The paper's, ARI 0.")
    page.get_by_text("Layers found").wait_for()
    page.get_by_role("button", name="Export").click()
    assert download(page, "Maps as SVG", tmp_path).read_bytes().startswith(b"<svg")
    opens_without_a_server(browser, download(page, "Report", tmp_path), tmp_path)


def opens_without_a_server(browser, path: Path, folder):
    context, complaints, asked = browser.new_context(offline=True), [], []
    page = context.new_page()
    page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    # Maps, agreement, layers, and a confusion for each run.
    page.locator(".js-plotly-plot .main-svg").nth(4).wait_for()
    expect(page.locator(".js-plotly-plot")).to_have_count(5)
    assert page.get_by_text(HOSTILE).count() > 0
    assert page.locator("img, b").count() == 0
    link = page.get_by_role("link").first
    script = base64.b64decode(link.get_attribute("href").split(",")[1]).decode()
    compile(script, "script", "exec")
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []
    assert complaints == []
    context.close()


def test_buttons_stand_in_one_row_words_are_whole_and_the_tables_tools_cover_nothing(page):
    table = page.get_by_test_id("stDataFrame").first
    table.wait_for()
    for width in (390, 1024, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(1000)
        group = page.locator(".st-key-runs-acts")
        acts = [
            group.get_by_text(act, exact=True).filter(visible=True).first
            for act in ("Open", "Star", "Rename", "Export", "Delete")
        ]
        assert len({round(act.bounding_box()["y"]) for act in acts}) == 1
        cut = "fields => fields.filter(field => field.scrollWidth > field.clientWidth).map(field => field.value)"
        assert page.locator("[data-testid=stMain] input").evaluate_all(cut) == []
        table.scroll_into_view_if_needed()
        table.hover(position={"x": 60, "y": 1.5 * ROW_PX})
        tools = page.get_by_test_id("stElementToolbar").filter(visible=True)
        expect(tools.get_by_role("button", name="Fullscreen")).to_be_visible()
        page.wait_for_timeout(500)  # they fade in
        above = [*page.get_by_role("combobox").all(), page.get_by_role("textbox", name="Find")]
        for tool, other in itertools.product(tools.locator("button").all(), above):
            assert apart(tool.bounding_box(), other.bounding_box())
