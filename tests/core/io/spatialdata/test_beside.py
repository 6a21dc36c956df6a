"""Tables that stand for masks get the polygons beside them by their names, and tables of shapes and masks place all of their rows.

Xenium's layout is that of `spatialdata-io`: a table for the numbers of `cell_labels`, whose rows are only numbered, names of cells
in `cell_id`, centres in micrometres in `obsm["spatial"]`, and `cell_boundaries` in micrometres by names, scaled to pixels.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import zarr

from core.errors import SampleFileError
from core.io import importing
from core.io.incoming import ImportChoices
from core.io.spatialdata import labels
from tests.core.io.spatialdata.test_outlines import _texts, point, polygon, write_shapes

N_CELLS = 36
RANDOM = np.random.default_rng(17)
COUNTS = RANDOM.poisson(2.0, (N_CELLS, 4)).astype(np.float32)
XY = (
    np.column_stack([np.arange(N_CELLS) % 6, np.arange(N_CELLS) // 6]) * 12.0 + 10 + RANDOM.uniform(-2, 2, (N_CELLS, 2))
)
"""Centres in um, one cell beside the next in the order of the table."""

IDS = [f"{letters}-1" for letters in ("".join(RANDOM.choice(list("abcdefgh"), 8)) for _ in range(N_CELLS))]
NUMBERS = np.arange(1, N_CELLS + 1)
UM_PER_PX = 0.2125
KITE = np.array([[-3.0, 0.0], [0.0, -4.0], [3.0, 0.0], [0.0, 4.0]])


def system(axes: str, **how: Any) -> dict[str, Any]:
    sides = [{"name": axis, "type": "space", "unit": "unit"} for axis in axes]
    name = how.pop("name", "global")
    return {"type": "identity", "input": {"name": axes, "axes": sides}, "output": {"name": name, "axes": sides}, **how}


SCALED = system("xy", type="scale", scale=[1 / UM_PER_PX] * 2)


def write_table(
    folder: Path, regions: Sequence[str], instances: Sequence[Any], xy: np.ndarray | None, **columns: Any
) -> Any:
    root: Any = zarr.open_group(str(folder), mode="w", zarr_format=2)
    root.attrs["spatialdata_attrs"] = {"version": "0.1"}
    names = columns.pop("names", [str(number) for number in range(N_CELLS)])
    obs = pd.DataFrame(index=_texts(names))
    found = list(dict.fromkeys(regions))
    codes = [found.index(region) for region in regions]
    obs["region"] = pd.Categorical.from_codes(codes, categories=_texts(found))
    for name, values in {"instance": instances, **columns}.items():
        is_text = isinstance(values[0], str)
        obs[name] = pd.Series(_texts(values), index=obs.index, dtype=object) if is_text else values
    table = anndata.AnnData(COUNTS, obs=obs, var=pd.DataFrame(index=_texts(["SNAP25", "MBP", "GFAP", "PLP1"])))
    if xy is not None:
        table.obsm["spatial"] = xy
    table.uns["spatialdata_attrs"] = {"region": "x", "region_key": "region", "instance_key": "instance"}
    anndata.io.write_elem(root.create_group("tables"), "table", table)
    return root


def write_element(root: Any, name: str, names: Sequence[str], shapes: Sequence[bytes], placed: dict[str, Any]) -> None:
    group = root.require_group("shapes").create_group(name)
    group.attrs.update({"spatialdata_attrs": {"version": "0.2"}, "coordinateTransformations": [placed]})
    write_shapes(Path(root.store.root) / "shapes" / name / "shapes.parquet", list(names), shapes)


def write_mask(root: Any, name: str, mask: np.ndarray, placed: dict[str, Any] | None = None) -> None:
    group = root.require_group("labels").create_group(name)
    group.create_array("0", data=mask, chunks=(64, 64))
    placed = placed or system("yx")
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0]}]}
    axes = placed["input"]["axes"]
    group.attrs["multiscales"] = [{"axes": axes, "datasets": [level], "coordinateTransformations": [placed]}]


def mask_of(numbers: Sequence[int], xy: np.ndarray) -> np.ndarray:
    """Squares of 9 pixels a side, whose middle is that of a pixel: at whole numbers and a half."""
    mask = np.zeros((500, 500), dtype=np.uint32)
    for number, (x, y) in zip(numbers, np.floor(xy).astype(int), strict=True):
        mask[y - 4 : y + 5, x - 4 : x + 5] = number
    return mask


def write_xenium(
    folder: Path, *, own: bool = True, ids: Sequence[str] = IDS, shift: float = 0.0, **columns: Any
) -> Path:
    """Write Xenium's layout; polygons of all but one of the cells, in another order."""
    columns = columns or {"cell_id": IDS}
    root = write_table(folder, ["cell_labels"] * N_CELLS, NUMBERS.tolist(), XY if own else None, **columns)
    order = RANDOM.permutation(N_CELLS - 1)
    outlines = [polygon(XY[number] + KITE + shift) for number in order]
    write_element(root, "cell_boundaries", [ids[number] for number in order], outlines, SCALED)
    write_mask(root, "cell_labels", mask_of(NUMBERS.tolist(), XY / UM_PER_PX))
    return folder


