"""Stores that the library `spatialdata` wrote come in with its own counts, names and positions."""

import importlib.util
import shutil
import subprocess
import sys

import numpy as np
import pytest

from core.errors import SampleFileError
from core.io import importing
from core.io.incoming import ImportChoices
from tests import write_spatialdata as written

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("spatialdata") is None, reason="spatialdata is not installed (requirements-dev.txt)"
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    subprocess.run([sys.executable, "-m", "tests.write_spatialdata", str(folder)], check=True)
    return folder


def said(survey, what):
    return next(check.found for check in survey.checks if check.what == what)


@pytest.mark.parametrize("container", ["0.1", "0.2"])
@pytest.mark.parametrize("packed", [False, True])
def test_cells_lie_where_the_transformation_puts_their_circles(stores, container, packed, tmp_path):
    path = stores / f"{container}.zarr"
    if packed:
        path = shutil.make_archive(str(tmp_path / "packed"), "zip", stores, f"{container}.zarr")
    found = importing.survey(path)
    assert (found.kind, found.n_spots, found.n_genes) == ("SpatialData", written.N_CELLS, 3)
    assert said(found, "Shapes") == "30 cells at the centres of circles, in the coordinate system 'global'."
    assert said(found, "Control probes").startswith("1 control probe (1 Blank)")
    sample = importing.read(path, ImportChoices(annotation="kind"))
    xy = written.XY * [2.0, 4.0] + [8.0, 16.0]
    assert (sample.coords_um == xy[:, ::-1]).all()
    assert (np.asarray(sample.expression) == written.COUNTS[:, :3]).all()
    assert sample.gene_names.tolist() == written.GENES[:3]
    assert sample.barcodes.tolist() == written.NAMES
    assert sample.labels_true.tolist() == ["a" if x < 50 else "b" for x in written.XY[:, 0]]


@pytest.mark.parametrize("container", ["0.1", "0.2"])
def test_the_image_lies_under_the_cells_by_its_own_transformation(stores, container):
    found = importing.survey(stores / f"{container}.zarr")
    assert said(found, "Image") == "images/he, 96 x 64 pixels."
    sample = importing.read(stores / f"{container}.zarr", ImportChoices())
    assert (sample.image.pixels == np.moveaxis(written.PIXELS, 0, 2)).all()
    assert sample.image.scale == 1.0
    np.testing.assert_allclose(sample.coords_px, sample.coords_um / 4, rtol=1e-12)


def test_cells_of_outlines_lie_at_their_centroids_in_the_coordinate_system_that_there_is(stores):
    path = stores / "polygons.zarr"
    assert said(importing.survey(path), "Shapes").endswith("in the coordinate system 'slide'.")
    sample = importing.read(path, ImportChoices())
    x, y = written.XY.T
    np.testing.assert_allclose(sample.coords_um, np.column_stack([x + 7, 500 - y]), rtol=1e-12)


def test_pixels_of_xenium_are_measured_by_the_positions_that_its_table_has_in_micrometres(stores):
    found = importing.survey(stores / "xenium.zarr")
    assert said(found, "Unit") == "0.2125 µm per unit of 'global', told by obsm/spatial."
    sample = importing.read(stores / "xenium.zarr", ImportChoices())
    assert sample.unit_known
    np.testing.assert_allclose(sample.coords_um, written.XY[:, ::-1], rtol=1e-12)


def test_shapes_as_geoarrow_are_those_of_wkb(stores):
    of_points, of_outlines, as_wkb = (
        importing.read(stores / f"{name}.zarr", ImportChoices())
        for name in ("geoarrow_points", "geoarrow_outlines", "polygons")
    )
    assert (of_points.coords_um == (written.XY * [2.0, 4.0] + [8.0, 16.0])[:, ::-1]).all()
    assert (of_outlines.coords_um == as_wkb.coords_um).all()
    assert (of_outlines.outlines.corners == as_wkb.outlines.corners).all()
    assert of_outlines.outlines.has_outline.all()


def test_several_stores_in_one_folder_are_named(stores):
    with pytest.raises(SampleFileError, match="6 stores of zarr"):
        importing.survey(stores)


def test_an_image_that_cannot_be_read_keeps_no_counts_out(stores, tmp_path):
    shutil.copytree(stores / "0.2.zarr", tmp_path / "a.zarr")
    for chunk in (tmp_path / "a.zarr" / "images").rglob("c/*/*/*"):
        chunk.write_bytes(b"\x28\xb5\x2f\xfd" + b"nothing")
    found = importing.survey(tmp_path / "a.zarr")
    assert found.importable
    assert "was not read" in said(found, "Image")
    assert importing.read(tmp_path / "a.zarr", ImportChoices()).image is None
