"""Ask a region and genes on the map in a real Chromium, on the section that ships."""

import csv
import itertools

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy import stats

from core.figures.blending import corners
from core.io import lab
from tests.browser.conftest import opening
from tests.browser.test_markers import ROW_PX, settled
from tests.browser.test_tissue_view import draw_lasso, hover_middle, look, pixels, rgb, shades, stage, tip, until
from tests.sections import SHIPPED

pytestmark = pytest.mark.browser


@pytest.fixture
def open_page(browser, address):
    """Open Tissue below its path, where Streamlit asks for two files before it asks at the root; afterwards no console may have complained of more."""
    complaints = []

    def watch(page):
        page.on(
            "console",
            lambda message: message.type == "error" and complaints.append((message.text, message.location["url"])),
        )
        page.on("pageerror", lambda error: complaints.append((str(error), "")))

    with opening(browser, address, watch) as opened:

        def at(width=1440, scheme="light", path="/tissue"):
            page = opened(width, scheme)
            page.goto(address + path)
            stage(page, 0).wait_for()
            settled(page)
            return page

        yield at
    assert [text for text, url in complaints if "/tissue/_stcore/" not in url] == []


def choose(page, field, option):
    page.get_by_role("combobox", name=field, exact=True).click()
    page.keyboard.type(option)
    page.keyboard.press("Enter")
    settled(page)


def compare(page):
    done = page.get_by_role("button", name="All genes as CSV")
    start = page.get_by_role("button", name="Compare", exact=True)
    start.or_(done).wait_for()
    if start.count():
        start.click()
    done.wait_for()
    settled(page)


def rows_of_csv(page):
    with page.expect_download() as got:
        page.get_by_role("button", name="All genes as CSV").click()
    with got.value.path().open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def mark_rows(page, *numbers):
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    for number in numbers:  # the grid is a canvas: its first row lies below the heading
        page.mouse.click(box["x"] + 16, box["y"] + (number + 0.5) * ROW_PX)
        settled(page)


def chosen_genes(page, field):
    tags = page.get_by_test_id("stMultiSelect").filter(has_text=field).locator("[data-tag]")
    return [text.strip() for text in tags.all_inner_texts()]


def test_pcp4_leads_layer_5_against_layer_4_with_the_p_of_scipy_and_leads_on_to_the_map(open_page):
    page = open_page()
    choose(page, "Group", "Layer 5")
    choose(page, "Against", "Layer 4")
    compare(page)
    assert "group=Layer+5&against=Layer+4" in page.url
    rows = rows_of_csv(page)
    assert len(rows) == 2000
    assert "PCP4" in [row["gene"] for row in rows[:10]]
    sample = lab.read(SHIPPED)
    totals = sample.expression.sum(axis=1)
    values = np.log1p(np.asarray(sample.expression) / (totals / np.median(totals))[:, None])
    five, four = (values[sample.labels_true == layer] for layer in ("Layer5", "Layer4"))
    p = stats.mannwhitneyu(five, four, use_continuity=False, method="asymptotic").pvalue
    expected = dict(zip(sample.gene_names.tolist(), stats.false_discovery_control(p), strict=True))
    assert {row["gene"]: float(row["p_adjusted"]) for row in rows} == pytest.approx(expected, rel=1e-4)
    mark_rows(page, 2, 3)
    assert chosen_genes(page, "Genes of the violins") == [row["gene"] for row in rows[1:3]]
    page.get_by_role("button", name="Show on the map").click()
    page.get_by_role("button", name="Several genes").or_(page.get_by_role("radio", name="Several genes")).wait_for()
    settled(page)
    assert f"show=several&several={rows[1]['gene']}%2C{rows[2]['gene']}" in page.url
    expect(page.get_by_text(f"{rows[1]['gene']} and {rows[2]['gene']}", exact=True).first).to_be_visible()


def test_a_lasso_is_asked_for_and_missed_once_it_is_cleared(open_page):
    page = open_page()
    draw_lasso(page)
    settled(page)
    choose(page, "Group", "Layer 5")  # the selection comes first where nobody chose
    choose(page, "Group", "The selection")
    n_selected = look(page, "view.selected.reduce((sum, one) => sum + one, 0)")
    expect(page.get_by_text(f"The selection: {n_selected:,} spots").first).to_be_visible()
    compare(page)
    assert len(rows_of_csv(page)) == 2000
    page.get_by_role("button", name="Clear", exact=True).click()
    settled(page)
    expect(page.get_by_text("There is no group “the selection” here: choose another.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_blended_genes_have_the_colours_of_the_legend_their_numbers_on_hover_and_no_label_to_press(open_page, scheme):
    page = open_page(scheme=scheme, path="/tissue?show=several&several=PCP4,MOBP")
    drawn = set(shades(page, 0))
    assert rgb(corners(2, scheme)[0, 0]) in drawn
    assert len(drawn) > 20
    hover_middle(page)
    assert "PCP4: " in tip(page)
    assert "MOBP: " in tip(page)
    assert "and" not in tip(page).split("PCP4: ")[0]
    assert page.locator(".legend .label").count() == 0
    draw_lasso(page)
    expect(page.locator(".said")).to_contain_text("spots selected.")
    assert ": ." not in page.locator(".said").inner_text()
    assert not page.locator(".shares").is_visible()


def test_genes_side_by_side_share_one_camera(open_page):
    page = open_page(path="/tissue?show=several&how=beside&several=PCP4,MOBP,SNAP25,GFAP,ENC1,MBP")
    stage(page, 5).wait_for()
    settled(page)
    assert page.locator(".map .title").all_inner_texts() == ["PCP4", "MOBP", "SNAP25", "GFAP", "ENC1", "MBP"]
    before = [look(page, f"view.panels[{index}].spots.toDataURL()") for index in range(6)]
    assert len(set(before)) == 6
    stage(page, 0).focus()
    page.keyboard.press("+")
    for index in range(6):
        page.wait_for_function(
            "([index, before]) => [...document.querySelectorAll('*')].map(node => node.shadowRoot?.tissueView)"
            ".find(Boolean).panels[index].spots.toDataURL() !== before",
            arg=[index, before[index]],
        )


def test_a_pasted_set_is_scored_its_missing_names_are_told_and_the_link_shows_the_same(open_page):
    page = open_page(path="/tissue?show=set")
    field = page.get_by_role("textbox", name="Genes of the set")
    field.fill("PCP4\nSNAP25, <script>alert(1)</script>;mobp")
    page.keyboard.press("Control+Enter")
    page.get_by_text("3 genes found.").wait_for()
    settled(page)
    expect(page.get_by_text("1 name not found in this sample: <script>alert(1)</script>.")).to_be_visible()
    scored = pixels(page)
    assert len(shades(page, 0)) > 20
    page.reload()
    page.get_by_text("3 genes found.").wait_for()
    stage(page, 0).wait_for()
    until(lambda: pixels(page) == scored)


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_parts_of_an_answer_do_not_cover_each_other(open_page, width):
    page = open_page(width=width, path="/tissue?group=Layer+5&against=Layer+4")
    compare(page)
    plots = page.locator(".js-plotly-plot").all()
    parts = [*plots, page.get_by_test_id("stDataFrame"), page.get_by_role("button", name="All genes as CSV")]
    boxes = [part.bounding_box() for part in parts]
    assert len(boxes) == 5
    for one, other in itertools.combinations(boxes, 2):
        assert (
            one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
            or one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1
        )  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
