"""Draw, name, ask: the whole way of somebody whose section has no annotation, in a real Chromium on the section that ships."""

import csv
import dataclasses
import re
from functools import cached_property

import anndata
import matplotlib as mpl
import numpy as np
import pytest
import shapely
from playwright.sync_api import expect
from sklearn.metrics import adjusted_rand_score

from core import regions
from core.coordinates import COL_PITCH_UM, ROW_PITCH_UM
from core.io import geojson, lab
from core.io.annotation_store import AnnotationStore
from scripts.chromium import served_app
from tests.browser.conftest import opening, settle
from tests.browser.test_annotate import add_region, begin
from tests.browser.test_asking import choose, compare, rows_of_csv
from tests.browser.test_tissue_view import look, settled, stage, until
from tests.sections import SHIPPED

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of squidpy's own imports


class Section:
    """The section that ships without its annotation, and where its authors saw the layers, by which a hand is led."""

    def __init__(self, folder):
        self.seen = lab.read(SHIPPED)
        self.path = folder / "my_section.h5"
        lab.write(dataclasses.replace(self.seen, labels_true=None), self.path)

    @cached_property
    def sample(self):
        found = lab.read(self.path)
        assert found.labels_true is None
        return found

    def around(self, layer, loosely_um):
        """Corners of a polygon around a layer, in um on the tissue."""
        parts = shapely.get_parts(regions.outline(self.seen.coordinates, self.seen.labels_true == layer))
        largest = max(parts, key=lambda part: part.area)
        um = shapely.transform(largest, lambda corners: corners * [COL_PITCH_UM, ROW_PITCH_UM / 3])
        return np.array(um.simplify(loosely_um).exterior.coords)[:-1]

    def along(self, layer, n_points=12):
        """Points along the middle of a layer, in um on the tissue."""
        spots = self.seen.tissue_um[self.seen.labels_true == layer]
        axis = np.linalg.svd(spots - spots.mean(axis=0), full_matrices=False)[2][0]
        return np.array([part.mean(axis=0) for part in np.array_split(spots[np.argsort(spots @ axis)], n_points)])

    def annotations(self):
        return AnnotationStore(self.path, self.sample).annotations()

    def drawn(self):
        """The annotation that was made first."""
        return self.annotations()[0]

    def size(self, region):
        found = self.drawn()
        return dict(zip(found.names, found.sizes, strict=True)).get(region, 0)


def on_screen(page, um):
    at, box = look(page, "view.panels[0].transform()"), stage(page, 0).bounding_box()
    return box["x"] + um[0] * at["scale"] + at["x"], box["y"] + um[1] * at["scale"] + at["y"]


def polygon(page, corners):
    page.get_by_role("button", name="Polygon", exact=True).click()
    for corner in corners[:-1]:
        page.mouse.click(*on_screen(page, corner))
    page.mouse.dblclick(*on_screen(page, corners[-1]))


