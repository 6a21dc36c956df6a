"""The page Guide in a real Chromium: seven short strokes on the shipped section, what follows them, questions, runs and links."""

import csv
import json
import re
import shutil
import subprocess
import sys
import urllib.parse

import numpy as np
import pytest
from playwright.sync_api import expect
from sklearn.metrics import adjusted_rand_score

from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.layer_names import display_name
from core.method.pipeline import Pipeline
from core.params import preset
from scripts.chromium import ROOT, served_app
from tests.browser.conftest import opening, settle
from tests.browser.test_tissue_view import look, settled, stage, until
from tests.sections import SHIPPED

pytestmark = pytest.mark.browser

BRUSH_UM = 60  # what the smallest brush takes along
SHORT_UM = (250, 1500)


@pytest.fixture(scope="module")
def section():
    return lab.read(SHIPPED)


@pytest.fixture(scope="module")
def strokes(section):
    """For each layer the ends of a short line across it that touches no spot of another layer, as a person who knows it would paint."""
    steps = Pipeline(section)
    found = steps.direction(preset("recommended", 7))
    depth, um, rng = found.depth(section.coordinates), section.tissue_um, np.random.default_rng(0)
    return {name: across(um, depth, section.labels_true == name, rng) for name in section.layer_names}


def across(um, depth, inside, rng):
    own = np.flatnonzero(inside)
    best, ends = 0.0, None
    for one, other in rng.choice(own, (3000, 2)):
        length = np.hypot(*(um[other] - um[one]))
        if not SHORT_UM[0] < length < SHORT_UM[1]:
            continue
        span = abs(depth[one] - depth[other]) / length**0.3
        if span > best and inside[near(um, um[one], um[other])].all():
            best, ends = span, (um[one], um[other])
    return ends


def near(um, start, end):
    along = end - start
    share = np.clip((um - start) @ along / (along @ along), 0, 1)
    return np.hypot(*(um - start - share[:, None] * along).T) <= BRUSH_UM


@pytest.fixture
def folder(tmp_path):
    """A folder of samples of its own, because strokes lie beside the sample."""
    (tmp_path / "samples").mkdir()
    shutil.copy(SHIPPED, tmp_path / "samples")
    return tmp_path / "samples"


@pytest.fixture
def open_page(browser, folder, tmp_path):
    with (
        served_app(SPCA_PRESET="recommended", SPCA_DATA=str(folder), SPCA_MODELS=str(tmp_path / "models")) as address,
        opening(browser, address) as opened,
    ):
        yield opened


def painted(folder, section):
    """What is kept of the strokes, as the name of a domain for each spot."""
    (entry,) = AnnotationStore(folder / SHIPPED.name, section).entries()
    return entry.annotation.labels_true()


def begin(page):
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Brush", exact=True).click()
    page.get_by_test_id("stSpinner").wait_for(state="detached")
    settle(page)
    page.locator(".brush input").evaluate("slider => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")


def paint(page, name, ends):
    page.get_by_test_id("stRadio").get_by_text(re.compile(f"{display_name(name)} ")).click()
    settled(page)
    box, at = stage(page, 0).bounding_box(), look(page, "view.panels[0].transform()")
    start, end = ((box["x"] + x * at["scale"] + at["x"], box["y"] + y * at["scale"] + at["y"]) for x, y in ends)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=12)
    page.mouse.up()
    until(lambda: look(page, "view.drawing.pending.edits.length") == 0)
    settled(page)


def score(page, name):
    return float(
        page.get_by_test_id("stMetric").filter(has_text=f"ARI, {name}").get_by_test_id("stMetricValue").inner_text()
    )


def shown(page, panel=1):
    """Name of the domain of each spot on a map."""
    return look(page, f"[...view.panels[{panel}].map.labels].map(label => view.panels[{panel}].map.names[label])")


