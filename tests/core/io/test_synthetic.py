import os
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from core.errors import ParameterError
from core.io import lab, synthetic
from core.io.synthetic import synthesise
from core.sample import Sample

SHIPPED = Path(__file__).parents[3] / "spca_dat" / "151673.h5"


@pytest.fixture(scope="module")
def real() -> Sample:
    return lab.read(SHIPPED)


@pytest.fixture(scope="module")
def made() -> Sample:
    """As many spots and genes as the shipped section has."""
    return synthesise(2929, n_genes=2000)


def counts_of(sample: Sample) -> np.ndarray:
    expression = sample.expression
    return np.asarray(expression if isinstance(expression, np.ndarray) else expression.toarray(), dtype=float)


def labels_of(sample: Sample) -> np.ndarray:
    assert sample.labels_true is not None
    return sample.labels_true


def genes_of(sample: Sample) -> np.ndarray:
    assert sample.gene_names is not None
    return sample.gene_names


def log_sizes(sample: Sample) -> np.ndarray:
    return np.log(counts_of(sample).sum(axis=1))


def log_profiles(sample: Sample, layers: list[str]) -> np.ndarray:
    """Log rate of each gene in each layer."""
    counts, labels = counts_of(sample), labels_of(sample)
    totals = np.array([counts[labels == layer].sum(axis=0) for layer in layers])
    return np.asarray(np.log((totals + 1) / totals.sum(axis=1, keepdims=True)))


# --- the lattice and the layers ---


@pytest.mark.parametrize("n_spots", [1000, 1001, 4321])
def test_it_has_exactly_the_spots_asked_for_on_the_visium_lattice(n_spots: int) -> None:
    lattice = synthesise(n_spots, n_genes=10, random_state=5).lattice
    assert len(np.unique(lattice, axis=0)) == n_spots
    assert (lattice.sum(axis=1) % 2 == 0).all()
    assert lattice.min() == 0


def test_the_tissue_is_one_piece_without_holes(made: Sample) -> None:
    indices = {tuple(index) for index in made.lattice.tolist()}
    steps = [(0, 2), (0, -2), (1, 1), (1, -1), (-1, 1), (-1, -1)]
    reached, waiting = set(), [next(iter(indices))]
    while waiting:
        row, col = waiting.pop()
        if (row, col) in indices and (row, col) not in reached:
            reached.add((row, col))
            waiting += [(row + down, col + right) for down, right in steps]
    assert reached == indices
    n_inner = sum(all((row + down, col + right) in indices for down, right in steps) for row, col in indices)
    assert n_inner > 0.9 * len(indices)


def test_the_tissue_is_about_as_high_as_wide_in_um(made: Sample) -> None:
    height, width = np.ptp(made.lattice * [86.6, 50.0], axis=0)
    assert 0.7 < height / width < 1.4


def test_layers_take_the_shares_of_the_shipped_section(made: Sample, real: Sample) -> None:
    for layer in real.layer_names:
        share = np.mean(labels_of(real) == layer)
        assert np.mean(labels_of(made) == layer) == pytest.approx(share, abs=0.02)


def test_layers_follow_one_another_in_depth(made: Sample) -> None:
    u = np.cos(0.38) * made.lattice[:, 0] - np.sin(0.38) * made.lattice[:, 1]
    middles = [np.median(u[labels_of(made) == layer]) for layer in made.layer_names]
    assert middles == sorted(middles)


def test_layers_are_curved_a_straight_line_fits_them_worse_than_a_bent_one(made: Sample) -> None:
    row, col = (made.lattice * [86.6, 50.0])[labels_of(made) == "Layer4"].T
    straight, bent = (np.std(row - np.polynomial.Polynomial.fit(col, row, degree)(col)) for degree in (1, 4))
    assert bent < 0.7 * straight


def test_neighbours_mostly_share_their_layer(made: Sample) -> None:
    label_at = dict(zip(map(tuple, made.lattice.tolist()), labels_of(made), strict=True))
    pairs = [(label, label_at.get((row, col + 2))) for (row, col), label in label_at.items()]
    assert np.mean([label == other for label, other in pairs if other]) > 0.85


