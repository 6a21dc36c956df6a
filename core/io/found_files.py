"""The files of a sample among others: in a folder, in an archive, with or without prefixes."""

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath

from core.errors import SampleFileError, UnsafeFileError
from core.io import archives
from core.io.spatialdata.store import is_metadata
from core.text import file_name, shown

MAX_FILES = 50_000
"""Files and folders that are looked through for one sample: Xenium's output has thousands of them."""

MAX_FOLDERS_DOWN = 8

MAX_LARGE_BYTES = 512 << 20
"""Of a file that is unpacked for a small part of it."""

STORE_LIMITS = replace(archives.LIMITS, members=500_000)
"""For zarr, which has a file for each chunk of each array; of them only those that are needed are unpacked."""

_GENERIC = re.compile(
    r"outs?|spatial|binned_outputs|segmented_outputs|square_\d+um|(filtered|raw)_feature_(bc|cell)_matrix|"
    r"cell_feature_matrix|sample|output|data|cells|counts|",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Files of one sample, relative to what was given.

    Parameters
    ----------
    roles : mapping of str to PurePosixPath
        Which file, or folder, is what.
    prefix : str
        What stands before the names of its files, such as GEO's `GSM123_`.
    others : sequence of PurePosixPath
        Further files that are needed.
    choices : sequence of str
        What else can be read of the same source, this first.
    given : str
        Name of the file that was given itself; empty for a folder or an archive.
    optional : collection of str
        Roles without which the sample is read, too: what is wrong with their files keeps nothing else out.
    large : collection of str
        Optional roles whose files are unpacked of an archive only up to `MAX_LARGE_BYTES`.
    """

    roles: Mapping[str, PurePosixPath]
    prefix: str = ""
    others: Sequence[PurePosixPath] = field(default=())
    choices: Sequence[str] = ()
    given: str = ""
    optional: Collection[str] = ()
    large: Collection[str] = ()

    @property
    def files(self) -> set[PurePosixPath]:
        """All that is read."""
        return {*self.roles.values(), *self.others}

    @property
    def called(self) -> str:
        """What tells it from other samples of the same source."""
        first = next(iter(self.roles.values()))
        return self.prefix.rstrip("_.- ") or next((part for part in reversed(first.parent.parts)), "") or first.name


def is_packed(path: Path) -> bool:
    """Say by its first bytes whether a file is a zip, tar or tar.gz, which hold several files.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool
        False of a single file that was compressed.
    """
    if not path.is_file() or not archives.is_archive(path):
        return False
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    return not is_gzip or first_bytes(path)[257:262] == b"ustar"


def first_bytes(path: Path, n_bytes: int = 512) -> bytes:
    """Read the beginning of a file, unpacked where it is compressed with gzip.

    Parameters
    ----------
    path : Path
    n_bytes : int

    Returns
    -------
    bytes

    Raises
    ------
    SampleFileError
        If it is damaged.
    """
    with archives.unzipped(path) as file:
        return file.read(n_bytes)


def with_ending(names: Sequence[PurePosixPath], ending: str) -> Iterator[tuple[PurePosixPath, str]]:
    """Find files by the end of their names, and what stands before it.

    Parameters
    ----------
    names : sequence of PurePosixPath
    ending : str
        The name that the instrument gives.

    Yields
    ------
    PurePosixPath
    str
        A prefix, empty or ending in `_`, `.` or `-`.
    """
    for name in names:
        prefix = name.name.removesuffix(ending)
        if name.name.endswith(ending) and (not prefix or prefix[-1] in "_.-"):
            yield name, prefix


def by_folder(names: Sequence[PurePosixPath]) -> dict[PurePosixPath, list[PurePosixPath]]:
    """Gather files by the folder that they lie in: a search among all of them for each of many samples would take minutes.

    Parameters
    ----------
    names : sequence of PurePosixPath

    Returns
    -------
    dict of PurePosixPath to list of PurePosixPath
    """
    found: dict[PurePosixPath, list[PurePosixPath]] = {}
    for name in names:
        found.setdefault(name.parent, []).append(name)
    return found


def list_files(path: Path) -> list[PurePosixPath]:
    """List files of a source, relative to :func:`at_hand`.

    Parameters
    ----------
    path : Path
        A folder, an archive, or a file, which may have others beside it.

    Returns
    -------
    list of PurePosixPath

    Raises
    ------
    SampleFileError or UnsafeFileError
        If the source is damaged, hostile or too much.
    """
    if path.is_dir():
        return walked(path)
    if is_packed(path):
        return _packed(path)
    return _beside(path)


def _beside(path: Path) -> list[PurePosixPath]:
    try:
        with os.scandir(path.parent) as found:
            return sorted(PurePosixPath(entry.name) for entry in islice(found, MAX_FILES) if entry.is_file())
    except OSError:  # a folder that may not be listed: the file by itself
        return [PurePosixPath(path.name)]


def _packed(path: Path) -> list[PurePosixPath]:
    names = archives.member_names(path, STORE_LIMITS)
    if len(names) > archives.LIMITS.members and not any(map(is_metadata, names)):
        return archives.member_names(path)  # says that they are too many
    return names


@contextmanager
def at_hand(path: Path, found: Found) -> Iterator[Path]:
    """Give the folder that files are relative to, unpacked where they lie in an archive.

    Parameters
    ----------
    path : Path
    found : Found

    Yields
    ------
    Path
    """
    if path.is_dir():
        yield path
    elif is_packed(path):
        with ExitStack() as stack:
            yield _unpacked(path, found, stack)
    else:
        yield path.parent


def _unpacked(path: Path, found: Found, stack: ExitStack) -> Path:
    needed = found.files - {name for role, name in found.roles.items() if role in found.optional}
    large = {found.roles[role] for role in found.large if role in found.roles}
    sizes = archives.member_sizes(path) if large else {}
    wanted = found.files - {name for name in large if sizes.get(name, 0) > MAX_LARGE_BYTES}
    try:
        return stack.enter_context(archives.unpacked(path, wanted))
    except UnsafeFileError:
        raise
    except SampleFileError:
        if needed == wanted:
            raise
        return stack.enter_context(archives.unpacked(path, needed))


def suggested_name(path: Path, found: Found) -> str:
    """Name a sample by the nearest name that tells samples apart.

    Parameters
    ----------
    path : Path
    found : Found

    Returns
    -------
    str
    """
    inside = next(iter(found.roles.values())).parent.parts
    stem = path.name if path.is_dir() else path.name.partition(".")[0]
    candidates = [
        found.prefix.rstrip("_.- "),
        *reversed(inside),
        stem,
        *(parent.name for parent in path.resolve().parents),
    ]
    if path.is_file() and not is_packed(path):
        candidates = [found.prefix.rstrip("_.- "), *(parent.name for parent in path.resolve().parents)]
    return next((shown(name) for name in candidates if not _GENERIC.fullmatch(name)), "sample")


def walked(folder: Path) -> list[PurePosixPath]:
    """List the files below a folder, without hidden ones as Macs and editors leave them, and of a zarr store its root alone.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of PurePosixPath
        Relative to it, down to `MAX_FOLDERS_DOWN`.

    Raises
    ------
    SampleFileError
        If there are more than `MAX_FILES`.
    """
    found: list[PurePosixPath] = []
    n_seen = 0
    # `outs` is often a link; what is too deep or too much ends a circle of links, too.
    for where, folders, files in os.walk(folder, followlinks=True):
        here = PurePosixPath(Path(where).relative_to(folder).as_posix())
        n_seen += len(folders) + len(files)
        if n_seen > MAX_FILES:
            raise SampleFileError(
                f"{file_name(folder)} holds more than {MAX_FILES:,} files: give the folder of one sample."
            )
        stores = [name for name in files if is_metadata(PurePosixPath(name))]
        deep = len(here.parts) >= MAX_FOLDERS_DOWN or bool(stores)
        folders[:] = [] if deep else sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        found += [here / name for name in sorted(files) if not name.startswith(".") or name in stores]
    return found