def said(path: Path, what: str = "Outlines"):
    return next((check for check in importing.survey(path).checks if check.what == what), None)


def imported(path: Path, **how: Any):
    return importing.read(path, ImportChoices(**how))


def assert_outlines_are_those_written(sample, um_per_unit: float) -> None:
    assert sample.outlines.has_outline.tolist() == [True] * (N_CELLS - 1) + [False]
    for number in range(N_CELLS - 1):
        ring = sample.outlines.ring_um(number, tuple(sample.tissue_um[number]))
        np.testing.assert_allclose(ring, (XY[number] + KITE) * um_per_unit, atol=sample.outlines.unit_um / 2 + 1e-6)


def test_polygons_are_those_of_the_names_in_the_table_and_cells_get_these_names(tmp_path, monkeypatch):
    path = write_xenium(tmp_path / "x.zarr")
    monkeypatch.setattr(labels, "centroids", lambda *_: pytest.fail("The mask was read."))
    assert said(path).found == "Of 35 of 36 cells, in cell_boundaries."
    sample = imported(path, um_per_unit=1.0)
    assert sample.barcodes.tolist() == IDS
    assert (sample.expression == COUNTS).all()
    assert (sample.coords_um == XY[:, ::-1]).all()
    assert_outlines_are_those_written(sample, 1.0)


def test_polygons_are_found_too_where_the_mask_was_left_out_of_the_store(tmp_path):
    path = write_xenium(tmp_path / "x.zarr")
    shutil.rmtree(path / "labels")
    sample = imported(path, um_per_unit=1.0)
    assert sample.barcodes.tolist() == IDS
    assert_outlines_are_those_written(sample, 1.0)


def test_cells_that_the_mask_places_get_the_polygons_too(tmp_path):
    path = write_xenium(tmp_path / "x.zarr", own=False)
    assert said(path).found == "Of 35 of 36 cells, in cell_boundaries."
    sample = imported(path, um_per_unit=1.0)
    assert sample.barcodes.tolist() == IDS
    np.testing.assert_allclose(sample.tissue_um, np.floor(XY / UM_PER_PX) + 0.5)
    assert_outlines_are_those_written(sample, 1 / UM_PER_PX)


def test_an_image_lies_under_cells_whose_polygons_lead_to_its_pixels(tmp_path):
    path = write_xenium(tmp_path / "x.zarr")
    root: Any = zarr.open_group(str(path), mode="r+", zarr_format=2)
    group = root.require_group("images").create_group("morphology_focus")
    group.create_array("0", data=np.full((1, 500, 500), 90, dtype=np.uint16), chunks=(1, 250, 250))
    placed = system("cyx")
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]}
    axes = placed["input"]["axes"]
    group.attrs["multiscales"] = [{"axes": axes, "datasets": [level], "coordinateTransformations": [placed]}]
    sample = imported(path, um_per_unit=1.0)
    np.testing.assert_allclose(sample.coords_px, XY[:, ::-1] / UM_PER_PX, rtol=1e-12)
    assert sample.image.scale == 1.0


def test_polygons_that_no_column_names_are_left_out_with_a_sentence(tmp_path):
    path = write_xenium(tmp_path / "x.zarr", ids=[f"other-{number}" for number in range(N_CELLS)])
    check = said(path)
    assert (check.status, check.advice) == ("notice", "They are left out, and cells are drawn as dots.")
    assert "has the names of the 35 polygons in `cell_boundaries` (such as other-" in check.found
    sample = imported(path, um_per_unit=1.0)
    assert sample.outlines is None
    assert (sample.expression == COUNTS).all()


