"""Text of variable length in HDF5 files, read without HDF5's own reader of it.

HDF5 1.14 and 2.0 loop for ever on a global heap with one damaged byte, and reserve up to 4 GiB where an entry says so.
The format is simple, and read here with every length checked: HDF5 File Format Specification 3.0, III.E "Disk
Format: Level 1E - Global Heap". Knows nothing of samples.
"""

import os
from typing import BinaryIO

import h5py
import numpy as np

from core.errors import SampleFileError

ENTRY = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])
"""What stands in the dataset for each text, where addresses have the usual 8 bytes."""

_HEAD_BYTES = 16  # of a heap, and of each object in it
_SIGNATURE = b"GCOL\x01"


def read_ragged_text(dataset: h5py.Dataset) -> list[bytes]:
    """Read texts of variable length.

    Parameters
    ----------
    dataset : h5py.Dataset of shape (n,)
        Neither compressed nor virtual.

    Returns
    -------
    list of bytes

    Raises
    ------
    SampleFileError
        If the dataset is stored in another way, or is damaged. The message does not name the file.
    """
    with open(dataset.file.filename, "rb") as raw:
        entries = _entries(dataset, raw)
        if int(entries["length"].sum(dtype=np.int64)) > os.fstat(raw.fileno()).st_size:
            raise _damaged(dataset)
        heaps = _Heaps(dataset, raw)
        return [heaps.text(*entry) for entry in entries.tolist()]


class _Heaps:
    """The global heaps of a file, each read when it is first needed."""

    def __init__(self, dataset: h5py.Dataset, raw: BinaryIO) -> None:
        self._dataset = dataset
        self._raw = raw
        self._unread = os.fstat(raw.fileno()).st_size
        self._objects: dict[int, dict[int, bytes]] = {}

    def text(self, length: int, address: int, index: int) -> bytes:
        """Find one text; entries of length 0 point nowhere."""
        if length == 0:
            return b""
        if address not in self._objects:
            self._objects[address] = self._read(address)
        found = self._objects[address].get(index, b"")
        if len(found) < length:
            raise _damaged(self._dataset)
        return found[:length]

    def _read(self, address: int) -> dict[int, bytes]:
        start = address + self._dataset.file.userblock_size
        head = self._bytes(start, _HEAD_BYTES)
        size = int.from_bytes(head[8:], "little")
        # Heaps do not overlap: together they are no longer than the file.
        self._unread -= size
        if not head.startswith(_SIGNATURE) or size < _HEAD_BYTES or self._unread < 0:
            raise _damaged(self._dataset)
        return _objects(self._bytes(start, size)[_HEAD_BYTES:])

    def _bytes(self, start: int, size: int) -> bytes:
        if start >= 1 << 62:
            raise _damaged(self._dataset)
        self._raw.seek(start)
        found = self._raw.read(size)
        if len(found) < size:
            raise _damaged(self._dataset)
        return found


def _objects(heap: bytes) -> dict[int, bytes]:
    objects: dict[int, bytes] = {}
    position = 0
    while position + _HEAD_BYTES <= len(heap):
        index = int.from_bytes(heap[position : position + 2], "little")
        if index == 0:  # the free room at the end
            break
        size = int.from_bytes(heap[position + 8 : position + _HEAD_BYTES], "little")
        position += _HEAD_BYTES
        objects[index] = heap[position : position + size]
        position += (size + 7) // 8 * 8
    return objects


def _entries(dataset: h5py.Dataset, raw: BinaryIO) -> np.ndarray:
    plan = dataset.id.get_create_plist()
    is_chunked = plan.get_layout() == h5py.h5d.CHUNKED
    n_stored = dataset.id.get_num_chunks() * dataset.chunks[0] if is_chunked else dataset.size
    stored_bytes = dataset.id.get_storage_size()
    if dataset.ndim != 1 or plan.get_nfilters() > 0 or stored_bytes not in (0, n_stored * ENTRY.itemsize):
        raise SampleFileError(
            f"`{dataset.name.lstrip('/')}` holds compressed text of variable length: save it with a fixed length "
            "(numpy's type S) or without compression."
        )
    entries = np.zeros(dataset.size, dtype=ENTRY)
    if is_chunked:
        _fill_from_chunks(entries, dataset)
    elif stored_bytes and dataset.id.get_offset() is not None:
        raw.seek(dataset.id.get_offset())
        entries[:] = np.frombuffer(raw.read(entries.nbytes), dtype=ENTRY)
    return entries


def _fill_from_chunks(entries: np.ndarray, dataset: h5py.Dataset) -> None:
    for number in range(dataset.id.get_num_chunks()):
        (first,) = dataset.id.get_chunk_info(number).chunk_offset
        _, stored = dataset.id.read_direct_chunk((first,))
        room = len(entries) - first
        entries[first : first + dataset.chunks[0]] = np.frombuffer(stored, dtype=ENTRY)[:room]


def _damaged(dataset: h5py.Dataset) -> SampleFileError:
    return SampleFileError(f"has damaged text in `{dataset.name.lstrip('/')}`: copy or download it again.")
