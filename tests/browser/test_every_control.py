"""Every control of every page is tried in a real Chromium, and has an effect outside itself.

Controls are found by their roles, so a new one is tried without being listed; one that has no effect needs a reason below.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Error, Locator, Page

from core.io import lab
from core.method import pipeline
from core.method.cache import StepCache
from core.params import preset, replaced
from core.work.runs import open_record
from scripts.chromium import served_app
from tests.named_tissue import named_sample
from tests.painted import keep_strokes
from ui.data import user

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
]

ME, OF_ANOTHER = "Ana", "0123456789ab"
"""Who uses the pages, and the id of strokes that another painted."""

PATHS = (
    "/",
    "/sweep",
    "/tissue",
    "/annotate",
    "/guide",
    "/guide?sample=three.h5",  # where somebody has painted
    f"/guide?sample=two.h5&strokes={OF_ANOTHER}",
    "/sections?section=one.h5&section=two.h5",
    "/runs",
    "/method",
    "/add_data",
    "/glossary",
    "/health",
)
ROLES: tuple[Any, ...] = (
    "button",
    "link",
    "radio",
    "combobox",
    "slider",
    "spinbutton",
    "textbox",
    "checkbox",
    "switch",
    "tab",
)
PICKER = "colour picker"
WITHOUT_ROLE = {PICKER: "[data-testid=stColorPicker] button"}
"""Controls whose role says nothing of what they do, and how they are found."""
EFFECT_SECONDS, MOST_CONTROLS = 12.0, 120

# Streamlit's own, which are the same in every app: the header's menu, the arrows of the sidebar, toolbars of tables and charts,
# question marks, and the arrows and crosses inside fields.
STREAMLITS_OWN = (
    "[data-testid=stSkipToContent], [data-testid=stHeader], [data-testid=stToolbar], [data-testid=stSidebarCollapseButton], [data-testid=stElementToolbar], "
    "[data-testid=stExpandSidebarButton], [data-testid=stTooltipIcon], [data-testid=stNumberInputStepUp], [data-testid=stNumberInputStepDown], [aria-label='Clear value'], "
    "[data-baseweb=tag], [aria-label=Dismiss], [aria-label='Link to heading'], [data-testid=stSelectbox] button, [data-testid=stMultiSelect] button, [data-testid=stSidebarNav], [data-testid=stCodeCopyButton], [data-testid=stAlertContainer]"
)

WITHOUT_EFFECT = {
    r"textbox .*keep.form": "Text in a form takes effect with the form's button.",
    r"switch .*keep.form": "A choice in a form takes effect with the form's button.",
    r"checkbox .*prune": "Takes effect with the sweep that is started next.",
    r"textbox .*runs.about": "Text in a form takes effect with the form's button.",
    r"button .*Pan": "Dragging pans from the start; the button leads back from Lasso.",
    r"button .*(annotate|guide) Add$": "A shape adds to the region from the start; the button leads back from Take and Keep.",
    r"button .*Fit": "The whole tissue is shown already.",
    r"button .*Clear$": "Nothing is selected or highlighted yet.",
    r"button .*(Browse|Upload)": "Opens the file chooser of the system, which no page sees.",
}

# What a person sees or hears of a page, except inside one element.
LOOK = """skipped => {
  const parts = [location.href];
  const see = node => {
    if (node === skipped || (node.nodeType === 1 && getComputedStyle(node).display === "none")) return;
    if (node.nodeType === 3) parts.push(node.data);
    if (node.nodeType === 1) {
      for (const name of node.getAttributeNames())
        if (/^(aria-(?!describedby|controls|labelledby|activedescendant|owns)|disabled|src|d|transform|points|stroke-width)/.test(name))
          parts.push(name + node.getAttribute(name));
      if ("value" in node) parts.push(String(node.value), String(node.checked));
      if (node.tagName === "CANVAS" && node.width && node.height) try { parts.push(node.toDataURL()); } catch {}
    }
    if (node.shadowRoot) see(node.shadowRoot);
    node.childNodes.forEach(see);
  };
  document.querySelectorAll('[data-testid=stApp], [data-baseweb=popover], [role=dialog]').forEach(see);
  return parts.join("\\n");
}"""
ABOUT = """(nodes, own) => nodes.map(node => {
  const outer = node.closest("[class*=st-key-]") ?? node.getRootNode().host?.closest("[class*=st-key-]");
  const key = [...(outer?.classList ?? [])].find(name => name.startsWith("st-key-")) ?? "";
  const label = node.getAttribute("aria-label") || node.labels?.[0]?.innerText || node.innerText || node.title || "";
  const box = node.getBoundingClientRect();
  const seen = box.width > 0 && box.height > 0 && getComputedStyle(node).visibility === "visible";
  const enabled = !node.matches(":disabled") && !node.closest("[aria-disabled=true]");
  const chosen = node.checked ?? node.getAttribute("aria-checked") === "true";
  return { key, label, own: !!node.closest(own), popover: !!node.closest("[data-testid=stPopoverBody]"), usable: seen && enabled, chosen };
})"""
SKIPPED = """node => node.closest("[data-testid=stElementContainer]") ?? node"""


@dataclass(frozen=True)
class Control:
    """One control on a page, with the name that it keeps while values change."""

    name: str
    role: str
    at: Locator
    inside: bool


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Where an app with three small sections, one of them not chosen on Sections, and kept runs listens."""
    samples, models = tmp_path_factory.mktemp("samples"), tmp_path_factory.mktemp("models")
    lab.write(named_sample("one"), samples / "one.h5")
    lab.write(named_sample("two", 20), samples / "two.h5")
    lab.write(named_sample("three", 22), samples / "three.h5")
    keep_strokes(samples / "two.h5", "Somebody else", OF_ANOTHER)
    keep_strokes(samples / "three.h5", ME)
    sample, cache = lab.read(samples / "one.h5"), StepCache()
    for window in (2, 3):
        params = replaced(preset("paper", n_clusters=3), ("pooling", "window"), window)
        open_record(models).keep(sample, pipeline.run(sample, params, cache=cache), name=f"Window {window}")
    with served_app(
        SPCA_PRESET="paper",
        SPCA_MODELS=str(models),
        SPCA_DATA=str(samples),
        SPCA_ROOTS=os.pathsep.join((str(samples), str(models))),
    ) as address:
        yield address


