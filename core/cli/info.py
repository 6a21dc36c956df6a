"""`info`: say what a sample holds."""

import argparse
from typing import Any

import numpy as np

from core.cli.console import print_facts
from core.cli.options import add_file
from core.cli.reading import read_sample
from core.expression_kinds import in_words


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser("info", help="say what a sample holds", allow_abbrev=False)
    add_file(parser)
    parser.set_defaults(run=_info)


def _info(options: argparse.Namespace) -> None:
    sample = read_sample(options.file)
    facts = {
        "sample": sample.name,
        "n_spots": sample.n_spots,
        "n_genes": sample.n_genes,
        "expression": in_words(sample.expression_kind),
        "on_lattice": sample.on_lattice,
        "layers": {name: int(np.count_nonzero(sample.labels_true == name)) for name in sample.layer_names},
        "unannotated": int((~sample.annotated).sum()),
        "gene_names": sample.gene_names is not None,
        "barcodes": sample.barcodes is not None,
        "pixel_positions": sample.coords_px is not None,
        "stain_colours": sample.spot_rgb is not None,
        "image": sample.image is not None,
        "synthetic": sample.synthetic,
        "source": sample.source,
        "content_hash": sample.content_hash,
    }
    print_facts(facts, as_json=options.json)
