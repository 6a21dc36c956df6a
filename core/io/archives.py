"""Untrusted zip, tar and tar.gz files: checked before anything is unpacked, and measured while unpacking.

Only named members are unpacked, into a temporary folder. Names that leave the folder, links that do, devices, encrypted
members and bombs are refused, each with one sentence; links that stay inside stand for what they lead to. Knows nothing of
samples.
"""

import errno
import functools
import gzip
import io
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from core.errors import DomainsError, SampleFileError, UnsafeFileError
from core.io.measured import COPY_BYTES, LIMITS, Bounded, Budget, Coherent, Forward, Headers, Limits, unpacking
from core.text import file_name, shown

__all__ = ["LIMITS", "Limits", "is_archive", "member_names", "member_sizes", "unpacked", "unzipped"]

_LINK = ("is a link or a device", "pack the file that it stands for (tar --dereference)")
_MAX_LINK_BYTES = 4096
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_OTHER_KINDS = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"\x28\xb5\x2f\xfd": "zstd"}


def is_archive(path: Path) -> bool:
    """Say by its first bytes whether a file is an archive or compressed, even by a method that is not supported here.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool
        False also if the path is not a file.

    Raises
    ------
    SampleFileError
        If the file may not be read.
    """
    return path.is_file() and _kind(path) != ""


def member_names(path: Path, limits: Limits = LIMITS) -> list[PurePosixPath]:
    """List the files of an archive, after checking all of them.

    Parameters
    ----------
    path : Path
        A zip, tar or tar.gz.
    limits : Limits

    Returns
    -------
    list of PurePosixPath
        Relative to the archive's root, in the archive's order.

    Raises
    ------
    SampleFileError
        If the archive is damaged or of another kind.
    UnsafeFileError
        If it is hostile.
    """
    return [*member_sizes(path, limits)]


def member_sizes(path: Path, limits: Limits = LIMITS) -> dict[PurePosixPath, int]:
    """List the files of an archive with the sizes that it declares, after checking all of them.

    Parameters
    ----------
    path : Path
        A zip, tar or tar.gz.
    limits : Limits

    Returns
    -------
    dict of PurePosixPath to int
        Bytes by name, in the archive's order; 0 for a link.

    Raises
    ------
    SampleFileError or UnsafeFileError
        As :func:`member_names`.
    """
    try:
        status = path.stat()
    except OSError:
        return _sizes(path, limits)  # which says what is wrong
    # All formats are asked whether a source is theirs, and to list a tar.gz takes as long as to unpack it.
    return dict(_known_sizes(path, limits, (status.st_ino, status.st_size, status.st_mtime_ns)))


@functools.lru_cache(maxsize=4)
def _known_sizes(path: Path, limits: Limits, state: tuple[int, ...]) -> dict[PurePosixPath, int]:
    del state  # another archive under the same name has another one
    return _sizes(path, limits)


def _sizes(path: Path, limits: Limits) -> dict[PurePosixPath, int]:
    with _opened(path, limits) as members:
        return {member.name: member.size for member in members}


@contextmanager
def unpacked(path: Path, wanted: Collection[PurePosixPath], limits: Limits = LIMITS) -> Iterator[Path]:
    """Unpack some files of an archive for the duration of a block.

    Parameters
    ----------
    path : Path
        A zip, tar or tar.gz.
    wanted : collection of PurePosixPath
        Some of :func:`member_names`; nothing else is written to the disk.
    limits : Limits

    Yields
    ------
    Path
        A temporary folder, removed when the block ends.

    Raises
    ------
    SampleFileError
        If the archive is damaged or of another kind, or the disk is full.
    UnsafeFileError
        If it is hostile.
    """
    with unpacking(path) as folder:
        budget = Budget(path, limits)
        links = _unpack_all(path, limits, set(wanted), folder, budget)
        # A link stands for a member that has gone by, so that the archive is read once more, and only then.
        behind = _unpack_all(path, limits, set(links.values()) - set(wanted), folder, budget) if links else {}
        for name, target in links.items():
            if target in behind or not (folder / target).is_file():
                raise _Names(path, limits).refused(name, *_LINK)
            budget.spend((folder / target).stat().st_size)  # a small archive may have very many links to one file
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / target, folder / name)
        yield folder


