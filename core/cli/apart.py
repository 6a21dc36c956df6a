"""No command writes over what it reads, over what this program keeps, or twice to one place.

Checked once for all commands, after their options are read and before anything else is done.
"""

import argparse
import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from core.errors import DomainsError, ParameterError, RecordError
from core.folders import models_folder
from core.io.annotation_store import FOLDER_ENDING
from core.io.hdf5.magic import HDF5

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

_ZIP = b"PK\x03\x04"
# What files begin with that hold data which a table, a page or a figure would destroy.
_KINDS = {
    HDF5: "a sample",
    b"SQLite format 3\x00": "a database",
    _ZIP: "an archive",
    b"\x1f\x8b": "compressed data",
    b"PAR1": "a table in Parquet",
}
_FOUND_LAB, _FOUND_H5AD, _DRAWN, _RUN = "a sample with domains", "an h5ad with domains", "a synthetic sample", "a run"
# Which of them an output may replace, since a command made them like that itself: by option, or by command and option. What
# somebody brought in himself is only replaced by `import`, whose help says so.
_REPLACED = {
    "--h5ad": (_FOUND_H5AD,),
    "--lab-h5": (_FOUND_LAB,),
    "import --out": ("a sample", _FOUND_LAB, _FOUND_H5AD, _DRAWN),
    "synthesise --out": (_DRAWN,),
    "runs export --out": (_RUN,),
}
_KEPT = {"runs", "results", "jobs", "sweeps"}  # folders inside that of models

_MAY_REPLACE_ITS_FILE = "attach"  # which is what it is for
# Where they are folders; that of models holds what is written, too.
_READ_WHOLE = ("file", "files", "source", "folder", "reference", "sample")
# FILE:COLUMN, and tables where a column or a table that is shipped may be named instead.
_PATHS_AS_TEXT = ("files", "annotation", "markers_of", "name_by")

Outputs = Mapping[str, Path]
"""Paths to write, by the words that a sentence names them with."""


def check_options(options: argparse.Namespace) -> None:
    """Refuse outputs of a command that are its inputs or one another, or to which something that is kept would be lost.

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
    check_kept(written, options)


def check_kept(written: Outputs, options: argparse.Namespace) -> None:
    """Refuse files to write in whose place lies something that this program keeps, or data of another kind.

    Parameters
    ----------
    written : mapping of str to Path
        By the options that name them.
    options : argparse.Namespace
        Of the command.

    Raises
    ------
    ParameterError
    """
    models = getattr(options, "models", None) or models_folder()
    for option, path in written.items():
        if not path.is_file() or _changed_in_place(path, options):
            continue
        lost = _kept_by_place(path.resolve(), models.resolve()) or _kept_by_content(path)
        command = " ".join(filter(None, (options.command, getattr(options, "action", None), option)))
        if lost and lost not in (*_REPLACED.get(option, ()), *_REPLACED.get(command, ())):
            raise ParameterError(f"{option}: {path} holds {lost}, which would be lost: name another file.")


def _kept_by_place(path: Path, models: Path) -> str:
    """Say what lies at a path that begins like anything else; empty for nothing of ours."""
    if path.parent.name.endswith(FOLDER_ENDING):
        return "an annotation"
    if path.parent.resolve() == Path(os.environ.get("RUNS_ARTIFACTS") or models / "runs").resolve():
        return "a part of a run"
    if models not in path.parents:
        return ""
    if path.parent == models:
        return "a trained model" if path.with_suffix(".pt").is_file() else ""
    return "what this program keeps" if path.relative_to(models).parts[0] in _KEPT else ""


def _changed_in_place(path: Path, options: argparse.Namespace) -> bool:
    return options.command == _MAY_REPLACE_ITS_FILE and _same(path, options.file)


def _kept_by_content(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(max(map(len, _KINDS)))
    magic = next((magic for magic in _KINDS if start.startswith(magic)), b"")
    looked_into = {HDF5: _domains_in, _ZIP: _run_in}.get(magic)
    return (looked_into(path) if looked_into else "") or _KINDS.get(magic, "")


def _run_in(path: Path) -> str:
    from core.work.runs import one_file

    try:
        one_file.read(path)
    except RecordError:
        return ""
    return _RUN


def _domains_in(path: Path) -> str:
    """Say what a command has written there; empty for any other sample, and for what cannot be read."""
    from core.io.hdf5.safe import opened

    with contextlib.suppress(DomainsError), opened(path) as file:
        if "spatial_domains" in file.get("uns", ()):
            return _FOUND_H5AD
        if "X" in file and "labels" in file:
            return _FOUND_LAB
        if "X" in file and "synthetic" in file:
            return _DRAWN
    return ""


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
