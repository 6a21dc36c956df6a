"""Tasks that bring samples in: looking at a source, reading it, and fetching public sections; and regions, strokes or a run from a file.

Like all tasks these take a `Progress` first, and then arguments small enough to be sent.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.annotation import Annotation
from core.annotation_labels import from_labels
from core.errors import DomainsError, ParameterError
from core.figures import colours
from core.io import geojson, importing, lab, label_files, stroke_files
from core.io.drafts import stem
from core.io.incoming import ImportChoices, Survey, name_of_section
from core.io.public import dlpfc, paste2
from core.layer_names import display_name
from core.people import is_same
from core.region_names import fitting_names
from core.sample import UNANNOTATED, Sample
from core.strokes import SOURCE
from core.text import counted, shown
from core.work.board.progress import Progress
from core.work.runs import Run, open_record
from core.work.tasks import SampleFile

COLLECTIONS = ("paste2", "dlpfc")
"""Public collections that can be fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a user wants to bring in.

    Parameters
    ----------
    path : Path
        A file or folder on the server.
    called : str
        Its name for the user.
    annotation_csv : Path, optional
        Table of barcodes and labels.
    section : str, optional
        Which of several sections or samples.
    table_section : str, optional
        Section whose rows of the table are meant.
    axes : (str, str), optional
        Columns that hold x and y, of a table of coordinates whose titles do not say it.
    """

    path: Path
    called: str
    annotation_csv: Path | None = None
    section: str | None = None
    table_section: str | None = None
    axes: tuple[str, str] | None = None

    @property
    def meant(self) -> dict[str, Any]:
        """Arguments of readers that say which section and which labels are meant."""
        return {
            "annotation_csv": self.annotation_csv,
            "section": self.section,
            "table_section": self.table_section,
            "called": self.called,
            "axes": self.axes,
        }


def look(progress: Progress, source: Source) -> Survey:
    """Look at a source without reading its counts."""
    progress.report(0.0, "Looking at what is there")
    return importing.survey(source.path, **source.meant)


def prepare(progress: Progress, source: Source, choices: ImportChoices, out: Path) -> Path:
    """Read a source and write it in the lab's format, to be looked at before it is kept.

    Parameters
    ----------
    progress : Progress
    source : Source
    choices : ImportChoices
    out : Path
        Where to write.

    Returns
    -------
    Path
        `out`.
    """
    progress.report(0.0, "Reading the counts")
    sample = importing.read(source.path, choices, name=out.stem, **source.meant)
    progress.report(0.7, f"Writing {counted(sample.n_spots, 'spot')} and {counted(sample.n_genes, 'gene')}")
    out.parent.mkdir(exist_ok=True)
    # Uploaded files were renamed; the new names mean nothing to their user.
    lab.write(dataclasses.replace(sample, source=sample.source.replace(source.path.name, shown(source.called))), out)
    return out


def bring_each(
    progress: Progress, source: Source, choices: ImportChoices, sections: tuple[str, ...], folder: Path
) -> list[Path]:
    """Read every section of a source, and save each as a sample of its own.

    Parameters
    ----------
    progress : Progress
    source : Source
    choices : ImportChoices
        An annotation that a section does not have is left out there.
    sections : tuple of str
    folder : Path
        Folder of samples.

    Returns
    -------
    list of Path
        The samples written.

    Raises
    ------
    SampleError
        If a section cannot be read, or there is a sample of its name; sections before it are saved.
    """
    written = []
    for number, section in enumerate(sections):
        progress.report(number / len(sections), f"Reading {shown(section)}")
        here = dataclasses.replace(source, section=section)
        survey = importing.survey(here.path, **here.meant)
        known = choices.annotation if choices.annotation in survey.annotations else None
        name = name_of_section(stem(source.called), section, survey)
        chosen = dataclasses.replace(choices, annotation=known)
        sample = importing.read(here.path, chosen, name=importing.safe_name(name), **here.meant)
        renamed = sample.source.replace(source.path.name, shown(source.called))
        written.append(importing.save(dataclasses.replace(sample, source=renamed), folder))
    return written


def fetch(
    progress: Progress, collection: str, sections: tuple[str, ...], folder: Path, sources: dlpfc.Sources
) -> list[Path]:
    """Bring public sections.

    Parameters
    ----------
    progress : Progress
    collection : {"paste2", "dlpfc"}
    sections : tuple of str
    folder : Path
        Folder of samples.
    sources : Sources
        Addresses of the whole sections; sent along, since a worker keeps the settings from its start.

    Returns
    -------
    list of Path
        The samples written.

    Raises
    ------
    ParameterError
        If there is no such collection.
    FetchError
        If they cannot be fetched.
    """
    if collection == "paste2":
        return paste2.fetch_paste2(folder, sections=sections, progress=progress.report)
    if collection == "dlpfc":
        return dlpfc.fetch_dlpfc(folder, sections=sections, progress=progress.report, sources=sources)
    raise ParameterError(f"There is no collection {collection!r}; there are {', '.join(COLLECTIONS)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionsFile:
    """A file with regions of a sample, or with strokes, and how people say that it is to be read.

    Parameters
    ----------
    path : Path
        On the server.
    called : str
        Its name for the user.
    unit, flip : str, optional
        Of shapes; see `core.io.geojson.place`.
    column : str, optional
        With the labels, of a table.
    """

    path: Path
    called: str
    unit: str | None = None
    flip: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundRegions:
    """What a file says of a sample's regions, or which spots it paints.

    Parameters
    ----------
    kind : {"shapes", "labels", "strokes"}
        What the file holds.
    annotation : Annotation or None
        Without an author; None where there is a problem.
    said : str
        How the file was read, in a sentence.
    notes : tuple of str
        What else has to be known.
    is_clear : bool
        Whether nothing has to be answered before it is taken.
    problem : str
        Why there are no regions, as a sentence.
    """

    kind: Literal["shapes", "labels", "strokes"]
    annotation: Annotation | None = None
    said: str = ""
    notes: tuple[str, ...] = ()
    is_clear: bool = True
    problem: str = ""


def regions(progress: Progress, file: RegionsFile, of: SampleFile) -> FoundRegions:
    """Read regions of a sample from a file, shapes or labels.

    Parameters
    ----------
    progress : Progress
    file : RegionsFile
        Not trusted.
    of : SampleFile

    Returns
    -------
    FoundRegions
        Also where the file has none: the kind of file says what can be asked of it.

    Raises
    ------
    SampleFileError
        If the sample is not as it was.
    """
    progress.report(0.0, "Reading the regions")
    sample, name = of.read(), shown(file.called, 60)
    kind: Literal["shapes", "labels"] = "shapes" if geojson.is_geojson(file.path, file.called) else "labels"
    try:
        return (_shapes if kind == "shapes" else _labels)(sample, file, name)
    except DomainsError as error:
        return FoundRegions(kind=kind, problem=str(error).replace(file.path.name, name))


def strokes(progress: Progress, file: RegionsFile, of: SampleFile) -> FoundRegions:
    """Read painted spots of a sample from a table, as `python -m core cluster --strokes` does.

    Parameters
    ----------
    progress, file, of
        As for :func:`regions`.

    Returns
    -------
    FoundRegions
        Layers are called as people read them.

    Raises
    ------
    SampleFileError
        If the sample is not as it was.
    """
    progress.report(0.0, "Reading the strokes")
    sample, name = of.read(), shown(file.called, 60)
    try:
        read = stroke_files.read_strokes(file.path, sample)
    except DomainsError as error:
        return FoundRegions(kind="strokes", problem=str(error).replace(file.path.name, name))
    painted = read.strokes
    plain = np.array([*fitting_names(map(display_name, painted.names)), UNANNOTATED])
    made = from_labels(plain[painted.painted], name=_UNNAMED, source=SOURCE)
    said = f"{name} paints {counted(painted.n_painted, 'spot')} of {counted(len(painted.names), 'domain')}."
    notes = tuple(note.replace(file.path.name, name) for note in read.notes)
    return FoundRegions(kind="strokes", annotation=made, said=said, notes=notes)


def _shapes(sample: Sample, file: RegionsFile, name: str) -> FoundRegions:
    placed = geojson.place(geojson.read(file.path, name), sample, unit=file.unit, flip=file.flip)
    shades = colours.layer_colours([region.name for region in placed.regions], "light")
    made = placed.annotation(_UNNAMED, "", shades)
    return FoundRegions(
        kind="shapes", annotation=made, said=placed.said, notes=placed.notes, is_clear=not placed.others
    )


def _labels(sample: Sample, file: RegionsFile, name: str) -> FoundRegions:
    found = label_files.labels_of(file.path, sample, file.column)
    plain = {label: display_name(label) if label != UNANNOTATED else label for label in set(found.labels.tolist())}
    called_so = dataclasses.replace(
        found,
        file_name=name,
        labels=np.array([plain[label] for label in found.labels.tolist()]),
        colours={plain.get(label, label): colour for label, colour in found.colours.items()},
    )
    made = called_so.annotation(_UNNAMED, "", colours.layer_colours(set(plain.values()), "light"))
    return FoundRegions(kind="labels", annotation=made, said=found.said.replace(found.file_name, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    """A run that somebody sent as one file, and who brings it in.

    Parameters
    ----------
    path : Path
        On the server.
    called : str
        Its name for the user.
    who : str
        Who owns the run from now on.
    restores : tuple of str, optional
        Whose runs that were deleted here this user may bring back; everybody's where it is left out.
    """

    path: Path
    called: str
    who: str
    restores: tuple[str, ...] | None = None

    def may_restore(self, run: Run) -> bool:
        """Whether a run that was deleted here may come back by this file."""
        return self.restores is None or run.who == "" or any(is_same(run.who, name) for name in self.restores)


def run_file(progress: Progress, file: RunFile, models: Path) -> str:
    """Bring in a run, into the record that the settings name.

    Parameters
    ----------
    progress : Progress
    file : RunFile
        Not trusted.
    models : Path
        Folder of the record, unless settings name another.

    Returns
    -------
    str
        Id of the run.

    Raises
    ------
    RecordError
        As of `core.work.runs.Record.import_`.
    """
    progress.report(0.0, "Reading the run")
    record = open_record(models)
    return record.import_(file.path, file.called, who=file.who, may_restore=file.may_restore).id


_UNNAMED = "Regions"  # until its author gives it a name
