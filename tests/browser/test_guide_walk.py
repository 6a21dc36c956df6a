"""From seven strokes to the next section: the whole way of somebody who knows the layers of one section, in a real Chromium.

The section that ships is painted; another is brought in, gets its layers by name with one click, is corrected, and taken home; the
command line and the script of the kept run make the same labels of what was taken.
"""

import csv
import dataclasses
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from playwright.sync_api import expect
from sklearn.metrics import adjusted_rand_score

from core.guidance import UNLIKE
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.layer_names import display_name
from core.method.neighbours import averaged, neighbour_graph
from core.parts import part_of
from core.work.runs import open_record
from scripts.chromium import ROOT, served_app
from tests.browser.conftest import opening, settle
from tests.browser.test_guide import across, begin, paint, saved, score, shown
from tests.browser.test_tissue_view import look, settled, until
from tests.sections import SHIPPED

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NEXT = "next_section"
MOST_UNLIKE = 0.05  # of spots, where the section has nothing that the reference lacks
AROUND = 6  # rings of neighbours over which the numbers of layers make a depth
KEPT_SHARE = 0.7  # of the counts, and of the columns, so that it is another section of the same tissue


@pytest.fixture(scope="module")
def incoming(tmp_path_factory):
    """The file of the section that is brought in, and what is in it."""
    whole, random = lab.read(SHIPPED), np.random.default_rng(0)
    part = part_of(whole, whole.lattice[:, 1] >= np.quantile(whole.lattice[:, 1], 1 - KEPT_SHARE))
    counts = np.asarray(part.expression.toarray() if hasattr(part.expression, "toarray") else part.expression)
    thinned = random.binomial(counts.astype(int), KEPT_SHARE).astype(float)
    path = tmp_path_factory.mktemp("incoming") / f"{NEXT}.h5"
    lab.write(dataclasses.replace(part, name=NEXT, expression=thinned), path)
    return path, lab.read(path)


def lines(section, layers):
    """Ends of a short line across each of some layers, which touches no other."""
    number = np.array([section.layer_names.index(name) for name in section.labels_true], dtype=float)
    depth = averaged(number[:, None], neighbour_graph(section.coordinates), AROUND)[:, 0]
    random = np.random.default_rng(0)
    return {name: across(section.tissue_um, depth, section.labels_true == name, random) for name in layers}


def paints_seven_strokes(page, section):
    assert look(page, "view.panels.map(panel => panel.map.names)") == [["Not painted"]]  # the annotation is hidden
    begin(page)
    for name, ends in lines(section, section.layer_names).items():
        paint(page, name, ends)
    until(lambda: set(shown(page)) == {display_name(name) for name in section.layer_names})
    assert score(page, "guided") > score(page, "label-free")
    expect(page.get_by_text("annotated spots that nobody painted")).to_be_visible()


def brings_in(page, path):
    page.get_by_role("link", name="Add data").click()
    page.get_by_role("heading", name="Add data").wait_for()
    page.locator("input[type=file]").first.set_input_files(path)
    page.locator(".legend .label").first.wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Tune").wait_for()
    page.get_by_role("link", name="Sections").wait_for()
    until(lambda: f"sample={path.name}" in page.url)


def gets_layers_with_one_click(page):
    page.get_by_role("link", name="Sections").click()
    page.get_by_role("heading", name="Sections").wait_for()
    page.get_by_role("button", name="Give layers", exact=True).click()
    page.get_by_role("heading", name="Guide").wait_for()
    page.get_by_test_id("stMetric").filter(has_text="ARI, transferred").wait_for()
    until(lambda: look(page, "view.panels.length") == 2 and look(page, "view.panels[1].map.labels !== null"))
    settle(page)


def written(file, folder, *words):
    """Domains that the command line writes."""
    out = folder / "by_command.csv"
    command = [sys.executable, "-m", "core", "cluster", file, *words, "--labels", out]
    subprocess.run([*map(str, command)], cwd=ROOT, check=True, capture_output=True)
    return [display_name(row["domain"]) for row in csv.DictReader(out.read_text().splitlines())]


@pytest.mark.timeout(900)  # three processes prepare two tissues
def test_seven_strokes_then_the_next_section_has_the_layers_with_one_click_and_all_is_made_again_elsewhere(
    browser, incoming, tmp_path
):
    path, section = incoming
    folder, models = tmp_path / "samples", tmp_path / "models"
    folder.mkdir()
    shutil.copy(SHIPPED, folder)
    teacher = lab.read(SHIPPED)
    with (
        served_app(SPCA_PRESET="recommended", SPCA_DATA=str(folder), SPCA_MODELS=str(models)) as address,
        opening(browser, address) as opened,
    ):
        page = opened(path=f"/guide?sample={SHIPPED.name}")
        page.set_default_timeout(300_000)  # a worker starts beside what the page finds
        paints_seven_strokes(page, teacher)
        brings_in(page, path)
        gets_layers_with_one_click(page)
        assert {display_name(name) for name in teacher.layer_names} <= set(shown(page))
        assert np.mean(np.array(shown(page)) == UNLIKE) < MOST_UNLIKE
        assert score(page, "transferred") == round(adjusted_rand_score(section.labels_true, shown(page)), 3)
        assert score(page, "transferred") > score(page, "label-free")
        assert f"layers_of={SHIPPED.name}" in page.url

        page.get_by_role("button", name="Brush", exact=True).click()
        page.locator(".brush input").evaluate(
            "slider => { slider.value = 0; slider.dispatchEvent(new Event('input')); }"
        )
        for name, ends in lines(section, ["Layer4"]).items():
            paint(page, name, ends)
        (entry,) = AnnotationStore(folder / path.name, lab.read(folder / path.name)).entries()
        corrected = np.flatnonzero(entry.annotation.labels_true() == "Layer 4")
        assert len(corrected) >= 3
        until(lambda: {shown(page)[spot] for spot in corrected} == {"Layer 4"})
        settled(page)

        domains = [row["domain"] for row in saved(page, "Labels as CSV", tmp_path / "labels.csv")]
        assert domains == shown(page)
        saved(page, "Strokes as CSV", tmp_path / "strokes.csv")
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Reference", exact=True).click()
        download.value.save_as(tmp_path / "reference.json")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Keep", exact=True).first.click()
        page.get_by_test_id("stForm").get_by_role("button", name="Keep").click()
        page.get_by_text(re.compile("^Kept: ")).first.wait_for()

    given = ("--reference", tmp_path / "reference.json", "--strokes", tmp_path / "strokes.csv")
    assert written(folder / path.name, tmp_path, *given) == domains
    (run,) = open_record(models).runs()
    script = tmp_path / "script.py"
    command = [sys.executable, "-m", "core", "runs", "script", run.id, "--models", models, "--out", script]
    subprocess.run([*map(str, command)], cwd=ROOT, check=True, capture_output=True)
    command = [sys.executable, script, folder / path.name, "--project", ROOT]
    done = subprocess.run([*map(str, command)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
