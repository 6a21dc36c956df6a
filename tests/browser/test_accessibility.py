"""No page keeps anybody out: axe-core finds nothing serious, buttons have names, and keys do what the pointer does."""

import dataclasses
import io
import re
import shutil
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from core.io import lab
from core.method import pipeline
from core.method.cache import StepCache
from core.params import preset
from core.work.runs import open_record
from scripts.chromium import ROOT, served_app
from tests.browser.test_tissue_view import look, settled, stage, tip, until
from tests.core.figures.test_colours import contrast
from tests.painted import keep_strokes
from tests.sections import SHIPPED
from ui.data import user

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
BARE, N_BARE = "bare.h5", 900
ME = "Ana"
PAGES = (
    "sweep",
    "tissue",
    "annotate",
    "guide",
    f"guide?sample={BARE}",
    f"tissue?sample={SHIPPED.name}&show=several&several=PCP4,MOBP,SNAP25",
    f"tissue?sample={SHIPPED.name}&show=set&set=PCP4,SNAP25&group=Layer+5&against=Layer+4",
    f"sections?section={SHIPPED.name}&section={BARE}&started=1",
    "runs",
    "method",
    "add_data",
    "glossary",
    "health",
)
WIDTHS = (1440, 390)
OFFERED = {
    "Repeats": "Run 10 starts",
    "How many": re.compile(r"^Try \d+ to \d+ clusters"),
    "Ask": re.compile("^Compare$"),
}
"""Charts of jobs, and the buttons that start them."""
# A tooltip half faded in has too little contrast. What turns for ever, as a wheel of waiting does, ends at Infinity.
FADED = """() => document.getAnimations().every(
  one => one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity)"""
# Labels of fields that are disabled: WCAG 1.4.3 lets them be faint, but Streamlit does not tie them to their fields, so that axe-core
# does not see it.
OF_DISABLED = """selector => {
  const field = document.querySelector(selector)?.closest('[data-testid="stElementContainer"]');
  const controls = [...(field?.querySelectorAll("input, button") ?? [])];
  const own = controls.filter(control => !control.closest('[data-testid^="stTooltip"]'));
  return own.length > 0 && own.every(control => control.disabled);
}"""
STREAMLITS_OWN = re.compile(
    r"^(Increment|Decrement|Open|Clear value|Clear all|Selected values: Remove .*|Help( for .*)?)$"
)
"""Names of buttons that Streamlit adds to its fields, where the field has a label: two fields may have the same buttons."""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the app listens: on the section that ships, on a few of its spots without annotation, and with a kept run."""
    folder, models = tmp_path_factory.mktemp("samples"), tmp_path_factory.mktemp("models")
    shutil.copy(SHIPPED, folder)
    whole = lab.read(SHIPPED)
    by_spot = ("expression", "lattice", "barcodes", "coords_px", "spot_rgb")
    first = {name: part[:N_BARE] for name in by_spot if (part := getattr(whole, name)) is not None}
    lab.write(dataclasses.replace(whole, name="bare", image=None, labels_true=None, **first), folder / BARE)
    result = pipeline.run(whole, preset("paper", n_clusters=7), cache=StepCache())
    open_record(models).keep(whole, result, name="The paper's")
    keep_strokes(folder / SHIPPED.name, ME)
    with served_app(SPCA_PRESET="paper", SPCA_DATA=str(folder), SPCA_MODELS=str(models)) as address:
        yield address


@pytest.fixture
def walk(browser, address):
    """Open the first page for a walk through all: Streamlit asks below each page's path before at the root, which is logged as an error."""
    contexts = []

    def opened(scheme="light"):
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme))
        contexts[0].add_cookies([{"name": user.COOKIE, "value": ME, "url": address}])
        page = contexts[0].new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{address}/?sample={SHIPPED.name}")
        page.locator(".legend .label").first.wait_for()
        at_rest(page)
        return page

    yield opened
    for context in contexts:
        context.close()


