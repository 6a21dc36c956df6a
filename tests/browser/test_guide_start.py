"""Layers from another section, in a real Chromium: with one click from Sections, by a link, and with strokes on top."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from sklearn.metrics import adjusted_rand_score

from core.guidance import Guidance
from core.io import lab
from core.method.pipeline import Pipeline
from core.method.reference import learn
from core.params import preset
from core.parts import part_of
from scripts.chromium import served_app
from tests.browser.conftest import opening
from tests.sections import SHIPPED

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def halves():
    """The shipped section, cut in two: one half teaches the other."""
    whole = lab.read(SHIPPED)
    left = whole.lattice[:, 1] < np.median(whole.lattice[:, 1])
    return part_of(whole, left), part_of(whole, ~left)


@pytest.fixture(scope="module")
def app(halves, tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    for name, half in zip(("left", "right"), halves, strict=True):
        lab.write(half, folder / f"{name}.h5")
    with served_app(SPCA_DATA=str(folder), SPCA_MODELS=str(tmp_path_factory.mktemp("models"))) as address:
        yield address


def choose(page, field, option):
    page.get_by_role("combobox", name=re.compile(field)).click()
    page.get_by_role("option", name=option).click()


def test_one_click_gives_a_section_the_layers_of_another_and_the_link_shows_them_to_others(browser, app, halves):
    left, right = halves
    result = Pipeline(right).run_guided(preset("recommended", 7), Guidance(reference=learn([left])))
    ari = f"{adjusted_rand_score(right.labels_true, result.labels):.3f}"
    with opening(browser, app) as opened:
        page = opened()
        page.get_by_role("link", name="Sections").click()
        choose(page, "Sections", "left")
        page.keyboard.press("Escape")
        choose(page, "Give layers to", "right")
        page.get_by_role("button", name="Give layers", exact=True).click()
        transferred = page.get_by_test_id("stMetric").filter(has_text="ARI, transferred")
        expect(transferred).to_contain_text(ari)
        for layer in ("Layer 1", "Layer 4", "White matter"):
            expect(page.locator(".legend .label").filter(has_text=layer).first).to_be_visible()
        expect(page.get_by_text("shared with the reference")).to_be_visible()
        expect(page.get_by_role("button", name="From annotated sections")).to_be_visible()
        path = page.url.removeprefix(app)
        colleague = opened(path=path)
        expect(colleague.get_by_test_id("stMetric").filter(has_text="ARI, transferred")).to_contain_text(ari)
