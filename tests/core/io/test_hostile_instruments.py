"""Outputs of instruments from strangers: what does not fit together, and small files that stand for large ones, end in a sentence."""

import json
import tracemalloc

import h5py
import numpy as np
import pyarrow
import pytest
import shapely
import zarr
from pyarrow import parquet

from core.errors import SampleFileError
from core.io import importing
from core.io.incoming import ImportChoices
from core.io.spatialdata import shapes
from core.io.spatialdata.store import Store
from core.io.spatialdata.table import write_as_hdf5
from tests.instruments import CELLS, N_CELLS, write_merscope, write_segmented, write_xenium

ROW = np.dtype([("id", "<u4"), ("x", "<i4"), ("y", "<i4"), ("offset", "<i8"), ("geneCount", "<i8")])


@pytest.fixture
def limited(monkeypatch):
    """A server that gives one file 64 MB."""
    monkeypatch.setenv("SPCA_MAX_MEMORY", "64M")


def read(path):
    importing.survey(path)
    return importing.read(path, ImportChoices(genes="all"))


def write_cells(path, lengths, offsets, genes):
    cells = np.zeros(len(lengths), ROW)
    cells["x"], cells["y"] = np.arange(len(lengths)) * 7, np.arange(len(lengths)) * 3 % 50
    cells["geneCount"], cells["offset"] = lengths, offsets
    counts = np.array([(0, 1), (1, 1)] * 3, np.dtype([("geneID", "<u4"), ("count", "<u2")]))
    with h5py.File(path, "w") as file:
        group = file.create_group("cellBin")
        group["cell"], group["cellExp"] = cells, counts
        group.create_dataset("gene", data=genes, compression="gzip")
    return path


def test_negative_lengths_of_cells_that_add_up_are_not_followed_out_of_the_counts(tmp_path):
    genes = np.array([(b"A",), (b"B",)], np.dtype([("geneName", "S8")]))
    path = write_cells(tmp_path / "a.gef", [10**6, 4 - 10**6, 2], [0, 10**6, 4], genes)
    with pytest.raises(SampleFileError, match="does not fit the offsets"):
        read(path)


def test_names_of_genes_of_absurd_width_are_not_read(tmp_path):
    path = write_cells(tmp_path / "a.gef", [3, 3], [0, 3], np.zeros(500, np.dtype([("geneName", "S60000")])))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(SampleFileError, match="names of 60,000 bytes"):
        read(path)


@pytest.mark.parametrize("table", ["cell_by_gene.csv", "cell_metadata.csv"])
@pytest.mark.parametrize("text", ["x" * 5000, '"' + "x" * 200_000])
def test_one_long_name_does_not_widen_all(tmp_path, table, text):
    path = write_merscope(tmp_path / "m") / table
    lines = path.read_text().splitlines()
    lines[1] = text + lines[1]
    path.write_text("\n".join(lines))
    with pytest.raises(SampleFileError, match=f"{table} (holds a text of|cannot be read as a table)"):
        read(tmp_path / "m")


def test_a_column_of_long_texts_that_names_nothing_is_passed_over(tmp_path):
    path = write_merscope(tmp_path / "m") / "cell_metadata.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([f"{lines[0]},outline", *(f"{line},{'POLYGON ' * 300}" for line in lines[1:])]))
    assert list(importing.survey(tmp_path / "m").annotations) == ["cell_type"]


@pytest.mark.usefixtures("limited")
def test_text_that_parquet_keeps_once_for_many_rows_is_measured_as_it_is_written_out(tmp_path):
    folder = write_xenium(tmp_path / "x")
    n = 100_000
    ids = pyarrow.DictionaryArray.from_arrays(np.zeros(n, np.int32), ["z" * 20_000])
    columns = {"cell_id": ids, "x_centroid": np.zeros(n), "y_centroid": np.zeros(n)}
    parquet.write_table(pyarrow.table(columns), folder / "cells.parquet", store_schema=False)
    with pytest.raises(SampleFileError, match=r"cells.parquet would take .* at most 64 MiB"):
        read(folder)


def test_names_that_parquet_keeps_by_number_are_read(tmp_path):
    folder = write_xenium(tmp_path / "x")
    table = parquet.read_table(folder / "cells.parquet")
    parquet.write_table(table.set_column(0, "cell_id", table["cell_id"].dictionary_encode()), folder / "cells.parquet")
    assert read(folder).barcodes.tolist() == CELLS


@pytest.mark.parametrize("coordinates", [{"a": 1}, [[None] * 4], ["abcde"], [[[1, "x"]] * 4], [[[{}, 1]] * 4]])
def test_outlines_of_segmented_cells_that_are_none(tmp_path, coordinates):
    (tmp_path / "s").mkdir()
    path = write_segmented(tmp_path / "s") / "cell_segmentations.geojson"
    outlines = json.loads(path.read_text())
    outlines["features"][0]["geometry"]["coordinates"] = coordinates
    path.write_text(json.dumps(outlines))
    with pytest.raises(SampleFileError, match="holds no outlines"):
        read(tmp_path / "s")


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        (
            '{"properties":{"cell_id":1},"geometry":{"type":"Polygon","coordinates":[' + "[]," * 400_000 + "[]]}}",
            "1 MiB",
        ),
        (",".join(['{"properties":{"cell_id":1}}'] * 150_000), "would take .* at most 64 MiB"),
        ("0," * 5_000_000 + "0", "holds no outlines"),
    ],
)
def test_outlines_whose_text_stands_for_many_times_as_much_memory_are_not_taken_apart(tmp_path, features, sentence):
    (tmp_path / "s").mkdir()
    path = write_segmented(tmp_path / "s") / "cell_segmentations.geojson"
    path.write_text(f'{{"features":[{features}]}}')
    tracemalloc.start()
    with pytest.raises(SampleFileError, match=sentence):
        read(tmp_path / "s")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20


