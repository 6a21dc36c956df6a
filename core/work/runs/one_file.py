"""A run as one file, to send to somebody: a zip of facts (JSON), labels (npy), losses and guidance (JSON), and the small map (PNG).

An imported file is not trusted: it is checked before anything is read, and nothing in it is ever unpickled.
"""

import dataclasses
import json
import zipfile
import zlib
from pathlib import Path

from core import codec
from core.errors import CodecError, RecordError, UnsafeFileError
from core.files import written_whole
from core.io.measured import COPY_BYTES, Bounded
from core.text import shown
from core.work.runs import artifacts as files
from core.work.runs.knobs import trial_params
from core.work.runs.run import Run, facts_of, run_of

SUFFIX = ".run.zip"
"""Ending of such a file's name."""

FORMAT = 1
_FACTS = "run.json"
_MAX_FILE_BYTES = 128 << 20
_MAX_BYTES = {**files.MAX_BYTES, _FACTS: 1 << 20}


def write(path: Path, run: Run, contents: dict[str, bytes]) -> None:
    """Write a run as one file.

    Parameters
    ----------
    path : Path
        An existing file is replaced.
    run : Run
    contents : dict of str to bytes
        Its files by name.

    Raises
    ------
    RecordError
        If the file cannot be written.
    """
    try:
        with written_whole(path) as draft:
            _pack(draft, {_FACTS: _facts(run), **contents})
    except OSError as error:
        raise RecordError(f"{path.name} cannot be written: {error.strerror}. Choose another folder.") from error


def read(path: Path, name: str = "") -> tuple[Run, dict[str, bytes]]:
    """Read a run that was written as one file, and check all of it.

    Parameters
    ----------
    path : Path
    name : str
        Name of the file for its owner, used in messages; the file's own name if empty.

    Returns
    -------
    run : Run
    contents : dict of str to bytes
        Its files by name.

    Raises
    ------
    RecordError
        If the file is not such a run, or is damaged.
    """
    called = shown(name or path.name)
    contents = _unpacked(path, called)
    try:
        facts = codec.parsed(contents.pop(_FACTS))
        values = facts.pop("params")
        known = facts.pop("format") == FORMAT and isinstance(values, dict)
    except (CodecError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"{called} is not a run that this program wrote: {_FACTS} in it is damaged.") from error
    if not known:
        raise RecordError(f"{called} was written by another version of this program: bring it in there.")
    run = run_of(facts, values)
    _check(called, run, contents)
    return dataclasses.replace(run, artifacts={}), contents


def _facts(run: Run) -> bytes:
    facts = {"format": FORMAT, **facts_of(run), "params": trial_params(run.params)}
    del facts["artifacts"]
    return json.dumps(facts, indent=1).encode()


def _pack(path: Path, contents: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def _unpacked(path: Path, called: str) -> dict[str, bytes]:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise RecordError(f"{called} is larger than any run is.")
        # Whose list of files is read before anything in it is known, and takes ten times its size.
        with path.open("rb") as raw, zipfile.ZipFile(Bounded(raw, called)) as archive:
            return {entry.filename: _member(archive, entry, called) for entry in _members(archive, called)}
    except OSError as error:
        raise RecordError(f"{called} cannot be read: {error.strerror}.") from error
    except UnsafeFileError as error:
        raise RecordError(str(error)) from error
    # zipfile raises many types of errors for damage, among them zlib's.
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
        zlib.error,
    ) as error:
        raise RecordError(f"{called} is not a run that was exported, or it is damaged.") from error


def _members(archive: zipfile.ZipFile, called: str) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if not {_FACTS, files.LABELS} <= set(names) <= set(_MAX_BYTES) or len(names) != len(set(names)):
        raise RecordError(f"{called} is not a run that was exported: it holds {shown(', '.join(names))}.")
    return entries


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, called: str) -> bytes:
    limit = _MAX_BYTES[entry.filename]
    with archive.open(entry) as file:
        content = bytearray()
        # The size in the directory may be wrong.
        while len(content) <= limit and (piece := file.read(COPY_BYTES)):
            content += piece
    if len(content) > limit:
        raise RecordError(f"{entry.filename} in {called} is larger than it can be in any run.")
    return bytes(content)


def _check(called: str, run: Run, contents: dict[str, bytes]) -> None:
    labels = files.read_labels(contents[files.LABELS], run.n_spots)
    if files.labels_hash(labels) != run.labels_hash:
        raise RecordError(f"The labels in {called} are not those that were kept: the file is damaged.")
    if files.CONFIDENCE in contents:
        files.read_confidence(contents[files.CONFIDENCE], run.n_spots)
    if files.LOSSES in contents:
        files.read_losses(contents[files.LOSSES])
    if files.GUIDANCE in contents:
        files.read_guidance(contents[files.GUIDANCE], run.n_spots)
    elif run.guided:
        raise RecordError(f"{called} is of a guided run, but does not hold what guided it: the file is damaged.")
    if files.MAP in contents:
        files.check_picture(contents[files.MAP])
