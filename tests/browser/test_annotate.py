"""Drawing regions in a real Chromium: layers by polygon and brush, kept over a reload, scored, corrected, and by two people at once."""

import csv
import json
import re
import shutil

import numpy as np
import pytest
from playwright.sync_api import expect
from sklearn.metrics import adjusted_rand_score

from core.io import lab
from core.io.annotation_store import AnnotationStore
from scripts.chromium import served_app
from tests.browser.conftest import opening, settle
from tests.browser.test_tissue_view import look, settled, stage, until
from tests.sections import SHIPPED

pytestmark = pytest.mark.browser


@pytest.fixture
def folder(tmp_path):
    """A folder of samples of its own, because annotations lie beside the sample."""
    shutil.copy(SHIPPED, tmp_path)
    return tmp_path


@pytest.fixture
def address(folder, tmp_path_factory):
    models = str(tmp_path_factory.mktemp("models"))
    with served_app(SPCA_PRESET="paper", SPCA_DATA=str(folder), SPCA_MODELS=models) as address:
        yield address


@pytest.fixture
def open_page(browser, address):
    with opening(browser, address) as opened:
        yield opened


def on_disk(folder):
    """The annotations that are kept beside the sample, oldest first."""
    store = AnnotationStore(folder / SHIPPED.name, lab.read(folder / SHIPPED.name))
    return [entry.annotation for entry in store.entries()]


def sizes(folder, index=0):
    annotation = on_disk(folder)[index]
    return dict(zip(annotation.names, annotation.sizes, strict=True))


def begin(page, source="Nothing"):
    """Start the first annotation, and wait until it can be drawn on."""
    page.get_by_role("radiogroup", name="Start from").get_by_text(source, exact=True).click()
    settled(page)
    page.get_by_role("button", name="Create").click()
    page.get_by_role("button", name="Polygon", exact=True).wait_for()
    settle(page)


def at(page, across, down):
    """A point of the window, by shares of the first map's stage."""
    box = stage(page, 0).bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def polygon(page, *corners):
    """Click the corners, and close by a double click on the last."""
    page.get_by_role("button", name="Polygon", exact=True).click()
    for corner in corners[:-1]:
        page.mouse.click(*at(page, *corner))
        page.wait_for_timeout(550)  # two clicks in a row would be a double click
    page.mouse.dblclick(*at(page, *corners[-1]))


def stroke(page, *points):
    page.get_by_role("button", name="Brush", exact=True).click()
    page.mouse.move(*at(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*at(page, *point), steps=5)
    page.mouse.up()


def add_region(page, name):
    page.get_by_role("textbox", name="New region").fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name=re.compile(f"{name} "))).to_be_checked()
    page.wait_for_function(
        "(name) => [...document.querySelectorAll('*')].map(node => node.shadowRoot?.tissueView).find(Boolean)"
        "?.drawing.node.getAttribute('aria-label') === `What a shape does with ${name}`",
        arg=name,
    )
    settled(page)


def band(page, name, top, bottom, first=False):
    if first:
        field = page.get_by_role("textbox", name="Name", exact=True)
        field.fill(name)
        field.press("Enter")
        page.get_by_role("radio", name=re.compile(f"{name} ")).wait_for()
        settled(page)
    else:
        add_region(page, name)
    polygon(page, (0.05, top), (0.95, top), (0.95, bottom), (0.05, bottom))


def test_taking_the_brush_moves_no_map(open_page):
    page = open_page(path=f"/annotate?sample={SHIPPED.name}")
    begin(page)
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(1000)
        settled(page)
        page.get_by_role("button", name="Pan", exact=True).click()
        before = stage(page, 0).bounding_box()
        size = page.get_by_role("slider", name="Size of the brush")
        expect(size).not_to_be_visible()
        page.get_by_role("button", name="Brush", exact=True).click()
        expect(size).to_be_visible()
        assert stage(page, 0).bounding_box() == before


