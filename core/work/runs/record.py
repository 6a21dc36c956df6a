"""The record of runs: kept once, found fast, changed and deleted later, by several processes at a time.

A run is a trial of its sample's study. What is written once, with the trial, is never changed; names, notes, stars and
deletions lie beside it. Files are written first and the trial last: what is cut off leaves files that nothing names.
"""

import dataclasses
import functools
import logging
import os
import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RecordError
from core.method.version import code_version
from core.result import Result
from core.sample import Sample
from core.work.runs import artifacts as files
from core.work.runs import one_file
from core.work.runs.artifacts import Artifacts
from core.work.runs.run import Run, checked_text, run_id, run_of
from core.work.runs.trial import picture_of, study_name, trial_of

if TYPE_CHECKING:
    from core.work.runs.database import Database, Row

Progress = Callable[[int, int], None]
"""Told how many of how many runs were read."""

_LOG = logging.getLogger(__name__)


class Record:
    """Kept runs, in a database and a folder of artifacts.

    Parameters
    ----------
    url : str
        SQLAlchemy's address of an Optuna storage, such as `sqlite:///save_model/runs.sqlite3`.
    artifacts : Path
        Folder of labels, losses and small maps.

    Notes
    -----
    All methods raise :class:`core.errors.RecordError` where the database or the folder cannot be used. One record may
    be used by several threads.
    """

    def __init__(self, url: str, artifacts: Path) -> None:
        self.url = url
        self.artifacts = Artifacts(artifacts)
        self._lock = threading.Lock()
        self._read: dict[int, Run] = {}
        self._studies: dict[int, int] = {}
        self._passed_over: set[int] = set()

    @functools.cached_property
    def _database(self) -> "Database":
        from core.work.runs.database import (
            Database,
        )  # Optuna takes most of a second to import, and most commands do without

        return Database(self.url)

    def keep(
        self,
        sample: Sample,
        result: Result,
        *,
        who: str = "",
        name: str = "",
        note: str = "",
        starred: bool = False,
    ) -> Run:
        """Record a run.

        Parameters
        ----------
        sample : Sample
        result : Result
            Of that sample.
        who, name, note : str
            Who keeps it, what it is called, what is to be said of it.
        starred : bool

        Returns
        -------
        Run
        """
        run = dataclasses.replace(
            _new_run(sample, result, who),
            name=checked_text("name", name),
            note=checked_text("note", note),
            starred=starred,
        )
        return self.add(run, _files_of(sample, result))

    def keep_all(self, sample: Sample, results: Sequence[Result], *, who: str, sweep: str) -> list[Run]:
        """Record runs of one sample and one sweep: all of them, or none.

        Parameters
        ----------
        sample : Sample
        results : sequence of Result
            Of that sample.
        who : str
            Who keeps them.
        sweep : str
            Id of the sweep.

        Returns
        -------
        list of Run
            In order.
        """
        return self._add([(_new_run(sample, result, who, sweep), _files_of(sample, result)) for result in results])

    def add(self, run: Run, contents: dict[str, bytes]) -> Run:
        """Record a run with its files, as they are.

        Parameters
        ----------
        run : Run
        contents : dict of str to bytes
            Files by name; see :mod:`core.work.runs.artifacts`.

        Returns
        -------
        Run
            With the ids of its files.
        """
        return self._add([(run, contents)])[0]

    def _add(self, made: Sequence[tuple[Run, dict[str, bytes]]]) -> list[Run]:
        """Record runs of one sample with their files."""
        runs = [
            dataclasses.replace(
                run, artifacts={name: self.artifacts.write(content) for name, content in contents.items()}
            )
            for run, contents in made
        ]
        first = runs[0]
        about = {
            "sample": first.sample_name,
            "content_hash": first.content_hash,
            "annotation_hash": first.annotation_hash,
        }
        study_id, trial_ids = self._database.add(study_name(first), about, [trial_of(run) for run in runs])
        with self._lock:
            for run, trial_id in zip(runs, trial_ids, strict=True):
                self._studies[trial_id], self._read[trial_id] = study_id, run
        return runs

    def runs(
        self,
        *,
        sample_name: str | None = None,
        sweep: str | None = None,
        deleted: bool = False,
        progress: Progress | None = None,
    ) -> list[Run]:
        """List runs, the latest first; only those that are new since the last time are read.

        Parameters
        ----------
        sample_name, sweep : str, optional
            Only runs of that sample, or of that sweep.
        deleted : bool
            The deleted ones instead of the others.
        progress : callable, optional
            Called as `progress(n_read, n_new)` while new ones are read, which the first time are all.

        Returns
        -------
        list of Run
        """
        with self._lock:
            self._read_new(progress or _say_nothing)
            changes = self._database.changes()
            once = {run.id: run for run in self._read.values()}
        found = (_changed(run, changes.get(run.id)) for run in once.values())
        chosen = (
            run
            for run in found
            if run.deleted == deleted and sample_name in (None, run.sample_name) and sweep in (None, run.sweep)
        )
        return sorted(chosen, key=lambda run: run.created, reverse=True)

    def run(self, run_id: str) -> Run:
        """Look one run up, deleted or not, without reading the others.

        Parameters
        ----------
        run_id : str

        Returns
        -------
        Run

        Raises
        ------
        RecordError
            If no run has that id.
        """
        run, _ = self._found(run_id)
        return run

    def find(self, run_id: str) -> Run | None:
        """Look one run up that need not be there.

        Parameters
        ----------
        run_id : str

        Returns
        -------
        Run or None
        """
        found = self._look_up(run_id)
        return None if found is None else found[0]

    def result(self, run: Run) -> Result:
        """Read the labels of a run, and what else a result has.

        Parameters
        ----------
        run : Run

        Returns
        -------
        Result

        Raises
        ------
        RecordError
            If its files are missing or damaged.
        """
        labels = files.read_labels(self._file(run, files.LABELS), run.n_spots)
        if run.labels_hash and files.labels_hash(labels) != run.labels_hash:
            raise RecordError("The labels of this run are damaged: they are not those that were kept.")
        confidence = None
        if files.CONFIDENCE in run.artifacts:
            confidence = files.read_confidence(self._file(run, files.CONFIDENCE), run.n_spots)
        losses: tuple[float, ...] = ()
        if files.LOSSES in run.artifacts:
            losses = files.read_losses(self._file(run, files.LOSSES))
        return Result(
            sample_name=run.sample_name,
            labels=labels,
            params=run.params,
            scores=run.scores,
            confidence=confidence,
            direction=run.direction,
            autoencoder=run.autoencoder and dataclasses.replace(run.autoencoder, losses=losses),
            seconds=dict(run.seconds),
        )

    def picture(self, run: Run) -> bytes:
        """Read the small map of a run.

        Parameters
        ----------
        run : Run

        Returns
        -------
        bytes
            PNG, transparent beside the tissue.
        """
        content = self._file(run, files.MAP)
        files.check_picture(content)
        return content

    def change(
        self, run_id: str, *, name: str | None = None, note: str | None = None, starred: bool | None = None
    ) -> Run:
        """Rename, annotate or star a run.

        Parameters
        ----------
        run_id : str
        name, note : str, optional
        starred : bool, optional
            What is not given stays as it is.

        Returns
        -------
        Run
            As it is now.
        """
        given: dict[str, Any] = {"name": name, "note": note, "starred": starred}
        wanted = {key: value for key, value in given.items() if value is not None}
        return self._change(run_id, {key: _checked(key, value) for key, value in wanted.items()})

    def delete(self, run_id: str) -> Run:
        """Take a run out of the lists; :meth:`restore` brings it back.

        Parameters
        ----------
        run_id : str

        Returns
        -------
        Run
        """
        return self._change(run_id, {"deleted": True})

    def restore(self, run_id: str) -> Run:
        """Bring a deleted run back.

        Parameters
        ----------
        run_id : str

        Returns
        -------
        Run
        """
        return self._change(run_id, {"deleted": False})

    def export(self, run_id: str, path: Path) -> Run:
        """Write a run as one file, to be brought in elsewhere.

        Parameters
        ----------
        run_id : str
        path : Path
            By habit ending in `.run.zip`. A file that is there is replaced.

        Returns
        -------
        Run

        Raises
        ------
        RecordError
            If there is no such run, its files are missing, or the file cannot be written.
        """
        run = self.run(run_id)
        one_file.write(path, run, {name: self._file(run, name) for name in run.artifacts})
        return run

    def import_(self, path: Path, name: str = "") -> Run:
        """Bring in a run that :meth:`export` wrote, here or elsewhere; the file is taken for a stranger's.

        Parameters
        ----------
        path : Path
        name : str
            What its owner calls it, for messages; the file's own name if empty.

        Returns
        -------
        Run
            Under the id that it had. One that is kept here already stays as it is; if it was deleted, it is restored.

        Raises
        ------
        RecordError
            If the file is no such run, or is damaged.
        """
        run, contents = one_file.read(path, name)
        known = self.find(run.id)
        if known is None:
            return self.add(run, contents)
        return self.restore(run.id) if known.deleted else known

    def close(self) -> None:
        """Let go of the database; the next call opens it again."""
        self._database.close()

    def _file(self, run: Run, name: str) -> bytes:
        if name not in run.artifacts:
            raise RecordError(f"This run was recorded without {name}.")
        return self.artifacts.read(run.artifacts[name], files.MAX_BYTES.get(name, 0))

    def _change(self, wanted_id: str, values: dict[str, Any]) -> Run:
        run, study_id = self._found(wanted_id)
        for key, value in values.items():
            if getattr(run, key) != value:
                self._database.change(study_id, run.id, key, value)
        return dataclasses.replace(run, **values)

    def _found(self, wanted_id: str) -> tuple[Run, int]:
        found = self._look_up(wanted_id)
        if found is None:
            raise RecordError(f"No run {wanted_id} is kept here: was it kept on another server?")
        return found

    def _look_up(self, wanted_id: str) -> tuple[Run, int] | None:
        wanted_id = run_id(wanted_id)
        with self._lock:
            known = next((trial for trial, run in self._read.items() if run.id == wanted_id), None)
            found = None if known is None else (self._read[known], self._studies[known])
        if found is None:
            row = self._database.find(wanted_id)
            found = None if row is None else (run_of(row.facts, row.values), row.study_id)
        return found and (_changed(found[0], self._database.changes().get(wanted_id)), found[1])

    def _read_new(self, progress: Progress) -> None:
        there = self._database.trials()
        known = self._read.keys() | self._passed_over
        new = {trial: study for trial, study in there.items() if trial not in known}
        n_read = 0
        for rows in self._database.rows(new):
            for row in rows:
                self._take(row)
            n_read += len(rows)
            progress(n_read, len(new))
        for gone in self._read.keys() - there.keys():
            del self._read[gone], self._studies[gone]

    def _take(self, row: "Row") -> None:
        try:
            self._read[row.trial_id], self._studies[row.trial_id] = run_of(row.facts, row.values), row.study_id
        except RecordError as error:
            self._passed_over.add(row.trial_id)
            _LOG.warning("Trial %s of the record of runs was passed over: %s", row.trial_id, error)