def _unpack_all(
    path: Path, limits: Limits, wanted: Collection[PurePosixPath], folder: Path, budget: "Budget"
) -> dict[PurePosixPath, PurePosixPath]:
    """Unpack members, and return those that are links with what they lead to."""
    links = {}
    with _opened(path, limits) as members:
        for member in members:
            if member.name in wanted and member.link is not None:
                links[member.name] = member.link
            elif member.name in wanted:
                _unpack(member, folder / member.name, budget)
    return links


@contextmanager
def unzipped(path: Path, limits: Limits = LIMITS) -> Iterator[IO[bytes]]:
    """Open a file that may be compressed with gzip, and measure what comes out of it.

    Parameters
    ----------
    path : Path
    limits : Limits
        Its sizes and ratio count.

    Yields
    ------
    binary file
        For reading; errors of damage or size inside the block become a sentence.

    Raises
    ------
    SampleFileError or UnsafeFileError
    """
    with _damage_as_sentence(path), ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        if _kind(path) != "gzip":
            yield raw
        else:
            stream = stack.enter_context(gzip.GzipFile(fileobj=Coherent(raw, file_name(path))))
            yield io.BufferedReader(Forward(stream, Budget(path, limits)), COPY_BYTES)


@dataclass(frozen=True, slots=True)
class _Member:
    """A file in an archive, checked but not unpacked; a file of a tar must be opened before the next is requested."""

    name: PurePosixPath
    size: int
    open: Callable[[], IO[bytes] | None]
    link: PurePosixPath | None = None


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[Iterator[_Member]]:
    with _damage_as_sentence(path), ExitStack() as stack:
        kind = _kind(path)
        raw = stack.enter_context(path.open("rb"))
        if kind == "zip":
            archive = stack.enter_context(zipfile.ZipFile(Bounded(raw, file_name(path))))
            yield _zip_members(archive, _Names(path, limits))
        elif kind in ("tar", "gzip"):
            yield _tar_members(*_tar(raw, kind, path, limits, stack), _Names(path, limits))
        else:
            found = f"is compressed with {kind}" if kind else "is no archive"
            raise SampleFileError(f"{file_name(path)} {found}: pack the folder as zip or tar.gz.")


def _tar(raw: IO[bytes], kind: str, path: Path, limits: Limits, stack: ExitStack) -> tuple[tarfile.TarFile, Headers]:
    if kind == "gzip":
        raw = Forward(stack.enter_context(gzip.GzipFile(fileobj=Coherent(raw, file_name(path)))), Budget(path, limits))  # type: ignore[assignment]
    headers = Headers(raw, file_name(path))
    return stack.enter_context(tarfile.TarFile(fileobj=headers, mode="r")), headers  # type: ignore[arg-type]


@contextmanager
def _damage_as_sentence(path: Path) -> Iterator[None]:
    name = file_name(path)
    try:
        yield
    except DomainsError:
        raise
    except IsADirectoryError as error:
        raise SampleFileError(f"{name} is a folder: name a file in it.") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SampleFileError(f"There is no file {shown(path, 300)}: check its name and its folder.") from error
    except PermissionError as error:
        raise SampleFileError(f"{name} may not be read: ask its owner for permission.") from error
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise SampleFileError(_damaged(name, error)) from error
        folder = shown(tempfile.gettempdir(), 200)
        raise SampleFileError(
            f"There is no room to unpack {name} in {folder}: make room there, or let TMPDIR name another folder."
        ) from error
    # Damage comes out of zlib, gzip, zipfile and tarfile as anything from OSError to RecursionError.
    except Exception as error:
        raise SampleFileError(_damaged(name, error)) from error


def _damaged(name: str, error: Exception) -> str:
    reason = shown(error, 120).rstrip(".") or type(error).__name__
    return f"{name} is damaged ({reason}): copy or download it again."


def _kind(path: Path) -> str:
    """Name the format: zip, tar, gzip, one that is not read here, or nothing for anything else."""
    with _damage_as_sentence(path), path.open("rb") as raw:
        start = raw.read(512)
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if start[:2] == b"\x1f\x8b":
        return "gzip"
    if start[257:262] == b"ustar":
        return "tar"
    return next((name for magic, name in _OTHER_KINDS.items() if start.startswith(magic)), "")


def _zip_members(archive: zipfile.ZipFile, names: "_Names") -> Iterator[_Member]:
    # All members are checked before the first is unpacked.
    members = [_zip_member(archive, entry, names) for entry in archive.infolist()]
    yield from (member for member in members if member is not None)