def test_four_layers_are_drawn_reloaded_scored_and_corrected(open_page, folder, tmp_path):
    page = open_page(path=f"/?sample={SHIPPED.name}&truth=none")
    expect(page.get_by_role("combobox", name=re.compile("Compared with"))).to_have_value("None")
    assert look(page, "view.panels.length") == 1
    page.get_by_role("link", name="Annotate").click()
    page.get_by_role("heading", name="Annotate").wait_for()
    begin(page)

    band(page, "One", 0.0, 0.3, first=True)
    until(lambda: sizes(folder)["One"] > 100)
    band(page, "Two", 0.3, 0.45)
    add_region(page, "Three")
    page.locator(".brush input").evaluate("slider => { slider.value = 12; slider.dispatchEvent(new Event('input')); }")
    stroke(page, (0.1, 0.52), (0.9, 0.52))
    drawn = look(page, "[...view.panels[0].map.labels]")
    page.reload()  # before anything says that it is kept
    page.locator(".legend .label").first.wait_for()
    settle(page)
    assert look(page, "[...view.panels[0].map.labels]") == drawn
    until(lambda: sizes(folder).get("Three", 0) > 50)
    until(lambda: look(page, "view.drawing.pending.edits.length") == 0)
    assert look(page, "[...view.panels[0].map.labels]") == drawn
    band(page, "Four", 0.62, 0.8)
    until(lambda: sizes(folder).get("Four", 0) > 50)
    settled(page)

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Regions as CSV").click()
    download.value.save_as(tmp_path / "regions.csv")
    page.keyboard.press("Escape")
    regions = [row["region"] for row in csv.DictReader((tmp_path / "regions.csv").read_text().splitlines())]
    assert {name: regions.count(name) for name in ("One", "Two", "Three", "Four")} == sizes(folder)
    said = page.get_by_test_id("stMetric").filter(has_text="ARI").inner_text()
    predicted = look(page, "[...view.panels[1].map.labels]")
    known = [i for i, region in enumerate(regions) if region != "NA"]
    wanted = adjusted_rand_score([regions[i] for i in known], [predicted[i] for i in known])
    assert f"{wanted:.3f}" in said

    before = sizes(folder)
    page.get_by_role("radio", name=re.compile("Two ")).check(force=True)
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].map(node => node.shadowRoot?.tissueView).find(Boolean)"
        ".drawing.node.getAttribute('aria-label') === 'What a shape does with Two'"
    )
    settled(page)
    stroke(page, (0.3, 0.3), (0.6, 0.3))
    until(lambda: sizes(folder)["Two"] > before["Two"])
    after = sizes(folder)
    assert after["One"] < before["One"]
    settled(page)
    stage(page, 0).focus()
    page.keyboard.press("Control+z")
    until(lambda: sizes(folder) == before)
    settled(page)
    page.keyboard.press("Control+Shift+Z")
    until(lambda: sizes(folder) == after)

    page.get_by_role("link", name="Tune").click()
    chosen = page.get_by_role("combobox", name=re.compile("Compared with"))
    chosen.click()
    page.get_by_role("option", name=re.compile("Annotation 1")).click()
    page.wait_for_url(lambda url: f"truth={on_disk(folder)[0].id}" in url)
    until(lambda: look(page, "view.panels.length") == 2)
    assert look(page, "view.panels[1].map.names.filter(name => name !== 'Not annotated')") == [
        "Four",
        "One",
        "Three",
        "Two",
    ]
    shades = {region.name: region.colour for region in on_disk(folder)[0].regions}
    on_map = look(
        page, "Object.fromEntries(view.panels[1].map.names.map((name, i) => [name, view.panels[1].map.colours[i]]))"
    )
    assert {name: on_map[name] for name in shades} == shades


def test_an_edit_is_drawn_before_the_server_answers_and_never_flickers_back(open_page, folder):
    page = open_page(path="/annotate")
    begin(page)
    settled(page)
    look(
        page,
        """(() => {
            const show = view.panels[0].show.bind(view.panels[0]);
            window.counts = [];
            view.panels[0].show = (...given) => { show(...given); window.counts.push(view.panels[0].map.labels.filter(label => label === 0).length); };
        })()""",
    )
    counts = []
    for down in (0.3, 0.4, 0.5, 0.6):
        stroke(page, (0.3, down), (0.6, down))
        counts.append(look(page, "view.panels[0].map.labels.filter(label => label === 0).length"))
    assert counts == sorted(set(counts))
    until(lambda: look(page, "view.drawing.pending.edits.length") == 0)
    seen = look(page, "window.counts")
    assert seen == sorted(seen)  # every picture that the server sent kept what was drawn
    assert sizes(folder) == {"Region 1": counts[-1]}


