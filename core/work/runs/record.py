"""The record of runs, which several processes can read and write at the same time.

What is written once is never changed; names, notes, stars and deletions have columns of their own. Files are written first
and the rows last: an interrupted write leaves only files that no row names.
"""

import dataclasses
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.codec import as_plain
from core.errors import RecordError
from core.result import Result
from core.sample import Sample
from core.work.runs import artifacts as files
from core.work.runs import making, one_file
from core.work.runs.artifacts import Artifacts
from core.work.runs.run import Run, checked_text, facts_of, run_id

if TYPE_CHECKING:
    from core.evaluation.matching import Matching
    from core.work.runs.database import Database
    from core.work.runs.known import Known, OnRead


class Record:
    """Kept runs, in a database and a folder of artifacts.

    Parameters
    ----------
    url : str
        SQLAlchemy's address of a database, such as `sqlite:///save_model/runs.sqlite3`.
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

    @functools.cached_property
    def _database(self) -> "Database":
        from core.work.runs.database import Database  # SQLAlchemy is slow to import, and most commands do not need it

        return Database(self.url)

    @functools.cached_property
    def _known(self) -> "Known":
        from core.work.runs.known import Known

        return Known(self._database)

    def keep(
        self,
        sample: Sample,
        result: Result,
        *,
        who: str = "",
        name: str = "",
        note: str = "",
        starred: bool = False,
        domains: "Matching | None" = None,
        together: Sequence[str] = (),
    ) -> Run:
        """Record a run.

        Parameters
        ----------
        sample : Sample
        result : Result
            Of that sample.
        who, name, note : str
            User who keeps it, its name, and a note.
        starred : bool
        domains : Matching, optional
            Names and colours of its domains; without, as :func:`core.evaluation.matching.domains_of` decides them.
        together : sequence of str
            Names of the sections that it was clustered as one with.
        """
        run = dataclasses.replace(
            making.new_run(sample, result, who=who, domains=domains),
            name=checked_text("name", name),
            note=checked_text("note", note),
            starred=starred,
            together=tuple(together),
        )
        return self.add(run, making.files_of(sample, result, domains))

    def keep_all(self, sample: Sample, results: Sequence[Result], *, who: str, sweep: str) -> list[Run]:
        """Record runs of one sample and one sweep, all of them or none.

        Parameters
        ----------
        sample : Sample
        results : sequence of Result
            Of that sample.
        who : str
            User who keeps them.
        sweep : str
            Id of the sweep.

        Returns
        -------
        list of Run
            In order.
        """
        return self._add(
            [
                (making.new_run(sample, result, who=who, sweep=sweep), making.files_of(sample, result))
                for result in results
            ]
        )

    def add(self, run: Run, contents: dict[str, bytes]) -> Run:
        """Record a run with its files, unchanged.

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
        from core.work.runs.tables import row_of

        runs = [
            dataclasses.replace(
                run, artifacts={name: self._written(name, content) for name, content in contents.items()}
            )
            for run, contents in made
        ]
        self._database.add([row_of(run) for run in runs])
        return runs

    def _written(self, name: str, content: bytes) -> str:
        # All runs of a sweep may have one guidance, which holds megabytes where sections taught.
        return self.artifacts.write_once(content) if name == files.GUIDANCE else self.artifacts.write(content)

    def runs(
        self,
        *,
        sample_name: str | None = None,
        sweep: str | None = None,
        deleted: bool = False,
        on_read: "OnRead | None" = None,
    ) -> list[Run]:
        """List runs, the latest first; only those that are new or changed since the last call are read.

        Parameters
        ----------
        sample_name, sweep : str, optional
            Only runs of that sample, or of that sweep.
        deleted : bool
            The deleted ones instead of the others.
        on_read : callable, optional
            Called as `on_read(n_read, n_new)` while new runs are read; at the first call all are new.
        """
        chosen = (
            run
            for run in self._known.now(on_read)
            if run.deleted == deleted and sample_name in (None, run.sample_name) and sweep in (None, run.sweep)
        )
        return sorted(chosen, key=lambda run: run.created, reverse=True)

    @property
    def damaged(self) -> dict[str, str]:
        """What is wrong with runs that lists leave out, as a sentence by id; as far as the record was read."""
        return self._known.damaged

    @property
    def owners_of_damaged(self) -> dict[str, str]:
        """Whose damaged runs were, by id, where their rows still say it; as far as the record was read."""
        return self._known.owners_of_damaged

    @property
    def dismissed(self) -> list[str]:
        """Ids of damaged runs that were dismissed; as far as the record was read."""
        return self._known.dismissed

    def dismiss(self, run_id: str, *, undo: bool = False) -> None:
        """Name a damaged run no more, or again; its row stays as it is otherwise, for who mends it.

        Parameters
        ----------
        run_id : str
            Ignored where it is of no damaged run.
        undo : bool

        Raises
        ------
        RecordError
            If the database cannot even mark its row.
        """
        self._known.now()
        if run_id in (self.dismissed if undo else self.damaged):
            self._database.change(run_id, {"deleted": not undo})

    @property
    def said_of_damaged(self) -> str:
        """Which runs cannot be read, why, and what to do; empty where there are none, as far as the record was read."""
        from core.work.runs.sentences import of_damaged

        return of_damaged(self.damaged, self.url)

    def run(self, run_id: str) -> Run:
        """Look up one run, deleted or not, without reading the others.

        Raises
        ------
        RecordError
            If no run has that id.
        """
        run = self.find(run_id)
        if run is None:
            raise RecordError(f"No run {run_id} is kept here: was it kept on another server?")
        return run

    def find(self, wanted_id: str) -> Run | None:
        """Look up one run that may be missing.

        Returns
        -------
        Run or None
        """
        from core.work.runs.tables import run_from

        row = self._database.find(run_id(wanted_id))
        return None if row is None else run_from(row)

    def result(self, run: Run) -> Result:
        """Read the result of a run, labels included.

        Raises
        ------
        RecordError
            If its files are missing or damaged.
        """
        more = (files.CONFIDENCE, files.LOSSES, files.GUIDANCE)
        names = [files.LABELS, *(name for name in more if name in run.artifacts)]
        return making.result_of(run, {name: self._file(run, name) for name in names})

    def picture(self, run: Run) -> bytes:
        """Read the small map of a run.

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
            Anything not given stays unchanged.

        Returns
        -------
        Run
            The changed run.
        """
        texts = {key: checked_text(key, text) for key, text in (("name", name), ("note", note)) if text is not None}
        return self._change(run_id, texts if starred is None else texts | {"starred": bool(starred)})

    def name_domains(self, run_id: str, names: Mapping[int, str]) -> Run:
        """Give the domains of a run these names, and all others their own.

        Parameters
        ----------
        run_id : str
        names : mapping of int to str
            By cluster.

        Returns
        -------
        Run
            The changed run.
        """
        named = making.with_names(self.run(run_id), names)
        self._database.change_facts(run_id, {"domains": as_plain(named.domains)})
        return named

    def delete(self, run_id: str) -> Run:
        """Hide a run from the lists; :meth:`restore` brings it back."""
        return self._change(run_id, {"deleted": True})

    def restore(self, run_id: str) -> Run:
        """Bring a deleted run back."""
        return self._change(run_id, {"deleted": False})

    def export(self, run_id: str, path: Path, *, names: Mapping[int, str] | None = None) -> Run:
        """Write a run as one file, for import elsewhere.

        Parameters
        ----------
        run_id : str
        path : Path
            Ends in `.run.zip` by convention. An existing file is replaced.
        names : mapping of int to str, optional
            Names of domains by cluster that hold in the file in place of those in the record.

        Raises
        ------
        RecordError
            If there is no such run, its files are missing, or the file cannot be written.
        """
        run = self.run(run_id)
        run = run if names is None else making.with_names(run, names)
        one_file.write(path, run, {name: self._file(run, name) for name in run.artifacts})
        return run

    def import_(
        self, path: Path, name: str = "", *, who: str = "", may_restore: Callable[[Run], bool] = lambda run: True
    ) -> Run:
        """Import a run that :meth:`export` wrote, here or elsewhere; the file is not trusted.

        Parameters
        ----------
        path : Path
        name : str
            Name of the file for its owner, used in messages; the file's own name if empty.
        who : str
            User who imports it, and owns it from now on; whom the file names is kept as a claim.
        may_restore : callable
            Whether that user may bring back a run that was deleted here.

        Returns
        -------
        Run
            Under the id that it had, with scores that count as not computed here. One that is kept here already stays as it
            is; if it was deleted, it is restored.

        Raises
        ------
        RecordError
            If the file is not such a run, or is damaged, or the run was deleted here by somebody else.
        """
        run, contents = one_file.read(path, name)
        known = self.find(run.id)
        if known is None:
            self.add(dataclasses.replace(run, who=checked_text("who", who), claimed=run.who, imported=True), contents)
            return self.run(run.id)  # somebody else may have imported it meanwhile
        if not known.deleted:
            return known
        if not may_restore(known):
            raise RecordError(
                "This run was kept here and was deleted by whoever kept it, who alone can bring it back: ask for that."
            )
        return self.restore(run.id)

    def confirm(self, run_id: str, sample: Sample, result: Result) -> Run:
        """Keep that an imported run was computed here, with all that came of it in place of what its file claimed.

        Parameters
        ----------
        run_id : str
        sample : Sample
        result : Result
            Of that sample, with the labels that the run has.

        Returns
        -------
        Run
            The changed run.
        """
        made, contents = making.made_again(self.run(run_id), sample, result)
        own = dataclasses.replace(made, artifacts={name: self._written(name, one) for name, one in contents.items()})
        facts = facts_of(own)
        self._database.change_facts(run_id, {"imported": False} | {name: facts.get(name) for name in making.COMPUTED})
        return self.run(run_id)

    def close(self) -> None:
        """Close the database; the next call opens it again."""
        self._database.close()

    def _file(self, run: Run, name: str) -> bytes:
        if name not in run.artifacts:
            raise RecordError(f"This run was recorded without {name}.")
        return self.artifacts.read(run.artifacts[name], files.MAX_BYTES.get(name, 0))

    def _change(self, run_id: str, values: dict[str, Any]) -> Run:
        run = self.run(run_id)
        new = {key: value for key, value in values.items() if getattr(run, key) != value}
        if new:
            self._database.change(run_id, new)
        return dataclasses.replace(run, **new)


def open_record(models: Path) -> Record:
    """Open the record that the settings name, one for the whole process.

    Parameters
    ----------
    models : Path
        `save_model/`, which holds the record unless `RUNS_URL` and `RUNS_ARTIFACTS` are set.
    """
    url = os.environ.get("RUNS_URL") or f"sqlite:///{models.absolute() / 'runs.sqlite3'}"
    return _shared(url, Path(os.environ.get("RUNS_ARTIFACTS") or models.absolute() / "runs"))


@functools.cache
def _shared(url: str, artifacts: Path) -> Record:
    return Record(url, artifacts)
