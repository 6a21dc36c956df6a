"""Outlines of cells come in beside the counts as they were written, and what is wrong with them keeps no counts out."""

import gzip
import json
import zipfile

import numpy as np
import pyarrow
import pytest
import shapely
from pyarrow import parquet

from core.io import importing, lab
from core.io.incoming import ImportChoices
from core.io.outlines import Gathering
from core.io.tabular import streams
from core.outlines import UNIT_UM
from tests.instruments import (
    CELLS,
    COUNTS,
    N_CELLS,
    X_UM,
    Y_UM,
    ring_of,
    write_boundaries,
    write_segmented,
    write_xenium,
)

TABLES = ["cell_boundaries.parquet", "cell_boundaries.csv.gz"]
RINGS = {CELLS[cell]: ring_of(cell) for cell in np.random.default_rng(3).permutation(N_CELLS).tolist()}


def said(folder):
    (check,) = [check for check in importing.survey(folder).checks if check.what == "Outlines"]
    return check


def imported(folder):
    return importing.read(folder, ImportChoices())


def ring(sample, cell):
    return sample.outlines.ring_um(cell, sample.tissue_um[cell])


def assert_counts_are_in(sample):
    assert (np.asarray(sample.expression) == COUNTS).all()


@pytest.mark.parametrize("table", TABLES)
def test_outlines_of_xenium_are_those_of_the_table_within_the_unit(tmp_path, table, monkeypatch):
    monkeypatch.setattr(streams, "_BATCH_ROWS", 50)  # rings go on from one piece to the next
    folder = write_xenium(tmp_path / "run")
    write_boundaries(folder, table, RINGS)
    assert (said(folder).found, said(folder).status) == (f"Of 40 of 40 cells, in {table}.", "good")
    sample = imported(folder)
    assert_counts_are_in(sample)
    for cell in range(N_CELLS):
        np.testing.assert_allclose(ring(sample, cell), RINGS[CELLS[cell]][:-1], rtol=0, atol=UNIT_UM / 2 + 1e-6)


def test_outlines_stay_with_a_sample_that_is_saved_and_change_no_digest_of_it(tmp_path):
    folder = write_xenium(tmp_path / "run")
    without = imported(folder)
    write_boundaries(folder, TABLES[0], RINGS)
    sample = imported(folder)
    assert sample.content_hash == without.content_hash
    lab.write(sample, tmp_path / "kept.h5")
    again = lab.read(tmp_path / "kept.h5").outlines
    assert (again.corners == sample.outlines.corners).all()
    assert (again.begins == sample.outlines.begins).all()
    assert again.unit_um == UNIT_UM


def test_cells_without_an_outline_and_outlines_without_a_cell_are_passed_over(tmp_path):
    folder = write_xenium(tmp_path / "run", leave_out=2)
    rings = {cell: ring for cell, ring in RINGS.items() if cell != CELLS[5]}
    write_boundaries(folder, TABLES[0], {"stranger-1": ring_of(0), **rings, "stranger-2": ring_of(1)})
    sample = imported(folder)
    assert sample.barcodes.tolist() == CELLS[2:]
    assert sample.outlines.has_outline.tolist() == [cell != CELLS[5] for cell in CELLS[2:]]
    np.testing.assert_allclose(ring(sample, 0), RINGS[CELLS[2]][:-1], rtol=0, atol=UNIT_UM / 2 + 1e-6)


def test_of_several_rings_of_a_cell_the_largest_is_kept(tmp_path):
    folder = write_xenium(tmp_path / "run")
    centre = [X_UM[4], Y_UM[4]]
    small, large, other = (shapely.get_coordinates(shapely.box(-r, -r, r, r)) + centre for r in (1, 4, 2))
    path = write_boundaries(folder, TABLES[0], {"a": small, "b": large, "c": other}, label_id=[7, 8, 9])
    table = parquet.read_table(path)
    parquet.write_table(table.set_column(0, "cell_id", pyarrow.array([CELLS[4]] * 15)), path)
    found = ring(imported(folder), 4)
    assert shapely.Polygon(found).area == pytest.approx(64, abs=1)
    assert np.ptp(found, axis=0) == pytest.approx([8, 8], abs=2 * UNIT_UM)


