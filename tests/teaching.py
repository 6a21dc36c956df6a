"""Two sections of one made-up tissue, whose layers differ by known genes."""

import dataclasses

import numpy as np

from core.parts import part_of
from core.sample import Sample

N_GENES, N_LAYERS = 80, 4
LAYERS = tuple(f"Layer{number + 1}" for number in range(N_LAYERS))


def section(name: str, seed: int, *, n_rows: int = 24, kinds: str = "GENE", depth: float = 1.0) -> Sample:
    """Flat layers; gene 4 n + k is high in layer k + 1, of a library size of its own."""
    random = np.random.default_rng(seed)
    lattice = np.array([(row, col) for row in range(n_rows) for col in range(30) if (row + col) % 2 == 0])
    layer = lattice[:, 0] * N_LAYERS // n_rows
    rates = 0.6 + 1.5 * (layer[:, None] == np.arange(N_GENES) % N_LAYERS)
    return Sample(
        name=name,
        expression=random.poisson(depth * rates).astype(float),
        lattice=lattice,
        labels_true=np.array([LAYERS[number] for number in layer]),
        gene_names=np.array([f"{kinds}{number}" for number in range(N_GENES)]),
        barcodes=np.array([f"SPOT{number}-1" for number in range(len(lattice))]),
    )


def without(sample: Sample, layer: str) -> Sample:
    """Cut a layer away."""
    return part_of(sample, np.asarray(sample.labels_true) != layer)


def permuted(sample: Sample) -> Sample:
    """Give each spot the label of another."""
    order = np.random.default_rng(7).permutation(sample.n_spots)
    return dataclasses.replace(sample, labels_true=np.asarray(sample.labels_true)[order])