def _zip_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, names: "_Names") -> _Member | None:
    # `filename` has lost what stood behind a null byte.
    name = names.checked(entry.orig_filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
        raise names.refused(name, *_LINK)
    if entry.flag_bits & 0x1:
        raise names.refused(name, "is encrypted", "pack the folder without a password")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise names.refused(name, "is compressed in a rare way", "pack the folder as plain zip or tar.gz")
    if entry.is_dir() or _is_litter(name):
        return None
    if kind == stat.S_IFLNK:
        if entry.file_size > _MAX_LINK_BYTES:
            raise names.refused(name, *_LINK)
        with archive.open(entry) as link:  # which may be longer than it says
            target = link.read(_MAX_LINK_BYTES).decode("utf-8", "replace")
        return _Member(names.once(name), 0, lambda: None, names.inside(name, target))
    return _Member(names.once(name), entry.file_size, lambda: archive.open(entry))


def _tar_members(archive: tarfile.TarFile, headers: Headers, names: "_Names") -> Iterator[_Member]:
    for entry in headers.between(archive):
        name = names.checked(entry.name)
        if entry.issym():
            yield _Member(names.once(name), 0, lambda: None, names.inside(name, entry.linkname))
            continue
        if entry.islnk() and names.knows(entry.linkname):  # the second name of a file in the archive
            yield _Member(names.once(name), 0, lambda: None, PurePosixPath(entry.linkname))
            continue
        if not (entry.isreg() or entry.isdir()):
            raise names.refused(name, *_LINK)
        if entry.issparse() or entry.size < 0:
            raise names.refused(name, "is stored with holes", "pack it again without --sparse")
        if entry.isreg() and not _is_litter(name):
            yield _Member(names.once(name), entry.size, partial(archive.extractfile, entry))


class _Names:
    """Checks each name of an archive once."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._archive = file_name(path)
        self._limits = limits
        self._n_members = 0
        self._files: set[PurePosixPath] = set()

    def checked(self, name: str) -> PurePosixPath:
        self._n_members += 1
        if self._n_members > self._limits.members:
            raise UnsafeFileError(
                f"{self._archive} holds more than {self._limits.members} files, which no sample needs: it was not unpacked. "
                "Pack only the matrix and the `spatial` folder."
            )
        if not name.isprintable():
            raise self.refused(name, "has a name with control characters", "rename it")
        path = PurePosixPath(name.replace("\\", "/"))  # some Windows programs write names with `\`
        if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", name):
            raise self.refused(name, "leads out of the archive", "pack the folder anew, with relative names")
        if len(path.parts) > self._limits.depth:
            raise self.refused(name, "lies too deep", "pack the folder of one sample")
        return path

    def once(self, path: PurePosixPath) -> PurePosixPath:
        if path in self._files:
            raise self.refused(path, "is in it twice", "pack the folder anew")
        self._files.add(path)
        return path

    def knows(self, name: str) -> bool:
        """Whether there was a file of that name before."""
        return PurePosixPath(name) in self._files

    def inside(self, name: PurePosixPath, target: str) -> PurePosixPath:
        """Find where a symbolic link leads to, and refuse one that leads out of the archive."""
        parts: list[str] = list(name.parent.parts)
        for part in PurePosixPath(target).parts:
            if part == ".." and parts:
                parts.pop()
            elif part == ".." or PurePosixPath(target).is_absolute() or not part.isprintable():
                raise self.refused(name, *_LINK)
            else:
                parts.append(part)
        return PurePosixPath(*parts)

    def refused(self, name: object, found: str, remedy: str) -> UnsafeFileError:
        return UnsafeFileError(f"{self._archive} was not unpacked: `{shown(name)}` in it {found}; {remedy}.")


def _is_litter(name: PurePosixPath) -> bool:
    """Whether it is a file that macOS adds beside the real one."""
    return "__MACOSX" in name.parts or name.name.startswith("._")


def _unpack(member: _Member, target: Path, budget: Budget) -> None:
    budget.check(member.size)  # as declared; below, as it comes
    target.parent.mkdir(parents=True, exist_ok=True)
    content = member.open()
    if content is None:
        raise SampleFileError(f"{budget.name} is damaged: copy or download it again.")
    with content, target.open("xb") as out:
        while piece := content.read(COPY_BYTES):
            budget.spend(len(piece))
            out.write(piece)