def test_a_ring_of_many_corners_is_simplified_and_encloses_almost_the_same(tmp_path):
    folder = write_xenium(tmp_path / "run")
    angles = np.linspace(0, 2 * np.pi, 201)
    radii = 6 + 1.5 * np.sin(3 * angles)
    wavy = np.column_stack([X_UM[0] + radii * np.cos(angles), Y_UM[0] + radii * np.sin(angles)])
    noise = np.random.default_rng(0).uniform(-9, 9, (300, 2)) + np.array(
        [X_UM[1], Y_UM[1]]
    )  # crosses itself everywhere
    write_boundaries(folder, TABLES[0], {CELLS[0]: wavy, CELLS[1]: noise, CELLS[2]: RINGS[CELLS[2]]})
    sample = imported(folder)
    lengths = np.diff(sample.outlines.begins)
    assert lengths.max() <= 24
    assert lengths[2] == 12
    truth, found = shapely.Polygon(wavy), shapely.Polygon(ring(sample, 0))
    assert truth.symmetric_difference(found).area < 0.04 * truth.area


def test_rings_of_a_hundred_thousand_corners_are_read_also_where_they_cross_themselves_everywhere():
    """Leaving corners out one by one, none of which may go, would take days."""
    n, random = 100_000, np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    around = np.column_stack([np.cos(angles), np.sin(angles)])
    rings = [5 * around, np.where(np.arange(n) % 2, 5, 1)[:, None] * around, random.uniform(-5, 5, (n, 2))]
    gathering = Gathering(centres_um=np.zeros((3, 2)))
    gathering.add(np.arange(3), np.full(3, n), np.concatenate(rings))
    found = gathering.finished()
    assert found.has_outline.all()
    assert np.diff(found.begins).max() <= 24
    assert shapely.Polygon(found.ring_um(0, (0.0, 0.0))).area == pytest.approx(np.pi * 25, rel=0.05)


@pytest.mark.parametrize(
    ("corners", "why"),
    [
        (RINGS[CELLS[0]] + 500, "far from its cell"),
        (RINGS[CELLS[0]] * 0 + [X_UM[0], Y_UM[0]], "encloses nothing"),
        (RINGS[CELLS[0]][:2], "two corners"),
        (np.where(np.arange(13)[:, None] == 3, np.nan, RINGS[CELLS[0]]), "a corner is no number"),
        ((RINGS[CELLS[0]] - [X_UM[0], Y_UM[0]]) * 1000 + [X_UM[0], Y_UM[0]], "no cell is so large"),
    ],
)
def test_a_ring_that_is_no_outline_of_its_cell_is_left_out_and_said(tmp_path, corners, why):
    folder = write_xenium(tmp_path / "run")
    write_boundaries(folder, TABLES[0], RINGS | {CELLS[0]: corners})
    check = said(folder)
    assert (check.status, check.found) == (
        "notice",
        "Of 39 of 40 cells, in cell_boundaries.parquet. 1 more encloses nothing or lies elsewhere than the cell.",
    )
    sample = imported(folder)
    assert_counts_are_in(sample)
    assert sample.outlines.has_outline.tolist() == [False] + [True] * (N_CELLS - 1)


def test_outlines_of_visium_hd_are_those_of_its_geojson_within_the_unit(tmp_path):
    folder = tmp_path / "segmented_outputs"
    folder.mkdir()
    path = write_segmented(folder) / "cell_segmentations.geojson"
    written = json.loads(path.read_text())
    rings = {}
    for feature in written["features"]:  # the squares get other corners, in pixels of 0.25 um
        cell = feature["properties"]["cell_id"] - 1
        rings[cell] = ring_of(cell)
        feature["geometry"]["coordinates"] = [(rings[cell] * 4).tolist()]
    two = [8 + np.array(shapely.box(-side, -side, side, side).exterior.coords) for side in (4, 40)]
    written["features"][3]["geometry"] = {"type": "MultiPolygon", "coordinates": [[part.tolist()] for part in two]}
    in_parts = written["features"][3]["properties"]["cell_id"] - 1
    written["features"][5]["geometry"] = None
    nowhere = written["features"][5]["properties"]["cell_id"] - 1
    path.write_text(json.dumps(written))
    assert said(folder).found == "Of 39 of 40 cells, in cell_segmentations.geojson."
    sample = imported(folder)
    cells = [cell for cell in range(N_CELLS) if cell != nowhere]
    assert (np.asarray(sample.expression) == COUNTS[cells]).all()
    for place, cell in enumerate(cells):
        truth = two[1][:-1] / 4 if cell == in_parts else rings[cell][:-1]
        np.testing.assert_allclose(ring(sample, place), truth, rtol=0, atol=UNIT_UM / 2 + 1e-4)