@pytest.mark.parametrize("n_layers", [1, 4, 9])
def test_any_number_of_layers_lies_above_white_matter(n_layers: int) -> None:
    names = synthesise(1000, n_genes=10, n_layers=n_layers).layer_names
    assert names == [f"Layer{number + 1}" for number in range(n_layers)] + ["WM"]


def test_cells_lie_off_the_lattice_10_um_apart_with_the_layers_along_the_angle() -> None:
    cells = synthesise(3000, n_genes=20, angle=1.0, cells=True)
    assert cells.coords_um is not None
    assert cells.lattice is None
    nearest = np.sort(np.linalg.norm(cells.coords_um[:200, None] - cells.coords_um, axis=2))[:, 1:7].mean()
    assert nearest == pytest.approx(10, rel=0.1)
    u = np.cos(1.0) * cells.coords_um[:, 0] - np.sin(1.0) * cells.coords_um[:, 1]
    middles = [np.median(u[labels_of(cells) == layer]) for layer in cells.layer_names]
    assert middles == sorted(middles)
    assert cells.name == "synthetic_cells_3000"


# --- the counts, beside the shipped section's ---


def test_library_sizes_spread_as_in_the_shipped_section(made: Sample, real: Sample) -> None:
    assert log_sizes(made).mean() == pytest.approx(log_sizes(real).mean(), abs=0.15)
    assert log_sizes(made).std() == pytest.approx(log_sizes(real).std(), rel=0.15)


def test_the_share_of_zeros_is_the_shipped_sections(made: Sample, real: Sample) -> None:
    assert np.mean(counts_of(made) == 0) == pytest.approx(np.mean(counts_of(real) == 0), abs=0.03)


def test_the_variance_of_genes_grows_with_their_mean_as_in_the_shipped_section(made: Sample, real: Sample) -> None:
    for low, high in [(0.05, 0.1), (0.1, 0.3), (1, 3), (3, 200)]:
        ratios = []
        for counts in (counts_of(made), counts_of(real)):
            mean = counts.mean(axis=0)
            chosen = (mean >= low) & (mean < high)
            ratios.append(np.median(counts[:, chosen].var(axis=0) / mean[chosen]))
        assert ratios[0] == pytest.approx(ratios[1], rel=0.25)


def test_layers_explain_as_much_of_a_gene_as_in_the_shipped_section(made: Sample, real: Sample) -> None:
    for quantile in (0.5, 0.9):
        found, expected = (np.quantile(explained_by_layer(sample), quantile) for sample in (made, real))
        assert found == pytest.approx(expected, abs=0.03)


def explained_by_layer(sample: Sample) -> np.ndarray:
    counts, labels = counts_of(sample), labels_of(sample)
    values = np.log1p(counts / counts.sum(axis=1, keepdims=True) * np.median(counts.sum(axis=1)))
    between = sum(
        np.mean(labels == layer) * (values[labels == layer].mean(axis=0) - values.mean(axis=0)) ** 2
        for layer in sample.layer_names
    )
    return np.asarray(between / values.var(axis=0))


def test_the_constants_are_those_of_the_shipped_section(real: Sample) -> None:
    labels, sizes, mean = labels_of(real), log_sizes(real), counts_of(real).mean(axis=0)
    residual = sizes.copy()
    for layer, stated in zip(real.layer_names, synthetic.LAYER_LOG_SIZES, strict=True):
        assert sizes[labels == layer].mean() - sizes.mean() == pytest.approx(stated, abs=0.006)
        residual[labels == layer] -= sizes[labels == layer].mean()
    quantiles = np.log(np.quantile(mean, synthetic.GENE_MEAN_LEVELS))
    np.testing.assert_allclose(quantiles, synthetic.GENE_LOG_MEANS, atol=0.006)
    spread = np.mean([residual[labels == layer].std() for layer in real.layer_names])
    assert spread == pytest.approx(synthetic.SIZE_SD, abs=0.03)


# --- what the genes and the names promise ---


