"""The linked maps in a real Chromium, on the section that ships."""

import csv
import re
import time

import pytest
from playwright.sync_api import expect

from core.figures.colours import STYLES, layer_colours

pytestmark = pytest.mark.browser

LAYERS = [*(f"Layer{n}" for n in range(1, 7)), "WM"]
VIEW = "[...document.querySelectorAll('*')].map(node => node.shadowRoot?.tissueView).find(Boolean)"


def rgb(colour):
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def look(page, expression):
    """Evaluate on the view of the page."""
    return page.evaluate(f"() => {{ const view = {VIEW}; return {expression}; }}")


def camera(page):
    return look(page, "[view.camera.x, view.camera.y, view.camera.zoom]")


def shades(page, index):
    """Colours that cover at least 200 pixels of a map, most first."""
    pixels = look(
        page,
        f"""(() => {{
            const canvas = view.panels[{index}].spots, counts = new Map();
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            for (let i = 0; i < data.length; i += 4)
                if (data[i + 3] === 255) {{
                    const name = data.slice(i, i + 3).join();
                    counts.set(name, (counts.get(name) ?? 0) + 1);
                }}
            return [...counts].filter(([, n]) => n >= 200).sort((a, b) => b[1] - a[1]).map(([name]) => name);
        }})()""",
    )
    return [tuple(map(int, name.split(","))) for name in pixels]


def pixels(page):
    return look(page, "view.panels[0].spots.toDataURL()")


