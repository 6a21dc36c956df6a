"""Outlines of cells in a real Chromium: fetched and drawn once cells are large on the screen, and not before."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial import cKDTree

from core.io import lab
from core.io.synthetic import synthesise
from core.outlines import UNIT_UM, Outlines
from scripts.chromium import served_app
from tests.browser.conftest import opening
from tests.browser.test_tissue_view import look, stage, until

pytestmark = pytest.mark.browser

N_CELLS = 12_000
BAR = np.array([[-0.9, -0.3], [0.9, -0.3], [0.9, 0.3], [-0.9, 0.3]])
"""Outline of each cell, in widths of a cell: much wider than its dot, and flatter."""


@pytest.fixture(scope="module")
def cells():
    plain = synthesise(N_CELLS, n_genes=10, cells=True)
    corners = np.rint(BAR * np.sqrt(plain.coordinates.spot_um2) / UNIT_UM).astype(np.int16)
    outlines = Outlines(corners=np.tile(corners, (plain.n_spots, 1)), begins=np.arange(plain.n_spots + 1) * 4)
    return dataclasses.replace(plain, outlines=outlines)


@pytest.fixture(scope="module")
def address(cells, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    lab.write(cells, folder / "cells.h5")
    with served_app(SPCA_DATA=str(folder), SPCA_MODELS=str(tmp_path_factory.mktemp("models"))) as address:
        yield address


@pytest.fixture
def page(browser, address):
    """The page Tissue, opened by its address, where Streamlit asks in vain for files of its own; scripts may not fail."""
    complaints, came = [], []

    def watch(page):
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", lambda answer: answer.url.endswith(".bin") and came.append(answer.status))

    with opening(browser, address, watch) as opened:
        yield opened(path="/tissue")
    assert complaints == []
    assert set(came) == {200}


def test_a_cell_is_drawn_as_its_outline_once_it_is_large_and_its_outline_fetched_no_sooner(page, cells):
    width, places = np.sqrt(cells.coordinates.spot_um2), cells.tissue_um
    beside = places + np.array([0.7 * width, 0])  # in the outline of the cell, and not in its dot
    # Of no other cell is it in the outline or in the dot; nearest to the middle, which stays where it is.
    alone = [cell for cell, near in enumerate(cKDTree(places).query_ball_point(beside, 1.3 * width)) if near == [cell]]
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    cell = min(alone, key=lambda cell: np.hypot(*(places[cell] - middle)))
    asked = []
    page.on("request", lambda request: request.url.endswith(".bin") and asked.append(request.url))

    def pixel(x, y):
        return look(
            page,
            f"""(() => {{
                const panel = view.panels[0], at = panel.onCanvas().at;
                const place = [{x} * at.scale + at.x, {y} * at.scale + at.y].map(Math.round);
                return [...panel.spots.getContext('2d').getImageData(...place, 1, 1).data];
            }})()""",
        )

    assert look(page, "view.geometry.width * view.panels[0].transform().scale") < 8
    assert asked == []
    stage(page, 0).focus()
    look(page, f"view.moveTo({{ ...view.camera, x: {places[cell][0]}, y: {places[cell][1]} }})")
    while look(page, "view.geometry.width * view.panels[0].transform().scale") < 20:
        page.keyboard.press("+")
    until(lambda: len(asked) == 1)
    own = pixel(*places[cell])
    assert own[3] == 255
    until(lambda: pixel(*beside[cell]) == own)
    above = places[cell] - np.array([0, 0.42 * width])  # in its dot, and not in its outline
    until(lambda: pixel(*above) != own)
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert len(asked) == 1
