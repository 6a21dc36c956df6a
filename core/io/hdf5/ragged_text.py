"""Text of variable length in HDF5 files, read without HDF5's own reader of it.

HDF5 1.14 and 2.0 loop forever on a global heap with one damaged byte, and reserve up to 4 GiB where an entry says so.
The format is simple, and read here with every length checked: HDF5 File Format Specification 3.0, III.E "Disk
Format: Level 1E - Global Heap". Knows nothing of samples.
"""

import io
import os
from typing import Any, BinaryIO

import h5py
import numpy as np

from core.errors import SampleFileError

ENTRY = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])
"""Entry of a dataset for each text, with addresses of 8 bytes as by default."""

_HEAD_BYTES = 16  # of a heap, and of each object in it
_SIGNATURE = b"GCOL\x01"
_POINTER_BYTES = 8  # of a text of variable length in memory, which HDF5 counts in a type that it was asked for


def read_ragged_text(dataset: h5py.Dataset, field: str | None = None) -> list[bytes]:
    """Read texts of variable length.

    Parameters
    ----------
    dataset : h5py.Dataset of shape (n,), or of any where it lies in one piece
        Compressed or not, but not virtual.
    field : str, optional
        Which field, if the dataset is a table of records.

    Returns
    -------
    list of bytes

    Raises
    ------
    SampleFileError
        If the dataset is stored in another way, or is damaged. The message does not name the file.
    """
    row_bytes, offset = (ENTRY.itemsize, 0) if field is None else _field_on_disk(dataset, field)
    with open(dataset.file.filename, "rb") as raw:
        rows = _stored_rows(dataset, row_bytes, raw)
        entries = np.ascontiguousarray(rows[:, offset : offset + ENTRY.itemsize]).view(ENTRY)[:, 0]
        return texts(dataset, entries, raw)


def texts(item: h5py.Dataset | h5py.Group, entries: np.ndarray, raw: BinaryIO) -> list[bytes]:
    """Look up texts by the entries that stand for them.

    Parameters
    ----------
    item : h5py.Dataset or h5py.Group
        What the entries belong to.
    entries : ndarray of shape (n,), of type ENTRY
    raw : binary file
        The HDF5 file itself.

    Returns
    -------
    list of bytes

    Raises
    ------
    SampleFileError
        If an entry is invalid.
    """
    if int(entries["length"].sum(dtype=np.int64)) > os.fstat(raw.fileno()).st_size:
        raise _damaged(item)
    heaps = _Heaps(item, raw)
    return [heaps.text(*entry) for entry in entries.tolist()]


class _Heaps:
    """The global heaps of a file, each read when it is first needed."""

    def __init__(self, item: h5py.Dataset | h5py.Group, raw: BinaryIO) -> None:
        self._item = item
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
            raise _damaged(self._item)
        return found[:length]

    def _read(self, address: int) -> dict[int, bytes]:
        start = address + self._item.file.userblock_size
        head = self._bytes(start, _HEAD_BYTES)
        size = int.from_bytes(head[8:], "little")
        # Heaps do not overlap: together they are no longer than the file.
        self._unread -= size
        if not head.startswith(_SIGNATURE) or size < _HEAD_BYTES or self._unread < 0:
            raise _damaged(self._item)
        return _objects(self._bytes(start, size)[_HEAD_BYTES:])

    def _bytes(self, start: int, size: int) -> bytes:
        if start >= 1 << 62:
            raise _damaged(self._item)
        self._raw.seek(start)
        found = self._raw.read(size)
        if len(found) < size:
            raise _damaged(self._item)
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


def _field_on_disk(dataset: h5py.Dataset, field: str) -> tuple[int, int]:
    """Bytes of a record, and where in it a field begins: HDF5 tells both for memory, where text is a pointer."""
    kind = dataset.id.get_type()
    grown, begins = 0, 0
    for number in range(kind.get_nmembers()):
        if kind.get_member_name(number) == field.encode():
            begins = kind.get_member_offset(number) + grown
        member = kind.get_member_type(number)
        is_ragged = isinstance(member, h5py.h5t.TypeStringID) and member.is_variable_str()
        grown += (ENTRY.itemsize - _POINTER_BYTES) * is_ragged
    return kind.get_size() + grown, begins


def _stored_rows(dataset: h5py.Dataset, row_bytes: int, raw: BinaryIO) -> np.ndarray:
    """Read a dataset's entries as they lie in the file; ndarray of shape (n, row_bytes), uint8."""
    plan = dataset.id.get_create_plist()
    is_chunked = plan.get_layout() == h5py.h5d.CHUNKED
    n_stored = dataset.id.get_num_chunks() * dataset.chunks[0] if is_chunked and dataset.ndim == 1 else dataset.size
    stored_bytes = dataset.id.get_storage_size()
    fits = plan.get_nfilters() > 0 or stored_bytes in (0, n_stored * row_bytes)
    if (dataset.ndim != 1 and is_chunked) or not fits:
        raise SampleFileError(
            f"`{dataset.name.lstrip('/')}` holds text of variable length in a form that is not known: save it with a "
            "fixed length (numpy's type S)."
        )
    rows = np.zeros((dataset.size, row_bytes), dtype=np.uint8)
    if is_chunked:
        _fill_from_chunks(rows, dataset)
    elif stored_bytes and dataset.id.get_offset() is not None:
        raw.seek(dataset.id.get_offset())
        rows[:] = np.frombuffer(raw.read(rows.nbytes), dtype=np.uint8).reshape(rows.shape)
    return rows


def _fill_from_chunks(rows: np.ndarray, dataset: h5py.Dataset) -> None:
    row_bytes, n_rows = rows.shape[1], dataset.chunks[0]
    is_packed = dataset.id.get_create_plist().get_nfilters() > 0
    for number in range(dataset.id.get_num_chunks()):
        (first,) = dataset.id.get_chunk_info(number).chunk_offset
        mask, stored = dataset.id.read_direct_chunk((first,))
        unpacked = _unpacked(dataset, stored, mask, row_bytes) if is_packed else np.frombuffer(stored, dtype=np.uint8)
        rows[first : first + n_rows] = unpacked.reshape(-1, row_bytes)[: len(rows) - first]


def _unpacked(dataset: h5py.Dataset, stored: bytes, mask: int, row_bytes: int) -> np.ndarray:
    """Have HDF5 undo its filters on plain bytes, since it would follow those of text into the heap."""
    plan, original = h5py.h5p.create(h5py.h5p.DATASET_CREATE), dataset.id.get_create_plist()
    plan.set_chunk(dataset.chunks)
    for number in range(original.get_nfilters()):
        code, flags, values, _ = original.get_filter(number)
        if not mask >> number & 1:  # the mask lists filters that were skipped for this chunk
            plan.set_filter(code, flags, values)
    with h5py.File(io.BytesIO(), "w") as scratch:
        space = h5py.h5s.create_simple(dataset.chunks)
        copy: Any = h5py.h5d.create(scratch.id, b"chunk", h5py.h5t.py_create(np.dtype(f"V{row_bytes}")), space, plan)
        copy.write_direct_chunk((0,), stored)
        return np.asarray(h5py.Dataset(copy)[...]).view(np.uint8)


def _damaged(item: h5py.Dataset | h5py.Group) -> SampleFileError:
    return SampleFileError(f"has damaged text in `{(item.name or '').lstrip('/')}`: copy or download it again.")
