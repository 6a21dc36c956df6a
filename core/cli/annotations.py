"""`annotations`: list the annotations of a sample, or write one as a file."""

import argparse
import sys
from typing import Any

from core.annotation import Annotation
from core.cli.console import print_facts
from core.cli.options import OutputFile, add_file
from core.cli.reading import read_sample
from core.errors import ParameterError
from core.files import write_text
from core.io.annotation_store import AnnotationStore, Entry
from core.people import called
from core.sample import Sample
from core.text import counted, shown

_ENDINGS = (".csv", ".geojson", ".json")


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser(
        "annotations", help="list the annotations of a sample, or write one as a file", allow_abbrev=False
    )
    add_file(parser)
    parser.add_argument("--export", metavar="NAME", help="name or id of the annotation to write")
    parser.add_argument("--author", help="of that annotation, where several share the name")
    parser.add_argument(
        "--to",
        type=OutputFile(_ENDINGS),
        metavar="OUT.csv|geojson",
        help="spots and regions as CSV, or outlines as GeoJSON for QuPath, napari and squidpy",
    )
    parser.add_argument("--loupe", action="store_true", help="write the CSV as Loupe Browser imports it")
    parser.set_defaults(run=_annotations)


def _annotations(options: argparse.Namespace) -> None:
    if (options.export is None) != (options.to is None):
        raise ParameterError(
            "--export names the annotation and --to the file: give both, or neither to list annotations."
        )
    sample = read_sample(options.file)
    store = AnnotationStore(options.file, sample)
    if options.export is not None:
        _export(store.find(options.export, options.author), sample, options)
        return
    entries = store.entries()
    facts = [_facts(entry) for entry in entries]
    if options.json:
        print_facts({"sample": sample.name, "annotations": facts}, as_json=True)
        return
    for entry in entries:
        print(_line(entry))
    if not entries:
        sys.stderr.write(f"{shown(sample.name)} has no annotation besides that of its own file.\n")


def _export(annotation: Annotation, sample: Sample, options: argparse.Namespace) -> None:
    from core.io.label_files import annotation_csv, annotation_loupe_csv

    said = ""
    if options.to.suffix.lower() == ".csv":
        text = (annotation_loupe_csv if options.loupe else annotation_csv)(annotation, sample)
    elif options.loupe:
        raise ParameterError("--loupe writes a CSV: let --to end in .csv.")
    else:
        from core.io.geojson import as_geojson

        text, said = as_geojson(annotation, sample)
    write_text(options.to, text)
    facts = {"sample": sample.name, "annotation": annotation.name, "id": annotation.id, "file": str(options.to)}
    print_facts({**facts, "found": said or None}, as_json=options.json)


def _facts(entry: Entry) -> dict[str, Any]:
    if entry.annotation is None:
        return {"id": entry.id, "problem": entry.problem}
    found = entry.annotation
    return {
        "id": found.id,
        "name": found.name,
        "author": found.author,
        "note": found.note,
        "source": found.source,
        "created": found.created.isoformat(timespec="seconds"),
        "changed": found.changed.isoformat(timespec="seconds"),
        "regions": dict(zip(found.names, found.sizes, strict=True)),
        "unassigned": int((found.assigned < 0).sum()),
    }


def _line(entry: Entry) -> str:
    found = entry.annotation
    if found is None:
        return f"{entry.id}  {entry.problem}"
    by = f" by {shown(called(found.author))}" if found.author else ""
    regions = ", ".join(f"{shown(name)} {size:,}" for name, size in zip(found.names, found.sizes, strict=True))
    n_assigned = sum(found.sizes)
    return (
        f"{entry.id}  {shown(found.name)}{by}, {found.changed:%Y-%m-%d}: {counted(n_assigned, 'spot')} of {found.n_spots:,} "
        f"({regions or 'no region yet'})"
    )