def test_keys_alone_draw_a_polygon_and_a_stroke_and_take_spots_away(open_page, folder):
    page = open_page(path="/annotate")
    begin(page)
    said = page.locator(".said")
    stage(page, 0).focus()
    page.keyboard.press("g")
    for keys in (
        ["Space"],
        ["Shift+ArrowRight", "Space"],
        ["Shift+ArrowDown", "Space"],
        ["Space", "Backspace"],
        ["Shift+ArrowLeft", "Space"],
    ):
        for key in keys:
            page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(said).to_have_text(re.compile(r"^\d+ spots added to Region 1, which has \d+ spots now\."))
    n_drawn = look(page, "view.panels[0].map.labels.filter(label => label === 0).length")
    assert n_drawn > 50
    until(lambda: sizes(folder)["Region 1"] == n_drawn)
    for key in ("b", "[", "t", "Space", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(said).to_have_text(re.compile(r"^\d+ spots? taken from Region 1"))
    until(lambda: 0 < sizes(folder)["Region 1"] < n_drawn)
    n_left = sizes(folder)["Region 1"]
    for key in ("a", "Space", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    expect(said).to_have_text(re.compile("^The stroke was let go"))
    assert look(page, "view.panels[0].map.labels.filter(label => label === 0).length") == n_left


def test_two_people_on_one_sample_each_save_their_own(open_page, folder):
    first = open_page(path="/annotate")
    begin(first)
    stroke(first, (0.3, 0.3), (0.6, 0.3))
    until(lambda: sizes(folder)["Region 1"] > 0)
    drawn = sizes(folder)
    second = open_page(path="/annotate")
    expect(second.get_by_text("take a copy to change it")).to_be_visible()
    assert second.get_by_role("button", name="Brush", exact=True).count() == 0
    second.get_by_role("button", name="Copy").click()
    second.get_by_role("button", name="Brush", exact=True).wait_for()
    settle(second)
    stroke(second, (0.3, 0.6), (0.6, 0.6))
    stroke(first, (0.3, 0.4), (0.6, 0.4))
    until(lambda: len(on_disk(folder)) == 2 and sizes(folder, 1)["Region 1"] > drawn["Region 1"])
    until(lambda: sizes(folder)["Region 1"] > drawn["Region 1"])
    mine, theirs = on_disk(folder)
    assert mine.author != theirs.author
    assert (mine.assigned != theirs.assigned).any()
    both = (mine.assigned == 0) & (theirs.assigned == 0)
    assert np.count_nonzero(both) >= drawn["Region 1"]


def test_other_pages_have_no_tools_to_draw_with(open_page):
    page = open_page(path="/tissue")
    tools = page.locator(".tools").get_by_role("button")
    assert tools.all_inner_texts() == ["Pan", "Lasso", "Fit", "Clear"]
    stage(page, 0).focus()
    page.keyboard.press("b")
    assert look(page, "view.mode") == "pan"


def test_shapes_from_a_file_are_read_beside_the_server_shown_and_taken(open_page, folder):
    sample = lab.read(folder / SHIPPED.name)
    width, height = sample.tissue_um.max(axis=0) / 2
    ring = [[-1, -1], [width, -1], [width, height], [-1, height], [-1, -1]]
    shape = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"name": "A <b>x</b>"},
    }
    page = open_page(path="/annotate")
    page.get_by_role("radiogroup", name="Start from").get_by_text("A file", exact=True).click()
    settled(page)
    page.locator("input[type=file]").set_input_files(
        files=[{"name": "regions.geojson", "mimeType": "application/json", "buffer": json.dumps(shape).encode()}]
    )
    page.get_by_role("button", name="Take it").wait_for(
        timeout=180_000
    )  # a worker starts first, behind all else that runs
    page.get_by_role("combobox", name=re.compile("Unit")).click()
    page.get_by_role("option", name="µm on the array").click()
    expect(page.get_by_text("Regions and their spots")).to_contain_text("A <b>x</b>")
    settled(page)
    page.get_by_role("button", name="Take it").click()
    until(lambda: len(on_disk(folder)) == 1)
    inside = (sample.tissue_um <= (width, height)).all(axis=1)
    assert sizes(folder) == {"A <b>x</b>": int(inside.sum())}
