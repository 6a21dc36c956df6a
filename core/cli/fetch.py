"""`fetch`: bring public samples."""

import argparse
import sys
from pathlib import Path
from typing import Any

from core.cli.console import share_bar
from core.folders import samples_folder


def add(todo: Any) -> None:
    """Declare the command."""
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
        help="folder to write to (default spca_dat/, or SPCA_DATA)",
    )
    parser.set_defaults(run=_fetch)


def _fetch(options: argparse.Namespace) -> None:
    from core.io.public import dlpfc, paste2

    fetch_them = dlpfc.fetch_dlpfc if options.collection == "dlpfc" else paste2.fetch_paste2
    with share_bar() as progress:
        written = fetch_them(options.out, sections=options.section or None, progress=progress)
    if options.collection == "dlpfc":
        sys.stderr.write(f"{dlpfc.UNCHECKED}\n")
    for path in written:
        print(path)
