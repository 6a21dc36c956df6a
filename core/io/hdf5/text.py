"""Text in HDF5 files, in datasets and in attributes, read without HDF5's own reader of text of variable length.

That reader can hang on one damaged byte (see `core.io.hdf5.ragged_text`), and anndata keeps such text in attributes. What lies
around it is read here from the object's header: HDF5 File Format Specification 3.0, IV.A.1 "Data Object
Header Prefix" and IV.A.2.m "The Attribute Message". Knows nothing of samples.
"""

import math
from collections.abc import Iterator
from typing import Any, BinaryIO

import h5py
import numpy as np

from core.errors import SampleFileError
from core.io.hdf5.numbers import check_chunk
from core.io.hdf5.ragged_text import ENTRY, read_ragged_text, texts
from core.memory import check_fits

MAX_TEXT_BYTES = 1024
"""Longest label, name or barcode."""

NUMPYS_SIGN = 4
"""Bytes of each sign of each text of numpy's arrays, in which every text has as many signs as the longest."""

_TEXT_OBJECT = 64  # bytes that Python takes for a short text

_ATTRIBUTE, _CONTINUATION = 0x0C, 0x10
_MAX_BLOCKS = 1000


def read_text(dataset: h5py.Dataset) -> list[bytes]:
    """Read the texts of a dataset, of fixed or of variable length.

    Parameters
    ----------
    dataset : h5py.Dataset of any shape
        Of a string type.

    Returns
    -------
    list of bytes
        In C order.

    Raises
    ------
    SampleFileError
        If text of variable length is compressed or damaged.
    """
    check_chunk(dataset)
    if dataset.dtype.hasobject:
        return read_ragged_text(dataset)
    return [bytes(entry) for entry in np.ravel(dataset[...])]


def short_texts(dataset: h5py.Dataset, key: str, field: str | None = None) -> list[str]:
    """Read names, labels or barcodes.

    Parameters
    ----------
    dataset : h5py.Dataset of any shape
        Of a string type, or a table of records.
    key : str
        Its name in the message.
    field : str, optional
        Of a table of records: the one to read, of variable length.

    Returns
    -------
    list of str
        In C order.

    Raises
    ------
    SampleFileError
        If one is longer than `MAX_TEXT_BYTES` (it would widen a whole array of numpy's text, which has a fixed length),
        or text of variable length is compressed or damaged.
    """
    if field is not None or dataset.dtype.itemsize <= MAX_TEXT_BYTES:
        check_fits(dataset.size * max(_TEXT_OBJECT, dataset.dtype.itemsize), f"`{key}`")
        found = read_text(dataset) if field is None else read_ragged_text(dataset, field)
        longest = max(map(len, found), default=0)
        if longest <= MAX_TEXT_BYTES:
            # Once as they are, once as an array, and once as what is made of that.
            n_bytes = sum(map(len, found)) + len(found) * (_TEXT_OBJECT + 2 * longest * NUMPYS_SIGN)
            check_fits(n_bytes, f"`{key}`, whose longest text has {longest} signs,")
            return _decoded_in_place(found)
    raise SampleFileError(f"`{key}` holds text of more than {MAX_TEXT_BYTES} bytes, where names belong.")


def _decoded_in_place(found: list[bytes]) -> list[str]:
    """Decode each text and let go of its bytes, so that not all of them are there twice."""
    texts: list[Any] = found
    for number, text in enumerate(found):
        texts[number] = decoded(text)
    return texts


def decoded(value: bytes) -> str:
    """Read text as UTF-8, or as what R writes on Windows.

    Parameters
    ----------
    value : bytes

    Returns
    -------
    str
    """
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")  # R on Windows


def text_attribute(item: h5py.Group | h5py.Dataset, name: str) -> list[str]:
    """Read an attribute of text, of fixed or of variable length.

    Parameters
    ----------
    item : h5py.Group or h5py.Dataset
    name : str

    Returns
    -------
    list of str
        One for a lone text; empty where there is no such attribute, or it is not text.

    Raises
    ------
    SampleFileError
        If the attribute is damaged, or stored in an unsupported form. The message does not name the file.
    """
    if name not in item.attrs:
        return []
    attribute = item.attrs.get_id(name)
    if attribute.shape is None or not h5py.check_string_dtype(attribute.dtype):
        return []
    if not attribute.dtype.hasobject:
        return [decoded(bytes(value)) for value in np.ravel(item.attrs[name])]
    return _ragged(item, name, math.prod(attribute.shape))


def _ragged(item: h5py.Group | h5py.Dataset, name: str, n_texts: int) -> list[str]:
    with open(item.file.filename, "rb") as raw:
        start = h5py.h5o.get_info(item.id).addr + item.file.userblock_size
        for kind, body in _messages(raw, start, item.file.userblock_size):
            value = _value(body, name.encode()) if kind == _ATTRIBUTE else None
            if value is not None and len(value) >= n_texts * ENTRY.itemsize:
                entries = np.frombuffer(value, dtype=ENTRY, count=n_texts)
                return [decoded(text) for text in texts(item, entries, raw)]
    raise SampleFileError(
        f"has an attribute `{name}` of `{item.name}` that cannot be found: save the file again with anndata's `write_h5ad`."
    )


def _messages(raw: BinaryIO, start: int, base: int) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each message in an object's header, of the older or the newer form."""
    head = _read(raw, start, 16)
    is_newer = head.startswith(b"OHDR")
    waiting = [_first_block_newer(raw, start, head[5]) if is_newer else (start + 16, _number(head[8:12]))]
    head_bytes = 4 + 2 * (head[5] >> 2 & 1) if is_newer else 8
    for number, (first, size) in enumerate(waiting):
        for kind, body in _in_block(_read(raw, first, size), head_bytes, is_newer):
            if kind == _CONTINUATION and number < _MAX_BLOCKS:
                address, length = base + _number(body[:8]), _number(body[8:16])
                # A further block of the newer form has a signature in front and a checksum behind.
                waiting.append((address + 4, length - 8) if is_newer else (address, length))
            yield kind, body


def _first_block_newer(raw: BinaryIO, start: int, flags: int) -> tuple[int, int]:
    times, limits = 16 * (flags >> 5 & 1), 4 * (flags >> 4 & 1)
    offset, width = start + 6 + times + limits, 1 << (flags & 3)
    return offset + width, _number(_read(raw, offset, width))


def _in_block(block: bytes, head_bytes: int, is_newer: bool) -> Iterator[tuple[int, bytes]]:
    kind_bytes = 1 if is_newer else 2
    position = 0
    while position + head_bytes <= len(block):
        size = _number(block[position + kind_bytes : position + kind_bytes + 2])
        body = position + head_bytes
        yield _number(block[position : position + kind_bytes]), block[body : body + size]
        position = body + size


def _value(body: bytes, name: bytes) -> bytes | None:
    """Bytes of an attribute's value, where the message is of the attribute asked for."""
    if len(body) < 9:
        return None
    version = body[0]
    sizes = [_number(body[first : first + 2]) for first in (2, 4, 6)]
    begin = 9 if version == 3 else 8
    if body[begin : begin + sizes[0]].rstrip(b"\0") != name:
        return None
    return body[begin + sum(-(-size // 8) * 8 if version == 1 else size for size in sizes) :]


def _number(stored: bytes) -> int:
    return int.from_bytes(stored, "little")


def _read(raw: BinaryIO, start: int, size: int) -> bytes:
    if not (0 <= start < 1 << 62 and 0 <= size < 1 << 31):
        raise SampleFileError("has a damaged header of a group or dataset: copy or download it again.")
    raw.seek(start)
    return raw.read(size)
