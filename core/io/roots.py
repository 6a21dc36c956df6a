"""Folders of the server that users may read from: only configured ones and their contents.

Paths are followed to where they really lead, and refused where that is outside.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.errors import SampleFileError, UnsafeFileError
from core.text import file_name, shown

MAX_ENTRIES = 500
"""How many entries of a folder are listed."""

MAX_LINKS_LOOKED_FOR = 20_000
"""How many files of a folder are checked for links out of it."""


_NEVER_READ = (".cloupe", ".vloupe", ".html", ".bam", ".bai", ".sam", ".cram", ".log", ".pdf", ".btf", ".fastq.gz")
"""Endings of what Space Ranger writes and no reader opens, so that a link to it does no harm."""

_READ_BESIDE = (
    "spatial",
    ".csv",
    ".tsv",
    ".txt",
    ".csv.gz",
    ".tsv.gz",
    ".txt.gz",
    ".json",
    ".json.gz",
    ".png",
    ".parquet",
)
"""Endings of what belongs to a matrix that is given itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file or folder in a folder.

    Parameters
    ----------
    name : str
    is_folder : bool
    """

    name: str
    is_folder: bool


def configured() -> list[Path]:
    """List the folders that `SPCA_ROOTS` names, separated as in PATH.

    Returns
    -------
    list of Path
        Real paths of those that exist; none by default.
    """
    named = [Path(text) for text in os.environ.get("SPCA_ROOTS", "").split(os.pathsep) if text.strip()]
    return list(dict.fromkeys(path.resolve() for path in named if path.is_dir()))


def below(root: Path, name: str) -> Path:
    """Find a file or folder inside of a root.

    Parameters
    ----------
    root : Path
        One of :func:`configured`.
    name : str
        Path relative to it; empty for the root itself.

    Returns
    -------
    Path
        Where it really lies.

    Raises
    ------
    UnsafeFileError
        If it leads out of the root, by its name or by a link.
    SampleFileError
        If there is no such file or folder.
    """
    try:
        found = (root / name).resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:  # missing, a NUL in it, links in a circle
        raise SampleFileError(
            f"There is no {shown(name, 200)} in {shown(root.name)}: choose something else."
        ) from error
    if not found.is_relative_to(root.resolve()):
        raise UnsafeFileError(f"{shown(name, 200)} leads out of {shown(root.name)}: choose something that lies in it.")
    return found


def entries(folder: Path, root: Path) -> list[Entry]:
    """List what lies in a folder, without hidden files, links out of its root, and names that are no text.

    Parameters
    ----------
    folder : Path
        As :func:`below` gives it.
    root : Path

    Returns
    -------
    list of Entry
        Folders first, each kind by name; at most :data:`MAX_ENTRIES`.

    Raises
    ------
    SampleFileError
        If the folder may not be read.
    """
    try:
        with os.scandir(folder) as found:
            seen = list(islice((item for item in found if _can_be_chosen(item.name)), MAX_ENTRIES))
    except OSError as error:
        raise SampleFileError(
            f"The folder {file_name(folder)} cannot be read: ask its owner for permission."
        ) from error
    listed = [Entry(name=item.name, is_folder=item.is_dir()) for item in seen if _leads_inside(Path(item.path), root)]
    return sorted(listed, key=lambda entry: (not entry.is_folder, entry.name))


def _can_be_chosen(name: str) -> bool:
    try:
        name.encode()  # the bytes of a name need not be UTF-8, and no page can send others
    except UnicodeEncodeError:
        return False
    return not name.startswith(".")


def check_links(path: Path, root: Path) -> None:
    """Refuse a source that has a link out of its root in it, or beside it where readers look, unless nobody would follow it.

    Parameters
    ----------
    path : Path
        As :func:`below` gives it.
    root : Path

    Raises
    ------
    UnsafeFileError
        If there is such a link, or there are too many files to check.
    """
    for number, item in enumerate(_everything_in(path)):
        if number >= MAX_LINKS_LOOKED_FOR:
            raise UnsafeFileError(
                f"{file_name(path)} holds more than {MAX_LINKS_LOOKED_FOR:,} files: choose a folder of one sample."
            )
        if not _leads_inside(item, root) and not item.name.lower().endswith(_NEVER_READ):
            raise UnsafeFileError(f"{shown(item.name)} is a link out of {shown(root.name)}: replace it by a copy.")


def _leads_inside(path: Path, root: Path) -> bool:
    try:
        return not path.is_symlink() or path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # links in a circle
        return False


def _everything_in(path: Path) -> Iterator[Path]:
    """Yield what lies in a folder; of a matrix that is given itself, what readers look for beside it."""
    if path.is_file() or path.name.endswith("_bc_matrix"):
        beside = [item for item in path.parent.iterdir() if item.name.lower().endswith(_READ_BESIDE)]
        yield from beside
        for folder in beside:
            yield from _inside(folder)
    yield from _inside(path)


def _inside(path: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(path):
        yield from (Path(folder) / name for name in (*folders, *files))
