"""HDF5 files from strangers: opened only after a look at all that they hold.

Refuses pickles, links and storage outside of the file, shapes that the stored bytes cannot fill, and damage;
each with one sentence. Knows nothing of samples. Nothing in a file is ever run, and h5py runs nothing by itself.
"""

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

from core.errors import DomainsError, SampleFileError, UnsafeFileError
from core.io.ragged_text import read_ragged_text

MAX_OBJECTS = 10_000
"""Groups, datasets and attributes that a file may hold."""

MAX_DEPTH = 32
"""Groups that may lie in one another."""

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


def shown(text: object, limit: int = 80) -> str:
    """Text from a file, fit to be shown on one line of any terminal or page.

    Parameters
    ----------
    text : object
    limit : int
        Longer text is cut.

    Returns
    -------
    str
    """
    plain = str(text).encode("utf-8", "backslashreplace").decode()
    line = "".join(sign if sign.isprintable() else "?" for sign in plain)
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


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
    if dataset.dtype.hasobject:
        return read_ragged_text(dataset)
    return [bytes(entry) for entry in np.ravel(dataset[...])]


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
def _damage_as_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except DomainsError:
        raise
    except MemoryError as error:
        raise SampleFileError(
            f"{shown(path.name)} does not fit in this machine's memory: use a machine with more, or fewer genes."
        ) from error
    except PermissionError as error:
        raise SampleFileError(f"{shown(path.name)} may not be read: ask its owner for permission.") from error
    # Damaged bytes come out of h5py as anything from OSError and KeyError to SystemError.
    except Exception as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> SampleFileError:
    if "truncated file" in str(error):
        return SampleFileError(f"{shown(path.name)} is cut off before its end: copy or download it again.")
    return SampleFileError(
        f"{shown(path.name)} is damaged ({shown(error, 120).rstrip('.')}): copy or download it again."
    )


def _check_is_hdf5(path: Path) -> None:
    name = shown(path.name)
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
            f"{name} is not an HDF5 file, whatever its name says: choose another, or copy or download it again."
        )


class _Inspection:
    """One walk over all groups, datasets and attributes of a file, without reading a dataset."""

    def __init__(self, path: Path, file: h5py.File) -> None:
        self._name = shown(path.name)
        self._file = file
        self._file_size = path.stat().st_size
        self._n_objects = 0
        self._seen: set[Any] = set()
        self._soft_links: list[tuple[h5py.Group, str]] = []

    def run(self) -> None:
        # Not by recursion: a file must not choose how deep Python's stack gets.
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
        children = [self._linked(group, link_name) for link_name in list(group)]
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

    def _linked(self, group: h5py.Group, link_name: str) -> Any:
        kind = group.id.links.get_info(link_name.encode("utf-8", "surrogateescape")).type
        if kind == h5py.h5l.TYPE_SOFT:
            self._soft_links.append((group, link_name))
            return None
        if kind != h5py.h5l.TYPE_HARD:
            self._refuse(link_name, "is a link to another file", "copy what it points to into this file")
        return group[link_name]

    def _check_soft_link(self, group: h5py.Group, link_name: str) -> None:
        # The walk is over: no group of this file leads to another one, so that following a link stays inside.
        if link_name not in group:
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
        for name in attributes:
            self._check_attribute(item.name, attributes, name)

    def _check_attribute(self, owner: str, attributes: h5py.AttributeManager, name: str) -> None:
        where = f"attribute {name}" if owner == "/" else f"{owner}, attribute {name}"
        attribute = attributes.get_id(name)
        if attribute.shape is None:  # declared, but empty
            return
        if attribute.get_storage_size() > MAX_ATTRIBUTE_BYTES:
            self._refuse(where, "is larger than 1 MiB", "save it as a dataset")
        if _is_ragged_ascii(attribute.dtype):
            self._refuse(where, "is text of variable length that other programs may run", "save it with a fixed length")
        if _is_pickle_type(attribute.dtype):
            self._refuse_pickle(where)
        # Of the other types none can hold a pickle, and ragged text in UTF-8 is never unpickled by PyTables.
        can_be_pickle = attribute.dtype.kind == "S" or attribute.dtype.itemsize == 1
        if can_be_pickle and any(map(holds_pickle, _byte_strings(attributes[name]))):
            self._refuse_pickle(where)

    def _refuse_pickle(self, where: str | None) -> NoReturn:
        found = "holds a Python object (a pickle), which could run code when it is loaded"
        self._refuse(where, found, "save plain arrays of numbers and text")

    def _refuse(self, where: str | None, found: str, remedy: str) -> NoReturn:
        raise UnsafeFileError(f"{self._name} was not read: `{shown(where).lstrip('/')}` {found}; {remedy}.")


def _says_pickle(dataset: h5py.Dataset) -> bool:
    """Whether PyTables would unpickle the entries of this array."""
    if "PSEUDOATOM" not in dataset.attrs:
        return False
    found = plain_attribute(dataset, "PSEUDOATOM")
    return found is None or b"object" in _byte_strings(found)


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


def _byte_strings(value: Any) -> list[bytes]:
    array = np.asarray(value)
    return array.ravel().tolist() if array.dtype.kind == "S" else [array.tobytes()]


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
    opcodes = []
    try:
        for opcode, _, position in pickletools.genops(value):
            opcodes.append(opcode)
            if opcode.name in _IMPORTING_OPCODES or (opcode.name == "STOP" and position == len(value) - 1):
                # Text such as `a.` or `0.` spells opcodes, too, but none that could stand first.
                return not opcodes[0].stack_before
    # genops gives up in many ways on what is not a pickle.
    except Exception:
        return False
    return False
