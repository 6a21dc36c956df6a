"""Inside a domain in a real Chromium, on a small tissue whose lower layer has two halves."""

import numpy as np
import pytest
from playwright.sync_api import expect

from core.io import lab
from core.io.annotation_store import AnnotationStore
from scripts.chromium import served_app
from tests.browser.conftest import opening
from tests.browser.test_markers import settled
from tests.core.method.test_inside import halves

pytestmark = pytest.mark.browser


def test_a_domain_is_split_in_two_seen_in_shades_and_kept_as_an_annotation(browser, tmp_path):
    path = tmp_path / "halves.h5"
    lab.write(halves()[0], path)
    with (
        served_app(SPCA_DATA=str(tmp_path), SPCA_MODELS=str(tmp_path / "models")) as address,
        opening(browser, address) as opened,
    ):
        page = opened(path="/?sample=halves.h5&preset=recommended&chart=inside")
        page.get_by_role("spinbutton", name="Clusters").fill("2")
        page.get_by_role("spinbutton", name="Clusters").press("Enter")
        settled(page)
        labels = page.locator(".legend").last.locator(".label")
        expect(labels).to_have_count(2)
        before = labels.all_inner_texts()
        page.get_by_role("button", name="Find parts").click()
        expect(labels).to_have_count(3)
        after = labels.all_inner_texts()
        assert len(set(before) & set(after)) == 1
        (whole,) = set(before) - set(after)
        assert sorted(set(after) - set(before)) == [f"{whole}a", f"{whole}b"]
        swatches = page.locator(".legend").last.locator(".swatch")
        assert len({swatches.nth(at).evaluate("node => node.style.background") for at in range(3)}) == 3
        page.get_by_role("textbox", name="Name of the annotation").fill("my halves")
        page.get_by_role("button", name="Keep as annotation").click()
        expect(page.get_by_text("Kept as the annotation my halves.")).to_be_visible()
        assert page.get_by_test_id("stException").count() == 0
    (entry,) = AnnotationStore(path, lab.read(path)).entries()
    assert entry.annotation is not None
    assert sorted(entry.annotation.names) == sorted(after)
    assert np.count_nonzero(entry.annotation.assigned >= 0) == halves()[0].n_spots
