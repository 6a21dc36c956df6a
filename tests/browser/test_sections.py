"""On Sections nothing moves while sections are clustered, in a real Chromium."""

import dataclasses

import numpy as np
import pytest
from playwright.sync_api import expect

from core.io import lab
from scripts.chromium import served_app
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
    """Where an app with four annotated sections listens; two have a layer with a long name."""
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
    with served_app(SPCA_DATA=str(folder), SPCA_MODELS=str(tmp_path_factory.mktemp("models"))) as address:
        yield address


@pytest.mark.parametrize(("width", "n_clusters"), [(390, 4), (1024, 5), (1440, 6)])  # each is computed once
def test_nothing_moves_when_a_clustering_starts_and_ends(browser, sections, width, n_clusters):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{sections}/sections?section=one.h5&section=two.h5&n_clusters={n_clusters}")
    expect(page.locator(".stage")).to_have_count(4)
    expect(page.get_by_text("Press Cluster together")).to_have_count(2)
    page.locator(".legend .label").first.wait_for()
    page.get_by_test_id("stDataFrame").wait_for()
    at_rest = ""
    while at_rest != (at_rest := str([box.bounding_box() for box in page.locator(".stage").all()])):
        page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    page.get_by_role("button", name="Cluster together").click()
    expect(page.get_by_text("Press Cluster together")).to_have_count(0)
    expect(page.locator(".title", has_text="Predicted, ARI")).to_have_count(2)
    expect(page.get_by_role("button", name="Export")).to_be_enabled()
    expect(page.locator(".st-key-sections-finding")).to_have_text("")
    tops, below, lines = (page.evaluate(f"[...window.seenPlaces.{name}]") for name in ("tops", "below", "lines"))
    assert any("left" in line and "Cancel" in line for line in lines), lines
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
