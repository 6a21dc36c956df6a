"""`info`, `attach`, `fetch` and `synthesise`: samples in and out."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.commands.console import print_facts, share_bar
from core.io import lab


def info(path: Path, *, as_json: bool = False) -> None:
    """Print what a sample holds.

    Parameters
    ----------
    path : Path
    as_json : bool
    """
    sample = lab.read(path)
    facts = {
        "sample": sample.name,
        "n_spots": sample.n_spots,
        "n_genes": sample.n_genes,
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
    print_facts(facts, as_json=as_json)


def attach(path: Path, folder: Path, out: Path) -> None:
    """Put pixel positions and the image of a `spatial/` folder into a sample, and print where it is.

    Parameters
    ----------
    path : Path
        The sample.
    folder : Path
        As Space Ranger writes it; see `core.io.visium.spatial`.
    out : Path
        Where to write; may be `path` itself, which is then replaced as a whole.
    """
    from core.io.visium import spatial

    lab.write(spatial.attach(lab.read(path), spatial.read_spatial(folder)), out)
    print(out)


def fetch(collection: str, folder: Path, sections: Sequence[str] | None) -> None:
    """Bring public sections and print where they are.

    Parameters
    ----------
    collection : {"paste2", "dlpfc"}
    folder : Path
    sections : sequence of str, optional
        All by default.
    """
    from core.io.public import dlpfc, paste2

    fetch_them = dlpfc.fetch_dlpfc if collection == "dlpfc" else paste2.fetch_paste2
    with share_bar() as progress:
        written = fetch_them(folder, sections=sections, progress=progress)
    if collection == "dlpfc":
        sys.stderr.write(f"{dlpfc.UNCHECKED}\n")
    for path in written:
        print(path)


def synthesise(*, n_spots: int, n_genes: int, n_layers: int, random_state: int, cells: bool, path: Path) -> None:
    """Make synthetic tissue, write it and print where it is.

    Parameters
    ----------
    n_spots, n_genes, n_layers, random_state : int
    cells : bool
        See `core.io.synthetic.synthesise`.
    path : Path
    """
    from core.io import synthetic

    with share_bar() as progress:
        sample = synthetic.synthesise(
            n_spots, n_genes=n_genes, n_layers=n_layers, random_state=random_state, cells=cells, progress=progress
        )
    lab.write(sample, path)
    print(path)
