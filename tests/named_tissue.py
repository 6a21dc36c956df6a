"""Small samples with gene names, which can be clustered together."""

import dataclasses

import numpy as np

from core.sample import Sample
from tests.small_tissue import small_sample

N_GENES = 60


def named_sample(name: str, n_rows: int = 16, prefix: str = "gene", annotated: bool = True) -> Sample:
    """Flat layers as :func:`small_sample` has them, with 60 genes that go by names."""
    sample = small_sample(name, n_rows=n_rows, annotated=annotated)
    layer = sample.lattice[:, 0] * 3 // n_rows
    rates = 1 + 20 * (layer[:, None] == np.arange(N_GENES) % 3)
    return dataclasses.replace(
        sample,
        expression=np.random.default_rng(n_rows).poisson(rates).astype(float),
        gene_names=np.array([f"{prefix}{number}" for number in range(N_GENES)]),
    )
