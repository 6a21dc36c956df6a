"""Stores that leave are what `spatialdata` opens, with the sample's own numbers, and come in again."""

import dataclasses
import importlib.util
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import shapely
from pyarrow import parquet

from core.annotation_labels import from_labels
from core.errors import SampleFileError
from core.io import importing
from core.io.export import renamed, xenium_csv
from core.io.incoming import ImportChoices
from core.io.spatialdata.writing import write_spatialdata, write_zipped
from core.method import pipeline
from core.outlines import Outlines
from core.params import preset
from core.sample import TissueImage
from tests import instruments
from tests.named_tissue import named_sample

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("spatialdata") is None, reason="spatialdata is not installed (requirements-dev.txt)"
)

_LOOK = """
import json, sys, warnings
warnings.simplefilter("ignore")
import spatialdata, shapely
store = spatialdata.read_zarr(sys.argv[1])
table, cells = store.tables["table"], store.shapes["cells"]
joined = spatialdata.get_element_instances(cells)
outlines = store.shapes["domains"]
print(json.dumps({
    "elements": sorted(name for _, name, _ in store.gen_elements()),
    "domains": table.obs["domain"].astype(str).tolist(),
    "total": int(table.X.sum()),
    "instances": table.obs["cell_id"].tolist() == cells.index.tolist() == list(joined),
    "xy": [[point.x, point.y] for point in cells.geometry],
    "inside": [bool(outlines.geometry[name].covers(point)) for name, point in zip(table.obs["domain"], cells.geometry)],
    "systems": list(store.coordinate_systems),
    "image": list(store.images["image"].shape) if "image" in store.images else None,
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Cells of Xenium, and domains of them."""
    folder = instruments.write_xenium(tmp_path_factory.mktemp("xenium") / "run")
    sample = importing.read(folder, ImportChoices())
    return sample, pipeline.run(sample, preset("paper", n_clusters=3))


@needs_library
def test_spatialdata_opens_what_leaves(found, tmp_path):
    sample, result = found
    names = {0: "upper", 1: "middle"}
    write_spatialdata(sample, result, tmp_path / "out.zarr", names=names)
    told = subprocess.run(
        [sys.executable, "-c", _LOOK, str(tmp_path / "out.zarr")], check=True, capture_output=True, text=True
    )
    seen = json.loads(told.stdout.splitlines()[-1])
    assert seen["elements"] == ["cells", "domains", "table"]
    assert seen["domains"] == renamed(result.labels, names).tolist()
    assert seen["total"] == int(instruments.COUNTS.sum())
    assert seen["instances"]
    assert (np.array(seen["xy"]) == sample.coords_um[:, ::-1]).all()
    assert all(seen["inside"])
    assert seen["systems"] == ["global"]


def test_what_leaves_comes_in_again_to_the_last_bit(found, tmp_path):
    sample, result = found
    write_zipped(sample, result, tmp_path / "out.zip", "out.zarr")
    assert {name.split("/")[0] for name in zipfile.ZipFile(tmp_path / "out.zip").namelist()} == {"out.zarr"}
    survey = importing.survey(tmp_path / "out.zip")
    assert (survey.kind, survey.suggested_annotation) == ("SpatialData", None)
    again = importing.read(tmp_path / "out.zip", ImportChoices())
    assert again.content_hash == sample.content_hash
    assert again.barcodes.tolist() == sample.barcodes.tolist()
    assert again.unit_known


@needs_library
def test_a_section_of_the_lattice_leaves_with_its_regions(tmp_path):
    sample = named_sample("one")
    result = pipeline.run(sample, preset("paper", n_clusters=2))
    regions = from_labels(sample.labels_true, name="Drawn by me", author="me")
    write_spatialdata(sample, result, tmp_path / "out.zarr", annotations=[regions])
    told = subprocess.run(
        [sys.executable, "-c", _LOOK, str(tmp_path / "out.zarr")], check=True, capture_output=True, text=True
    )
    seen = json.loads(told.stdout.splitlines()[-1])
    assert seen["elements"] == ["Drawn_by_me", "cells", "domains", "table"]
    assert all(seen["inside"])