def serious(page):
    """What axe-core calls serious or critical, but for faint labels of disabled fields."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [
        (violation["id"], node["html"][:300], node["failureSummary"])
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
        if not (violation["id"] == "color-contrast" and page.evaluate(OF_DISABLED, node["target"][0]))
    ]


def at_rest(page):
    """Wait until nothing is drawn, nothing fades in or out, and no tooltip is open because the page moved below the mouse."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    settled(page)
    page.wait_for_timeout(500)
    page.wait_for_function(FADED)


def seen_at_each_width(page, where):
    """What axe-core finds in a wide and in a narrow window."""
    found: dict[tuple[object, ...], object] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        at_rest(page)
        found |= {(*where, width): nodes} if (nodes := serious(page)) else {}
    return found


def charts(page):
    return page.get_by_role("radiogroup", name="Chart").get_by_role("radio")


@pytest.mark.skipif(
    not AXE.exists() and shutil.which("npm") is None, reason="Node is not installed, so there is no axe-core."
)
@pytest.mark.timeout(900)  # axe-core goes through some thirty states of pages at two widths
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page_nor_with_any_chart(walk, scheme):
    assert AXE.exists(), "axe-core is missing: run `npm ci`."
    page = walk(scheme)
    found: dict[tuple[object, ...], object] = {}
    root = page.url.split("?")[0].rstrip("/")
    page.locator(".shares summary").click()
    for chart in charts(page).all():
        chart.click()
        name = chart.inner_text()
        found |= seen_at_each_width(page, (name, "offered")) if name in OFFERED else {}
        if name in OFFERED and (start := page.get_by_role("button", name=OFFERED[name])).count():
            start.click()
        page.locator(".js-plotly-plot .main-svg").first.wait_for()
        found |= seen_at_each_width(page, (name,))
    page.goto(f"{root}/?sample={BARE}")
    page.locator(".legend .label").first.wait_for()
    for name in ("Depth profile", "Confusion"):
        charts(page).filter(has_text=name).click()
        found |= seen_at_each_width(page, (BARE, name))
    for name in PAGES:
        page.goto(f"{root}/{name}")
        page.get_by_role("heading").first.wait_for()
        found |= seen_at_each_width(page, (name,))
    assert not found, found


@pytest.mark.timeout(900)  # axe-core goes through some thirty states of pages at two widths
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_anything_that_opens_on_any_page(walk, scheme):
    page = walk(scheme)
    found: dict[tuple[object, ...], object] = {}
    root, n_opened = page.url.split("?")[0].rstrip("/"), 0
    for name in ("", *PAGES):
        page.goto(f"{root}/{name}")
        page.get_by_role("heading").first.wait_for()
        at_rest(page)
        for opens in (
            page.locator("[data-testid=stPopover] button[aria-haspopup=dialog]:enabled").filter(visible=True).all()
        ):
            opens.click()
            page.locator("[data-testid=stPopoverBody]").wait_for()
            page.mouse.move(3, 3)  # a button under the pointer has another colour
            page.wait_for_timeout(500)
            found |= {(name, opens.inner_text()): nodes} if (nodes := serious(page)) else {}
            for choice in page.locator("[data-testid=stPopoverBody]").get_by_role("radio").all():
                choice.evaluate("node => node.click()")  # what is asked next depends on it
                at_rest(page)
                found |= {(name, opens.inner_text(), choice.input_value()): nodes} if (nodes := serious(page)) else {}
            page.keyboard.press("Escape")
            page.locator("[data-testid=stPopoverBody]").wait_for(state="detached")
            n_opened += 1
    assert n_opened > 20
    assert not found, found


def names_of_buttons(page):
    """Names of all buttons of the page, as a screen reader says them: after the name of their group, if they are in one."""
    names: list[str] = []
    groups: dict[int, str] = {}
    for line in page.locator("body").aria_snapshot().splitlines():
        indent, kind, name = re.match(
            r"""( *)- '?(\w*)(?: "((?:[^"\\]|\\.)*)")?""", line
        ).groups()  # quoted where a name has a colon
        groups = {depth: group for depth, group in groups.items() if depth < len(indent)}
        if kind == "group":
            groups[len(indent)] = name or ""
        if kind == "button":
            names.append(": ".join([*filter(None, groups.values()), name]) if name else "")
    return names


