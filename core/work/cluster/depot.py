"""Files of a worker that shares no folder with its client: missing files are sent to it once, and files it makes are brought back.

Names are made of content hashes and keys, so a wrong file is noticed when it is read. The folder is bounded; what was used
longest ago goes first. Knows names and bytes only.
"""

import dataclasses
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from distributed import get_worker

from core.errors import WorkError
from core.files import keep_below, mark_used, written_whole

FOLDER, MEGABYTES = "SPCA_DEPOT", "SPCA_DEPOT_MB"
"""Settings of a worker: where the folder is, and how large it may grow."""

_MEGABYTES = 4096
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}\.(h5|pt|json)")
_MODEL_SUFFIXES = (".pt", ".json")

T = TypeVar("T")


class MissingFileError(Exception):
    """A worker lacks files of its client, which are then sent and the task begun again. No user ever sees this.

    Parameters
    ----------
    paths : tuple of Path
        Paths on the client, where they exist or might exist.
    names : tuple of str
        Their names in the depot.
    worker : str
        Address of the worker.
    """

    def __init__(self, paths: tuple[Path, ...], names: tuple[str, ...], worker: str) -> None:
        super().__init__(paths, names, worker)
        self.paths, self.names, self.worker = paths, names, worker


class Depot:
    """A bounded folder of files.

    Parameters
    ----------
    folder : Path
        Made if needed; one for all workers of a machine.
    max_bytes : int
        Largest size; the latest file always stays.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._nowhere: set[str] = set()

    def bring(self, paths: tuple[Path, ...], names: tuple[str, ...]) -> None:
        """Ensure that files are here, unless the client does not have them either.

        Parameters
        ----------
        paths : tuple of Path
            Paths on the client.
        names : tuple of str

        Raises
        ------
        MissingFileError
            If the client has to send them.
        """
        for name in names:
            if not self.has(name) and name not in self._nowhere:
                raise MissingFileError(paths, names, get_worker().address)

    def has(self, name: str) -> bool:
        """Whether a file is here; if so, it counts as used now."""
        try:
            mark_used(self.folder / name)
        except FileNotFoundError:
            return False
        return True

    def put(self, name: str, data: bytes | None) -> None:
        """Take a file in.

        Parameters
        ----------
        name : str
        data : bytes or None
            None where the client has no such file.
        """
        if data is None:
            self._nowhere.add(name)
            return
        write_file(self.folder, name, data)
        found = (path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))
        keep_below(found, self._max_bytes, spare=self.folder / name)

    def drop(self, name: str) -> None:
        """Remove a file that is not what its name says."""
        (self.folder / name).unlink(missing_ok=True)


_DEPOTS: dict[tuple[str, int], Depot] = {}


def own_depot() -> Depot | None:
    """Look up the depot of this worker.

    Returns
    -------
    Depot or None
        None in a worker that shares the folders of its client.
    """
    folder = os.environ.get(FOLDER, "")
    text = os.environ.get(MEGABYTES, "")
    megabytes = int(text) if text.isdecimal() else _MEGABYTES
    return _DEPOTS.setdefault((folder, megabytes), Depot(Path(folder), megabytes * 2**20)) if folder else None


def take_in(files: dict[str, bytes | None]) -> None:
    """Store files that a client sends; runs in the worker.

    Parameters
    ----------
    files : dict of str to bytes or None
        By name; None for files that the client does not have.

    Raises
    ------
    WorkError
        If this worker takes no files, or cannot write them.
    """
    depot = own_depot()
    if depot is None:
        raise WorkError("This worker takes no files: start workers with `python -m core worker`.")
    for name, data in files.items():
        depot.put(name, data)


def write_file(folder: Path, name: str, data: bytes) -> None:
    """Write a whole file or nothing.

    Parameters
    ----------
    folder : Path
    name : str
        A plain name.
    data : bytes

    Raises
    ------
    WorkError
        If the name is not one of ours, or the folder cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise WorkError(f"{name!r} is not the name of a sample or a model: it was not written.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(folder / name) as draft:
            draft.write_bytes(data)
    except OSError as error:
        raise WorkError(
            f"{name} could not be written to {folder}: {error.strerror}. Make room there, then try again."
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A result with the files that belong to it, on its way from a worker.

    Parameters
    ----------
    result : object
    folder : Path
        Folder on the client where the files belong.
    files : dict of str to bytes
        In the order in which they are to be written.
    """

    result: Any
    folder: Path
    files: dict[str, bytes]

    def unpack(self, asked: tuple[Any, ...]) -> Any:
        """Write the files, and return the result.

        Parameters
        ----------
        asked : tuple
            Arguments of the task; only folders that they name are written to.

        Raises
        ------
        WorkError
            If they cannot be written, or belong elsewhere.
        """
        if self.folder not in _paths_in(asked):
            raise WorkError(
                f"A worker sent files for {self.folder}, which this work has nothing to do with: not written."
            )
        for name, data in self.files.items():
            write_file(self.folder, name, data)
        return self.result


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where a task finds and leaves the files of a model.

    Parameters
    ----------
    folder : Path
        Folder on this machine.
    client_folder : Path
    names : tuple of str
        Of the model's files; empty where the client sees the folder itself.
    was_here : bool
        Whether they were in the folder before the task began.
    """

    folder: Path
    client_folder: Path
    names: tuple[str, ...] = ()
    was_here: bool = False

    def brought_back(self, result: T, *, old_ones_too: bool = False) -> T | Delivery:
        """Pack the files that the task made, if the client cannot see them.

        Parameters
        ----------
        result : object
        old_ones_too : bool
            Whether to include a model that was here before, as the client may have none.
        """
        if not self.names or (self.was_here and not old_ones_too):
            return result
        files = {name: (self.folder / name).read_bytes() for name in self.names}
        return Delivery(result=result, folder=self.client_folder, files=files)


def shelf(folder: Path, names: tuple[str, ...]) -> Shelf:
    """Prepare a model's files for a task, if there are any.

    Parameters
    ----------
    folder : Path
        Folder on the client.
    names : tuple of str
        Weights, then the JSON that makes them valid.

    Raises
    ------
    MissingFileError
        If the client has to be asked for them first.
    """
    depot = own_depot()
    if depot is None:
        return Shelf(folder=folder, client_folder=folder)
    depot.bring(tuple(folder / name for name in names), names)
    was_here = all(depot.has(name) for name in names)
    return Shelf(folder=depot.folder, client_folder=folder, names=names, was_here=was_here)


def check_may_be_sent(missing: MissingFileError, asked: tuple[Any, ...]) -> None:
    """Refuse to send files that do not belong to a task.

    Parameters
    ----------
    missing : MissingFileError
    asked : tuple
        Arguments of the task.

    Raises
    ------
    WorkError
        If the arguments neither name a file nor name the folder of a model.
    """
    named = set(_paths_in(asked))
    for path in missing.paths:
        is_model = path.parent in named and path.suffix in _MODEL_SUFFIXES
        if path not in named and not is_model:
            raise WorkError(f"A worker asked for {path.name}, which its work has nothing to do with: it was not sent.")


def _paths_in(value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, dict):
        yield from _paths_in(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _paths_in(item)
    elif dataclasses.is_dataclass(value):
        for item in dataclasses.fields(value):
            yield from _paths_in(getattr(value, item.name))
