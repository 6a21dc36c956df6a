from pathlib import Path

import h5py
import numpy as np
import pytest

from core.errors import SampleFileError
from core.io.hdf5.ragged_text import read_ragged_text

TEXTS = ["Layer1", "", "weiße Substanz", "x" * 5000, "WM"] * 300


def h5_with(path: Path, **options: object) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("Y", data=TEXTS, dtype=h5py.string_dtype(), **options)
    return path


def read(path: Path) -> list[bytes]:
    with h5py.File(path) as file:
        return read_ragged_text(file["Y"])


@pytest.mark.parametrize("options", [{}, {"chunks": (7,)}, {"chunks": (700,), "maxshape": (None,)}])
def test_texts_are_those_that_h5py_reads(tmp_path: Path, options: dict[str, object]):
    path = h5_with(tmp_path / "a.h5", **options)
    with h5py.File(path) as file:
        assert read(path) == list(file["Y"][:]) == [text.encode() for text in TEXTS]


def test_a_user_block_in_front_of_the_file_is_counted(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=1024) as file:
        file["Y"] = TEXTS
    assert read(tmp_path / "a.h5") == [text.encode() for text in TEXTS]


def test_text_that_was_declared_but_never_written_is_empty(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("Y", (4,), h5py.string_dtype())
    assert read(tmp_path / "a.h5") == [b""] * 4


@pytest.mark.parametrize("options", [{"compression": "gzip"}, {"compression": "lzf", "shuffle": True}])
def test_compressed_texts_are_those_that_were_written(tmp_path: Path, options: dict[str, object]):
    assert read(h5_with(tmp_path / "a.h5", chunks=(2,), **options)) == [text.encode() for text in TEXTS]


def test_a_byte_that_makes_hdf5_loop_for_ever_is_told_at_once(tmp_path: Path):
    path = h5_with(tmp_path / "a.h5")
    raw = bytearray(path.read_bytes())
    heap = raw.index(b"GCOL")
    raw[heap + 17] = 0x7F  # the first object's index
    path.write_bytes(raw)
    with pytest.raises(SampleFileError, match="damaged text in `Y`"):
        read(path)


def test_an_entry_that_declares_4_gib_is_told_without_reserving_them(tmp_path: Path):
    path = h5_with(tmp_path / "a.h5")
    with h5py.File(path) as file:
        first = file["Y"].id.get_offset()
    with open(path, "r+b") as raw:
        raw.seek(first)
        raw.write(np.uint32(2**32 - 1).tobytes())
    with pytest.raises(SampleFileError, match="damaged text in `Y`"):
        read(path)
