"""Cells that a store gives as a mask alone lie in the middle of their pixels, whose middles `spatialdata` has at 0.5, 1.5 and so on."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import zarr
from scipy import ndimage

from core.errors import SampleFileError, UnsafeFileError
from core.io import importing
from core.io.incoming import ImportChoices
from core.io.spatialdata import labels

N_CELLS = 30
RANDOM = np.random.default_rng(5)
COUNTS = RANDOM.poisson(2.0, (N_CELLS, 4)).astype(np.float32)
NUMBERS = RANDOM.permutation(np.arange(1, 2 * N_CELLS))[:N_CELLS]  # of the cells, in the order of the table


def _mask() -> np.ndarray:
    """Ellipses that cross the borders of chunks, some of them cells that the table leaves out."""
    mask = np.zeros((90, 70), dtype=np.uint32)
    row, column = np.mgrid[:90, :70]
    for number in range(1, 2 * N_CELLS):
        y, x = 6 + 8.9 * ((number - 1) // 6), 7 + 11.3 * ((number - 1) % 6)
        tall, wide = RANDOM.uniform(1.5, 3.9, 2)
        mask[((row - y) / tall) ** 2 + ((column - x) / wide) ** 2 <= 1] = number
    return mask


MASK = _mask()
MIDDLES = np.array(ndimage.center_of_mass(MASK > 0, MASK, NUMBERS))[:, ::-1] + 0.5


def _texts(names: list[str]) -> pd.Index:
    return pd.Index(np.array(names, dtype=object), dtype=object)  # anndata 0.12 writes text of objects


def write(
    folder: Path, mask: np.ndarray, axes: str = "yx", *, zarr_format: Any = 2, own: np.ndarray | None = None
) -> Path:
    """Write a store whose table stands for the cells of a mask: x of the system is 500 - 2 y of a pixel, y is 7 + 2 x."""
    root: Any = zarr.open_group(str(folder), mode="w", zarr_format=zarr_format)
    root.attrs["spatialdata_attrs"] = {"version": "0.1" if zarr_format == 2 else "0.2"}
    obs = pd.DataFrame(index=_texts([f"cell-{number}" for number in NUMBERS]))
    obs["region"] = pd.Categorical.from_codes([0] * N_CELLS, categories=_texts(["nuclei"]))
    obs["instance_id"] = NUMBERS
    table = anndata.AnnData(COUNTS, obs=obs, var=pd.DataFrame(index=_texts(["SNAP25", "MBP", "GFAP", "PLP1"])))
    if own is not None:
        table.obsm["spatial"] = own
    table.uns["spatialdata_attrs"] = {"region": "nuclei", "region_key": "region", "instance_key": "instance_id"}
    anndata.io.write_elem(root.create_group("tables"), "table", table)
    group = root.create_group("labels").create_group("nuclei")
    group.create_array("0", data=mask, chunks=(16,) * mask.ndim)
    named = [{"name": axis, "type": "space", "unit": "unit"} for axis in axes]
    sides = {
        "input": {"name": axes, "axes": named},
        "output": {"name": "global", "axes": [{"name": axis, "type": "space", "unit": "micrometer"} for axis in axes]},
    }
    turned = [[0.0, 2.0, 7.0], [-2.0, 0.0, 500.0]]  # of (y, x): y first
    placed = {"type": "affine", "affine": turned, **sides} if axes == "yx" else {"type": "identity", **sides}
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0] * mask.ndim}]}
    multiscale = {"name": "nuclei", "axes": named, "datasets": [level], "coordinateTransformations": [placed]}
    group.attrs.update({"multiscales": [multiscale]} if zarr_format == 2 else {"ome": {"multiscales": [multiscale]}})
    return folder


def turned(xy: np.ndarray) -> np.ndarray:
    return np.column_stack([500 - 2 * xy[:, 1], 7 + 2 * xy[:, 0]])


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("packed", [False, True])
def test_cells_lie_in_the_middle_of_their_pixels(tmp_path, zarr_format, packed):
    path = write(tmp_path / "mask.zarr", MASK, zarr_format=zarr_format)
    if packed:
        path = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "mask.zarr"))
    found = importing.survey(path)
    [said] = [check.found for check in found.checks if check.what == "Mask"]
    assert said == "30 cells at the centres of nuclei, in the coordinate system 'global', 1 µm per unit."
    sample = importing.read(path, ImportChoices())
    assert sample.unit_known
    assert (np.asarray(sample.expression) == COUNTS).all()
    np.testing.assert_allclose(sample.tissue_um, turned(MIDDLES), rtol=0, atol=1e-9)


def test_where_chunks_end_makes_no_difference(tmp_path, monkeypatch):
    at_once = importing.read(write(tmp_path / "mask.zarr", MASK), ImportChoices())
    monkeypatch.setattr(labels, "_PIXELS", 1)
    by_chunk = importing.read(tmp_path / "mask.zarr", ImportChoices())
    assert (by_chunk.coords_um == at_once.coords_um).all()


def test_a_cell_without_pixels_is_left_out(tmp_path):
    gone = NUMBERS[4]
    path = write(tmp_path / "mask.zarr", np.where(gone == MASK, 0, MASK))
    sample = importing.read(path, ImportChoices())
    kept = np.delete(np.arange(N_CELLS), 4)
    assert sample.barcodes.tolist() == [f"cell-{number}" for number in NUMBERS[kept]]
    assert (np.asarray(sample.expression) == COUNTS[kept]).all()


def test_positions_of_the_table_itself_do_without_the_mask(tmp_path, monkeypatch):
    own = RANDOM.uniform(0, 400, (N_CELLS, 2))
    path = write(tmp_path / "mask.zarr", MASK, own=own)
    monkeypatch.setattr(labels, "centroids", lambda *_: pytest.fail("The mask was read."))
    sample = importing.read(path, ImportChoices(um_per_unit=1.0))
    assert (sample.coords_um == own[:, ::-1]).all()


def test_a_mask_in_layers_is_refused_with_what_to_do(tmp_path):
    path = write(tmp_path / "mask.zarr", np.stack([MASK, MASK]), "zyx")
    with pytest.raises(SampleFileError, match=r"axes z, y and x.*`spatialdata\.get_centroids` finds them"):
        importing.survey(path)


def test_a_mask_of_other_values_than_whole_numbers_is_refused(tmp_path):
    path = write(tmp_path / "mask.zarr", MASK.astype(np.float32))
    with pytest.raises(SampleFileError, match="no mask of whole numbers"):
        importing.survey(path)


@pytest.mark.parametrize("damage", [{}, {"multiscales": []}, {"multiscales": [{"axes": 3}]}, {"multiscales": [7]}])
def test_a_mask_whose_metadata_is_damaged_is_refused(tmp_path, damage):
    path = write(tmp_path / "mask.zarr", MASK)
    (path / "labels" / "nuclei" / ".zattrs").write_text(json.dumps(damage))
    with pytest.raises(SampleFileError, match="`labels/nuclei` has damaged metadata"):
        importing.survey(path)


def test_a_mask_that_declares_more_than_it_stores_is_not_read(tmp_path):
    path = write(tmp_path / "mask.zarr", MASK)
    described = path / "labels" / "nuclei" / "0" / ".zarray"
    described.write_text(json.dumps({**json.loads(described.read_text()), "shape": [90_000, 70_000]}))
    with pytest.raises(UnsafeFileError, match="more than its"):
        importing.survey(path)


_LIBRARY = """
import json, sys, warnings
warnings.simplefilter("ignore")
import numpy as np, spatialdata
from spatialdata.models import Labels2DModel
mask = Labels2DModel.parse(np.load(sys.argv[1]), dims=("y", "x"))
found = spatialdata.get_centroids(mask).compute()
print(json.dumps([found.index.tolist(), found[["x", "y"]].to_numpy().tolist()]))
"""


@pytest.mark.skipif(
    importlib.util.find_spec("spatialdata") is None, reason="spatialdata is not installed (requirements-dev.txt)"
)
def test_the_library_finds_the_same_middles(tmp_path):
    np.save(tmp_path / "mask.npy", MASK)
    look = [sys.executable, "-c", _LIBRARY, str(tmp_path / "mask.npy")]
    numbers, xy = json.loads(subprocess.run(look, capture_output=True, check=True, text=True).stdout)
    of_cell = dict(zip(numbers, xy, strict=True))
    np.testing.assert_allclose(MIDDLES, [of_cell[number] for number in NUMBERS.tolist()], rtol=0, atol=1e-9)
