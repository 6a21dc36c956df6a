"""Untrusted HDF5 files: opened only after all their contents are checked.

Refuses pickles, links and storage outside of the file, shapes that the stored bytes cannot fill, and damage;
each with one sentence. Knows nothing of samples. Neither this module nor h5py runs anything in a file.
"""

import io
import math
import os
import pickletools
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np

from core.errors import DomainsError, SampleError, SampleFileError, UnsafeFileError
from core.text import file_name, shown

MAX_OBJECTS = 10_000
"""Groups, datasets and attributes that a file may hold."""

MAX_DEPTH = 32
"""How deep groups may be nested."""

MAX_ATTRIBUTE_BYTES = 1 << 20

SMALL_BYTES = 1 << 20
"""A dataset up to this size may be declared without being stored: HDF5 then reads zeros."""

DEFLATE_LIMIT = 1032
"""zlib shrinks nothing to less than 1/1032 (zlib's technical notes); other filters of HDF5 shrink less."""

# A pickle needs one of these to get hold of anything that can be called.
_IMPORTING_OPCODES = {"GLOBAL", "STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4"}


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading, once it is known to be harmless.

    Parameters
    ----------
    path : Path

    Yields
    ------
    h5py.File
        Open until the block ends. What h5py raises inside the block becomes a sentence, too.

    Raises
    ------
    SampleFileError
        If the file is missing, not HDF5, cut off or damaged.
    UnsafeFileError
        If it holds something that could run code or reach other files.
    """
    with _damage_as_sentence(path):
        _check_is_hdf5(path)
        with h5py.File(path, "r") as file:
            _Inspection(path, file).run()
            yield file


def plain_attribute(item: Any, name: str) -> Any:
    """Read an attribute of fixed length.

    Parameters
    ----------
    item : h5py.Group or h5py.Dataset
    name : str

    Returns
    -------
    object or None
        None where there is none, and for text of variable length: one damaged byte makes HDF5 hang on it.
    """
    if name not in item.attrs or item.attrs.get_id(name).dtype.hasobject:
        return None
    return item.attrs[name]


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name before the message of errors in its contents; the type of error stays.

    Parameters
    ----------
    path : Path
    """
    try:
        yield
    except SampleError as error:
        joint = " " if str(error)[:1].islower() else ": "
        raise type(error)(f"{file_name(path)}{joint}{error}") from error


@contextmanager
def _damage_as_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except DomainsError:
        raise
    except MemoryError as error:
        raise SampleFileError(
            f"{file_name(path)} does not fit in this machine's memory: use a machine with more, or fewer genes."
        ) from error
    except PermissionError as error:
        raise SampleFileError(f"{file_name(path)} may not be read: ask its owner for permission.") from error
    # h5py reports damaged bytes with many types, from OSError and KeyError to SystemError.
    except Exception as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> SampleFileError:
    if "truncated file" in str(error):
        return SampleFileError(f"{file_name(path)} is cut off before its end: copy or download it again.")
    return SampleFileError(
        f"{file_name(path)} is damaged ({shown(error, 120).rstrip('.')}): copy or download it again."
    )


def _check_is_hdf5(path: Path) -> None:
    name = file_name(path)
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise SampleFileError(f"There is no file {shown(path, 300)}: check its name and its folder.") from error
    if stat.S_ISDIR(status.st_mode):
        raise SampleFileError(f"{name} is a folder: choose a file of a sample, such as sample_151673.h5.")
    if not stat.S_ISREG(status.st_mode):
        raise SampleFileError(f"{name} is not an ordinary file: choose a file of a sample, such as sample_151673.h5.")
    if status.st_size == 0:
        raise SampleFileError(f"{name} is empty: copy or download it again.")
    with open(path, "rb"):
        pass  # h5py.is_hdf5 says False, too, of what may not be read
    if not h5py.is_hdf5(path):
        raise SampleFileError(
            f"{name} is not an HDF5 file{_whatever(path)}: choose another, or copy or download it again."
        )


def _whatever(path: Path) -> str:
    return ", whatever its name says" if path.suffix.lower() in (".h5", ".h5ad", ".hdf5", ".h5mu", ".gef") else ""


