"""Annotations beside the file of their sample: one JSON file each, written whole or not at all.

`docs/decisions/0016-annotations.md` says why they are not in the sample's own file.
"""

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core import annotation_history as history
from core.annotation import Annotation, check_fits, check_id, is_id, new_id
from core.annotation_history import Edits, Kept
from core.errors import AnnotationError, CodecError
from core.files import Stamp, locked, stamp_of, written_whole
from core.io.annotation_file import MOST_BYTES, as_text, from_text
from core.people import called, is_same
from core.sample import Sample
from core.text import file_name, shown

FOLDER_ENDING = ".annotations"
"""Of the folder beside a sample's file."""

_DELETED = "deleted"
_BEGINNING = ".beginning.lock"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """A line of the list of annotations.

    Parameters
    ----------
    id : str
    annotation : Annotation or None
        None where it cannot be read.
    problem : str
        Why not, as a sentence; else empty.
    """

    id: str
    annotation: Annotation | None = None
    problem: str = ""


class AnnotationStore:
    """The annotations of one sample.

    Parameters
    ----------
    path : path-like
        File of the sample; annotations lie in the folder `<stem>.annotations` beside it, which is made when one is saved.
    sample : Sample
        What the file holds now.
    """

    def __init__(self, path: str | os.PathLike[str], sample: Sample) -> None:
        self.sample = sample
        self.folder = folder_of(path)

    def stamps(self) -> tuple[tuple[str, Stamp], ...]:
        """List the id of each and what changes with it, for keys of what is made of them.

        Returns
        -------
        tuple of (str, tuple of int)
            Empty where there is no folder.
        """
        try:
            found = [(entry.name, entry.stat()) for entry in os.scandir(self.folder) if _is_annotation(entry)]
        except OSError:
            return ()
        return tuple(sorted((name[:-5], stamp_of(status)) for name, status in found))

    def entries(self) -> list[Entry]:
        """List all annotations, those that were made first at the top; those that cannot be read come last.

        Returns
        -------
        list of Entry
        """
        entries = [self._entry(stamp[0]) for stamp in self.stamps()]
        return sorted(entries, key=lambda item: (item.annotation is None, _created(item), item.id))

    def annotations(self) -> list[Annotation]:
        """List the annotations that can be read, those that were made first at the top.

        Returns
        -------
        list of Annotation
        """
        return [entry.annotation for entry in self.entries() if entry.annotation is not None]

    def find(self, name: str, author: str | None = None) -> Annotation:
        """Find an annotation by its name or its id.

        Parameters
        ----------
        name : str
        author : str, optional
            Of the one that is meant, where several have the name; else the one changed last.

        Returns
        -------
        Annotation

        Raises
        ------
        AnnotationError
            If there is none, with the names that there are.
        """
        entries = self.entries()
        known = [entry.annotation for entry in entries if entry.annotation is not None]
        found = [item for item in known if name in (item.name, item.id) and author in (None, item.author)]
        if not found:
            broken = "".join(f" {entry.problem}" for entry in entries if entry.problem)
            names = ", ".join(shown(item.name) for item in known) or "no annotation yet"
            raise AnnotationError(
                f"{shown(self.sample.name)} has no annotation {shown(name)!r}; it has {names}.{broken}"
            )
        return max(found, key=lambda item: item.changed)

    def read(self, id: str) -> Kept:
        """Read one annotation with its history.

        Parameters
        ----------
        id : str

        Returns
        -------
        Kept
            With spots in the order of the sample, found by barcode where the file has another order.

        Raises
        ------
        AnnotationError
            If there is none, it is damaged, or it is of other spots.
        """
        path = self._path(id)
        with _as_sentence(path, "read"):
            try:
                with path.open("rb") as file:
                    return from_text(file.read(MOST_BYTES + 1), self.sample)
            except CodecError as error:
                raise AnnotationError(
                    f"The annotation {file_name(path)} is damaged ({shown(error, 160).rstrip('.')}): it was left as it is; take an "
                    "older copy of it, or draw again."
                ) from error

    def save(self, annotation: Annotation, user: str) -> Kept:
        """Keep an annotation that is new, or another state of one's own, which can be undone as one step.

        Parameters
        ----------
        annotation : Annotation
        user : str
            Who asks; has to be its author.

        Returns
        -------
        Kept

        Raises
        ------
        AnnotationError
            If another is its author, it is of other spots, or it cannot be written.
        """
        check_fits(annotation, self.sample)
        _check_author(annotation, user)
        with self._alone(annotation.id):
            if not self._path(annotation.id).exists():
                return self._write(Kept(annotation=annotation))
            kept = self.read(annotation.id)
            _check_author(kept.annotation, user)
            return self._write(history.saved_over(kept, annotation))

    def begin(self, annotation: Annotation, user: str) -> Kept:
        """Keep an annotation that is new, unless the user has one of its source: of each there is one, whoever begins at once.

        Parameters
        ----------
        annotation : Annotation
        user : str
            Who asks; has to be its author.

        Returns
        -------
        Kept
            The one that is there already, changed last where there are several; else what is new.

        Raises
        ------
        AnnotationError
            As :meth:`save`.
        """
        with _as_sentence(self._path(annotation.id), "written"), locked(self.folder / _BEGINNING):
            there = [one for one in self.annotations() if one.source == annotation.source and is_same(one.author, user)]
            own = max(there, key=lambda one: one.changed, default=None)
            return self.save(annotation, user) if own is None else self.read(own.id)

    def revise(self, id: str, user: str, made_of: Callable[[Annotation], Annotation]) -> Kept:
        """Keep another state, made of what is on disk now, which can be undone as one step.

        Parameters
        ----------
        id, user
            As for :meth:`edit`.
        made_of : callable
            Gives the new state; nothing that another window adds meanwhile is lost to it.

        Returns
        -------
        Kept

        Raises
        ------
        AnnotationError
            As :meth:`save`, and if there is none.
        """

        def revised(kept: Kept) -> Kept:
            new = made_of(kept.annotation)
            check_fits(new, self.sample)
            return history.saved_over(kept, new)

        return self._changed(id, user, revised)

    def copy(self, annotation: Annotation, user: str) -> Kept:
        """Make one's own copy of an annotation.

        Parameters
        ----------
        annotation : Annotation
            Of anyone.
        user : str
            Author of the copy.

        Returns
        -------
        Kept
            With another id and a history of its own.

        Raises
        ------
        AnnotationError
            As :meth:`save`.
        """
        now = datetime.now(UTC)
        source = f"copy of {annotation.name}" + (f" by {called(annotation.author)}" if annotation.author else "")
        mine = dataclasses.replace(annotation, id=new_id(), author=user, created=now, changed=now, source=source)
        return self.save(mine, user)

    def edit(self, id: str, user: str, edits: Edits) -> tuple[Kept, list[str]]:
        """Apply edits to what is on disk now.

        Parameters
        ----------
        id : str
        user : str
            Has to be the author.
        edits : Edits

        Returns
        -------
        kept : Kept
        refused : list of str
            A sentence for each step that could not be applied; it is acknowledged all the same.

        Raises
        ------
        AnnotationError
            If the annotation cannot be read or written, or is another's.
        """
        refused: list[str] = []

        def edited(kept: Kept) -> Kept:
            new, sentences = history.edited(kept, edits, self.sample.coordinates)
            refused.extend(sentences)
            return new

        return self._changed(id, user, edited), refused

    def undo(self, id: str, user: str) -> Kept:
        """Take back the last change; nothing happens where there is none. As :meth:`describe`."""
        return self._changed(id, user, history.undone)

    def redo(self, id: str, user: str) -> Kept:
        """Make the change again that was taken back last; nothing happens where there is none. As :meth:`describe`."""
        return self._changed(id, user, history.redone)

    def describe(self, id: str, user: str, *, name: str | None = None, note: str | None = None) -> Kept:
        """Change the name or the note, which is not a step of drawing.

        Parameters
        ----------
        id, user
            As for :meth:`edit`.
        name, note : str, optional

        Returns
        -------
        Kept

        Raises
        ------
        AnnotationError
            As :meth:`edit`, and if the name or note is none.
        """
        new = {key: value for key, value in (("name", name), ("note", note)) if value is not None}

        def described(kept: Kept) -> Kept:
            annotation = dataclasses.replace(kept.annotation, **new, changed=datetime.now(UTC))  # type: ignore[arg-type]
            return dataclasses.replace(kept, annotation=annotation)

        return self._changed(id, user, described)

    def delete(self, id: str, user: str) -> None:
        """Move an annotation into the folder `deleted`, from where people can take it back.

        Parameters
        ----------
        id, user
            As for :meth:`edit`.

        Raises
        ------
        AnnotationError
            As :meth:`edit`.
        """
        path = self._path(id)
        with self._own(id, user), _as_sentence(path, "deleted"):
            gone = self.folder / _DELETED
            gone.mkdir(exist_ok=True)
            path.replace(gone / f"{id}-{new_id()}.json")  # an id may have been deleted before, and taken back

    def _entry(self, id: str) -> Entry:
        try:
            return Entry(id=id, annotation=self.read(id).annotation)
        except AnnotationError as error:
            return Entry(id=id, problem=str(error))

    def _path(self, id: str) -> Path:
        return _file_in(self.folder, id)

    @contextmanager
    def _alone(self, id: str) -> Iterator[None]:
        with _as_sentence(self._path(id), "written"), locked(self.folder / f".{check_id(id)}.lock"):
            yield

    @contextmanager
    def _own(self, id: str, user: str) -> Iterator[Kept]:
        if not self._path(id).exists():  # before a lock makes the folder
            raise AnnotationError(
                f"There is no annotation {id} of {shown(self.sample.name)}: it may have been deleted."
            )
        with self._alone(id):
            kept = self.read(id)
            _check_author(kept.annotation, user)
            yield kept

    def _changed(self, id: str, user: str, change: Callable[[Kept], Kept]) -> Kept:
        with self._own(id, user) as kept:
            new = change(kept)
            return kept if new is kept else self._write(new)

    def _write(self, kept: Kept) -> Kept:
        text = as_text(kept, self.sample)
        if len(text) > MOST_BYTES:
            raise AnnotationError(
                f"The annotation {shown(kept.annotation.name)} would take {len(text) >> 20} MiB: it was not saved."
            )
        with written_whole(self._path(kept.annotation.id)) as draft:
            draft.write_bytes(text)
        return kept


