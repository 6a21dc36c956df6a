"""On Sections nothing moves while sections are clustered, in a real Chromium."""

import dataclasses

import numpy as np
import pytest
from playwright.sync_api import expect

from core.io import lab
from scripts.chromium import served_app
from tests.browser.conftest import settle
from tests.named_tissue import named_sample
from tests.sections import shipped_part

pytestmark = pytest.mark.browser

LONG = "External_pyramidal_layer_without_any_blank_to_break_the_line_at_all"

WATCH = """() => {
  const seen = window.seenPlaces = { tops: new Set(), below: new Set(), lines: new Set() };
  const look = () => {
    const roots = [document, ...[...document.querySelectorAll(".stBidiComponent *")].map(node => node.shadowRoot).filter(Boolean)];
    const stages = roots.flatMap(root => [...root.querySelectorAll(".stage")]);
    if (stages.length === 4) seen.tops.add(stages.map(stage => Math.round(stage.getBoundingClientRect().top)).join());
    const table = document.querySelector(".stDataFrame");
    if (table) seen.below.add(Math.round(table.getBoundingClientRect().top));
    seen.lines.add(document.querySelector(".st-key-sections-finding")?.innerText ?? "");
    requestAnimationFrame(look);
  };
  look();
}"""
"""Look at every frame where the maps and the table of scores stand, and what the line above the maps says."""


@pytest.fixture(scope="module")
def sections(tmp_path_factory):
    """Where an app with annotated sections listens; two have a layer with a long name, and two only some dozens of spots."""
    folder = tmp_path_factory.mktemp("samples")
    for seed, name in enumerate(("one", "two", "long one", "long two")):
        part = shipped_part()
        noise = np.random.default_rng(seed).poisson(1, part.expression.shape)
        names = np.array([f"gene{number}" for number in range(part.n_genes)])
        layers = np.where((part.labels_true == part.layer_names[0]) & ("long" in name), LONG, part.labels_true)
        changed = dataclasses.replace(
            part, name=name, expression=part.expression + noise, gene_names=names, labels_true=layers
        )
        lab.write(changed, folder / f"{name}.h5")
    for number, name in enumerate(("few", "few too")):
        lab.write(named_sample(name, 3 + number), folder / f"{name}.h5")
    with served_app(SPCA_DATA=str(folder), SPCA_MODELS=str(tmp_path_factory.mktemp("models"))) as address:
        yield address


def watched(context, address):
    """Open two sections, and cluster them while every frame is looked at."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    expect(page.locator(".stage")).to_have_count(4)
    expect(page.get_by_text("Press Cluster together")).to_have_count(2)
    page.locator(".legend .label").first.wait_for()
    page.get_by_test_id("stDataFrame").wait_for()
    at_rest = ""
    while at_rest != (at_rest := str([box.bounding_box() for box in page.locator(".stage").all()])):
        page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    page.get_by_role("button", name="Cluster together").click()
    return page


@pytest.mark.parametrize(("width", "n_clusters"), [(390, 4), (1024, 5), (1440, 6)])  # each is computed once
def test_nothing_moves_when_a_clustering_starts_and_ends(browser, sections, width, n_clusters):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = watched(context, f"{sections}/sections?section=one.h5&section=two.h5&n_clusters={n_clusters}")
    expect(page.get_by_text("Press Cluster together")).to_have_count(0)
    expect(page.locator(".title", has_text="Predicted, ARI")).to_have_count(2)
    expect(page.get_by_role("button", name="Export")).to_be_enabled()
    expect(page.locator(".st-key-sections-finding")).to_have_text("")
    tops, below, lines = (page.evaluate(f"[...window.seenPlaces.{name}]") for name in ("tops", "below", "lines"))
    assert any("left" in line and "Cancel" in line for line in lines), lines
    assert len(tops) == 1, tops
    assert len(below) == 1, below
    context.close()


@pytest.mark.parametrize(("width", "n_clusters"), [(390, 100), (1440, 99)])  # more than all spots
def test_nothing_moves_when_a_clustering_fails_and_the_reason_can_be_read(browser, sections, width, n_clusters):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = watched(context, f"{sections}/sections?section=few.h5&section=few too.h5&n_clusters={n_clusters}")
    reason = f"{n_clusters} clusters were asked for, but the sample has 84 spots."
    expect(page.get_by_role("alert").filter(has_text=reason)).to_be_visible()
    expect(page.get_by_text("Finding domains failed, for the reason above.")).to_have_count(2)
    page.get_by_role("button", name="Why").click()
    expect(page.get_by_test_id("stPopoverBody").get_by_text(reason)).to_be_visible()
    tops, below = (page.evaluate(f"[...window.seenPlaces.{name}]") for name in ("tops", "below"))
    assert len(tops) == 1, tops
    assert len(below) == 1, below
    context.close()


@pytest.mark.parametrize("path", ["/tissue?sample=long one.h5", "/sections?section=long one.h5&section=long two.h5"])
def test_a_long_name_of_a_layer_is_whole_in_the_legend_of_a_narrow_window(browser, sections, path):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(sections + path)
    label = page.locator(".legend .label", has_text=LONG).first
    label.wait_for()
    box = label.bounding_box()
    assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
    assert label.evaluate("node => node.scrollWidth <= node.clientWidth")
    context.close()


@pytest.mark.parametrize("width", [390, 1024])
def test_with_long_names_nothing_below_the_legend_moves_with_another_number_of_domains(browser, sections, width):
    heights, counts = set(), set()
    for n_clusters in (3, 8):
        context = browser.new_context(viewport={"width": width, "height": 844})
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{sections}/?sample=long one.h5&n_clusters={n_clusters}")
        page.locator(".legend .label", has_text=LONG).first.wait_for()
        settle(page)
        counts.add(page.locator(".legend .label").count())
        heights.add(round(page.locator(".foot").bounding_box()["height"]))
        context.close()
    assert len(counts) > 1
    assert len(heights) == 1, heights