class _Inspection:
    """One walk over all groups, datasets and attributes of a file, without reading a dataset."""

    def __init__(self, path: Path, file: h5py.File) -> None:
        self._name = file_name(path)
        self._file = file
        self._file_size = path.stat().st_size
        self._n_objects = 0
        self._seen: set[Any] = set()
        self._soft_links: list[tuple[h5py.Group, bytes]] = []

    def run(self) -> None:
        # Not recursive: a file must not decide the depth of Python's stack.
        waiting = [(self._file["/"], 0)]
        while waiting:
            group, depth = waiting.pop()
            if self._is_new(group):
                waiting += [(child, depth + 1) for child in self._children(group, depth)]
        for group, link_name in self._soft_links:
            self._check_soft_link(group, link_name)

    def _is_new(self, item: Any) -> bool:
        info = h5py.h5o.get_info(item.id)
        identity = (info.fileno, info.addr)
        fresh = identity not in self._seen
        self._seen.add(identity)
        if fresh:
            self._check_attributes(item)
        return fresh

    def _children(self, group: h5py.Group, depth: int) -> list[h5py.Group]:
        self._count(len(group))
        if depth >= MAX_DEPTH:
            raise UnsafeFileError(
                f"{self._name} has groups nested more than {MAX_DEPTH} deep, which no sample needs: it was not read."
            )
        children = [self._linked(group, link_name) for link_name in list(group.id)]
        for child in children:
            self._check_child(child)
        return [child for child in children if isinstance(child, h5py.Group)]

    def _check_child(self, child: Any) -> None:
        if isinstance(child, h5py.Dataset | h5py.Datatype) and self._is_new(child) and isinstance(child, h5py.Dataset):
            self._check_dataset(child)

    def _count(self, n_objects: int) -> None:
        self._n_objects += n_objects
        if self._n_objects > MAX_OBJECTS:
            raise UnsafeFileError(
                f"{self._name} holds more than {MAX_OBJECTS} objects, which no sample needs: it was not read."
            )

    def _linked(self, group: h5py.Group, link_name: bytes) -> Any:
        kind = group.id.links.get_info(link_name).type
        if kind == h5py.h5l.TYPE_SOFT:
            self._soft_links.append((group, link_name))
            return None
        if kind != h5py.h5l.TYPE_HARD:
            self._refuse(link_name, "is a link to another file", "copy what it points to into this file")
        return group[link_name]

    def _check_soft_link(self, group: h5py.Group, link_name: bytes) -> None:
        # After the walk no group leads to another file, so following a link stays inside.
        try:
            leads_somewhere = h5py.h5o.exists_by_name(group.id, link_name)
        except (RuntimeError, KeyError, UnicodeDecodeError):  # what h5py makes of HDF5 finding nothing
            leads_somewhere = False
        if not leads_somewhere:
            self._refuse(
                link_name, "is a link to something that is not in this file", "save the file again with what it needs"
            )

    def _check_dataset(self, dataset: h5py.Dataset) -> None:
        # Before its shape is asked for: HDF5 then opens the files that a virtual dataset names.
        plan = dataset.id.get_create_plist()
        if plan.get_layout() == h5py.h5d.VIRTUAL or plan.get_external_count() > 0:
            self._refuse(dataset.name, "keeps its values in another file", "save the values in this file")
        if _is_pickle_type(dataset.dtype) or _says_pickle(dataset):
            self._refuse_pickle(dataset.name)
        self._check_size(dataset, filtered=plan.get_nfilters() > 0)

    def _check_size(self, dataset: h5py.Dataset, *, filtered: bool) -> None:
        # A chunk is unpacked as a whole, even where only a corner of it is used.
        n_values = max(int(dataset.size or 0), math.prod(dataset.chunks or ()))
        declared = n_values * int(dataset.dtype.itemsize)
        stored = min(int(dataset.id.get_storage_size()), self._file_size)
        if declared > max(SMALL_BYTES, stored * (DEFLATE_LIMIT if filtered else 1)):
            raise UnsafeFileError(
                f"{self._name} declares {shown(dataset.name)!r} with the shape {dataset.shape}, far more than its "
                f"{self._file_size} bytes can hold: it was not read; make the file again."
            )

    def _check_attributes(self, item: Any) -> None:
        attributes = item.attrs
        self._count(len(attributes))
        for number in range(len(attributes)):
            self._check_attribute(item, h5py.h5a.open(item.id, index=number))

    def _check_attribute(self, item: Any, attribute: Any) -> None:
        # By number, since names that are not UTF-8 cannot be requested.
        name = shown(attribute.name)
        where = f"attribute {name}" if item.name == "/" else f"{shown(item.name)}, attribute {name}"
        if attribute.shape is None or 0 in attribute.shape:  # declared, but empty
            return
        if attribute.get_storage_size() > MAX_ATTRIBUTE_BYTES:
            self._refuse(where, "is larger than 1 MiB", "save it as a dataset")
        if _is_ragged_ascii(attribute.dtype):
            self._refuse(where, "is text of variable length that other programs may run", "save it with a fixed length")
        # Of the other types none can hold a pickle, and ragged text in UTF-8 is never unpickled by PyTables.
        if _is_pickle_type(attribute.dtype) or any(map(holds_pickle, _byte_strings(attribute))):
            self._refuse_pickle(where)

    def _refuse_pickle(self, where: str | None) -> NoReturn:
        found = "holds a Python object (a pickle), which could run code when it is loaded"
        self._refuse(where, found, "save plain arrays of numbers and text")

    def _refuse(self, where: str | bytes | None, found: str, remedy: str) -> NoReturn:
        raise UnsafeFileError(f"{self._name} was not read: `{shown(where).lstrip('/')}` {found}; {remedy}.")