def folder_of(path: str | os.PathLike[str]) -> Path:
    """Name the folder of a sample's annotations.

    Parameters
    ----------
    path : path-like
        File of the sample.

    Returns
    -------
    Path
        Beside it; need not exist.
    """
    path = Path(path)
    path = path if path.name else path.resolve()
    return path.with_name(f"{path.stem}{FOLDER_ENDING}")


def annotation_path(path: str | os.PathLike[str], id: str) -> Path:
    """Name the file of an annotation.

    Parameters
    ----------
    path : path-like
        File of the sample.
    id : str

    Returns
    -------
    Path
        Need not exist.

    Raises
    ------
    AnnotationError
        If it is not the id of an annotation.
    """
    return _file_in(folder_of(path), id)


def _file_in(folder: Path, id: str) -> Path:
    return folder / f"{check_id(id)}.json"


def _is_annotation(entry: "os.DirEntry[str]") -> bool:
    stem, ending = os.path.splitext(entry.name)
    return ending == ".json" and is_id(stem) and entry.is_file()


def _created(entry: Entry) -> str:
    return "" if entry.annotation is None else entry.annotation.created.isoformat()


def _check_author(annotation: Annotation, user: str) -> None:
    if not is_same(annotation.author, user):
        raise AnnotationError(
            f"The annotation {shown(annotation.name)} is {shown(called(annotation.author)) or 'nobody'}'s, and only its author changes it: "
            "take a copy of your own."
        )


@contextmanager
def _as_sentence(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise AnnotationError(f"There is no annotation {file_name(path)}: it may have been deleted.") from error
    except OSError as error:
        raise AnnotationError(
            f"The annotation {file_name(path)} cannot be {done} ({error.strerror or error}): check that the folder "
            f"{shown(path.parent, 300)} may be written to, and has room."
        ) from error
