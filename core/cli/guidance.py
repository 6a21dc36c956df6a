"""What guides domains, as options give it: painted spots, annotated sections or a reference, marker genes."""

import argparse
import codecs
import dataclasses
import functools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from core import marker_table, reference
from core.cli.reading import read_sample
from core.errors import ParameterError, SampleFileError
from core.guidance import Guidance
from core.io.annotations import Annotations, read_annotations
from core.known_markers import KNOWN
from core.marker_table import MarkerTable
from core.reference import Reference
from core.sample import Sample
from core.strokes import Strokes, strokes_of
from core.text import counted, file_name, listed, shown

_FIRST_BYTES = 64


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what guides domains."""
    parser.add_argument(
        "--strokes",
        type=Path,
        metavar="CSV",
        help="spots that you painted (barcode, label): the others follow them; the result is guided, not label-free, and scored on "
        "spots that were not painted",
    )
    parser.add_argument(
        "--others",
        action="store_true",
        help="with --strokes: domains in which nobody painted stay beside the painted ones",
    )
    parser.add_argument(
        "--reference",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="annotated samples whose layers this one gets by name, or a reference that `learn` saved; --strokes correct it",
    )
    parser.add_argument(
        "--markers-of",
        metavar="TABLE",
        help=f"marker genes of domains, which are found and named by them: a CSV or TSV file (domain, genes), or {listed(list(KNOWN))}; "
        "--strokes correct it",
    )


def guides(options: argparse.Namespace) -> bool:
    """Whether options give anything that guides."""
    return any(value is not None for value in (options.strokes, options.reference, options.markers_of))


def check_unguided(options: argparse.Namespace) -> None:
    """Refuse what guides where several sections are one, and `--others` without `--strokes`."""
    if guides(options):
        raise ParameterError(
            "Sections that are clustered as one follow nothing that guides: leave out --joint, or --strokes, --reference and --markers-of."
        )
    check_others(options)


def check_others(options: argparse.Namespace) -> None:
    """Refuse `--others` without anything that guides."""
    if options.others and not guides(options):
        raise ParameterError("--others says what becomes of domains in which nobody painted: give --strokes, too.")


def guidance_of(options: argparse.Namespace, sample: Sample) -> Guidance:
    """Read what options name.

    Parameters
    ----------
    options : argparse.Namespace
    sample : Sample

    Raises
    ------
    ParameterError
        If two of them exclude each other, or a table cannot be read.
    TransferError
        If a reference cannot be read or learnt.
    SampleError, AnnotationError
        If a file cannot be read.
    """
    if options.others and (options.reference or options.markers_of):
        raise ParameterError(
            "--others goes with --strokes alone: beside a reference, what is unlike it is told anyway; leave out --others."
        )
    from core.figures.colours import layer_colours

    found = Guidance(
        strokes=None if options.strokes is None else read_strokes(options.strokes, sample),
        others=options.others,
        reference=None if options.reference is None else _reference(options.reference, sample),
        markers=None if options.markers_of is None else table_of(options.markers_of),
    )
    return dataclasses.replace(found, colours=layer_colours(found.domains, "light", sample.class_colours))


def read_strokes(path: Path, sample: Sample) -> Strokes:
    """Read painted spots, and say on standard error which rows were left out.

    Parameters
    ----------
    path : Path
        Table of barcodes and names of domains.
    sample : Sample

    Returns
    -------
    Strokes
        Spots that the table paints in several domains are not painted.

    Raises
    ------
    DomainsError
        If the sample has no barcodes, or the table paints no spot of it.
    """
    if sample.barcodes is None:
        raise SampleFileError(
            f"{shown(sample.name)} has no barcodes, by which strokes are found: import it again with them."
        )
    read = read_annotations(path, sample.barcodes, (sample.name,), without_contradicted=True)
    for sentence in _left_out(read, sample.barcodes[list(read.contradicted)].tolist()):
        sys.stderr.write(f"{sentence}\n")
    return strokes_of(read.labels(None))


def _left_out(read: Annotations, contradicted: list[str]) -> Iterator[str]:
    if len(read.columns) > 1:
        others = [shown(name, 40) for name in read.columns if name != read.suggested]
        yield f"{read.file_name}: domains are taken from its column {shown(read.suggested, 40)}, not from {shown(listed(others), 200)}."
    if read.n_uneven:
        yield (
            f"{read.file_name}: {counted(read.n_uneven, 'row has', 'rows have')} more or fewer cells than the first, and {'is' if read.n_uneven == 1 else 'are'} left out."
        )
    if read.n_unknown:
        yield (
            f"{read.file_name}: {counted(read.n_unknown, 'row names', 'rows name')} no spot of the sample, and {'is' if read.n_unknown == 1 else 'are'} left out."
        )
    if contradicted:
        several = (
            f"{shown(contradicted[0])} is"
            if len(contradicted) == 1
            else f"{len(contradicted):,} spots, {shown(contradicted[0])} among them, are"
        )
        yield f"{read.file_name}: {several} painted in several domains, and so in none."


def _reference(paths: Sequence[Path], sample: Sample) -> Reference:
    found = learnt(paths) if not (len(paths) == 1 and is_model(paths[0])) else reference.read(paths[0])
    found.check_not_of(sample.content_hash, sample.name)
    return found


def is_model(path: Path) -> bool:
    """Whether a file is a saved reference, by its first bytes or its name: no sample begins with a brace, or is called so."""
    try:
        with path.open("rb") as file:
            begins = file.read(_FIRST_BYTES).removeprefix(codecs.BOM_UTF8).lstrip()
    except OSError:
        begins = b""
    return begins.startswith(b"{") or path.suffix.lower() == ".json"


def learnt(paths: Sequence[Path]) -> Reference:
    """Read annotated samples and learn from them.

    Parameters
    ----------
    paths : sequence of Path

    Raises
    ------
    ParameterError
        If a saved reference is among them.
    TransferError
        If they teach nothing.
    SampleError
        If one cannot be read.
    """
    saved = next((path for path in paths if is_model(path)), None)
    if saved is not None:
        raise ParameterError(
            f"{file_name(saved)} is a saved reference, from which nothing more can be learnt: give it to `cluster --reference` alone, or name "
            "the files of all sections."
        )
    return _learnt(tuple(paths))


@functools.lru_cache(maxsize=1)  # all samples of a sweep may be compared with the same
def _learnt(paths: tuple[Path, ...]) -> Reference:
    from core.method.reference import learn

    return learn([read_sample(path) for path in paths])


def table_of(text: str) -> MarkerTable:
    """Take a table that is shipped, by its name, or read a file."""
    if text in KNOWN:
        return KNOWN[text]
    path = Path(text)
    if not path.exists():
        raise ParameterError(
            f"{shown(text, 300)} is neither a file that can be read nor a table that is shipped, which is {listed(list(KNOWN))}."
        )
    return marker_table.read(path)
