"""A small sample that clusters in no time."""

import numpy as np

from core.sample import Sample


def small_sample(
    name: str, n_rows: int = 16, n_layers: int = 3, annotated: bool = True, random_state: int | None = None
) -> Sample:
    """Flat layers, one gene programme each, on a piece of the Visium lattice; counts of their own for each `random_state`."""
    random = np.random.default_rng(n_rows if random_state is None else random_state)
    lattice = np.array([(row, col) for row in range(n_rows) for col in range(24) if (row + col) % 2 == 0])
    layer = lattice[:, 0] * n_layers // n_rows
    expression = random.poisson(1 + 20 * (layer[:, None] == np.arange(12) % n_layers)).astype(float)
    labels = np.array([f"Layer{number + 1}" for number in layer])
    labels[:5] = "NA"
    return Sample(name=name, expression=expression, lattice=lattice, labels_true=labels if annotated else None)