def until(true, seconds=120.0):
    """Look again and again: a busy machine draws late."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def settled(page):
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    )


def stage(page, index):
    return page.locator(".stage .marks").nth(index)


def move(page, n_clusters=4):
    """Set the number of clusters, and wait until the map of predicted domains is another."""
    before = pixels(page)
    page.get_by_role("spinbutton", name=re.compile("^Clusters")).fill(str(n_clusters))
    page.keyboard.press("Enter")
    page.wait_for_function(f"(before) => {VIEW}.panels[0].spots.toDataURL() !== before", arg=before)
    settled(page)


def draw_lasso(page, index=0):
    """Draw around the middle of a map."""
    page.get_by_role("button", name="Lasso").click()
    box = stage(page, index).bounding_box()
    corners = [(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6), (0.4, 0.42)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def hover_middle(page, index=0):
    box = stage(page, index).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def tip(page, index=0):
    return page.locator(".tip").nth(index).inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_maps_are_drawn_in_the_layers_colours_of_the_surroundings(open_page, scheme):
    page = open_page(scheme=scheme)
    wanted = {rgb(colour) for colour in layer_colours(LAYERS, scheme).values()}
    assert set(shades(page, 1)) == wanted
    assert set(shades(page, 0)) == wanted
    panel = page.locator(".stage").first.evaluate("node => getComputedStyle(node).backgroundColor")
    assert panel == f"rgb{rgb(STYLES[scheme].panel)}"


def test_a_move_changes_the_picture_but_not_the_nodes_the_camera_or_the_lit_label(open_page):
    page = open_page()
    look(page, "view.panels.forEach(panel => { panel.spots.remembered = true; })")
    stage(page, 0).focus()
    for key in ("+", "+", "ArrowLeft"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Layer 3", exact=True).click()
    lit = page.get_by_role("button", name="Layer 3", exact=True)
    expect(lit).to_have_attribute("aria-pressed", "true")
    before = camera(page)
    move(page)
    assert look(page, "view.panels.map(panel => panel.spots.isConnected && panel.spots.remembered)") == [True, True]
    assert camera(page) == before
    expect(lit).to_have_attribute("aria-pressed", "true")


def test_arrow_keys_plus_minus_and_0_move_the_camera_of_all_maps(open_page):
    page = open_page()
    fitted, width = camera(page), "view.panels.map(panel => panel.transform().scale)"
    stage(page, 1).focus()
    page.keyboard.press("+")
    until(lambda: camera(page)[2] > fitted[2])
    left, right = look(page, width)
    assert left == right
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    until(lambda: camera(page)[0] > fitted[0] and camera(page)[1] > fitted[1])
    page.keyboard.press("-")
    until(lambda: camera(page)[2] == pytest.approx(fitted[2]))
    page.keyboard.press("0")
    until(lambda: camera(page) == fitted)


def test_the_wheel_zooms_only_where_the_map_has_the_focus(open_page):
    page = open_page()
    fitted = camera(page)
    hover_middle(page)
    page.mouse.wheel(0, -200)
    page.wait_for_timeout(200)
    assert camera(page) == fitted
    stage(page, 0).focus()
    page.mouse.wheel(0, -200)
    page.wait_for_function(f"() => {VIEW}.camera.zoom > 1")


def test_dragging_moves_the_tissue_with_the_pointer(open_page):
    page = open_page()
    scale, before = look(page, "view.panels[0].transform().scale"), camera(page)
    hover_middle(page)
    page.mouse.down()
    box = stage(page, 0).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2, steps=3)
    page.mouse.up()
    until(lambda: camera(page)[0] == pytest.approx(before[0] - 60 / scale))


def test_a_lasso_lights_the_same_spots_in_both_maps_is_kept_over_a_move_and_gives_their_barcodes(open_page, tmp_path):
    page = open_page()
    draw_lasso(page, index=1)
    words = page.get_by_test_id("stCaptionContainer").filter(has_text=re.compile(r"\d+ spots selected"))
    words.wait_for()
    settled(page)
    count = look(page, "view.selected.reduce((sum, one) => sum + one, 0)")
    expect(words).to_contain_text(f"{count} spots selected. Predicted:")
    bright = {rgb(colour) for colour in layer_colours(LAYERS, "light").values()}
    assert all(set(shades(page, index)) - bright for index in (0, 1))
    move(page)
    assert look(page, "view.selected.reduce((sum, one) => sum + one, 0)") == count
    expect(words).to_contain_text(f"{count} spots selected")
    with page.expect_download() as download:
        page.get_by_role("button", name="Barcodes").click()
    download.value.save_as(tmp_path / "spots.csv")
    with (tmp_path / "spots.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count
    named = set(
        look(
            page,
            "[...view.geometry.x.keys()].map((spot) => view.geometry.names.of(spot)).filter((_, spot) => view.selected[spot])",
        )
    )
    assert {row["barcode"] for row in rows} == named
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_text("No spots are selected").wait_for()
    until(lambda: set(shades(page, 1)) == bright)


def test_the_pointer_learns_what_a_spot_is_and_again_right_after_a_move(open_page):
    page = open_page()
    page.locator(".stage").first.scroll_into_view_if_needed()
    clusters = page.get_by_role("spinbutton", name=re.compile("^Clusters"))
    clusters.focus()
    hover_middle(page)
    words = re.compile(r"[ACGT]{10,}.*\nPredicted: .*\nAnnotated: Layer \d\nArray row \d+, column \d+")
    until(lambda: words.search(tip(page)))
    assert look(page, "view.panels[1].tip.hidden")
    before = pixels(page)
    for _ in range(4):
        clusters.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function(f"(before) => {VIEW}.panels[0].spots.toDataURL() !== before", arg=before)
    settled(page)
    predicted = "view.panels[0].map.hover_names[view.panels[0].map.labels[view.hovered]]"
    until(lambda: f"Predicted: {look(page, predicted)}\n" in tip(page))


def test_one_label_is_lit_and_the_rest_grey_until_it_is_pressed_again(open_page):
    page = open_page()
    colours, button = layer_colours(LAYERS, "light"), page.get_by_role("button", name="Layer 6", exact=True)
    before = shades(page, 1)
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    for index in (0, 1):
        until(lambda index=index: set(shades(page, index)) & set(before) == {rgb(colours["Layer6"])})
    page.keyboard.press("Enter")
    until(lambda: shades(page, 1) == before)


def test_the_stain_shows_through_at_the_move_of_its_slider_without_a_run_of_the_script(open_page):
    page = open_page()
    settled(page)
    before = [look(page, f"view.panels[{index}].spots.toDataURL()") for index in (0, 1)]
    page.evaluate("""() => {
        window.runs = 0;
        const app = document.querySelector('[data-testid=stApp]');
        new MutationObserver(() => { window.runs += 1; }).observe(app, { attributeFilter: ['data-test-script-state'] });
    }""")
    slider = page.get_by_role("slider", name="How much the stained tissue shows")
    slider.focus()
    page.keyboard.press("End")
    expect(page.locator(".underlay output")).to_have_text("100%")
    until(lambda: all(look(page, f"view.panels[{index}].spots.toDataURL()") != before[index] for index in (0, 1)))
    assert not set(shades(page, 1)) & {rgb(colour) for colour in layer_colours(LAYERS, "light").values()}
    page.keyboard.press("Home")
    until(lambda: [look(page, f"view.panels[{index}].spots.toDataURL()") for index in (0, 1)] == before)
    assert page.evaluate("window.runs") == 0


def test_a_lasso_on_the_tissue_page_counts_spots_and_layers_and_gives_their_barcodes(open_page):
    page = open_page()
    page.get_by_role("link", name="Tissue").click()
    page.get_by_role("heading", name="Tissue", exact=True).wait_for()
    expect(page.locator(".stage")).to_have_count(1)
    draw_lasso(page)
    heading = page.get_by_role("heading", name=re.compile(r"^[\d,]+ spots selected$"))
    heading.wait_for()
    settled(page)
    count = look(page, "view.selected.reduce((sum, one) => sum + one, 0)")
    expect(heading).to_have_text(f"{count:,} spots selected")
    bars = page.locator(".js-plotly-plot .bartext")
    until(lambda: sum(int(words.split()[0].replace(",", "")) for words in bars.all_text_contents()) == count)
    with page.expect_download() as download:
        page.get_by_role("button", name="Barcodes").click()
    assert len(download.value.path().read_text().splitlines()) == count + 1


@pytest.mark.parametrize("width", [1024, 1440, 1920])
def test_maps_and_tools_fit_the_window(open_page, width):
    page = open_page(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for index in (0, 1):
        box = stage(page, index).bounding_box()
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= 900
    title, tools = (page.locator(name).bounding_box() for name in (".title >> nth=1", ".tools"))
    words = page.locator(".title").nth(1).evaluate("node => node.scrollWidth <= node.clientWidth")
    assert words
    assert tools["y"] + tools["height"] <= stage(page, 1).bounding_box()["y"]
    assert title["x"] < tools["x"]


def test_maps_say_what_they_show_to_those_who_do_not_see_them(open_page):
    page = open_page()
    labels = [stage(page, index).get_attribute("aria-label") for index in (0, 1)]
    assert labels == ["7 predicted domains of 151673.", "7 annotated layers of 151673."]
    assert stage(page, 0).get_attribute("role") == "application"  # keys are for the map, not for the screen reader
