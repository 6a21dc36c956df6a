"""How many genes sections need in common."""

import numpy as np
import pytest

from core.errors import SampleError
from core.method.joint import JointPipeline
from core.method.shared_genes import obstacle, shared_genes
from core.params import preset
from core.sample import Sample
from tests.small_tissue import small_sample


def section(name: str, genes: range, seed: int) -> Sample:
    rng = np.random.default_rng(seed)
    lattice = small_sample(name).lattice
    layer = (lattice[:, 0] * 3 // (lattice[:, 0].max() + 1))[:, None]
    mean = np.where(np.arange(len(genes))[None] % 3 == layer, 8.0, 1.0)
    return Sample(
        name=name,
        expression=rng.poisson(mean).astype(np.float64),
        lattice=lattice,
        gene_names=np.array([f"g{gene}" for gene in genes]),
    )


def test_panels_need_half_of_the_smallest_in_common_and_are_then_clustered_together():
    slices = [section("a", range(34), 0), section("b", range(2, 36), 1), section("c", range(1, 33), 2)]
    assert len(shared_genes(slices)) == 31  # as few as slices of one panel of 79 genes had in common
    params = preset("recommended", n_clusters=3)
    assert {len(set(run.labels.tolist())) for run in JointPipeline(slices).run(params).values()} == {3}


@pytest.mark.parametrize(("first", "other"), [(range(34), range(20, 54)), (range(8), range(4, 12))])
def test_panels_of_other_genes_are_refused(first, other):
    with pytest.raises(SampleError, match="at least 50 are needed"):
        shared_genes([section("a", first, 0), section("b", other, 1)])


def test_a_whole_transcriptome_needs_fifty_whatever_the_other_is():
    whole, panel = {f"g{gene}" for gene in range(2000)}, {f"g{gene}" for gene in range(40)}
    assert obstacle(whole, [panel]) == "40 shared genes, at least 50 are needed"
    assert obstacle(panel, [panel]) == ""
