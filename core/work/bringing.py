"""Tasks that bring samples in: looking at a source, reading it, and fetching public sections.

Like all tasks these take a `Progress` first, and then arguments small enough to be sent.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ParameterError
from core.io import importing, lab
from core.io.drafts import stem
from core.io.incoming import ImportChoices, Survey, name_of_section
from core.io.public import dlpfc, paste2
from core.text import counted, shown
from core.work.board.progress import Progress

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
