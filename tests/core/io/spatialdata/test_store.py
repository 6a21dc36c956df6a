"""Stores of zarr from strangers: nothing in them runs, leads out, or unpacks to more than it declares."""

import json
import os
import shutil

import numpy as np
import pytest
import zarr

from core.errors import SampleFileError, UnsafeFileError
from core.io import importing
from core.io.spatialdata.store import Store
from core.io.spatialdata.transformations import placements


@pytest.fixture(params=[2, 3])
def folder(tmp_path, request):
    """A store with one array of numbers and one of text."""
    root = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=request.param)
    root.create_array("numbers", data=np.arange(1000.0), chunks=(100,))
    return tmp_path / "a.zarr"


def metadata(folder, key="numbers"):
    newer = folder / key / "zarr.json"
    return newer if newer.exists() else folder / key / ".zarray"


def chunk(folder, key="numbers"):
    return folder / key / "c" / "0" if (folder / key / "c").exists() else folder / key / "0"


def changed(path, **entries):
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_numbers_and_text_of_both_formats_are_read(folder):
    store = Store(folder)
    array = store.array("numbers")
    assert (store.read(array) == np.arange(1000)).all()
    assert (store.read(array, slice(10, 20)) == np.arange(10, 20)).all()
    assert (store.children(""), store.is_array("numbers"), store.is_group("")) == (["numbers"], True, True)


@pytest.mark.parametrize("codec", ["pickle", "json2", "msgpack2", "numcodecs.pickle", "lzma", "no_such_codec"])
def test_a_codec_that_could_run_code_or_hides_its_size_is_not_undone(folder, codec):
    path = metadata(folder)
    if path.name == ".zarray":
        changed(path, dtype="|O", filters=[{"id": codec}])
    else:
        changed(path, codecs=[{"name": codec, "configuration": {}}])
    with pytest.raises(UnsafeFileError, match="was not undone"):
        Store(folder).array("numbers")


def test_objects_that_are_no_text_are_not_read(folder):
    if metadata(folder).name == ".zarray":
        changed(metadata(folder), dtype="|O", filters=None)
    else:
        changed(metadata(folder), data_type="string")
    with pytest.raises(UnsafeFileError, match="objects that are no text"):
        Store(folder).array("numbers")


def test_shards_are_not_read(tmp_path):
    root = zarr.open_group(str(tmp_path), mode="w", zarr_format=3)
    root.create_array("a", data=np.arange(100.0), chunks=(10,), shards=(50,))
    with pytest.raises(SampleFileError, match="shards"):
        Store(tmp_path).array("a")


@pytest.mark.parametrize("shape", [[10**12], [10**6, 10**6]])
def test_a_shape_that_the_files_cannot_hold_is_refused_before_anything_is_reserved(folder, shape):
    path = metadata(folder)
    chunks = [100] * len(shape)
    if path.name == ".zarray":
        changed(path, shape=shape, chunks=chunks)
    else:
        changed(path, shape=shape, chunk_grid={"name": "regular", "configuration": {"chunk_shape": chunks}})
    with pytest.raises(UnsafeFileError, match=r"more than its 10 files of .* bytes can hold"):
        Store(folder).array("numbers")


def test_a_chunk_that_states_another_size_than_its_array_is_not_unpacked(folder):
    from numcodecs import Blosc, Zstd

    bomb = np.zeros(50_000_000, dtype=np.uint8)
    codec = Blosc() if json.loads(metadata(folder).read_text()).get("compressor", {}).get("id") == "blosc" else Zstd()
    chunk(folder).write_bytes(codec.encode(bomb))
    with pytest.raises(UnsafeFileError, match="does not unpack to the 800 bytes"):
        Store(folder).array("numbers")


@pytest.mark.parametrize("compressor", ["gzip", "zlib"])
def test_a_bomb_of_gzip_is_measured_and_not_unpacked(tmp_path, compressor):
    from numcodecs import get_codec

    root = zarr.open_group(str(tmp_path), mode="w", zarr_format=2)
    root.create_array("a", data=np.arange(100.0), chunks=(100,), compressors=[get_codec({"id": compressor})])
    assert (Store(tmp_path).read(Store(tmp_path).array("a")) == np.arange(100)).all()
    (tmp_path / "a" / "0").write_bytes(get_codec({"id": compressor}).encode(np.zeros(10**7, dtype=np.uint8)))
    with pytest.raises(UnsafeFileError, match="does not unpack"):
        Store(tmp_path).array("a")


def test_links_are_not_followed_and_no_key_leads_out(folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(chunk(folder).read_bytes())
    chunk(folder).unlink()
    os.symlink(secret, chunk(folder))
    with pytest.raises(UnsafeFileError, match="holds a link"):
        Store(folder).array("numbers")
    with pytest.raises(UnsafeFileError, match="leads out of the store"):
        Store(folder).array("../b/numbers")
    shutil.copytree(folder, tmp_path / "b", symlinks=True)
    os.symlink(tmp_path / "b", folder / "linked")
    assert Store(folder).children("") == ["numbers"]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"shape": "x"}', '{"shape": [-1], "chunks": [1]}', "[]"])
def test_damaged_metadata_is_one_sentence(folder, text):
    metadata(folder).write_text(text)
    with pytest.raises(SampleFileError):
        Store(folder).array("numbers")


def test_damaged_chunks_are_one_sentence(folder):
    chunk(folder).write_bytes(chunk(folder).read_bytes()[:-3])
    with pytest.raises(SampleFileError, match=r"damaged|does not unpack"):
        Store(folder).read(Store(folder).array("numbers"))


def test_a_store_without_a_table_says_what_it_holds(folder):
    with pytest.raises(SampleFileError, match="`numbers` and no table of cells"):
        importing.survey(folder)


def test_transformations_are_matrices_in_the_order_of_their_axes():
    axes = {name: {"name": name, "axes": [{"name": axis} for axis in name]} for name in ("xy", "yx", "cyx")}
    scale = {"type": "scale", "scale": [3.0, 2.0], "input": axes["yx"], "output": axes["yx"]}
    shift = {"type": "translation", "translation": [10.0, 20.0], "input": axes["xy"], "output": axes["xy"]}
    swap = {"type": "mapAxis", "mapAxis": {"x": "y", "y": "x"}, "input": axes["xy"], "output": axes["xy"]}
    turn = {"type": "rotation", "rotation": [0.0, -1.0, 1.0, 0.0], "input": axes["xy"], "output": axes["xy"]}
    whole = {"type": "sequence", "transformations": [scale, shift, swap, turn], "output": {"name": "slide"}}
    placed = placements([whole, {"type": "identity"}])
    # (1, 1) -> (2, 3) -> (12, 23) -> (23, 12) -> (-12, 23)
    assert placed["slide"].applied(np.array([[1.0, 1.0]])).tolist() == [[-12.0, 23.0]]
    np.testing.assert_allclose(placed["slide"].undone(np.array([[-12.0, 23.0]])), [[1.0, 1.0]])
    assert placed["global"].applied(np.array([[0.1, 0.3]])).tolist() == [[0.1, 0.3]]


@pytest.mark.parametrize(
    "found",
    [
        {"type": "scale", "scale": [0.0, 1.0]},
        {"type": "scale", "scale": [1.0]},
        {"type": "affine", "affine": [["a"]]},
        {"type": "warp"},
        {"scale": 1},
        {"type": "translation", "translation": [1e999, 0]},
        "global",
    ],
)
def test_a_transformation_that_is_none_is_refused(found):
    with pytest.raises(SampleFileError):
        placements([found])