def saved(page, button, path):
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    download.value.save_as(path)
    page.keyboard.press("Escape")
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.mark.slow
def test_seven_short_strokes_beat_what_is_label_free_and_both_scores_are_on_the_page(
    open_page, folder, section, strokes, tmp_path
):
    page = open_page(path=f"/guide?sample={SHIPPED.name}")
    assert look(page, "view.panels.map(panel => panel.map.names)") == [["Not painted"]]  # the annotation is hidden
    begin(page)
    for name, ends in strokes.items():
        paint(page, name, ends)
    labels, truth = painted(folder, section), section.labels_true
    by_name = {display_name(name): name for name in section.layer_names}
    assert {name: (labels == name).sum() >= 3 for name in by_name} == dict.fromkeys(by_name, True)
    assert all(by_name[label] == true for label, true in zip(labels, truth, strict=True) if label != "NA")
    assert (labels != "NA").sum() < 0.05 * section.n_spots

    left = (labels == "NA") & (truth != "NA")
    rows = saved(page, "Labels as CSV", tmp_path / "labels.csv")
    guided = np.array([row["domain"] for row in rows])
    free = Pipeline(section).run(preset("recommended", 7)).labels
    assert guided.tolist() == shown(page)
    assert score(page, "guided") == round(adjusted_rand_score(truth[left], guided[left]), 3)
    assert score(page, "label-free") == round(adjusted_rand_score(truth[left], free[left]), 3)
    assert score(page, "guided") > score(page, "label-free")
    assert set(look(page, "view.panels.flatMap(panel => panel.map.names)")) == {*by_name, "Not painted"}

    page.reload()
    page.locator(".legend .label").first.wait_for()
    settle(page)
    assert shown(page) == guided.tolist()

    saved(page, "Strokes as CSV", tmp_path / "strokes.csv")
    command = ["-m", "core", "cluster", SHIPPED, "--strokes", tmp_path / "strokes.csv", "--json"]
    out = [*command, "--labels", tmp_path / "by_command.csv"]
    done = subprocess.run([sys.executable, *map(str, out)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert round(json.loads(done.stdout)["scores"]["ari"], 3) == score(page, "guided")
    by_command = csv.DictReader((tmp_path / "by_command.csv").read_text().splitlines())
    assert [display_name(row["domain"]) for row in by_command] == guided.tolist()

    page.get_by_test_id("stButtonGroup").get_by_text("Annotation").click()
    until(lambda: look(page, "view.panels[1].map.title") == "Annotation")


@pytest.mark.slow
def test_questions_are_answered_by_one_click_and_undone_runs_are_kept_and_opened_by_a_link(
    open_page, folder, section, strokes
):
    page = open_page(path=f"/guide?sample={SHIPPED.name}")
    begin(page)
    for name in ("Layer1", "WM"):
        paint(page, name, strokes[name])
    page.get_by_text("Ask me").click()
    until(lambda: look(page, "view.marked") >= 0)
    settled(page)
    asked = look(page, "view.marked")
    before = painted(folder, section)
    assert before[asked] == "NA"
    page.get_by_test_id("stButton").get_by_text("Layer 4").click()
    until(lambda: painted(folder, section)[asked] == "Layer 4")
    until(lambda: look(page, "view.marked") not in (-1, asked))
    settled(page)
    until(lambda: shown(page)[asked] == "Layer 4")
    expect(page.get_by_text("1 answer")).to_be_visible()
    wanted = shown(page)
    another = look(page, "view.marked")
    page.get_by_role("button", name="I cannot tell").click()
    until(lambda: look(page, "view.marked") != another)
    settled(page)

    page.get_by_test_id("stButtonGroup").get_by_text("Uncertainty").click()
    until(lambda: look(page, "view.panels[1].map.title") == "Uncertainty")
    unsure = np.array(look(page, "[...view.panels[1].map.values]"))
    assert unsure.min() >= 0
    assert unsure.max() <= 1
    assert unsure[before != "NA"].max() < unsure.mean()
    page.get_by_test_id("stButtonGroup").get_by_text("Guided").click()
    until(lambda: look(page, "view.panels[1].map.title") == "Guided")

    page.keyboard.press("Control+z")
    until(lambda: painted(folder, section)[asked] == "NA")
    settled(page)
    page.keyboard.press("Control+Shift+z")
    until(lambda: painted(folder, section)[asked] == "Layer 4")
    until(lambda: shown(page) == wanted)
    settled(page)

    page.get_by_role("button", name="Keep", exact=True).first.click()
    page.get_by_test_id("stForm").get_by_role("button", name="Keep").click()
    page.get_by_text("Kept: Guided by").first.wait_for()
    assert "run=" in page.url
    at = urllib.parse.urlsplit(page.url)
    run = urllib.parse.parse_qs(at.query)["run"][0]
    colleague = open_page(path=f"/guide?run={run}")
    until(lambda: look(colleague, "view.panels.length") == 2 and look(colleague, "view.panels[1].map.labels !== null"))
    settled(colleague)
    assert shown(colleague) == wanted
    assert colleague.get_by_role("button", name="Brush", exact=True).is_hidden()
    colleague.get_by_role("button", name="Paint on").click()
    colleague.get_by_role("button", name="Brush", exact=True).wait_for()
    settled(colleague)
    assert shown(colleague) == wanted