def test_every_button_of_every_page_has_a_name_of_its_own(walk):
    page = walk()
    shared: dict[str, set[str]] = {}
    root = page.url.split("?")[0].rstrip("/")
    for name in ("", *PAGES):
        page.goto(f"{root}/{name}")
        page.get_by_role("heading").first.wait_for()
        at_rest(page)
        counts = Counter(names_of_buttons(page))
        assert counts
        if name == "":
            assert {"Keep", "Back to the previous settings"} <= set(counts)
        odd = {label for label, n in counts.items() if not label or label.endswith(" icon") or n > 1}
        ours = {label for label in odd if not STREAMLITS_OWN.match(label)}
        shared |= {name: ours} if ours else {}
    assert not shared, shared


def test_keys_alone_read_a_spot_and_draw_a_lasso_that_a_screen_reader_hears(open_page):
    page = open_page()
    said, hint = page.locator(".said"), page.locator(".hint").first
    expect(hint).not_to_be_visible()
    stage(page, 0).focus()
    page.keyboard.press("ArrowRight")
    expect(said).to_have_text(re.compile(r"^Zoom 1, middle at array row \d+, column \d+\.$"))
    expect(hint).to_be_visible()
    expect(hint).to_contain_text("Arrow keys move the maps")
    for key in ("0", "l"):
        page.keyboard.press(key)
    expect(hint).to_contain_text("Enter sets a corner")
    expect(page.locator(".tip").first).to_be_visible()
    until(lambda: tip(page).split("\n")[1] in said.inner_text())
    under_the_hint = look(page, "view.panels[0].height / 3")
    page.keyboard.press("Shift+ArrowUp")
    until(lambda: hint.bounding_box()["y"] - stage(page, 0).bounding_box()["y"] > under_the_hint)  # it gives way
    page.keyboard.press("Shift+ArrowDown")
    corners = []
    for steps in ([], ["Shift+ArrowRight"], ["Shift+ArrowDown"], ["Shift+ArrowLeft"]):
        for key in (*steps, "Enter"):
            page.keyboard.press(key)
        corners.append(look(page, "[...view.crosshair.um]"))
    page.keyboard.press("Enter")  # once too often
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    (left, top), (right, bottom) = corners[0], corners[2]
    inside = f"x > {left} && x < {right} && view.geometry.y[i] > {top} && view.geometry.y[i] < {bottom}"
    within = look(page, f"[...view.geometry.x].filter((x, i) => {inside}).length")
    found = look(page, "view.selected.reduce((sum, one) => sum + one, 0)")
    on_the_rim = 2 * (10 + 10)  # a row and a column of ten steps, twice
    assert 50 < within <= found <= within + on_the_rim
    expect(said).to_contain_text(f"{found} spots selected. Predicted:")
    page.get_by_text(f"{found} spots selected").first.wait_for()
    settled(page)
    assert page.get_by_test_id("stException").count() == 0
    for words in (re.compile("^Arrow keys move the maps again"), re.compile("^No spots are selected")):
        page.keyboard.press("Escape")
        expect(said).to_have_text(words)


def test_the_composition_of_the_maps_is_a_table(open_page):
    page = open_page()
    page.locator(".shares summary").press("Enter")
    rows = page.locator(".shares tbody tr")
    counts = Counter(map(str, lab.read(SHIPPED).labels_true))
    annotated = {row.split("\t")[0]: row.split("\t")[2] for row in rows.all_inner_texts()}
    for layer in range(1, 7):
        n = counts[f"Layer{layer}"]
        assert annotated[f"Layer {layer}"] == f"{n:,} ({n / counts.total():.1%})"


