"""`synthesise`: make synthetic tissue."""

import argparse
from typing import Any

from core.cli.console import share_bar
from core.cli.options import lab_path
from core.folders import samples_folder
from core.io import lab


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser("synthesise", help="make laminar tissue, marked as synthetic", allow_abbrev=False)
    parser.add_argument("--n-spots", type=int, default=10_000, help="1,000 to 1,000,000 (default 10000)")
    parser.add_argument("--n-genes", type=int, default=500, help="default 500")
    parser.add_argument("--n-layers", type=int, default=6, help="cortical layers above the white matter (default 6)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same tissue (default 0)")
    parser.add_argument("--cells", action="store_true", help="cells off the lattice, with positions in um")
    parser.add_argument(
        "--out", type=lab_path, metavar="FILE.h5", help="default synthetic_<spots>.h5 in spca_dat/ or SPCA_DATA"
    )
    parser.set_defaults(run=_synthesise)


def _synthesise(options: argparse.Namespace) -> None:
    from core.io import synthetic

    path = options.out or samples_folder() / f"synthetic_{'cells_' * options.cells}{options.n_spots}.h5"
    with share_bar() as progress:
        sample = synthetic.synthesise(
            options.n_spots,
            n_genes=options.n_genes,
            n_layers=options.n_layers,
            random_state=options.seed,
            cells=options.cells,
            progress=progress,
        )
    lab.write(sample, path)
    print(path)
