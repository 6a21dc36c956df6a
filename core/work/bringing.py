"""Tasks that bring samples in: looking at a source, reading it, and fetching public sections.

Like all tasks these take a `Progress` first, and then arguments small enough to be sent.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from core.errors import ParameterError
from core.io import importing, lab
from core.io.incoming import ImportChoices, Survey
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
    """

    path: Path
    called: str
    annotation_csv: Path | None = None


def look(progress: Progress, source: Source) -> Survey:
    """Look at a source without reading its counts."""
    progress.report(0.0, "Looking at what is there")
    return importing.survey(source.path, annotation_csv=source.annotation_csv)


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
    sample = importing.read(source.path, choices, name=out.stem, annotation_csv=source.annotation_csv)
    progress.report(0.7, f"Writing {counted(sample.n_spots, 'spot')} and {counted(sample.n_genes, 'gene')}")
    out.parent.mkdir(exist_ok=True)
    # Uploaded files were renamed; the new names mean nothing to their user.
    lab.write(dataclasses.replace(sample, source=sample.source.replace(source.path.name, shown(source.called))), out)
    return out


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
