"""`import`: bring in your own tissue."""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from core.cli.console import print_facts
from core.cli.options import add_knob, lab_path
from core.cli.reading import check_importable
from core.errors import ParameterError, SampleFileError
from core.folders import samples_folder
from core.io import lab
from core.io.incoming import ImportChoices, Survey, name_of_section
from core.text import counted

_KNOBS = ("genes", "n_genes", "um_per_unit", "positions")
_EVERY = "all"


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser("import", help="bring in your own tissue, and say what was found", allow_abbrev=False)
    parser.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="output of Space Ranger, Xenium, MERSCOPE, CosMx or Stereo-seq, a SpatialData store, two tables (as a folder, zip or "
        "tar.gz), an h5ad, or a sample (.h5)",
    )
    parser.add_argument(
        "--annotation",
        metavar="CSV|COLUMN",
        help="table of barcodes and labels, or a column of the source; none for none (default: the likeliest column)",
    )
    parser.add_argument(
        "--table-section",
        metavar="NAME",
        help="section whose rows of the table are meant, where it holds several and nothing else says which",
    )
    parser.add_argument(
        "--section",
        metavar="NAME",
        help="which of several sections or samples in the source, or all for each as a sample of its own (default: the first of an h5ad)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--name",
        help="name of the sample in spca_dat/ or SPCA_DATA (default: as the source suggests, with the section that was chosen)",
    )
    where.add_argument("--out", type=lab_path, metavar="FILE.h5", help="file to write instead; replaced if it exists")
    for item in dataclasses.fields(ImportChoices):
        if item.name in _KNOBS:
            add_knob(parser, item.name, item)
    parser.add_argument(
        "--xy",
        type=_two_columns,
        metavar="X,Y",
        help="columns that hold x and y, of a table of coordinates whose titles do not say it",
    )
    parser.add_argument("--layer", metavar="LAYER", help="matrix of counts to read, if there are several")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_import)


def _two_columns(text: str) -> tuple[str, str]:
    x, comma, y = text.partition(",")
    if not (x and comma and y):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form X,Y, such as xcoord,ycoord")
    return x, y


def _import(options: argparse.Namespace) -> None:
    """Import a sample, or each of several, and print what was found and where it was written."""
    if options.section != _EVERY:
        _import_one(options, options.section, options.name)
        return
    if options.out is not None or options.json:
        raise ParameterError(
            "--section all writes a sample for each section into the folder of samples: leave out --out and --json."
        )
    from core.io import importing

    survey = importing.survey(options.source)
    if not survey.sections:
        raise SampleFileError(f"{options.source.name} holds one section: leave out --section.")
    for section in survey.sections:
        _import_one(options, section, name_of_section(options.name or survey.name, section, survey))


def _import_one(options: argparse.Namespace, section: str | None, name: str | None) -> None:
    from core.io import importing

    annotation, out = options.annotation, options.out
    table = Path(annotation) if annotation is not None and _is_table(annotation) else None
    meant: dict[str, Any] = {"annotation_csv": table, "section": section, "table_section": options.table_section}
    meant["axes"] = options.xy
    survey = importing.survey(options.source, **meant)
    if not options.json:
        _print_survey(survey)
    check_importable(survey, options.source)
    column = annotation if table is None and annotation is not None else survey.suggested_annotation
    if name is None and section is not None:
        name = name_of_section(survey.name, section, survey)
    choices = dataclasses.replace(_choices(options), annotation=None if annotation == "none" else column)
    sample = importing.read(options.source, choices, name=lab.sample_name(out) if out else name, **meant)
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
    if survey.sections:
        print("  -> --section NAME takes another section; --section all imports each as a sample of its own.")
    if survey.table_sections:
        print("  -> --table-section NAME takes the rows of another section of the table.")
    if survey.contradicts:
        print("  -> --positions says which positions are right.")


def _imported(facts: dict[str, Any]) -> dict[str, Any]:
    layers = f", annotated with {', '.join(facts['layers'])}" if facts["layers"] else ""
    return {"Imported": f"{facts['imported']} ({facts['n_spots']} spots, {facts['n_genes']} genes{layers})"}
