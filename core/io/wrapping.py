"""Sources inside of others: one file compressed as a whole, and an archive or an h5ad in an archive.

What is unpacked stays within the limits of `core.io.archives`, and is removed when it was read.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath

from core.io import archives
from core.io.measured import unpacking
from core.io.visium.matrices import SeveralSamplesError, matrices_in
from core.text import file_name, shown

MAX_DEPTH = 3
"""How deep sources may lie in one another."""

_COPY_BYTES = 1 << 20
_INNER = (".h5ad", ".h5ad.gz", ".h5mu", ".loom", ".zip", ".tar", ".tar.gz", ".tgz")


@contextmanager
def unwrapped(path: Path, section: str | None = None) -> Iterator[Path]:
    """Unpack what a source is wrapped in, for as long as a block runs.

    Parameters
    ----------
    path : Path
    section : str, optional
        Which of several sources in an archive, by the beginning of its name.

    Yields
    ------
    Path
        The source itself where it is not wrapped.

    Raises
    ------
    SampleFileError or UnsafeFileError
        If it is damaged or hostile, or holds several and none was named.
    """
    with ExitStack() as stack:
        for _ in range(MAX_DEPTH):
            inner = _unpacked_once(path, section, stack)
            if inner is None:
                break
            path = inner
        yield path


def _unpacked_once(path: Path, section: str | None, stack: ExitStack) -> Path | None:
    if not archives.is_archive(path):
        return None
    if path.suffix.lower() == ".gz" and not _is_packed_tar(path):
        return _unzipped(path, stack)
    names = [name for name in archives.member_names(path) if not name.name.startswith(".")]
    found = [name for name in names if name.name.lower().endswith(_INNER)]
    if not found or matrices_in(names):
        return None
    inner = found[0] if len(found) == 1 else _named(found, path, section)
    return stack.enter_context(archives.unpacked(path, {inner})) / inner


def _is_packed_tar(path: Path) -> bool:
    if path.name.lower().endswith(".tar.gz"):
        return True
    with archives.unzipped(path) as file:
        return file.read(512)[257:262] == b"ustar"


def _unzipped(path: Path, stack: ExitStack) -> Path:
    folder = stack.enter_context(unpacking(path))
    target = folder / (path.stem or "source")
    with archives.unzipped(path) as packed, target.open("xb") as out:
        while piece := packed.read(_COPY_BYTES):
            out.write(piece)
    return target


def _named(found: Sequence[PurePosixPath], source: Path, section: str | None) -> PurePosixPath:
    labels = [_label(name) for name in found]
    if section in labels:
        return found[labels.index(section)]
    listed = shown(", ".join(labels), 400)
    raise SeveralSamplesError(
        f"{file_name(source)} holds {len(found)} samples: give one of them, or name one as the section: {listed}.",
        labels,
    )


def _label(name: PurePosixPath) -> str:
    ending = max((end for end in _INNER if name.name.lower().endswith(end)), key=len)
    return name.name[: -len(ending)]
