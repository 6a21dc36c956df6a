import os
import pickle
import stat
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tables
from scipy import sparse

from core.errors import DomainsError, SampleFileError, UnsafeFileError
from core.io import lab
from core.io.hdf5 import safe as safe_h5
from core.io.lab.deepdish_bridge import deepdish_save


class Exploit:
    """Leaves a mark where it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.marker),))


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "the pickle ran"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A whole sample, to which each test adds one evil."""
    path = tmp_path / "sample_gift.h5"
    with h5py.File(path, "w") as file:
        file["X"] = np.arange(12).reshape(4, 3)
        file["pos"] = np.array([[0, 0, 1, 1], [0, 2, 1, 3]])
    return path


def assert_refused(path: Path, words: str, kind: type[DomainsError] = UnsafeFileError) -> None:
    """By `read` and `peek`, with one and the same sentence."""
    with pytest.raises(DomainsError) as caught:
        lab.read(path)
    sentence = str(caught.value)
    assert caught.type is kind, sentence
    assert path.name in sentence
    assert words in sentence, sentence
    assert "\n" not in sentence
    assert lab.peek(path).problem == sentence


# --- pickles --------------------------------------------------------------------------------------------------------


def test_the_exploit_of_these_tests_would_work(marker: Path):
    pickle.loads(pickle.dumps(Exploit(marker)))
    assert marker.exists()


def test_the_same_exploit_runs_when_pytables_merely_opens_the_file(path: Path, marker: Path):
    with h5py.File(path, "a") as file:
        file.attrs["note"] = np.bytes_(pickle.dumps(Exploit(marker), 0))
    with tables.open_file(path) as file:
        assert "note" in file.root._v_attrs
    assert marker.exists()


def test_a_pickled_array_is_refused_and_does_not_run(path: Path, marker: Path):
    with tables.open_file(path, "a") as file:
        file.create_vlarray("/", "extra", tables.ObjectAtom()).append(Exploit(marker))
    assert_refused(path, "`extra` holds a Python object (a pickle)")
    assert not marker.exists()


def test_a_pickle_as_deepdish_stores_it_in_place_of_the_counts_is_refused_and_does_not_run(
    tmp_path: Path, marker: Path
):
    with pytest.warns(DeprecationWarning, match="Pickling"):
        deepdish_save(tmp_path / "a.h5", {"X": Exploit(marker), "pos": np.array([[0], [0]])})
    assert_refused(tmp_path / "a.h5", "`X` holds a Python object (a pickle)")
    assert not marker.exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("owner", ["/", "X", "deep/deeper"])
def test_a_pickle_in_an_attribute_is_refused_and_does_not_run(path: Path, marker: Path, owner: str, protocol: int):
    with h5py.File(path, "a") as file:
        item = file.require_group(owner) if owner != "X" else file["X"]
        item.attrs["note"] = np.bytes_(pickle.dumps(Exploit(marker), protocol))
    assert_refused(path, "holds a Python object (a pickle)")
    assert not marker.exists()


def test_a_pickle_with_rubbish_behind_it_is_refused_as_pickle_ignores_what_follows(path: Path, marker: Path):
    with h5py.File(path, "a") as file:
        file.attrs["note"] = np.bytes_(pickle.dumps(Exploit(marker), 0) + b" and more.")
    assert_refused(path, "attribute note")


def test_a_pickle_in_an_attribute_of_a_named_type_is_refused(path: Path, marker: Path):
    with h5py.File(path, "a") as file:
        file["kind"] = np.dtype("f8")
        file["kind"].attrs["note"] = np.bytes_(pickle.dumps(Exploit(marker), 0))
    assert_refused(path, "kind, attribute note")


def test_a_pickle_in_ragged_ascii_text_which_pytables_runs_is_refused(path: Path, marker: Path):
    with h5py.File(path, "a") as file:
        file.attrs.create("note", pickle.dumps(Exploit(marker), 0), dtype=h5py.string_dtype("ascii"))
    assert_refused(path, "attribute note")
    assert not marker.exists()


def test_entries_of_any_length_or_without_a_type_are_refused_as_pickles(path: Path):
    with h5py.File(path, "a") as file:
        file.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype(np.uint8))
    assert_refused(path, "`ragged` holds a Python object")
    with h5py.File(path, "a") as file:
        del file["ragged"]
        file["opaque"] = np.array([b"12345678"]).view("V8")
    assert_refused(path, "`opaque` holds a Python object")
    with h5py.File(path, "a") as file:
        del file["opaque"]
        file.create_dataset("table", (2,), dtype=[("number", "f8"), ("thing", h5py.vlen_dtype(np.uint8))])
    assert_refused(path, "`table` holds a Python object")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "0.",
        "1.0",
        "GROUP",
        "dict:3",
        "Notes of 2021.",
        "No.",
        "(in mm)",
        "c. elegans.",
        "brain.",
        "2.1",
        "a.",
        "I am.",
    ],
)
def test_plain_text_is_no_pickle(path: Path, text: str):
    assert not safe_h5.holds_pickle(text.encode())
    with h5py.File(path, "a") as file:
        file["X"].attrs["note"] = np.bytes_(text)
        file["X"].attrs["ragged"] = text
    assert lab.peek(path).problem == ""


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, None, "text", 3.5, (), np.float64(1)])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_is_told(value: Any, protocol: int):
    assert safe_h5.holds_pickle(pickle.dumps(value, protocol))


