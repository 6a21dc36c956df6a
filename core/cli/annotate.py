"""`annotate`: keep regions or labels of a file as an annotation of a sample."""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from core.annotation import MAX_NOTE, Annotation
from core.cli.console import print_facts
from core.cli.options import add_file
from core.cli.reading import read_sample
from core.errors import AnnotationError
from core.sample import Sample

_FLIPS = ("none", "swapped", "mirrored")


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser(
        "annotate", help="keep regions or labels of a file as an annotation of a sample", allow_abbrev=False
    )
    add_file(parser)
    parser.add_argument(
        "--from",
        dest="origin",
        required=True,
        metavar="CSV|GEOJSON|H5AD[:COLUMN]",
        help="regions as GeoJSON, or labels by barcode: a table (also Loupe's), or an h5ad; a column may follow after a colon",
    )
    parser.add_argument("--name", required=True, help="name of the annotation")
    parser.add_argument("--author", default="", help="who made it; only this name may change it on the pages")
    parser.add_argument("--note", default="", help="kept with it")
    parser.add_argument(
        "--unit",
        type=_unit,
        metavar="px|image-px|um|array-um|NUMBER",
        help="what coordinates of GeoJSON are in: pixels of the full-resolution image, of the small one, µm, µm on the array, or how "
        "many µm one unit is (default: what alone fits the tissue, which is said)",
    )
    parser.add_argument(
        "--axes",
        choices=_FLIPS,
        help="whether x and y are exchanged, or y counts upwards (default: what fits the tissue)",
    )
    parser.set_defaults(run=_annotate)


def _unit(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text.replace("-", " ")


def _annotate(options: argparse.Namespace) -> None:
    """Read the file, keep the annotation beside the sample, and say what was found."""
    from core.io.annotation_store import AnnotationStore
    from core.io.geojson import is_geojson

    sample = read_sample(options.file)
    path, column = origin(options.origin)
    if is_geojson(path):
        if column is not None:
            raise AnnotationError(f"{path.name} is GeoJSON, which has no columns: leave out {column!r}.")
        annotation, facts = _drawn(path, sample, options)
    else:
        if options.unit is not None or options.axes is not None:
            raise AnnotationError(f"{path.name} has labels by barcode, not coordinates: leave out --unit and --axes.")
        annotation, facts = _labelled(path, column, sample, options)
    annotation = dataclasses.replace(annotation, note=options.note[:MAX_NOTE])
    store = AnnotationStore(options.file, sample)
    store.save(annotation, options.author)
    kept = {
        "annotation": annotation.name,
        "id": annotation.id,
        "author": annotation.author,
        "folder": str(store.folder),
    }
    sizes = {"regions": dict(zip(annotation.names, annotation.sizes, strict=True))}
    unassigned = {"unassigned": int((annotation.assigned < 0).sum())}
    whole = {"sample": sample.name, **kept, **facts, **sizes, **unassigned}
    print_facts(whole if options.json else _in_short(whole), as_json=options.json)


def _in_short(facts: dict[str, Any]) -> dict[str, Any]:
    """Write notes as one line, and nothing that is empty."""
    facts = {**facts, "notes": " ".join(facts.get("notes", ()))}
    return {name: value for name, value in facts.items() if value not in ("", {})}


def origin(text: str) -> tuple[Path, str | None]:
    """Divide FILE:COLUMN; a file whose own name has a colon is taken as it is.

    Parameters
    ----------
    text : str

    Returns
    -------
    path : Path
    column : str or None
    """
    file, colon, column = text.rpartition(":")
    if not colon or Path(text).exists() or not file or not column:
        return Path(text), None
    return Path(file), column


def _drawn(path: Path, sample: Sample, options: argparse.Namespace) -> tuple[Annotation, dict[str, Any]]:
    from core.figures.colours import layer_colours
    from core.io import geojson

    placed = geojson.place(geojson.read(path), sample, unit=options.unit, flip=options.axes)
    if placed.others and options.unit is None:
        units = " or ".join(unit.replace(" ", "-") for unit in (placed.unit, *placed.others))
        raise AnnotationError(f"{' '.join((placed.said, *placed.notes))} Nothing was kept: add --unit {units}.")
    facts = {"unit": placed.unit, "axes": placed.flip, "um_per_unit": placed.um_per_unit}
    shades = layer_colours([region.name for region in placed.regions], "light")
    annotation = placed.annotation(options.name, options.author, shades)
    return annotation, {**facts, "found": placed.said, "notes": list(placed.notes)}


def _labelled(
    path: Path, column: str | None, sample: Sample, options: argparse.Namespace
) -> tuple[Annotation, dict[str, Any]]:
    from core.figures.colours import layer_colours
    from core.io.label_files import labels_of

    found = labels_of(path, sample, column)
    shades = layer_colours(set(found.labels.tolist()), "light")
    return found.annotation(options.name, options.author, shades), {"column": found.column, "found": found.said}
