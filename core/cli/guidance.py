"""What guides domains, as options give it: painted spots, annotated sections or a reference, marker genes."""

import argparse
import codecs
import dataclasses
import functools
import sys
from collections.abc import Sequence
from pathlib import Path

from core import marker_table, reference
from core.cli.reading import read_sample
from core.errors import ParameterError
from core.guidance import Guidance
from core.io import stroke_files
from core.known_markers import KNOWN
from core.marker_table import MarkerTable
from core.reference import Reference
from core.sample import Sample
from core.strokes import Strokes
from core.text import file_name, listed, shown

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
    path, sample
        As for :func:`core.io.stroke_files.read_strokes`, which says what is raised.

    Returns
    -------
    Strokes
    """
    read = stroke_files.read_strokes(path, sample)
    for sentence in read.notes:
        sys.stderr.write(f"{sentence}\n")
    return read.strokes


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
