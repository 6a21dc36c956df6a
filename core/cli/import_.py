"""`import`: bring in your own tissue."""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from core.cli.console import print_facts
from core.cli.options import add_knob, output_path
from core.cli.reading import check_importable
from core.folders import samples_folder
from core.io import lab
from core.io.incoming import ImportChoices, Survey
from core.text import counted

_KNOBS = ("genes", "n_genes", "um_per_unit")


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser("import", help="bring in your own tissue, and say what was found", allow_abbrev=False)
    parser.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="Space Ranger output (a folder, zip or tar.gz, or its .h5 with `spatial/` beside it) or a sample (.h5)",
    )
    parser.add_argument(
        "--annotation",
        metavar="CSV|COLUMN",
        help="table of barcodes and labels, or a column of the source; none for none (default: the likeliest column)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--name", help="name of the sample in spca_dat/ or SPCA_DATA (default: as the source suggests)")
    where.add_argument(
        "--out", type=output_path, metavar="FILE.h5", help="file to write instead; replaced if it exists"
    )
    for item in dataclasses.fields(ImportChoices):
        if item.name in _KNOBS:
            add_knob(parser, item.name, item)
    parser.add_argument("--layer", metavar="LAYER", help="matrix of counts to read, if there are several")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> None:
    """Import a sample, and print what was found and where it was written."""
    from core.io import importing

    annotation, out = options.annotation, options.out
    table = Path(annotation) if annotation is not None and _is_table(annotation) else None
    survey = importing.survey(options.source, annotation_csv=table)
    if not options.json:
        _print_survey(survey)
    check_importable(survey, options.source)
    column = annotation if table is None and annotation is not None else survey.suggested_annotation
    choices = dataclasses.replace(_choices(options), annotation=None if annotation == "none" else column)
    sample = importing.read(
        options.source, choices, name=lab.sample_name(out) if out else options.name, annotation_csv=table
    )
    if out is None:
        path = importing.save(sample, samples_folder())
    else:
        lab.write(sample, path := out, level=importing.LEVEL)
    facts = {"imported": str(path), "n_spots": sample.n_spots, "n_genes": sample.n_genes, "layers": sample.layer_names}
    print_facts(
        {"survey": dataclasses.asdict(survey), **facts} if options.json else _imported(facts), as_json=options.json
    )


def _choices(options: argparse.Namespace) -> ImportChoices:
    given = {name: getattr(options, name) for name in (*_KNOBS, "layer")}
    return ImportChoices(**{name: value for name, value in given.items() if value is not None})


def _is_table(annotation: str) -> bool:
    return annotation.lower().endswith((".csv", ".tsv", ".txt", ".gz")) or Path(annotation).is_file()


def _print_survey(survey: Survey) -> None:
    size = f", {counted(survey.n_spots, 'spot')}, {counted(survey.n_genes, 'gene')}" if survey.n_spots else ""
    print(f"{survey.kind}: {survey.name}{size}")
    for check in survey.checks:
        mark = {"good": "ok", "notice": "!", "bad": "x"}[check.status]
        print(f"  {mark:<2} {check.what}: {check.found} {check.advice}".rstrip())


def _imported(facts: dict[str, Any]) -> dict[str, Any]:
    layers = f", annotated with {', '.join(facts['layers'])}" if facts["layers"] else ""
    return {"Imported": f"{facts['imported']} ({facts['n_spots']} spots, {facts['n_genes']} genes{layers})"}