def _says_pickle(dataset: h5py.Dataset) -> bool:
    """Whether PyTables would unpickle the entries of this array."""
    if "PSEUDOATOM" not in dataset.attrs:
        return False
    attribute = dataset.attrs.get_id("PSEUDOATOM")
    return attribute.dtype.kind != "S" or b"object" in _byte_strings(attribute)


def _is_ragged_ascii(dtype: np.dtype[Any]) -> bool:
    text = h5py.check_string_dtype(dtype)
    return text is not None and text.length is None and text.encoding == "ascii"


def _is_pickle_type(dtype: np.dtype[Any]) -> bool:
    """Whether entries are byte strings of any length or without meaning, as pickles are stored; text is not."""
    if dtype.names is not None:
        return any(_is_pickle_type(dtype[field]) for field in dtype.names)
    if dtype.subdtype is not None:
        return _is_pickle_type(dtype.subdtype[0])
    if h5py.check_string_dtype(dtype) or h5py.check_ref_dtype(dtype):
        return False
    vlen = h5py.check_vlen_dtype(dtype)
    if vlen is not None:
        return not h5py.check_ref_dtype(np.dtype(vlen))
    return dtype.kind in "OV"


def _byte_strings(attribute: Any) -> list[bytes]:
    """Byte strings that an attribute holds, as text or as numbers of one byte."""
    dtype = attribute.dtype
    if attribute.shape is None or not (dtype.kind == "S" or dtype.itemsize == 1):
        return []
    values = np.zeros(attribute.shape, dtype=dtype)
    attribute.read(values)
    return values.ravel().tolist() if dtype.kind == "S" else [values.tobytes()]


def holds_pickle(value: bytes) -> bool:
    """Whether some bytes are a pickle, found without running it.

    PyTables writes Python objects as attributes of pickled bytes, and unpickles whatever looks like them.

    Parameters
    ----------
    value : bytes

    Returns
    -------
    bool
        True for a whole pickle, and for the beginning of one that imports something.
    """
    try:
        first = next(pickletools.genops(value))[0]
        # Text such as `c. elegans` spells opcodes, too, but rarely one that can stand first.
        return not first.stack_before and (_imports(value) or _is_whole_pickle(value))
    # pickletools gives up in many ways on what is not a pickle.
    except Exception:
        return False


def _imports(value: bytes) -> bool:
    """Whether an opcode imports, whatever follows it."""
    try:
        return any(opcode.name in _IMPORTING_OPCODES for opcode, _, _ in pickletools.genops(value))
    except Exception:  # as above; it yields opcodes up to the first that is none
        return False


def _is_whole_pickle(value: bytes) -> bool:
    *_, (_, _, end) = pickletools.genops(value)
    pickletools.dis(value, out=io.StringIO())  # keeps count of the stack, and fails where it does not come out
    return end == len(value) - 1
