"""Options of `info`, `import`, `attach`, `fetch` and `synthesise`."""

import argparse
from pathlib import Path
from typing import Any

from core.cli.options import add_file, add_knob, dest, output_path
from core.commands import importing, samples
from core.folders import samples_folder
from core.io.incoming import ImportChoices

_IMPORT_KNOBS = (
    ("--genes", ImportChoices, "genes"),
    ("--n-genes", ImportChoices, "n_genes"),
    ("--um-per-unit", ImportChoices, "um_per_unit"),
)


def add_info(todo: Any) -> None:
    """Declare `info`: say what a sample holds.

    Parameters
    ----------
    todo : argparse subparsers
    """
    parser = todo.add_parser("info", help="say what a sample holds", allow_abbrev=False)
    add_file(parser)
    parser.set_defaults(run=lambda options: samples.info(options.file, as_json=options.json))


def add_import(todo: Any) -> None:
    """Declare `import`: bring in one's own tissue.

    Parameters
    ----------
    todo : argparse subparsers
    """
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
    where.add_argument("--out", type=output_path, metavar="FILE.h5", help="where to write instead; replaced")
    for flag, owner, name in _IMPORT_KNOBS:
        add_knob(parser, flag, owner, name)
    parser.add_argument("--layer", metavar="LAYER", help="matrix of counts to read, where there are several")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run_import)


def add_attach(todo: Any) -> None:
    """Declare `attach`: put an image into a sample.

    Parameters
    ----------
    todo : argparse subparsers
    """
    parser = todo.add_parser("attach", help="put the H&E image and pixel positions into a sample", allow_abbrev=False)
    parser.add_argument("file", type=Path, metavar="FILE", help="a sample in the lab's format (.h5)")
    parser.add_argument(
        "folder", type=Path, metavar="SPATIAL_FOLDER", help="the `spatial` folder that Space Ranger wrote for it"
    )
    parser.add_argument("--out", type=output_path, metavar="FILE.h5", help="where to write (default: FILE is replaced)")
    parser.set_defaults(run=lambda options: samples.attach(options.file, options.folder, options.out or options.file))


def add_fetch(todo: Any) -> None:
    """Declare `fetch`: bring public samples.

    Parameters
    ----------
    todo : argparse subparsers
    """
    parser = todo.add_parser("fetch", help="bring public samples", allow_abbrev=False)
    parser.add_argument(
        "collection",
        choices=["paste2", "dlpfc"],
        help="paste2: parts of four DLPFC sections, BSD-3, through pip (47 MB). dlpfc: the twelve whole sections, resumed where "
        "a connection broke off",
    )
    parser.add_argument("section", nargs="*", help="only these sections, such as 151673; all by default")
    parser.add_argument(
        "--out",
        type=Path,
        default=samples_folder(),
        metavar="FOLDER",
        help="where to write (default spca_dat/, or SPCA_DATA)",
    )
    parser.set_defaults(run=lambda options: samples.fetch(options.collection, options.out, options.section or None))


def add_synthesise(todo: Any) -> None:
    """Declare `synthesise`: make synthetic tissue.

    Parameters
    ----------
    todo : argparse subparsers
    """
    parser = todo.add_parser("synthesise", help="make laminar tissue; synthetic, and called so", allow_abbrev=False)
    parser.add_argument("--n-spots", type=int, default=10_000, help="1,000 to 1,000,000 (default 10000)")
    parser.add_argument("--n-genes", type=int, default=500, help="default 500")
    parser.add_argument("--n-layers", type=int, default=6, help="cortical layers above the white matter (default 6)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same tissue (default 0)")
    parser.add_argument("--cells", action="store_true", help="cells off the lattice, with positions in um")
    parser.add_argument(
        "--out", type=output_path, metavar="FILE.h5", help="default synthetic_<spots>.h5 in spca_dat/ or SPCA_DATA"
    )
    parser.set_defaults(run=_run_synthesise)


def _run_import(options: argparse.Namespace) -> None:
    given = {name: getattr(options, dest(flag)) for flag, _, name in _IMPORT_KNOBS}
    importing.import_sample(
        options.source,
        ImportChoices(layer=options.layer, **{name: value for name, value in given.items() if value is not None}),
        annotation=options.annotation,
        name=options.name,
        folder=samples_folder(),
        out=options.out,
        as_json=options.json,
    )


def _run_synthesise(options: argparse.Namespace) -> None:
    samples.synthesise(
        n_spots=options.n_spots,
        n_genes=options.n_genes,
        n_layers=options.n_layers,
        random_state=options.seed,
        cells=options.cells,
        path=options.out or samples_folder() / f"synthetic_{'cells_' * options.cells}{options.n_spots}.h5",
    )