@pytest.mark.parametrize("layer", ["Layer1", "Layer4", "WM"])
def test_genes_named_after_a_layer_are_counted_more_there(made: Sample, layer: str) -> None:
    named = np.char.startswith(genes_of(made), f"{layer}-")
    inside, outside = np.exp(log_profiles(made, [layer, "Layer3"]))[:, named].sum(axis=1)
    assert inside > 1.3 * outside


def test_grey_matter_genes_are_rare_in_white_matter(made: Sample) -> None:
    named = np.char.startswith(genes_of(made), "grey-")
    cortex, white = np.exp(log_profiles(made, ["Layer5", "WM"]))[:, named].sum(axis=1)
    assert white < 0.7 * cortex


def test_gradient_genes_change_steadily_with_depth(made: Sample) -> None:
    gradients = np.char.startswith(genes_of(made), "gradient-") & (counts_of(made).mean(axis=0) > 0.2)
    profiles = log_profiles(made, made.layer_names)[:, gradients]
    steadiness = [abs(spearmanr(np.arange(7), profile).statistic) for profile in profiles.T]
    assert np.median(steadiness) > 0.85


def test_a_simple_pipeline_finds_the_layers_in_part() -> None:
    sample = synthesise(2000)
    counts = counts_of(sample)
    values = np.log1p(counts / counts.sum(axis=1, keepdims=True) * 300)
    near = np.linalg.norm((sample.lattice[:, None] - sample.lattice) * [86.6, 50.0], axis=2) < 250
    smooth = near @ values / near.sum(axis=1, keepdims=True)
    found = KMeans(7, n_init=3, random_state=0).fit_predict(smooth)
    assert 0.15 < adjusted_rand_score(labels_of(sample), found) < 0.9


def test_without_contrast_layers_do_not_differ() -> None:
    sample = synthesise(4000, n_genes=200, contrast=0.0)
    plain, strong = (np.median(explained_by_layer(tissue)) for tissue in (sample, synthesise(4000, n_genes=200)))
    assert plain < 0.004
    assert strong > 2 * plain


def test_it_says_that_it_is_synthetic(made: Sample) -> None:
    assert made.synthetic
    assert made.name == "synthetic_2929"
    assert made.source.startswith("Synthetic tissue made by")
    assert synthesise(1000, n_genes=10, random_state=4).name == "synthetic_1000_seed4"


# --- reproducible, large, and within limits ---


def test_the_same_seed_gives_the_same_tissue_and_another_seed_another() -> None:
    first, same, other = (synthesise(1500, n_genes=20, random_state=seed) for seed in (3, 3, 4))
    assert first.content_hash == same.content_hash
    assert first.annotation_hash == same.annotation_hash
    assert first.content_hash != other.content_hash


def test_the_number_of_processors_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = []
    for n_processors in (1, 7):
        monkeypatch.setattr(os, "cpu_count", lambda n=n_processors: n)
        hashes.append(synthesise(5000, n_genes=20).content_hash)
    assert hashes[0] == hashes[1]


def test_above_the_limit_expression_is_sparse_and_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    dense = synthesise(3000, n_genes=40)
    monkeypatch.setattr(synthetic, "DENSE_LIMIT", 100)
    thin = synthesise(3000, n_genes=40)
    assert isinstance(thin.expression, sparse.csr_array)
    assert thin.expression.dtype == np.int32
    assert thin.content_hash == dense.content_hash


def test_it_survives_being_written_and_read(tmp_path: Path) -> None:
    sample = synthesise(1000, n_genes=20)
    lab.write(sample, tmp_path / f"{sample.name}.h5")
    again = lab.read(tmp_path / f"{sample.name}.h5")
    assert again.synthetic
    assert again.name == sample.name
    assert again.content_hash == sample.content_hash


def test_progress_rises_to_1() -> None:
    told: list[float] = []
    synthesise(3000, n_genes=10, progress=lambda share, _: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_spots", 999), ("n_spots", 1_000_001), ("n_genes", 9), ("n_layers", 0), ("n_layers", 10), ("contrast", -0.1)],
)
def test_numbers_outside_their_limits_are_refused_in_words(name: str, value: float) -> None:
    with pytest.raises(ParameterError, match=rf"`{name}` is {value}, but must be between"):
        synthesise(**{"n_spots": 1000, name: value})  # type: ignore[arg-type]