def test_a_narrow_window_shows_the_maps_first_and_stacked_before_cards_and_charts(open_page):
    page = open_page(width=390)

    def top(locator):
        return locator.bounding_box()["y"]

    def in_order():
        maps = [stage(page, index).bounding_box() for index in (0, 1)]
        assert maps[0]["x"] == maps[1]["x"]
        assert maps[0]["width"] > 300
        card = page.get_by_test_id("stMetric").first
        chart = page.locator(".js-plotly-plot").last
        assert maps[0]["y"] + maps[0]["height"] <= maps[1]["y"] < top(card) < top(chart)
        assert top(page.get_by_role("heading", name="Tune")) < maps[0]["y"]
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

    in_order()
    page.get_by_role("radio", name="Confusion").click()
    at_rest(page)
    in_order()


def test_who_asks_for_reduced_motion_gets_none(open_page):
    page = open_page()
    page.emulate_media(reduced_motion="reduce")
    moving = page.evaluate("""() => {
        const nodes = [...document.querySelectorAll('*')];
        const within = nodes.flatMap((node) => [...(node.shadowRoot?.querySelectorAll('*') ?? [])]);
        return [...nodes, ...within].filter((node) => {
            const { transitionProperty, transitionDuration, animationName } = getComputedStyle(node);
            const turns = transitionProperty !== 'none' && /[1-9]/.test(transitionDuration);
            return turns || animationName !== 'none';
        }).map((node) => node.outerHTML.slice(0, 120));
    }""")
    assert moving == []


def test_a_finger_that_taps_a_spot_reads_it_and_one_that_swipes_up_scrolls_the_page(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 900}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{address}/?sample={SHIPPED.name}")
    page.locator(".legend .label").first.wait_for()
    at_rest(page)
    box = stage(page, 0).bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    until(lambda: re.search(r"Predicted: .*\nAnnotated: ", tip(page)))
    assert stage(page, 0).evaluate("node => getComputedStyle(node).touchAction") == "pan-y"
    context.close()


def test_the_focus_is_framed_on_links_to_other_pages(open_page):
    page = open_page()
    link = page.get_by_role("link", name="Sweep", exact=True)
    for _ in range(3):  # past the link to the main content, and past Tune
        page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_have_css("outline-style", "solid")
    expect(link).to_have_css("outline-width", "2px")


def test_the_focus_is_seen_on_every_stop_of_the_tab_key(open_page):
    page = open_page()
    look_of = """() => {
        let node = document.activeElement;
        while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
        if (!node || node === document.body) return null;
        const styles = (n) => {
            const { outline, boxShadow, borderColor, backgroundColor, color } = getComputedStyle(n);
            return [outline, boxShadow, borderColor, backgroundColor, color].join();
        };
        const family = [...node.querySelectorAll('*'), node];
        for (let n = node.parentElement, up = 0; n && up < 4; n = n.parentElement, up++) family.push(n);
        window.before = { node, family, focused: family.map(styles), styles };
        return node.outerHTML.slice(0, 160);
    }"""
    changed = """() => {
        const { node, family, focused, styles } = window.before;
        return family.some((n, i) => styles(n) !== focused[i]);
    }"""
    unseen, stops = [], 0
    page.emulate_media(reduced_motion="reduce")  # else colours are on their way
    page.keyboard.press("Tab")
    for _ in range(90):
        name = page.evaluate(look_of)
        page.keyboard.press("Tab")
        if name is None:
            break
        stops += 1
        if not page.evaluate(changed):
            unseen.append(name)
    assert stops > 40
    assert unseen == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_switch_that_is_off_can_be_seen_and_so_can_its_knob(open_page, scheme):
    page = open_page(scheme=scheme)
    page.get_by_role("button", name="Keep").first.click()
    switch = page.locator("label", has=page.get_by_role("switch", name="Star"))
    box = switch.locator("> span + div").bounding_box()
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        line = np.asarray(picture.convert("RGB"))[round(box["y"] + box["height"] / 2)]
    around, knob, track = ("#" + line[round(box["x"]) + x].tobytes().hex() for x in (-4, 6, 20))
    assert contrast(track, around) >= 3
    assert contrast(knob, track) >= 3
