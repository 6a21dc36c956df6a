"""Annotated samples below a folder, whatever their format; what is passed over, and why, is said."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import DomainsError, SampleFileError
from core.io import importing
from core.io.incoming import ImportChoices
from core.sample import Sample

_SUFFIXES = (".h5", ".h5ad", ".zip", ".tar", ".tar.gz", ".tgz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One annotated sample, described without its counts.

    Parameters
    ----------
    source : Path
    name : str
    n_spots, n_genes, n_classes : int
        Classes without the unannotated.
    """

    source: Path
    name: str
    n_spots: int
    n_genes: int
    n_classes: int


def sections(folder: Path, *, named: bool = False) -> Iterator[Section | str]:
    """Find each annotated sample once.

    Parameters
    ----------
    folder : Path
        Gone through with all folders in it.
    named : bool
        Whether samples without gene names are passed over; the same tissue with names is then found in their place.

    Yields
    ------
    Section or str
        A sentence for each source that is passed over.

    Raises
    ------
    SampleFileError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise SampleFileError(f"There is no folder {folder}: name one with samples in it.")
    seen: dict[str, str] = {}
    for source in _sources(folder):
        try:
            sample = read(source)
        except DomainsError as error:
            yield f"{source.name} is passed over: {error}"
        else:
            if named and sample.gene_names is None:
                yield f"{source.name} is passed over: it has no gene names, by which sections are compared."
            else:
                yield _once(source, sample, seen)


def read(source: Path) -> Sample:
    """Read a sample with all its genes and its likeliest annotation.

    Parameters
    ----------
    source : Path
        As for :func:`core.io.importing.survey`.

    Returns
    -------
    Sample

    Raises
    ------
    DomainsError
        If it cannot be read.
    """
    annotation = importing.survey(source).suggested_annotation
    return importing.read(source, ImportChoices(genes="all", annotation=annotation))


def _sources(folder: Path) -> Iterator[Path]:
    if (folder / "spatial").is_dir():  # Space Ranger's output: its files belong together
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _sources(path)
        elif path.name.lower().endswith(_SUFFIXES):
            yield path


def _once(source: Path, sample: Sample, seen: dict[str, str]) -> Section | str:
    if not sample.layer_names:
        return f"{source.name} is passed over: it has no annotation to score against."
    counts_hash = replace(sample, gene_names=None).content_hash  # the same tissue with and without names is one
    if counts_hash in seen:
        return f"{source.name} is passed over: it holds the same counts at the same positions as {seen[counts_hash]}."
    seen[counts_hash] = source.name
    n_classes = len(sample.layer_names)
    return Section(source=source, name=sample.name, n_spots=sample.n_spots, n_genes=sample.n_genes, n_classes=n_classes)