@pytest.mark.parametrize("first", [0, 2])
def test_numbers_that_begin_elsewhere_are_not_taken_for_names(tmp_path, first):
    """All but one of the rows would get the polygon of the next cell."""
    ids = [str(number + first) for number in range(N_CELLS)]
    path = write_xenium(
        tmp_path / "x.zarr", ids=ids, other=NUMBERS.tolist(), names=[f"row {number}" for number in range(N_CELLS)]
    )
    assert said(path).status == "notice"
    assert imported(path, um_per_unit=1.0).outlines is None


def test_polygons_of_the_right_names_that_lie_on_other_cells_are_left_out(tmp_path):
    path = write_xenium(tmp_path / "x.zarr", shift=12.0)
    assert "lie elsewhere than the cells" in said(path).found
    assert imported(path, um_per_unit=1.0).outlines is None


def test_polygons_that_cannot_be_read_keep_no_counts_out(tmp_path):
    path = write_xenium(tmp_path / "x.zarr")
    (path / "shapes" / "cell_boundaries" / "shapes.parquet").write_bytes(b"PAR1")
    assert "`shapes/cell_boundaries` holds no shapes that can be read" in said(path).found
    assert (imported(path, um_per_unit=1.0).expression == COUNTS).all()


# --- shapes and masks in one table ---

HALF = N_CELLS // 2
SPLIT = ["neurons"] * HALF + ["glia"] * HALF
MIXED = [f"n{number}" for number in range(HALF)] + [str(number) for number in range(1, HALF + 1)]
PX = np.floor(XY * 4) + 0.5


def write_mixed(folder: Path, *, placed: dict[str, Any] | None = None, mask: bool = True, **how: Any) -> Path:
    """Write circles for the first half of the rows, and a mask for the others, in one coordinate system of pixels."""
    names = [f"cell-{number}" for number in range(N_CELLS)]
    root = write_table(folder, SPLIT, MIXED, how.pop("own", None), names=names)
    write_element(root, "neurons", MIXED[:HALF], [point(xy) for xy in PX[:HALF]], system("xy"))
    if mask:
        write_mask(root, "glia", mask_of(range(1, HALF + 1), PX[HALF:]), placed)
    return folder


@pytest.mark.parametrize("own", [None, XY])
def test_rows_of_shapes_and_rows_of_a_mask_all_have_positions(tmp_path, own):
    path = write_mixed(tmp_path / "m.zarr", own=own)
    assert said(path, "Shapes").found == "18 cells at the centres of neurons, in the coordinate system 'global'."
    assert said(path, "Mask").found == "18 cells at the centres of glia, in the coordinate system 'global'."
    sample = imported(path, um_per_unit=0.25)
    assert (sample.expression == COUNTS).all()
    np.testing.assert_allclose(sample.tissue_um, PX * 0.25, rtol=1e-12)


def test_rows_of_what_the_store_lacks_are_left_out_with_a_sentence(tmp_path):
    path = write_mixed(tmp_path / "m.zarr", mask=False)
    check = said(path, "Positions")
    left_out = [check for check in importing.survey(path).checks if "18 cells have none" in check.found]
    assert [check.status for check in left_out] == ["notice"]
    assert "`glia` is neither among the shapes nor among the labels" in left_out[0].found
    assert '`obsm["spatial"]`' in left_out[0].advice
    assert check is not None
    assert (imported(path, um_per_unit=0.25).expression == COUNTS[:HALF]).all()


def test_a_mask_that_cannot_be_read_keeps_no_rows_of_shapes_out(tmp_path):
    path = write_mixed(tmp_path / "m.zarr")
    (path / "labels" / "glia" / ".zattrs").write_text("{}")
    [check] = [check for check in importing.survey(path).checks if "18 cells have none" in check.found]
    assert "`labels/glia` has damaged metadata" in check.found
    assert (imported(path, um_per_unit=0.25).expression == COUNTS[:HALF]).all()


def test_elements_without_a_coordinate_system_in_common_are_refused_with_what_to_do(tmp_path):
    path = write_mixed(tmp_path / "m.zarr", placed=system("yx", name="other"))
    with pytest.raises(SampleFileError, match=r"no coordinate system in common: .*set_transformation"):
        importing.survey(path)