@needs_library
def test_the_image_leaves_where_it_lies_under_the_spots(tmp_path):
    bare = named_sample("one")
    pixels = np.random.default_rng(5).integers(0, 256, (60, 40, 3)).astype(np.uint8)
    on_image = bare.tissue_um[:, ::-1] * 2 + [30.0, 70.0]
    sample = dataclasses.replace(bare, coords_px=on_image, image=TissueImage(pixels=pixels, scale=0.01))
    write_spatialdata(sample, pipeline.run(sample, preset("paper", n_clusters=2)), tmp_path / "out.zarr")
    told = subprocess.run(
        [sys.executable, "-c", _LOOK, str(tmp_path / "out.zarr")], check=True, capture_output=True, text=True
    )
    assert json.loads(told.stdout.splitlines()[-1])["image"] == [3, 60, 40]
    again = importing.read(tmp_path / "out.zarr", ImportChoices())
    assert (again.image.pixels == pixels).all()
    np.testing.assert_allclose(again.coords_px * again.image.scale, on_image * 0.01, rtol=1e-6)


def test_nothing_is_written_over(found, tmp_path):
    (tmp_path / "out.zarr").mkdir()
    with pytest.raises(SampleFileError, match="never written over"):
        write_spatialdata(found[0], found[1], tmp_path / "out.zarr")
    assert list(tmp_path.iterdir()) == [tmp_path / "out.zarr"]


def test_xenium_explorer_gets_cell_ids_and_groups(found):
    sample, result = found
    rows = xenium_csv(sample, renamed(result.labels, {0: "upper"})).splitlines()
    assert rows[0] == "cell_id,group"
    assert rows[1:] == [
        f"{cell},{'upper' if label == 0 else label}"
        for cell, label in zip(instruments.CELLS, result.labels.tolist(), strict=True)
    ]


@pytest.fixture(scope="module")
def outlined(found):
    """The cells with outlines of 3 to 7 corners around them, all but the first three."""
    sample, result = found
    rng, angles = np.random.default_rng(3), [np.arange(n) / n for n in 3 + np.arange(sample.n_spots) % 5]
    rings = [np.column_stack([np.cos(2 * np.pi * at), np.sin(2 * np.pi * at)]) for at in angles]
    rings = [np.rint(rng.uniform(60, 90) * ring).astype(np.int16) for ring in rings]
    lengths = [0 if cell < 3 else len(ring) for cell, ring in enumerate(rings)]
    outlines = Outlines(corners=np.concatenate(rings[3:]), begins=np.concatenate([[0], np.cumsum(lengths)]))
    return dataclasses.replace(sample, outlines=outlines), result


def test_outlines_that_came_in_leave_as_polygons_and_come_in_again(outlined, tmp_path):
    sample, result = outlined
    write_spatialdata(sample, result, tmp_path / "out.zarr")
    table = parquet.read_table(tmp_path / "out.zarr" / "shapes" / "cell_boundaries" / "shapes.parquet")
    names = table["__index_level_0__"].to_pylist()
    assert names == sample.barcodes[3:].tolist()
    for cell, shape in enumerate(shapely.from_wkb(table["geometry"].to_pylist()), start=3):
        ring = sample.outlines.ring_um(cell, tuple(sample.tissue_um[cell]))
        np.testing.assert_allclose(shapely.get_coordinates(shape), np.vstack([ring, ring[:1]]), rtol=0, atol=1e-9)
    again = importing.read(tmp_path / "out.zarr", ImportChoices())
    assert (again.outlines.corners == sample.outlines.corners).all()
    assert (again.outlines.begins == sample.outlines.begins).all()


def test_cells_without_outlines_leave_without_them(found, tmp_path):
    sample, result = found
    assert sample.outlines is None
    write_spatialdata(sample, result, tmp_path / "none.zarr")
    assert not (tmp_path / "none.zarr" / "shapes" / "cell_boundaries").exists()
    assert importing.read(tmp_path / "none.zarr", ImportChoices()).outlines is None


@needs_library
def test_spatialdata_opens_the_outlines_of_cells(outlined, tmp_path):
    sample, result = outlined
    write_spatialdata(sample, result, tmp_path / "out.zarr")
    look = [sys.executable, "-c", _LOOK, str(tmp_path / "out.zarr")]
    seen = json.loads(subprocess.run(look, capture_output=True, check=True, text=True).stdout)
    assert seen["elements"] == ["cell_boundaries", "cells", "domains", "table"]
    assert seen["instances"]
