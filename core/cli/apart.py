"""No command writes over what it reads, or twice to one place.

Checked once for all commands, after their options are read and before anything else is done.
"""

import argparse
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from core.errors import ParameterError
from core.io.hdf5.magic import is_hdf5

OUTPUTS = (
    "labels",
    "loupe",
    "xenium",
    "h5ad",
    "spatialdata",
    "lab_h5",
    "markers",
    "thickness",
    "tree",
    "figure",
    "out",
    "to",
)
"""Options that name what a command writes; every other path is read."""

_HDF5_OUTPUTS = ("h5ad", "lab_h5", "out")
_MAY_REPLACE_ITS_FILE = "attach"  # which is what it is for
# Where they are folders; that of models holds what is written, too.
_READ_WHOLE = ("file", "files", "source", "folder", "reference", "sample")
# FILE:COLUMN, and tables where a column or a table that is shipped may be named instead.
_PATHS_AS_TEXT = ("files", "annotation", "markers_of", "name_by")

Outputs = Mapping[str, Path]
"""Paths to write, by the words that a sentence names them with."""


def check_options(options: argparse.Namespace) -> None:
    """Refuse outputs of a command that are its inputs or one another, or that a sample of another format would be lost to.

    Parameters
    ----------
    options : argparse.Namespace

    Raises
    ------
    ParameterError
    """
    if getattr(options, "joint", False):
        return  # outputs are folders, which may be one: the files in them are checked once the samples' names are known
    written = {_option(name): path for name in OUTPUTS if isinstance(path := getattr(options, name, None), Path)}
    check(written, _read(options))
    for name in set(OUTPUTS) - {*_HDF5_OUTPUTS}:
        path = written.get(_option(name))
        if path is not None and path.is_file() and is_hdf5(path):
            raise ParameterError(f"{_option(name)}: {path} holds a sample, which would be lost: name another file.")


def check(written: Outputs, read: Iterable[Path]) -> None:
    """Refuse files to write that are read, or that are one another.

    Parameters
    ----------
    written : mapping of str to Path
        By the words that a sentence names them with.
    read : iterable of Path
        Files and folders; of a folder, everything in it is read.

    Raises
    ------
    ParameterError
    """
    for (one, path), (other, same) in itertools.combinations(written.items(), 2):
        if _same(path, same):
            raise ParameterError(f"{one} and {other} both name {same}: give each a file of its own.")
    inputs = [path for path in read if os.path.exists(path)]
    for (name, path), source in itertools.product(written.items(), inputs):
        if _same(path, source) or _inside(path, source):
            raise ParameterError(f"{name} names {path}, which is read: name another file.")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _read(options: argparse.Namespace) -> Iterator[Path]:
    for name, value in vars(options).items():
        if name in OUTPUTS or (name == "file" and options.command == _MAY_REPLACE_ITS_FILE):
            continue
        for one in value if isinstance(value, list) else [value]:
            for path in _paths(name, one):
                # Which, unlike a Path's own, bear names of any length.
                if os.path.isfile(path) or (name in _READ_WHOLE and os.path.isdir(path)):
                    yield path


def _paths(name: str, value: object) -> Sequence[Path]:
    if isinstance(value, Path):
        return [value]
    if name in _PATHS_AS_TEXT and isinstance(value, str):
        return [Path(value), Path(value.rpartition(":")[0] or value)]
    return []


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:  # one is not there yet
        return os.path.realpath(one) == os.path.realpath(other)


def _inside(path: Path, folder: Path) -> bool:
    """Whether a file that is there is one of those in a folder that is read."""
    return path.exists() and folder.is_dir() and folder.resolve() in path.resolve().parents
