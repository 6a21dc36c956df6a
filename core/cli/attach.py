"""`attach`: put the H&E image and pixel positions into a sample."""

import argparse
from pathlib import Path
from typing import Any

from core.cli.options import lab_path
from core.io import lab


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser("attach", help="put the H&E image and pixel positions into a sample", allow_abbrev=False)
    parser.add_argument("file", type=Path, metavar="FILE", help="a sample in the lab's format (.h5)")
    parser.add_argument(
        "folder", type=Path, metavar="SPATIAL_FOLDER", help="the `spatial` folder that Space Ranger wrote for it"
    )
    parser.add_argument("--out", type=lab_path, metavar="FILE.h5", help="output file (default: FILE is replaced)")
    parser.set_defaults(run=_attach)


def _attach(options: argparse.Namespace) -> None:
    from core.io.visium import spatial

    sample = spatial.attach(lab.read(options.file), spatial.read_spatial(options.folder))
    out = options.out or options.file
    lab.write(sample, out)
    print(out)