def settle(page: Page) -> None:
    page.locator('[data-testid=stApp][data-test-script-state="notRunning"]').wait_for()
    page.wait_for_timeout(300)


def controls(page: Page) -> Iterator[Control]:
    """Find the controls that can be used now; those of an open popover come first."""
    found = []
    found_by: dict[str, Locator] = {role: page.get_by_role(role) for role in ROLES}
    found_by |= {name: page.locator(selector) for name, selector in WITHOUT_ROLE.items()}
    for role, all_of_them in found_by.items():
        try:
            told = all_of_them.evaluate_all(
                ABOUT, STREAMLITS_OWN
            )  # of all at once: one question for each takes seconds
        except Error:
            continue  # they went while the page was drawn
        for number, about in enumerate(told):
            if not about["usable"] or about["own"] or (role == "radio" and about["chosen"]):
                continue  # a chosen one is tried after another was
            label = re.sub(r"\([^)]*\)|[\d.,]+|\s+", " ", about["label"]).strip()
            key = re.sub(r"-\d+$", "", about["key"])  # fields that begin empty again after each use are one control
            found.append(Control(f"{role} {key} {label}", role, all_of_them.nth(number), about["popover"]))
    yield from sorted(found, key=lambda control: not control.inside)


def choose_another(page: Page, at: Locator) -> None:
    """Open a list and choose; the redraw that follows the move before may close a list that is open, as scrolling to it does."""
    other = page.locator("[role=option]:not([aria-selected=true])").first
    for tries_left in (2, 1, 0):
        at.click()
        page.wait_for_timeout(500)
        if not other.is_visible():
            at.press("ArrowDown", timeout=5000)  # an open list hides its field from those who ask by role
        try:
            other.click(timeout=5000)
            break
        except Error:
            if not tries_left:
                raise


