"""What is taken home from the page, opened with the tools that it is for."""

import csv

import anndata
import h5py
import numpy as np
import pytest

from core.io import lab
from tests.sections import SHIPPED

pytestmark = pytest.mark.browser


def settled(page):
    page.wait_for_timeout(500)
    page.wait_for_function("document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'")


def download(page, name, path):
    page.mouse.move(0, 0)  # the help of the button before lies over others
    with page.expect_download() as started:
        page.get_by_role("button", name=name).click()
    started.value.save_as(path)
    return started.value.suggested_filename


def test_renamed_and_merged_domains_leave_as_h5ad_loupe_csv_and_the_labs_h5(open_page, tmp_path):
    page = open_page()
    page.get_by_role("button", name="Names").click()
    field = page.get_by_role("textbox", name="Name of Layer 1", exact=True)
    field.fill("Layer 2")  # the name that another has
    field.press("Enter")
    page.get_by_text("7 domains are exported as 6").wait_for()
    settled(page)
    assert page.locator(".legend .label").all_inner_texts().count("Layer 2") == 1
    page.get_by_role("button", name="Undo Layer 1").wait_for()  # the popover stayed open
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export").click()
    assert download(page, "Sample as h5ad", tmp_path / "out.h5ad") == "151673_domains.h5ad"
    sample, adata = lab.read(SHIPPED), anndata.read_h5ad(tmp_path / "out.h5ad")
    assert adata.obs_names.tolist() == sample.barcodes.tolist()
    np.testing.assert_array_equal(np.asarray(adata.X.sum(axis=1)).ravel(), sample.expression.sum(axis=1))
    assert adata.obs["domain"].nunique() == 6
    assert set(adata.obs["domain"]) == {*(f"Layer {number}" for number in range(2, 7)), "White matter"}
    assert len(adata.uns["domain_colors"]) == 6
    download(page, "Labels for Loupe", tmp_path / "loupe.csv")
    rows = list(csv.reader((tmp_path / "loupe.csv").read_text().splitlines()))
    assert rows[0] == ["Barcode", "domain"]
    assert [row[1] for row in rows[1:]] == adata.obs["domain"].tolist()
    download(page, "Sample as the lab's h5", tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        assert [name.decode() for name in file["labels"][:]] == adata.obs["domain"].tolist()
    assert lab.read(tmp_path / "out.h5").content_hash == sample.content_hash