# --- stores of zarr ---


@pytest.fixture
def store(tmp_path):
    """A store with the columns of a table, and shapes of container 0.1: squares, one for each cell."""
    root = zarr.open_group(str(tmp_path), mode="w", zarr_format=2)
    root.create_array("obs/_index", data=np.array(CELLS))
    corners = np.concatenate([[[i, 0], [i + 1, 0], [i + 1, 1], [i, 0]] for i in range(N_CELLS)]).astype(float)
    root.create_array("shapes/c/Index", data=np.array(CELLS))
    root.create_array("shapes/c/coords", data=corners)
    root.create_array("shapes/c/offset0", data=np.arange(0, len(corners) + 1, 4))
    root.create_array("shapes/c/offset1", data=np.arange(N_CELLS + 1))
    root["shapes/c"].attrs["spatialdata_attrs"] = {"geos": {"type": 3}}
    return Store(tmp_path)


def changed(store, key, **entries):
    path = store.root / key / ".zarray"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def copied(store):
    write_as_hdf5(store, "", store.root / "copy.h5ad")


def test_outlines_of_older_stores_are_read(store):
    found = shapes.read(store, "shapes/c")
    assert found.names.tolist() == CELLS
    np.testing.assert_allclose(found.centres[0], [2 / 3, 1 / 3])  # of a triangle: the mean of its corners


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("offset0", np.arange(0, 4 * N_CELLS + 1, 4)[::-1].copy()),
        ("offset0", np.arange(0, 4 * N_CELLS + 1, 4) * 10**6),
        ("offset0", np.arange(0, 4 * N_CELLS + 1, 4) * 1.0),
        ("offset1", np.arange(-1, N_CELLS)),
        ("offset1", np.arange(N_CELLS)),
        ("coords", np.arange(4.0 * N_CELLS)),
        ("Index", np.array(CELLS[:-1])),
    ],
)
def test_starts_of_outlines_that_do_not_rise_within_the_corners_are_not_followed(store, name, data):
    zarr.open_group(str(store.root), mode="a").create_array(f"shapes/c/{name}", data=data, overwrite=True)
    with pytest.raises(SampleFileError, match=r"do not fit together|holds no numbers"):
        shapes.read(store, "shapes/c")


@pytest.mark.parametrize("attributes", [{"spatialdata_attrs": [1]}, {"spatialdata_attrs": {"geos": {"type": [1]}}}, {}])
def test_shapes_that_say_nothing_of_their_kind(store, attributes):
    (store.root / "shapes" / "c" / ".zattrs").write_text(json.dumps(attributes))
    with pytest.raises(SampleFileError, match="holds no shapes"):
        shapes.read(store, "shapes/c")


@pytest.mark.parametrize("said", ["{nope", "[1]", '{"index_columns": 5}', "7"])
def test_shapes_whose_table_says_nonsense_of_itself(store, said):
    table = pyarrow.table({"geometry": pyarrow.array([shapely.Point(0, 0).wkb])})
    path = store.root / "shapes" / "c" / "shapes.parquet"
    parquet.write_table(table.replace_schema_metadata({"pandas": said}), path)
    with pytest.raises(SampleFileError, match="holds no shapes that can be read"):
        shapes.read(store, "shapes/c")


@pytest.mark.usefixtures("limited")
def test_an_outline_that_parquet_keeps_once_for_many_rows_is_measured_as_it_is_written_out(store):
    outline = shapely.Point(0, 0).buffer(1, quad_segs=5000).wkb
    many = pyarrow.DictionaryArray.from_arrays(np.zeros(1000, np.int32), [outline])
    parquet.write_table(pyarrow.table({"geometry": many}), store.root / "shapes" / "c" / "shapes.parquet")
    with pytest.raises(SampleFileError, match=r"`shapes/c` would take .* at most 64 MiB"):
        shapes.read(store, "shapes/c")


@pytest.mark.parametrize(
    "entries", [{"chunks": [0]}, {"chunks": [40, 1]}, {"chunks": []}, {"fill_value": "A" * 5000}, {"shape": [40, 0]}]
)
def test_metadata_of_arrays_that_does_not_fit_together(store, entries):
    changed(store, "obs/_index", **entries)
    with pytest.raises(SampleFileError, match="has damaged metadata"):
        copied(store)


def test_attributes_that_are_no_names_and_no_sizes_are_passed_over(store):
    for said in ("[1, 2]", json.dumps({"shape": [10**40, 5]}), json.dumps({"shape": [-1, 5], "encoding-type": 5})):
        (store.root / "obs" / "_index" / ".zattrs").write_text(said)
        copied(store)
        with h5py.File(store.root / "copy.h5ad") as file:
            assert len(file["obs/_index"]) == N_CELLS
            assert not file["obs/_index"].attrs


def test_a_table_that_the_disk_has_no_room_for_is_not_written(store, monkeypatch):
    monkeypatch.setattr("core.io.spatialdata.table.MAX_BYTES", 100)
    with pytest.raises(SampleFileError, match="for which there is no room"):
        copied(store)