def choose_a_colour(page: Page, at: Locator) -> None:
    at.click(timeout=5000)
    page.locator("[data-testid=stColorPickerPopover] input").fill("#0A7B3C")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")


def use(page: Page, control: Control) -> None:  # noqa: C901 - one branch for each kind of control
    at = control.at
    if control.role in ("checkbox", "switch", "radio"):
        at.evaluate("node => node.click()")
    elif control.role == "combobox":
        choose_another(page, at)
        page.keyboard.press("Escape")
    elif control.role in ("slider", "spinbutton"):
        before = at.input_value()
        for key in ("ArrowRight", "ArrowLeft") if control.role == "slider" else ("ArrowUp", "ArrowDown"):
            at.press(key)
            if at.input_value() != before:
                break
        if control.role == "spinbutton":
            at.press("Enter")
    elif control.role == "textbox":
        at.fill("2, 4" if at.input_value() == "2, 3" else "2, 3")  # another text than what it is, to see an effect
        at.press("Control+Enter")
        at.press("Tab")
    elif control.role == PICKER:
        choose_a_colour(page, at)
    else:
        at.click(timeout=5000)


def try_it(page: Page, control: Control, downloads: list[object]) -> bool:
    """Use a control, and say whether anything but itself changed."""
    button = control.role in ("button", "link", "tab", "radio")
    skipped = None if button else control.at.evaluate_handle(SKIPPED)
    before, n_downloads, address = page.evaluate(LOOK, skipped), len(downloads), page.url
    use(page, control)
    until = time.monotonic() + EFFECT_SECONDS
    while time.monotonic() < until:
        if len(downloads) > n_downloads or page.url != address or page.evaluate(LOOK, skipped) != before:
            return True
        page.wait_for_timeout(200)
    return False


def fault_of(page: Page, control: Control, downloads: list[object]) -> str:
    """Try a control, and say in words what was wrong with it, if anything."""
    try:
        return "" if try_it(page, control, downloads) else "nothing changed"
    except Error as error:
        return error.message.splitlines()[0]


def explained(name: str) -> bool:
    return any(re.search(pattern, name) for pattern in WITHOUT_EFFECT)


@pytest.mark.timeout(900)  # Tune has some seventy controls, each of which is given its time
@pytest.mark.parametrize("path", PATHS)
def test_every_control_has_an_effect(browser, app, path):
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.add_cookies([{"name": user.COOKIE, "value": ME, "url": app}])
    page, tried, without = context.new_page(), set[str](), list[str]()
    downloads: list[object] = []  # and new tabs, which are an effect, too
    page.set_default_timeout(60_000)
    page.on("download", lambda download: downloads.append(download))
    page.on("popup", lambda tab: downloads.append(tab))
    start(page, app + path)
    while len(tried) < MOST_CONTROLS:
        control = next((item for item in controls(page) if item.name not in tried), None)
        if control is None:
            break
        tried.add(control.name)
        if (fault := fault_of(page, control, downloads)) and not explained(control.name):
            settle(page)  # the redraw of the move before may have taken the first press: a person presses again
            again = next((item for item in controls(page) if item.name == control.name), None)
            if again is not None and fault_of(page, again, downloads):  # or else it went while the page was drawn
                without.append(f"{control.name}: {fault}")
        settle(page)
        assert page.get_by_test_id("stException").all_inner_texts() == [], control.name
        if page.url.partition("?")[0] != (app + path).partition("?")[0]:
            start(page, app + path)
    context.close()
    assert len(tried) < MOST_CONTROLS
    assert not without, "\n".join(without)


def start(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_test_id("stSidebarNavLink").first.wait_for()
    settle(page)
    page.wait_for_timeout(1000)