# --- reaching out of the file ---------------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Another file, which no sample may reach."""
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["X"] = np.full((4, 3), 42)
    return path


@pytest.mark.parametrize("name", ["X", "elsewhere", "deep/link"])
def test_an_external_link_is_refused(path: Path, secret: Path, name: str):
    with h5py.File(path, "a") as file:
        if name in file:
            del file[name]
        file[name] = h5py.ExternalLink(str(secret), "/X")
    assert_refused(path, f"`{name.rpartition('/')[2]}` is a link to another file")


def test_a_soft_link_through_an_external_link_is_refused(path: Path, secret: Path):
    with h5py.File(path, "a") as file:
        del file["X"]
        file["out"] = h5py.ExternalLink(str(secret), "/")
        file["X"] = h5py.SoftLink("/out/X")
    assert_refused(path, "is a link to another file")


def test_a_soft_link_to_nothing_or_to_itself_is_refused(path: Path):
    with h5py.File(path, "a") as file:
        file["lost"] = h5py.SoftLink("/not/here")
    assert_refused(path, "`lost` is a link to something that is not in this file")
    with h5py.File(path, "a") as file:
        del file["lost"]
        file["round"] = h5py.SoftLink("/round")
    assert_refused(path, "`round` is a link to something that is not in this file")


def test_a_virtual_dataset_is_refused(path: Path, secret: Path):
    layout = h5py.VirtualLayout((4, 3), int)
    layout[:] = h5py.VirtualSource(secret, "X", (4, 3))
    with h5py.File(path, "a") as file:
        del file["X"]
        file.create_virtual_dataset("X", layout)
    assert_refused(path, "`X` keeps its values in another file")


def test_external_storage_is_refused(path: Path, tmp_path: Path):
    (tmp_path / "passwords").write_bytes(bytes(96))
    with h5py.File(path, "a") as file:
        del file["X"]
        file.create_dataset("X", (4, 3), "i8", external=[(str(tmp_path / "passwords"), 0, 96)])
    assert_refused(path, "`X` keeps its values in another file")


# --- more than a file can hold --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["X", "other"])
@pytest.mark.parametrize("chunks", [None, (1000, 1000)])
def test_a_shape_far_larger_than_the_file_is_refused_at_once(path: Path, key: str, chunks: tuple[int, int] | None):
    with h5py.File(path, "a") as file:
        if key in file:
            del file[key]
        file.create_dataset(key, (10**9, 10**9) if chunks else (10**6, 10**6), "f8", chunks=chunks)
    started = time.perf_counter()
    assert_refused(path, f"declares '/{key}' with the shape")
    assert time.perf_counter() - started < 1


