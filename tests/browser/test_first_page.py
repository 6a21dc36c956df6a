"""The first page in a real Chromium, on the section that ships."""

import re

import pytest

from core.figures.colours import SURROUNDINGS, layer_colours

pytestmark = pytest.mark.browser

AREAS = ".js-plotly-plot .scatterlayer path.js-fill"


def card(page, label):
    return page.get_by_test_id("stMetric").filter(has_text=label)


def value(page, label):
    return card(page, label).get_by_test_id("stMetricValue").inner_text()


def fills(page):
    """Colours of the areas drawn on the left and on the right map."""
    script = """() => ['.xy', '.x2y2'].map(panel => [...document.querySelectorAll(
        '.js-plotly-plot ' + panel + ' .scatterlayer path.js-fill')].map(area => getComputedStyle(area).fill))"""
    return page.evaluate(script)


def outlines(page):
    script = "() => [...document.querySelectorAll('.xy .scatterlayer path.js-fill')].map(area => area.getAttribute('d')).join()"
    return page.evaluate(script)


def rgb(colour):
    return "rgb({}, {}, {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


def wait_until_changed(page, read, before):
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    )
    for _ in range(150):
        if read(page) != before:
            return
        page.wait_for_timeout(200)
    pytest.fail("The page did not change.")


def test_opening_shows_both_maps_in_matched_colours_and_the_scores(open_page):
    page = open_page()
    predicted, annotated = fills(page)
    layers = layer_colours([*(f"Layer{n}" for n in range(1, 7)), "WM"], "light")
    assert set(annotated) == {rgb(colour) for colour in layers.values()}
    assert len(set(predicted) & set(annotated)) >= 6
    assert [text for text in ("Predicted", "Annotated") if page.get_by_text(text, exact=True).count() == 1]
    for label in ("ARI", "NMI"):
        assert re.fullmatch(r"0\.\d{3}", value(page, label))
    assert value(page, "Direction").endswith("rad")
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize("width", [1024, 1440, 1920])
def test_the_maps_fit_into_the_window_without_scrolling(open_page, width):
    page = open_page(width=width)
    box = page.locator(".js-plotly-plot .xy").first.bounding_box()
    assert box["y"] + box["height"] <= 900
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for label in ("ARI", "NMI", "Direction", "Time"):
        shown = card(page, label).get_by_test_id("stMetricValue").locator("div").last
        assert shown.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_a_knob_moved_by_key_changes_picture_and_scores(open_page):
    page = open_page()
    before, score = outlines(page), value(page, "ARI")
    window = page.get_by_role("slider", name=re.compile("^Window k"))
    window.press("ArrowRight")
    wait_until_changed(page, outlines, before)
    assert window.input_value() == "7"
    page.get_by_role("spinbutton", name=re.compile("^Clusters")).fill("3")
    page.keyboard.press("Enter")
    wait_until_changed(page, lambda page: len(fills(page)[0]), 7)
    assert len(fills(page)[0]) == 3
    assert value(page, "ARI") != score


def test_the_pointer_learns_what_a_spot_is(open_page):
    page = open_page()
    box = page.locator(".js-plotly-plot .xy .scatterlayer").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    text = page.locator(".hoverlayer .hovertext").text_content()
    assert re.search(r"[ACGT]{10,}.*Cluster \d.*Annotated: .*Array row \d+, column \d+", text)


def test_both_maps_zoom_together(open_page):
    page = open_page()
    page.locator(".js-plotly-plot").first.hover()
    page.locator('.modebar-btn[data-title="Zoom in"]').click()
    page.wait_for_timeout(800)
    axes = "() => { const l = document.querySelector('.js-plotly-plot')._fullLayout; return [l.xaxis, l.xaxis2].map(a => a.range) }"
    left, right = page.evaluate(axes)
    assert left == pytest.approx(right)


def test_dark_surroundings_make_a_dark_picture(open_page):
    page = open_page(scheme="dark")
    background = page.locator(".js-plotly-plot .main-svg").first.evaluate(
        "node => getComputedStyle(node).backgroundColor"
    )
    assert background == rgb(SURROUNDINGS["dark"].paper)
    layers = layer_colours([*(f"Layer{n}" for n in range(1, 7)), "WM"], "dark")
    assert set(fills(page)[1]) == {rgb(colour) for colour in layers.values()}


def test_training_runs_on_a_click_with_its_loss_and_a_result(open_page):
    page = open_page()
    page.get_by_role("combobox", name="Embedding").click()
    page.get_by_role("option", name="Autoencoder code").click()
    page.get_by_text("Press Train on the left").wait_for()
    page.get_by_test_id("stExpander").filter(has_text="Autoencoder").locator("summary").click()
    for name, number in (("Width", 16), ("Epochs", 12)):
        page.get_by_role("spinbutton", name=re.compile(f"^{name}")).fill(str(number))
        page.keyboard.press("Enter")
        page.get_by_text("Press Train on the left").wait_for()
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text(re.compile(r"Epoch \d+ of 12, loss")).wait_for()
    page.get_by_role("button", name="Trained").wait_for()
    page.get_by_role("heading", name="Training").wait_for()
    assert re.fullmatch(r"-?0\.\d{3}", value(page, "ARI"))
    assert page.get_by_test_id("stException").count() == 0


def test_a_link_opens_on_its_sample(open_page):
    page = open_page(path="/?sample=151673.h5")
    assert page.get_by_text("2,929 spots").count() == 1
