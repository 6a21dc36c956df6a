import dataclasses

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

from core.errors import ParameterError, SampleError
from core.method import pipeline
from core.method.inside import cut_to, params_inside
from core.params import preset
from core.parts import part_of
from core.sample import Sample
from tests.sections import shipped_part
from tests.small_tissue import small_sample


def halves(n_rows: int = 30) -> tuple[Sample, np.ndarray, np.ndarray]:
    """A tissue of two layers; the second has two halves, which one gene alone tells apart."""
    random = np.random.default_rng(0)
    lattice = np.array([(row, col) for row in range(n_rows) for col in range(40) if (row + col) % 2 == 0])
    lower, right = lattice[:, 0] >= n_rows // 2, lattice[:, 1] >= 20
    means = np.column_stack([1 + 30 * lower] * 4 + [1 + 30 * ~lower] * 4 + [4 + 8.0 * (lower & right)] * 2)
    return Sample(name="halves", expression=random.poisson(means).astype(float), lattice=lattice), lower, right


def test_clustered_again_a_domain_comes_apart_where_it_was_made_of_two():
    sample, lower, right = halves()
    part = cut_to(sample, lower, "Lower", 2)
    labels = pipeline.run(part, params_inside(preset("recommended", 2), 2, "off")).labels
    # Averaged over two rings, spots beside the border have some of either half.
    away = np.abs(part.lattice[:, 1] - 19.5) > 4
    assert adjusted_rand_score(right[lower][away], labels[away]) == 1


def test_a_part_has_the_rows_of_its_spots_and_another_content():
    barcodes = np.array([f"spot {at}" for at in range(400)])
    sample = dataclasses.replace(shipped_part(400, 30), barcodes=barcodes, gene_names=np.arange(30).astype(str))
    spots = np.arange(400) % 3 == 0
    part = part_of(sample, spots)
    assert part.n_spots == 134
    assert (part.expression == np.asarray(sample.expression)[spots]).all()
    assert part.barcodes.tolist() == sample.barcodes[spots].tolist()
    assert part.lattice.tolist() == sample.lattice[spots].tolist()
    assert part.labels_true.tolist() == sample.labels_true[spots].tolist()
    assert part.gene_names.tolist() == sample.gene_names.tolist()
    assert part.content_hash != sample.content_hash
    assert part_of(sample, np.ones(400, dtype=bool)).content_hash == sample.content_hash


def test_a_part_off_the_lattice_and_of_sparse_counts_is_the_same_part():
    whole = small_sample("cells")
    cells = dataclasses.replace(whole, lattice=None, coords_um=whole.tissue_um[:, ::-1])
    thin = dataclasses.replace(cells, expression=sparse.csr_array(cells.expression))
    spots = np.arange(whole.n_spots) >= 60
    assert part_of(thin, spots).content_hash == part_of(cells, spots).content_hash
    assert part_of(cells, spots).coords_um.tolist() == cells.coords_um[60:].tolist()


def test_too_few_spots_are_refused_with_what_is_needed():
    sample = small_sample("small")
    with pytest.raises(ParameterError, match=r"Layer 3 has 59 spots, but 2 parts need 60"):
        cut_to(sample, np.arange(sample.n_spots) < 59, "Layer 3", 2)
    with pytest.raises(ParameterError, match="has 0 spots"):
        cut_to(sample, np.zeros(sample.n_spots, dtype=bool), "Selection", 2)
    with pytest.raises(SampleError):
        part_of(sample, np.zeros(sample.n_spots, dtype=bool))


def test_no_autoencoder_is_trained_on_a_part():
    with pytest.raises(ParameterError, match="choose spatial factors"):
        params_inside(preset("paper-ae", 3), 2, "off")
