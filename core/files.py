"""Files that appear whole or not at all, locks that end with their process, and folders that stay below a size.

Knows paths and bytes only, no format. Errors are those of the system; callers turn them into sentences.
"""

import errno
import os
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def written_whole(path: Path, *, replace: bool = True, durable: bool = True) -> Iterator[Path]:
    """Give a draft beside a path to write to; when the block ends, what was written becomes the file of that path.

    Where the block fails, the draft is removed and a file that was there before stays as it was. Permissions are those
    of any new file (umask).

    Parameters
    ----------
    path : Path
        A file, or a folder that does not exist yet. Its parent exists.
    replace : bool
        Whether an existing file is replaced.
    durable : bool
        Whether the contents are on the disk before they get their name, so that a power cut leaves the old or the new file.

    Yields
    ------
    Path
        Path of the draft, where the block makes a file or a folder and closes it.

    Raises
    ------
    FileExistsError
        If a file of that name is there, or appeared meanwhile, and is not to be replaced.
    OSError
        If the draft cannot be written or moved.
    """
    draft = path.with_name(f".{uuid.uuid4().hex}.part")  # of its own length, whatever the length of the name
    try:
        if not replace:
            _check_free(path)
        yield draft
        if durable and draft.is_file():
            _flush(draft)
        draft.replace(path) if replace else _link(draft, path)
    except OSError as error:
        if error.errno is not None and error.filename in (None, str(draft)):
            error.filename = str(path)  # nobody knows the draft; a full disk names no file at all
        raise
    finally:
        remove(draft)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, with the ends of lines as they are: whole, or not at all.

    Parameters
    ----------
    path : Path
        Replaced if it exists; a device or pipe, such as the terminal, is written to as it is.
    text : str

    Raises
    ------
    OSError
        With the name of the file.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes, as :func:`write_text` does text.

    Parameters
    ----------
    path : Path
    content : bytes
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    with written_whole(path) as draft:
        draft.write_bytes(content)


def remove(path: Path) -> None:
    """Remove a file, or a folder with its contents; anything that others remove meanwhile is ignored.

    Parameters
    ----------
    path : Path
        If it is a link, only the link is removed.
    """
    if path.is_dir() and not path.is_symlink():
        with suppress(FileNotFoundError):
            for inner in path.iterdir():
                remove(inner)
            path.rmdir()
    else:
        path.unlink(missing_ok=True)


def open_locked(path: Path, mode: str = "a", *, wait: bool = False) -> IO[str]:
    """Open a file that no other process opens in this way; the lock ends when the file is closed or the process dies.

    Parameters
    ----------
    path : Path
        Made with its folder where it does not exist and `mode` makes files.
    mode : str
        Of a text file that is written to.
    wait : bool
        Whether to wait for another process that holds it.

    Returns
    -------
    file
        UTF-8; invalid bytes are read as replacement characters.

    Raises
    ------
    BlockingIOError
        If another process holds it and `wait` is false.
    OSError
        If it cannot be opened, or the file system has no locks.
    """
    while True:
        if mode == "a":
            path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open(mode, encoding="utf-8", errors="replace")
        try:
            _lock(file, wait=wait)
            # The last holder may have removed the file, and a lock on a removed file keeps nobody out.
            if _is_still(path, file):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Keep other processes out of a block; the system releases the lock even if this process is killed.

    Parameters
    ----------
    path : Path
        Of the lock itself; made with its folder, and removed after the block.
    wait : bool
        Whether to wait for another process in the block.

    Raises
    ------
    BlockingIOError
        If another process is in the block and `wait` is false.
    """
    with open_locked(path, wait=wait) as file:
        try:
            yield
        finally:
            if sys.platform == "win32":  # which removes no file that is open
                file.close()
            path.unlink(missing_ok=True)


Stamp = tuple[int, int, int, int]
"""What tells a file from what it was before; see :func:`stamp_of`."""


def stamp_of(status: os.stat_result) -> Stamp:
    """Tell whether a file has changed without reading it.

    Programs that copy or unpack can set the time of the last change to that of the file before, and two samples of one shape can
    have one size: neither of these lets one set the time at which the system took the change in, or keep the place on the disk.

    Parameters
    ----------
    status : os.stat_result

    Returns
    -------
    tuple of int
        Time of the last change, size, time of the last change to the entry in nanoseconds, and the entry's number.
    """
    return status.st_mtime_ns, status.st_size, status.st_ctime_ns, status.st_ino


def mark_used(path: Path) -> None:
    """Count a file as used now, for `keep_below`.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FileNotFoundError
        If it is not there.
    """
    now = time.time_ns()  # the file system's own clock ticks only every few milliseconds
    os.utime(path, ns=(now, now))


def keep_below(paths: Iterable[Path], max_bytes: int, *, spare: Path | None = None) -> None:
    """Remove the files used longest ago until the rest takes no more than so many bytes.

    Parameters
    ----------
    paths : iterable of Path
        Files of one bounded folder; those that go meanwhile are passed over.
    max_bytes : int
    spare : Path, optional
        Stays, however large it is.
    """
    found = sorted(_used_and_sizes(paths))
    excess = sum(n_bytes for _, n_bytes, _ in found) - max_bytes
    for _, n_bytes, path in found:
        if excess > 0 and path != spare:
            path.unlink(missing_ok=True)
            excess -= n_bytes


def _used_and_sizes(paths: Iterable[Path]) -> Iterator[tuple[int, int, Path]]:
    for path in paths:
        with suppress(FileNotFoundError):
            status = path.stat()
            yield status.st_mtime_ns, status.st_size, path


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)  # unlike renaming, fails where another has written that name meanwhile
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        _check_free(path)
        draft.replace(path)


def _check_free(path: Path) -> None:
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _is_still(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _lock(file: IO[str], *, wait: bool) -> None:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, error.strerror) from error
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
