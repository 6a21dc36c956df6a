"""What the rows of the table of accuracy are measured on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks import drawn_tissue, parts
from benchmarks.parts import Part
from benchmarks.sections import Section, sections
from core.errors import SampleFileError
from core.method import joint
from core.method.shared_genes import shared_genes
from core.text import shown

Kind = Literal["whole", "half", "thinned", "genes", "synthetic", "joint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is measured besides whole sections.

    Parameters
    ----------
    halves : bool
        Each section also as two, cut at the median of its columns.
    thin : float, optional
        Share of the counts that sections keep in rows of their own.
    genes : float, optional
        How many genes they keep in rows of their own; below 1 their share.
    synthetic : Path, optional
        Section that rings, discs and stripes are drawn from.
    joint : sequence of sequence of str
        Groups that are clustered as one: names of the table, or files or folders.
    """

    halves: bool = False
    thin: float | None = None
    genes: float | None = None
    synthetic: Path | None = None
    joint: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One section as it is or changed, or several that are clustered as one.

    Parameters
    ----------
    kind : str
    name : str
    parts : tuple of Part
    """

    kind: Kind
    name: str
    parts: tuple[Part, ...]


def cases(folder: Path, asked: Asked) -> Iterator[Case | str]:
    """List what is measured, kind by kind.

    Parameters
    ----------
    folder : Path
        Gone through with all folders in it.
    asked : Asked

    Yields
    ------
    Case or str
        A sentence for each file that is passed over.

    Raises
    ------
    DomainsError
        If there is no such folder, or sections that are named cannot be clustered together.
    """
    found = []
    for item in sections(folder):
        if isinstance(item, str):
            yield item
        else:
            found.append(item)
    single = [*_of_sections(found, asked), *_synthetic(asked.synthetic)]
    yield from single
    for group in asked.joint:
        yield _joint(group, single, folder)


def _of_sections(found: Sequence[Section], asked: Asked) -> Iterator[Case]:
    yield from (_case("whole", section) for section in found)
    if asked.halves:
        yield from (_case("half", section, half=half) for section in found for half in ("left", "right"))
    if asked.thin is not None:
        yield from (_case("thinned", section, thinned=asked.thin) for section in found)
    if asked.genes is not None:
        yield from (_case("genes", section, genes=asked.genes) for section in found)


def _case(kind: Kind, section: Section, **change: object) -> Case:
    part = Part(source=section.source, **change)  # type: ignore[arg-type]
    return Case(kind=kind, name=part.name(section.name), parts=(part,))


def _synthetic(source: Path | None) -> Iterator[Case]:
    if source is None:
        return
    for shape in drawn_tissue.SHAPES:
        for drawing in range(1, drawn_tissue.N_DRAWINGS + 1):
            part = Part(source=source, shape=shape, drawing=drawing)
            yield Case(kind="synthetic", name=part.name(""), parts=(part,))


def _joint(group: Sequence[str], single: Sequence[Case], folder: Path) -> Case:
    """Read the sections once, so that what cannot be clustered together is refused before minutes of work."""
    members = tuple(_named(name, single, folder) for name in group)
    samples = [parts.read(part) for part in members]
    joint.check_samples(samples)
    shared_genes(samples)
    return Case(kind="joint", name=" + ".join(sample.name for sample in samples), parts=members)


def _named(name: str, single: Sequence[Case], folder: Path) -> Part:
    fitting = [case.parts[0] for case in single if name in (case.name, *_file_names(case))]
    if len(fitting) > 1:
        raise SampleFileError(f"Several sections below {folder} go by {shown(name)}: name the file with its folder.")
    if fitting:
        return fitting[0]
    paths = [path for path in (folder / name, Path(name)) if path.exists()]
    if not paths:
        known = ", ".join(case.name for case in single)
        raise SampleFileError(f"No section and no file is called {shown(name)}: name one of {known}, or a path.")
    return Part(source=paths[0])


def _file_names(case: Case) -> tuple[str, ...]:
    return (case.parts[0].source.name,) if case.kind == "whole" else ()