def test_xenium_without_outlines_says_so(tmp_path):
    folder = write_xenium(tmp_path / "run")
    assert (said(folder).status, said(folder).found) == ("good", "None, which is fine: cells are drawn as dots.")
    assert imported(folder).outlines is None


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-500])


def changed_in_the_middle(path):
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 3
    whole[middle : middle + 200] = bytes(200)
    path.write_bytes(whole)


def empty(path):
    path.write_bytes(b"")


def of_another_kind(path):
    table = pyarrow.table({"cell_id": CELLS, "vertex_x": ["here"] * N_CELLS, "vertex_y": [["a", "list"]] * N_CELLS})
    if path.suffix == ".parquet":
        parquet.write_table(table, path)
    else:
        path.write_bytes(gzip.compress(b"cell_id,vertex_x,vertex_y\n" + b"cell00-1,here,there\n" * 40))


def without_columns(path):
    if path.suffix == ".parquet":
        parquet.write_table(pyarrow.table({"cell_id": CELLS}), path)
    else:
        path.write_bytes(gzip.compress(b"cell_id,x\n" + b"cell00-1,1\n" * 40))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("damage", [cut_off, empty, of_another_kind, without_columns])
def test_damaged_outlines_are_left_out_and_said(tmp_path, table, damage):
    folder = write_xenium(tmp_path / "run")
    damage(write_boundaries(folder, table, RINGS))
    check = said(folder)
    assert (check.status, check.advice) == ("notice", "They are left out, and cells are drawn as dots.")
    assert table in check.found
    sample = imported(folder)
    assert_counts_are_in(sample)
    assert sample.outlines is None


@pytest.mark.parametrize("table", TABLES)
def test_wherever_a_table_is_damaged_the_counts_are_in(tmp_path, table):
    folder = write_xenium(tmp_path / "run")
    changed_in_the_middle(write_boundaries(folder, table, RINGS))
    assert said(folder).status == "notice"
    assert_counts_are_in(imported(folder))


def test_outlines_that_are_damaged_in_an_archive_keep_the_counts_in(tmp_path):
    folder = write_xenium(tmp_path / "run")
    table = write_boundaries(folder, TABLES[1], RINGS)
    with zipfile.ZipFile(
        tmp_path / "run.zip", "w"
    ) as packed:  # not compressed, so that its bytes are those of the files
        for path in folder.iterdir():
            packed.write(path, f"outs/{path.name}")
    assert said(tmp_path / "run.zip").status == "good"
    assert imported(tmp_path / "run.zip").outlines is not None
    whole = (tmp_path / "run.zip").read_bytes()
    (tmp_path / "run.zip").write_bytes(whole.replace(table.read_bytes()[100:200], bytes(100)))
    assert said(tmp_path / "run.zip").status == "notice"
    sample = imported(tmp_path / "run.zip")
    assert_counts_are_in(sample)
    assert sample.outlines is None


def test_outlines_that_are_too_much_are_left_out_and_said(tmp_path, monkeypatch):
    folder = write_xenium(tmp_path / "run")
    write_boundaries(folder, TABLES[0], RINGS)
    monkeypatch.setattr(streams, "MAX_ROWS", 500)
    assert said(folder).found == "cell_boundaries.parquet declares 520 rows, more than are read."
    assert_counts_are_in(imported(folder))
    write_boundaries(folder, TABLES[1], RINGS)
    (folder / TABLES[0]).unlink()
    assert said(folder).found == "cell_boundaries.csv.gz has more than 500 rows, which are not read."
    assert imported(folder).outlines is None


def test_names_and_rings_that_stand_for_much_more_than_they_take_are_not_written_out(tmp_path, monkeypatch):
    monkeypatch.setenv("SPCA_MAX_MEMORY", "64M")
    folder = write_xenium(tmp_path / "run")
    n = 400_000
    ids = pyarrow.DictionaryArray.from_arrays(np.zeros(n, np.int32), ["z" * 20_000])
    columns = {"cell_id": ids, "vertex_x": np.zeros(n, np.float32), "vertex_y": np.zeros(n, np.float32)}
    parquet.write_table(pyarrow.table(columns), folder / TABLES[0], store_schema=False)
    assert said(folder).found == "Of 0 of 40 cells, in cell_boundaries.parquet."
    assert imported(folder).outlines is None
    parquet.write_table(
        pyarrow.table(columns | {"cell_id": pyarrow.DictionaryArray.from_arrays(np.zeros(n, np.int32), CELLS[:1])}),
        folder / TABLES[0],
    )
    assert "corners, which no cell has" in said(folder).found
    assert_counts_are_in(imported(folder))
