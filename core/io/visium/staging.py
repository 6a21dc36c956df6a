"""Files under the names that readers know, for as long as they are read: links to what lies elsewhere, and unpacked gzip."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.io import archives
from core.io.drafts import private_folder

_COPY_BYTES = 1 << 20


@contextmanager
def staged(files: Mapping[str, Path]) -> Iterator[Path]:
    """Gather files in a temporary folder.

    Parameters
    ----------
    files : mapping of str to Path
        By the name that each gets. What is compressed with gzip is unpacked, within the limits of archives.

    Yields
    ------
    Path
        The folder, removed when the block ends.

    Raises
    ------
    SampleFileError or UnsafeFileError
        If a file is damaged, or unpacks to too much.
    """
    with private_folder() as scratch:
        for name, path in files.items():
            _put(path, Path(scratch) / name)
        yield Path(scratch)


@contextmanager
def linked(files: Mapping[str, Path]) -> Iterator[Path]:
    """Gather files in a temporary folder, as they are.

    Parameters
    ----------
    files : mapping of str to Path
        By their paths in the folder, with `/`.

    Yields
    ------
    Path
        The folder, removed when the block ends.
    """
    with private_folder() as scratch:
        for name, path in files.items():
            target = Path(scratch) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(path, target)
        yield Path(scratch)


def _link(path: Path, target: Path) -> None:
    try:
        target.symlink_to(path.resolve())
    except OSError:  # where links need a privilege
        shutil.copyfile(path, target)


def _put(path: Path, target: Path) -> None:
    if path.suffix != ".gz":
        _link(path, target)
        return
    with archives.unzipped(path) as packed, target.open("xb") as out:
        while piece := packed.read(_COPY_BYTES):
            out.write(piece)
