"""Cells off the lattice in a real Chromium."""

import re

import pytest
from playwright.sync_api import expect

from core.io import lab
from core.io.synthetic import synthesise
from scripts.chromium import served_app

pytestmark = pytest.mark.browser

VIEW = "[...document.querySelectorAll('*')].map(node => node.shadowRoot?.tissueView).find(Boolean)"


@pytest.fixture(scope="module")
def cells():
    return synthesise(1000, n_genes=20, cells=True)


@pytest.fixture(scope="module")
def address(cells, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    lab.write(cells, folder / "cells.h5")
    with served_app(
        SPCA_PRESET="paper", SPCA_DATA=str(folder), SPCA_MODELS=str(tmp_path_factory.mktemp("models"))
    ) as address:
        yield address


def test_cells_are_found_under_the_pointer_selected_with_the_lasso_and_drawn_as_dots(open_page, cells):
    page = open_page()
    x, y = cells.tissue_um[17]
    index = page.evaluate(
        f"""() => {{
            const panel = {VIEW}.panels[0], at = panel.transform(), box = panel.marks.getBoundingClientRect();
            return [box.left + {x} * at.scale + at.x, box.top + {y} * at.scale + at.y];
        }}"""
    )
    page.mouse.move(*index)
    tip = page.locator(".tip").first
    expect(tip).to_contain_text("Spot 17")
    found = [float(number.replace(",", "")) for number in re.findall(r"[xy] ([\d,.]+) µm", tip.inner_text())]
    assert found == pytest.approx([x, y], abs=0.06)

    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(index[0] - 30, index[1] - 30)
    page.mouse.down()
    for across, down in ((60, 0), (60, 60), (0, 60), (0, 0)):
        page.mouse.move(index[0] - 30 + across, index[1] - 30 + down, steps=4)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"\d+ spots selected"))).to_be_visible()
    assert page.evaluate(f"() => {VIEW}.geometry.shape") == "dots"