def _new_run(sample: Sample, result: Result, who: str, sweep: str = "") -> Run:
    return Run(
        id=uuid.uuid4().hex,
        sample_name=sample.name,
        content_hash=sample.content_hash,
        annotation_hash=sample.annotation_hash,
        n_spots=sample.n_spots,
        params=result.params,
        scores=result.scores,
        direction=result.direction,
        autoencoder=result.autoencoder and dataclasses.replace(result.autoencoder, losses=()),
        seconds=dict(result.seconds),
        labels_hash=files.labels_hash(result.labels),
        who=checked_text("who", who),
        sweep=sweep,
        created=datetime.now(UTC),
        code_version=code_version(),
    )


def _files_of(sample: Sample, result: Result) -> dict[str, bytes]:
    return files.files_of(result, picture_of(sample, result))


def _changed(run: Run, changes: dict[str, Any] | None) -> Run:
    if not changes:
        return run
    known = {key: value for key, value in changes.items() if key in ("name", "note", "starred", "deleted")}
    return dataclasses.replace(run, **known)


def _checked(key: str, value: Any) -> Any:
    return bool(value) if key == "starred" else checked_text(key, value)


def _say_nothing(n_read: int, n_new: int) -> None:
    del n_read, n_new


def open_record(models: Path) -> Record:
    """Open the record that the settings name; one for all who ask in this process.

    Parameters
    ----------
    models : Path
        `save_model/`: where the record lies unless `RUNS_URL` and `RUNS_ARTIFACTS` name other places.

    Returns
    -------
    Record
    """
    url = os.environ.get("RUNS_URL") or f"sqlite:///{models.absolute() / 'runs.sqlite3'}"
    return _shared(url, Path(os.environ.get("RUNS_ARTIFACTS") or models.absolute() / "runs"))


@functools.cache
def _shared(url: str, artifacts: Path) -> Record:
    return Record(url, artifacts)
