"""`markers`: the genes that tell a region from the rest of the section, or from another region."""

import argparse
import csv
import io
from typing import Any

import numpy as np

from core.cli.console import print_facts, share_bar
from core.cli.options import add_file, at_least_one, csv_path
from core.cli.reading import read_sample
from core.errors import AnnotationError
from core.evaluation.differential import CAVEAT, TEST, Differential, Group, as_csv, check_groups, find_differential
from core.files import write_text
from core.io.annotation_store import AnnotationStore
from core.layer_names import canonical
from core.sample import Sample
from core.text import shown

_SHOWN = 20


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser(
        "markers", help="rank the genes that tell a region from the rest, or from another region", allow_abbrev=False
    )
    add_file(parser)
    parser.add_argument(
        "--region", required=True, metavar="NAME", help="a region of an annotation, or a layer of the file's own"
    )
    parser.add_argument("--against", metavar="NAME", help="another region (default: all other spots)")
    parser.add_argument(
        "--annotation", metavar="NAME", help="name or id of the annotation (default: the file's own, else all others)"
    )
    parser.add_argument(
        "--genes", type=at_least_one, default=_SHOWN, metavar="N", help=f"genes that are printed (default {_SHOWN})"
    )
    parser.add_argument("--out", type=csv_path, metavar="OUT.csv", help="write the table of all genes")
    parser.set_defaults(run=_markers)


def _markers(options: argparse.Namespace) -> None:
    sample = read_sample(options.file)
    group = _group(options.region, options, sample)
    against = group.rest() if options.against is None else _group(options.against, options, sample)
    check_groups(group, against)
    with share_bar() as bar:
        found = find_differential(
            sample.expression,
            group,
            against,
            sample.gene_names,
            lambda done, of: bar(done / of, f"Gene {done:,} of {of:,}"),
            logged=sample.is_logged,
        )
    if options.out is not None:
        write_text(options.out, as_csv(found))
    facts = {
        "sample": sample.name,
        "region": group.name,
        "against": against.name,
        "n_spots": found.sizes[0],
        "n_spots_against": found.sizes[1],
    }
    if options.json:
        print_facts({**facts, "test": TEST, "caveat": CAVEAT, "genes": _rows(found, options.genes)}, as_json=True)
        return
    print_facts(facts, as_json=False)
    print(_table(found, options.genes))
    print(f"{TEST} {CAVEAT}")


def _group(name: str, options: argparse.Namespace, sample: Sample) -> Group:
    """Find a region by its name: in the annotation that is asked for, in the file's own, or in the only one that has it."""
    store = AnnotationStore(options.file, sample)
    if options.annotation is not None:
        return Group(name, store.find(options.annotation).spots_of(name))
    layer = canonical(name) if canonical(name) in sample.layer_names else name
    if sample.labels_true is not None and layer in sample.layer_names:
        return Group(layer, np.asarray(sample.labels_true == layer))
    known = store.annotations()
    having = [annotation for annotation in known if name in annotation.names]
    if len(having) == 1:
        return Group(name, having[0].spots_of(name))
    if having:
        raise AnnotationError(
            f"{len(having)} annotations have a region {shown(name)!r}: name one of {_names(having)} with --annotation."
        )
    regions = ", ".join(map(shown, dict.fromkeys([*sample.layer_names, *(n for item in known for n in item.names)])))
    raise AnnotationError(
        f"{shown(sample.name)} has no region {shown(name)!r}; it has {regions or 'no annotation yet'}."
    )


def _names(annotations: list[Any]) -> str:
    return ", ".join(f"{shown(item.name)} ({item.id})" for item in annotations)


def _rows(found: Differential, n_genes: int) -> list[dict[str, Any]]:
    table = found.table(n_genes)
    return [
        dict(zip(table, row, strict=True)) for row in zip(*(column.tolist() for column in table.values()), strict=True)
    ]


def _table(found: Differential, n_genes: int) -> str:
    rows = list(csv.reader(io.StringIO(as_csv(found))))[: n_genes + 1]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
