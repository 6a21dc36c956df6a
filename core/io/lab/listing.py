"""Samples of a folder, summarised without reading their counts."""

import os
from dataclasses import dataclass
from pathlib import Path

from core.errors import SampleError, SampleFileError
from core.io.hdf5.safe import naming, opened
from core.io.lab.layout import layout_of
from core.io.lab.reading import flag, sample_name
from core.text import shown

SUFFIXES = (".h5", ".hdf5")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSummary:
    """What a list of samples shows of one file, found without reading its counts.

    Parameters
    ----------
    name : str
        As :attr:`core.sample.Sample.name`.
    path : Path
    n_spots, n_genes : int
        0 where the file cannot be read.
    annotated : bool
        Whether the file has labels.
    synthetic : bool
        Whether the tissue was made by a program.
    problem : str
        Why the file cannot be read, as a sentence; empty where it can.
    """

    name: str
    path: Path
    n_spots: int = 0
    n_genes: int = 0
    annotated: bool = False
    synthetic: bool = False
    problem: str = ""


def peek(path: str | os.PathLike[str]) -> SampleSummary:
    """Summarize a file without reading its counts.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    SampleSummary
        With `problem` set, instead of an error, where the file cannot be read.
    """
    path = Path(path)
    try:
        with opened(path) as file, naming(path):
            layout = layout_of(file)
            return SampleSummary(
                name=sample_name(path),
                path=path,
                n_spots=layout.n_spots,
                n_genes=layout.n_genes,
                annotated="Y" in file,
                synthetic=flag(file, "synthetic"),
            )
    except SampleError as error:
        return SampleSummary(name=sample_name(path), path=path, problem=str(error))


def list_samples(folder: str | os.PathLike[str]) -> list[SampleSummary]:
    """Summarise the samples directly inside a folder, sorted by name.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    list of SampleSummary
        One for each `.h5` or `.hdf5` file; files that cannot be read are listed with their problem.
        Links that lead out of the folder are left out.

    Raises
    ------
    SampleFileError
        If the folder cannot be read.
    """
    folder = Path(folder)
    try:
        home = folder.resolve(strict=True)
        paths = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and _is_inside(path, home)]
    except OSError as error:
        raise SampleFileError(f"The folder {shown(folder, 300)} cannot be read: check its name.") from error
    return sorted(map(peek, paths), key=lambda summary: (summary.name, summary.path.name))


def _is_inside(path: Path, home: Path) -> bool:
    return path.is_file() and path.resolve().is_relative_to(home)
