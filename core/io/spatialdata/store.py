"""Untrusted zarr stores of format 2 and 3: their metadata, and arrays that are checked before anything is reserved for them.

Only compression that cannot run code is undone, links are not followed, and a chunk is unpacked only where the size that it
states is the one that its array declares. Knows nothing of samples.
"""

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from core.errors import SampleFileError, UnsafeFileError
from core.io.spatialdata.chunks import check_chunk
from core.text import shown

MAX_METADATA_BYTES = 32 << 20
MAX_ARRAY_BYTES = 8 << 30
"""Largest array, unpacked."""

MAX_CHUNK_BYTES = 1 << 30
SMALL_BYTES = 64 << 20
"""An array up to this size may be declared without being stored: zarr leaves out chunks of zeros."""

MAX_RATIO = 2000
"""Bytes unpacked for each byte stored, of larger arrays."""

_MAX_TEXT_BYTES = 512 << 20
_MAX_FILL = 1024
_META = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")
_COMPRESSORS = ("blosc", "zstd", "gzip", "zlib", "lz4")
_PLAIN = ("bytes", "vlen-utf8", "transpose", "crc32c", "numcodecs.zstd", "numcodecs.blosc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """An array whose metadata was checked.

    Parameters
    ----------
    key : str
        Path in the store.
    zarr_format : {2, 3}
    shape, chunks : tuple of int
    dtype : dtype or None
        None for text.
    compressor : str
        Empty where there is none.
    attributes : dict
    """

    key: str
    zarr_format: int
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any] | None
    compressor: str
    attributes: dict[str, Any]

    @property
    def nbytes(self) -> int:
        """Bytes unpacked; of text, its pointers."""
        return math.prod(self.shape) * (8 if self.dtype is None else self.dtype.itemsize)

    @property
    def chunk_bytes(self) -> int:
        """Bytes of one chunk unpacked; 0 for text, whose length nothing declares."""
        return 0 if self.dtype is None else math.prod(self.chunks) * self.dtype.itemsize


def is_store(folder: Path) -> bool:
    """Say whether a folder is a zarr store or a group of one.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    bool
    """
    return any((folder / name).is_file() for name in _META)


def is_metadata(name: PurePosixPath) -> bool:
    """Say whether a file of a store is metadata.

    Parameters
    ----------
    name : PurePosixPath

    Returns
    -------
    bool
    """
    return name.name in _META


class Store:
    """A zarr store on the disk, for reading.

    Parameters
    ----------
    root : Path
        Its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def attributes(self, key: str) -> dict[str, Any]:
        """Read the attributes of a group or array; empty where there are none.

        Parameters
        ----------
        key : str

        Returns
        -------
        dict
        """
        newer = self._json(key, "zarr.json")
        found = self._json(key, ".zattrs") if newer is None else newer.get("attributes")
        return found if isinstance(found, dict) else {}

    def children(self, key: str) -> list[str]:
        """Name the groups and arrays in a group.

        Parameters
        ----------
        key : str

        Returns
        -------
        list of str
            In alphabetical order.
        """
        folder = self._folder(key)
        if not folder.is_dir():
            return []
        return sorted(
            item.name for item in folder.iterdir() if item.is_dir() and not item.is_symlink() and is_store(item)
        )

    def is_array(self, key: str) -> bool:
        """Say whether there is an array of that name.

        Parameters
        ----------
        key : str

        Returns
        -------
        bool
        """
        newer = self._json(key, "zarr.json")
        return newer.get("node_type") == "array" if newer is not None else self._json(key, ".zarray") is not None

    def is_group(self, key: str) -> bool:
        """Say whether there is a group of that name.

        Parameters
        ----------
        key : str

        Returns
        -------
        bool
        """
        return is_store(self._folder(key)) and not self.is_array(key)

    def array(self, key: str) -> Array:
        """Check the metadata of an array, and the sizes of what is stored.

        Parameters
        ----------
        key : str

        Returns
        -------
        Array

        Raises
        ------
        SampleFileError
            If there is none, or it is damaged.
        UnsafeFileError
            If its codecs could run code, or its sizes are not plausible.
        """
        found = self.declared(key)
        self._check(found)
        return found

    def declared(self, key: str) -> Array:
        """Check the metadata of an array, and not what is stored.

        Parameters
        ----------
        key : str

        Returns
        -------
        Array

        Raises
        ------
        SampleFileError or UnsafeFileError
            As :meth:`array`.
        """
        newer = self._json(key, "zarr.json")
        try:
            _check_fill(self._json(key, ".zarray") if newer is None else newer)
            return _whole(self._array_2(key) if newer is None else _array_3(key, newer))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise SampleFileError(f"`{shown(key)}` has damaged metadata: write the store again.") from error

    def read(self, array: Array, selection: Any = Ellipsis) -> np.ndarray:
        """Read an array, or a part of it.

        Parameters
        ----------
        array : Array
        selection : slice or other index

        Returns
        -------
        ndarray
            Text as objects.

        Raises
        ------
        SampleFileError
            If it is damaged.
        """
        import zarr

        try:
            opened = zarr.open_array(str(self._folder(array.key)), mode="r", zarr_format=array.zarr_format)  # type: ignore[arg-type]
            return np.asarray(opened[selection])
        # Damage comes out of zarr and its codecs as anything from ValueError to RuntimeError.
        except Exception as error:
            reason = shown(error, 120).rstrip(".")
            raise SampleFileError(f"`{shown(array.key)}` is damaged ({reason}): write the store again.") from error

    def file(self, key: str, name: str) -> Path | None:
        """Find a file beside metadata, such as a table in Parquet.

        Parameters
        ----------
        key : str
        name : str

        Returns
        -------
        Path or None
            A file, or a folder of parts.
        """
        path = self._folder(key) / name
        return path if path.exists() and not path.is_symlink() else None

    def _folder(self, key: str) -> Path:
        folder = (self.root / key).resolve()
        if not folder.is_relative_to(self.root):
            raise UnsafeFileError(f"`{shown(key)}` leads out of the store: it was not read.")
        return folder

    def _json(self, key: str, name: str) -> dict[str, Any] | None:
        path = self._folder(key) / name
        if path.is_symlink() or not path.is_file():
            return None
        try:
            if path.stat().st_size > MAX_METADATA_BYTES:
                raise UnsafeFileError(f"`{shown(key)}` has metadata of absurd length: the store was not read.")
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise SampleFileError(f"`{shown(key)}/{name}` cannot be read: write the store again.") from error
        return found if isinstance(found, dict) else None

    def _array_2(self, key: str) -> Array:
        found = self._json(key, ".zarray")
        if found is None:
            raise SampleFileError(f"has no array `{shown(key)}`.")
        filters = [str(entry["id"]) for entry in found.get("filters") or []]
        compressor = str((found.get("compressor") or {"id": ""})["id"])
        is_text = found["dtype"] == "|O"
        _check_codecs(key, [*filters, *([compressor] if compressor else [])], needs_text=is_text)
        return Array(
            key=key,
            zarr_format=2,
            shape=_sizes(found["shape"]),
            chunks=_sizes(found["chunks"]),
            dtype=None if is_text else _plain_type(key, np.dtype(found["dtype"])),
            compressor=compressor,
            attributes=self.attributes(key),
        )

    def _check(self, array: Array) -> None:
        n_chunks = math.prod(-(-size // chunk) for size, chunk in zip(array.shape, array.chunks, strict=True) if chunk)
        files = list(self._chunk_files(array.key))
        stored = sum(size for _, size in files)
        limit = max(SMALL_BYTES, min(MAX_ARRAY_BYTES, MAX_RATIO * stored))
        if array.nbytes > limit or array.chunk_bytes > MAX_CHUNK_BYTES or len(files) > max(1, n_chunks):
            raise UnsafeFileError(
                f"`{shown(array.key)}` declares the shape {array.shape} in {n_chunks} chunks, more than its {len(files)} files of "
                f"{stored:,} bytes can hold: it was not read."
            )
        for path, size in files:
            limit = array.chunk_bytes or min(_MAX_TEXT_BYTES, max(SMALL_BYTES, MAX_RATIO * size))
            check_chunk(array.key, array.compressor, path, size, limit)

    def _chunk_files(self, key: str) -> Iterator[tuple[Path, int]]:
        for where, folders, files in os.walk(self._folder(key)):
            for name in (*folders, *files):
                path = Path(where) / name
                if path.is_symlink():
                    raise UnsafeFileError(f"`{shown(key)}` holds a link, {shown(name)}: replace it by a copy.")
                if name in files and name not in _META and not name.startswith("._"):
                    yield path, path.stat().st_size


def _array_3(key: str, found: dict[str, Any]) -> Array:
    names = [str(codec["name"]) for codec in found["codecs"]]
    kind = found["data_type"]
    is_text = kind == "string"
    _check_codecs(key, names, needs_text=is_text)
    if found["chunk_grid"]["name"] != "regular" or found.get("storage_transformers"):
        raise SampleFileError(f"`{shown(key)}` is stored in an irregular way: write the store again with its defaults.")
    if not is_text and not isinstance(kind, str):
        raise SampleFileError(f"`{shown(key)}` holds values of a rare type: write the store again with its defaults.")
    return Array(
        key=key,
        zarr_format=3,
        shape=_sizes(found["shape"]),
        chunks=_sizes(found["chunk_grid"]["configuration"]["chunk_shape"]),
        dtype=None if is_text else _plain_type(key, np.dtype(kind)),
        compressor=next((name.removeprefix("numcodecs.") for name in names if name.removeprefix("numcodecs.") in _COMPRESSORS), ""),
        attributes=found.get("attributes") or {},
    )  # fmt: skip


def _check_fill(found: dict[str, Any] | None) -> None:
    """Refuse a long text that stands for all chunks that are left out."""
    fill = None if found is None else found.get("fill_value")
    if isinstance(fill, str) and len(fill) > _MAX_FILL:
        raise ValueError(len(fill))


def _whole(array: Array) -> Array:
    """Refuse metadata whose parts do not fit together."""
    pairs = zip(array.shape, array.chunks, strict=True)
    if any(size and not chunk for size, chunk in pairs) or not isinstance(array.attributes, dict):
        raise ValueError(array.key)
    return array


def _sizes(found: Any) -> tuple[int, ...]:
    sizes = tuple(int(size) for size in found)
    if any(size < 0 or size > 1 << 48 for size in sizes) or len(sizes) > 8:
        raise ValueError(sizes)
    return sizes


def _check_codecs(key: str, names: list[str], *, needs_text: bool) -> None:
    if "sharding_indexed" in names:
        raise SampleFileError(f"`{shown(key)}` is stored in shards, which are not read: write the store again without.")
    strange = [name for name in names if name not in (*_PLAIN, *_COMPRESSORS)]
    if strange:
        raise UnsafeFileError(
            f"`{shown(key)}` is encoded with {shown(strange[0], 40)!r}, which was not undone: it could run code, or its size cannot "
            "be told before. Write the store again with zarr's defaults."
        )
    if needs_text and "vlen-utf8" not in names:
        raise UnsafeFileError(f"`{shown(key)}` holds objects that are no text: it was not read.")
    if sum(name.removeprefix("numcodecs.") in _COMPRESSORS for name in names) > 1:
        raise SampleFileError(f"`{shown(key)}` is compressed twice: write the store again with zarr's defaults.")


def _plain_type(key: str, dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.kind not in "biufSU" or dtype.itemsize > 4096:
        raise SampleFileError(f"`{shown(key)}` holds values of type {dtype}, where numbers or text belong.")
    return dtype