def brush(page, points):
    page.get_by_role("button", name="Brush", exact=True).click()
    page.mouse.move(*on_screen(page, points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*on_screen(page, point), steps=3)
    page.mouse.up()


def column(path, name):
    with path.open(encoding="utf-8") as file:
        return [row[name] for row in csv.DictReader(file)]


def picture(page):
    """What the maps show: their titles, and the name and colour of every spot."""
    return look(
        page,
        "view.panels.map(({ map }) => [map.title, [...map.labels].map(label => `${map.names[label]} ${map.colours[label]}`)])",
    )


def draws_four_layers(page, section):
    page.get_by_role("link", name="Annotate").click()
    page.get_by_role("heading", name="Annotate").wait_for()
    page.get_by_role("textbox", name="Name of the annotation").fill("my layers")
    begin(page)
    name = page.get_by_role("textbox", name="Name", exact=True)
    name.fill("WM")
    name.press("Enter")
    page.get_by_role("radio", name=re.compile("WM ")).wait_for()
    settled(page)
    polygon(page, section.around("WM", 250))
    add_region(page, "Layer 5")
    polygon(page, section.around("Layer5", 250))
    drawn = picture(page)[0]
    page.reload()  # before anything says that it is kept
    page.locator(".legend .label").first.wait_for()
    settle(page)
    assert picture(page)[0] == drawn
    add_region(page, "Layer 3")
    polygon(page, section.around("Layer3", 250))
    add_region(page, "Layer 4")
    brush(page, section.along("Layer4"))
    is_saved(page)


def is_saved(page):
    until(lambda: look(page, "view.drawing.pending.edits.length") == 0)
    settled(page)


def corrects_a_border(page, section):
    page.get_by_role("link", name="Annotate").click()
    page.get_by_role("heading", name="Annotate").wait_for()
    settle(page)
    page.get_by_role("radio", name=re.compile("Layer 5 ")).check(force=True)
    page.wait_for_function("() => document.activeElement.checked")
    until(lambda: look(page, "view.panels[0].map.names[view.drawing.data.active]") == "Layer 5")
    settled(page)
    brush(page, section.along("Layer4")[4:8] + np.array([0, 250]))
    is_saved(page)


def exports(page, folder, **labels):
    """Take files away, under these names, by what their buttons say."""
    page.get_by_role("button", name="Export").click()
    found = {}
    for name, label in labels.items():
        with page.expect_download() as got:
            page.get_by_role("button", name=label, exact=True).click()
        found[name] = folder / f"{name}{got.value.suggested_filename[got.value.suggested_filename.rindex('.') :]}"
        got.value.save_as(found[name])
    page.keyboard.press("Escape")
    return found


def opens_tune(page, first=""):
    page.get_by_role("link", name="Tune").click()
    page.get_by_role("heading", name="Tune").wait_for()
    settle(page)  # a redraw would close a list that is open
    if first:
        page.get_by_role("combobox", name=re.compile("Compared with")).click()
        page.get_by_role("option", name=re.compile(first)).click()
    until(lambda: look(page, "view.panels.length") == 2)
    settle(page)


def ari_on_the_page(page):
    return page.get_by_test_id("stMetric").filter(has_text="ARI").first.inner_text()


def ari_of(regions_csv, labels_csv):
    """What scikit-learn makes of two files, over the spots that are in a region."""
    seen, found = column(regions_csv, "region"), column(labels_csv, "cluster")
    known = [number for number, region in enumerate(seen) if region != "NA"]
    return adjusted_rand_score([seen[number] for number in known], [found[number] for number in known])


def asks_what_tells_layer_5_from_layer_4(page):
    page.get_by_text("Ask", exact=True).click()
    settle(page)
    choose(page, "Group", "Layer 5 (annotated)")
    choose(page, "Against", "Layer 4 (annotated)")
    compare(page)
    return next(row for row in rows_of_csv(page) if row["gene"] == "PCP4")


def splits_white_matter(page, section):
    page.get_by_text("Inside", exact=True).click()
    settle(page)
    choose(page, "Domain", "White matter")
    page.get_by_role("button", name="Find parts").click()
    page.get_by_role("textbox", name="Name of the annotation").fill("nested")
    page.get_by_role("button", name="Keep as annotation").click()
    expect(page.get_by_text("Kept as the annotation nested.")).to_be_visible()
    nested = next(annotation for annotation in section.annotations() if annotation.name == "nested")
    assert {"White matter a", "White matter b"} < set(nested.names)
    assert "White matter" not in nested.names
    settle(page)


def drawn_by_squidpy(adata, color):
    """The colour that squidpy gives each spot."""
    import matplotlib.pyplot as plt
    import squidpy as sq

    axes = sq.pl.spatial_scatter(adata, color=color, img=False, return_ax=True, na_color="#FF00FF")
    faces = np.concatenate([found.get_facecolors() for found in axes.collections if len(found.get_facecolors()) > 1])
    plt.close("all")
    return faces


def test_somebody_draws_layers_compares_corrects_asks_splits_sends_and_takes_all_away(browser, tmp_path):
    samples, files = tmp_path / "samples", tmp_path / "files"
    samples.mkdir()
    files.mkdir()
    section = Section(samples)
    with (
        served_app(SPCA_PRESET="", SPCA_DATA=str(samples), SPCA_MODELS=str(tmp_path / "models")) as address,
        opening(browser, address) as opened,
    ):
        page = opened()
        assert "–" in ari_on_the_page(page)
        draws_four_layers(page, section)
        assert section.drawn().names == ["WM", "Layer 5", "Layer 3", "Layer 4"]
        for region, layer in (("WM", "WM"), ("Layer 5", "Layer5"), ("Layer 3", "Layer3"), ("Layer 4", "Layer4")):
            mine, theirs = section.drawn().spots_of(region), section.seen.labels_true == layer
            assert (mine & theirs).sum() > 0.6 * max(mine.sum(), theirs.sum())  # a hand is not exact
        before = section.drawn()
        drawn = exports(page, files, before="Regions as CSV")
        opens_tune(page, first="my layers")
        drawn |= exports(page, files, domains_before="Labels as CSV")
        assert f"{ari_of(drawn['before'], drawn['domains_before']):.3f}" in ari_on_the_page(page)

        corrects_a_border(page, section)
        assert section.size("Layer 5") > before.sizes[1]
        assert section.size("Layer 4") < before.sizes[3]
        drawn |= exports(
            page, files, regions="Regions as CSV", shapes="Regions as GeoJSON", regions_h5ad="Sample as h5ad"
        )
        opens_tune(page)
        drawn |= exports(page, files, domains="Labels as CSV", sample_h5ad="Sample as h5ad")
        assert f"{ari_of(drawn['regions'], drawn['domains']):.3f}" in ari_on_the_page(page)
        pcp4 = asks_what_tells_layer_5_from_layer_4(page)
        assert int(pcp4["rank"]) <= 10
        assert float(pcp4["log2_fold_change"]) > 0
        assert float(pcp4["p_adjusted"]) < 1e-3
        splits_white_matter(page, section)

        other = opened(path=page.url.removeprefix(address))
        until(lambda: picture(other) == picture(page))
        expect(other.locator(".legend").last.get_by_role("button", name="White matter b")).to_be_visible()
        assert ari_on_the_page(other) == ari_on_the_page(page)

    labels = np.array(column(drawn["regions"], "region"))
    assert labels.tolist() == section.drawn().labels_true().tolist()
    placed = geojson.place(geojson.read(drawn["shapes"]), section.sample).annotation("read again")
    assert placed.labels_true().tolist() == labels.tolist()
    shades = {region.name: region.colour for region in section.drawn().regions}
    for file in (drawn["regions_h5ad"], drawn["sample_h5ad"]):
        adata = anndata.read_h5ad(file)
        wanted = mpl.colors.to_rgba_array([shades.get(name, "#FF00FF") for name in labels.tolist()])
        found = drawn_by_squidpy(adata, "my layers")
        np.testing.assert_allclose(found, wanted)