def test_a_million_groups_are_not_walked(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(safe_h5, "MAX_OBJECTS", 50)
    with h5py.File(path, "a") as file:
        for number in range(60):
            file.create_group(f"groups/{number}")
    assert_refused(path, "more than 50 objects")


def test_groups_in_groups_without_end_are_not_walked(path: Path):
    with h5py.File(path, "a") as file:
        file.create_group("/".join(["g"] * 40))
    assert_refused(path, "nested more than 32 deep")


def test_a_group_that_holds_itself_is_walked_once(path: Path):
    with h5py.File(path, "a") as file:
        around = file.create_group("around")
        around["around"] = around
    assert lab.peek(path).problem == ""


# --- damage ---------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_a_folder_an_empty_file_and_a_text_are_told_apart(tmp_path: Path):
    (tmp_path / "folder.h5").mkdir()
    (tmp_path / "empty.h5").touch()
    (tmp_path / "text.h5").write_text("barcode,layer\nAAAC-1,WM\n")
    assert_refused(tmp_path / "lost.h5", "There is no file", SampleFileError)
    assert_refused(tmp_path / "folder.h5", "is a folder", SampleFileError)
    assert_refused(tmp_path / "empty.h5", "is empty", SampleFileError)
    assert_refused(tmp_path / "text.h5", "is not an HDF5 file", SampleFileError)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.h5")
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe.h5").st_mode)
    assert_refused(tmp_path / "pipe.h5", "is not an ordinary file", SampleFileError)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("file", ["sample_151507.h5", "sample_small_deepdish.h5"])
def test_a_real_file_cut_off_anywhere_is_told(spca_dat: Path, tmp_path: Path, file: str, share: float):
    whole = (spca_dat / file).read_bytes()
    (tmp_path / file).write_bytes(whole[: int(len(whole) * share)])
    assert_refused(tmp_path / file, "copy or download it again", SampleFileError)


def test_a_damaged_compressed_chunk_is_told(spca_dat: Path, tmp_path: Path):
    path = tmp_path / "sample_151507.h5"
    path.write_bytes((spca_dat / path.name).read_bytes())
    with h5py.File(path) as file:
        chunk = file["X"].id.get_chunk_info(0)
    with open(path, "r+b") as raw:
        raw.seek(chunk.byte_offset + chunk.size // 2)
        raw.write(bytes(1000))
    with pytest.raises(SampleFileError, match=r"sample_151507\.h5 is damaged .* copy or download it again"):
        lab.read(path)


def test_names_that_no_terminal_can_show_do_not_break_the_sentence(path: Path):
    with h5py.File(path, "a") as file:
        file[b"bad\x1b[31m\xff name"] = h5py.SoftLink("/not/here")
    with pytest.raises(UnsafeFileError) as caught:
        lab.read(path)
    assert str(caught.value).encode().startswith(b"sample_gift.h5 was not read: `bad?[31m")


def test_pickles_in_attributes_with_names_that_are_not_text_are_refused(path: Path, marker: Path):
    with h5py.File(path, "a") as file:
        file["X"].attrs[b"n\xffte"] = np.bytes_(pickle.dumps(Exploit(marker), 0))
    assert_refused(path, "holds a Python object (a pickle)")


def _seeds(folder: Path) -> list[bytes]:
    """Small whole samples of every storage that is read: plain, chunked, sparse, old and new HDF5."""
    rng = np.random.default_rng(0)
    counts, pos = rng.poisson(0.5, (60, 8)), np.stack([np.arange(60), np.arange(60)])
    texts = {"Y": np.array([b"WM", b"NA"] * 30), "gene": np.array([b"g"] * 8)}
    deepdish_save(folder / "0.h5", {"X": counts, "pos": pos, **texts})
    deepdish_save(folder / "1.h5", {"X": sparse.csr_matrix(counts), "pos": pos, "synthetic": True})
    for number, version in ((2, "earliest"), (3, "latest")):
        with h5py.File(folder / f"{number}.h5", "w", libver=version) as file:
            file.create_dataset("X", data=counts, chunks=(20, 8), compression="gzip", shuffle=True)
            file["pos"], file["Y"] = pos, ["WM", "Layer1", "NA"] * 20
            file["X"].attrs["note"] = "ragged"
    return [(folder / f"{number}.h5").read_bytes() for number in range(4)]


@pytest.mark.slow
def test_flipping_bytes_anywhere_ends_in_a_sample_or_a_sentence_and_soon(tmp_path: Path):
    rng = np.random.default_rng(151507)
    seeds = _seeds(tmp_path)
    path = tmp_path / "sample_flipped.h5"
    n_read, n_refused, end = 0, 0, time.perf_counter() + 6
    while time.perf_counter() < end:
        damaged = bytearray(seeds[rng.integers(len(seeds))])
        # Half of the flips where HDF5 keeps its structure: near the front.
        reach = len(damaged) if rng.random() < 0.5 else 3000
        for position in rng.integers(min(reach, len(damaged)), size=rng.integers(1, 12)):
            damaged[position] = rng.integers(256)
        path.write_bytes(damaged)
        started = time.perf_counter()
        try:
            lab.read(path)
            n_read += 1
        except DomainsError:
            n_refused += 1
        assert time.perf_counter() - started < 2
    assert min(n_read, n_refused) > 20


@pytest.mark.parametrize("name", ["X", "pos", "Y", "gene"])
@pytest.mark.parametrize("kind", ["object", "region"])
def test_references_in_place_of_values_are_refused(path: Path, name: str, kind: str):
    with h5py.File(path, "a") as file:
        target = file["X"]
        reference, dtype = (
            (target.ref, h5py.ref_dtype) if kind == "object" else (target.regionref[:2, :2], h5py.regionref_dtype)
        )
        shape = {"X": (4, 3), "pos": (2, 4), "Y": (4,), "gene": (3,)}[name]
        made = file.create_dataset("made", shape, dtype=dtype)
        made[...] = reference
        if name in file:
            del file[name]
        file.move("made", name)
    with pytest.raises(SampleFileError, match=rf"`{name}`"):
        lab.read(path)
    assert f"`{name}`" in lab.peek(path).problem or name in ("Y", "gene")
