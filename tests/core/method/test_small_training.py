import dataclasses
import json

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.decomposition import PCA

from core.coordinates import on_lattice
from core.errors import CancelledError, CheckpointError, ParameterError
from core.method import checkpoints, pipeline, small_training
from core.method.neighbours import neighbour_graph
from core.method.normalisation import log_normalised
from core.method.pooling import pool_window
from core.method.small_autoencoder import SmallAutoencoder
from core.method.small_training import encode, reconstruct, train
from core.method.training import explained_variance
from core.params import AutoencoderParams, LatentParams, PoolingParams, preset, replaced
from tests.sections import shipped_part, shuffled_spots

QUICK = LatentParams(size=4, units=16, epochs=6)


@pytest.fixture(scope="module")
def sample():
    return shipped_part(500, 40)


@pytest.fixture(scope="module")
def latent():
    """Parameters of a run that clusters the code."""
    params = preset("recommended", n_clusters=4)
    params = replaced(params, ("pooling", "window"), 6)
    return replaced(replaced(params, ("embedding", "kind"), "latent"), ("embedding", "latent"), QUICK)


def test_training_twice_gives_the_same_model_whatever_else_draws_random_numbers(sample):
    first = train(sample.expression, sample.coordinates, QUICK)
    torch.rand(100)
    again = train(sample.expression, sample.coordinates, QUICK)
    assert again.losses == first.losses
    assert (
        train(sample.expression, sample.coordinates, dataclasses.replace(QUICK, random_state=1)).losses != first.losses
    )


def code_of(sample):
    network = train(sample.expression, sample.coordinates, QUICK).network
    assert isinstance(network, SmallAutoencoder)
    return encode(network, sample.expression, sample.coordinates, QUICK.hops)


def test_shuffled_spots_have_the_same_code_to_the_last_bit(sample):
    order = np.random.default_rng(2).permutation(sample.n_spots)
    shuffled = shuffled_spots(sample, order)
    codes = [code_of(part) for part in (sample, shuffled)]
    assert np.array_equal(codes[0][order], codes[1])


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_any_number_of_threads_gives_the_same_losses_and_is_given_back(sample, n_threads):
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        losses = train(sample.expression, sample.coordinates, QUICK).losses
        assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)
    assert losses == train(sample.expression, sample.coordinates, QUICK).losses


def test_sparse_and_dense_counts_are_learned_alike(sample):
    dense = train(sample.expression, sample.coordinates, QUICK)
    from_sparse = train(sparse.csr_array(sample.expression), sample.coordinates, QUICK)
    assert from_sparse.explained_variance == pytest.approx(dense.explained_variance, abs=1e-3)


def test_scale_alpha_changes_nothing_so_that_none_kills_it(sample, latent):
    once, times_20000 = (pipeline.train(sample, replaced(latent, ("pooling", "scale"), s)) for s in (1.0, 20_000.0))
    assert times_20000.losses == once.losses
    assert not once.dead


def test_it_bends_where_the_data_bend_and_keeps_more_than_as_many_principal_components():
    # Three genes of a programme along one circle: two straight directions, but a single number says where on it a spot is.
    rows, cols = np.divmod(np.arange(900), 30)
    lattice = np.column_stack((rows, 2 * cols + rows % 2))
    angle = 2 * np.pi * rows / 30 * 0.8
    logs = np.column_stack((2 + np.cos(angle), 2 + np.sin(angle), 2 - np.cos(angle), 2 - np.sin(angle)))
    counts = np.expm1(logs)
    params = LatentParams(size=1, units=64, hops=0, epochs=200)
    normalised = log_normalised(counts)
    straight = PCA(1).fit(normalised).explained_variance_ratio_.sum()
    model = train(counts, on_lattice(lattice), params)
    assert straight < 0.9
    assert model.explained_variance > straight + 0.05


def test_with_as_many_numbers_as_inputs_the_reconstruction_is_the_log_counts_own_and_in_their_units():
    counts = np.random.default_rng(0).poisson(50, (400, 6)).astype(float)
    rows, cols = np.divmod(np.arange(400), 20)
    coordinates = on_lattice(np.column_stack((rows, 2 * cols + rows % 2)))
    params = LatentParams(size=6, units=8, hops=0, epochs=60)
    model = train(counts, coordinates, params)
    assert model.explained_variance > 0.98
    assert isinstance(model.network, SmallAutoencoder)
    assert explained_variance(counts, reconstruct(model.network, counts, coordinates, 0)) > 0.95


def test_training_ends_where_spots_held_out_gain_no_more_and_keeps_the_best_epoch(sample):
    model = train(sample.expression, sample.coordinates, LatentParams(size=4, units=16, epochs=1000))
    assert len(model.losses) < 500
    inputs = small_training._basis(sample.expression, sample.coordinates, 1)[1]
    held_out = torch.tensor(inputs[::10], dtype=torch.float32)  # the part lies in the order of its positions
    with torch.no_grad():
        loss = torch.nn.functional.mse_loss(model.network(held_out), held_out)
    assert float(loss) == pytest.approx(min(model.losses), rel=2e-3)


def test_every_epoch_is_told_and_any_of_them_can_end_the_training(sample):
    told = []

    def stop_after_three(epoch, n_epochs, loss):
        told.append((epoch, n_epochs, loss > 0))
        if epoch == 3:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        train(sample.expression, sample.coordinates, QUICK, on_epoch=stop_after_three)
    assert told == [(1, 6, True), (2, 6, True), (3, 6, True)]


def test_a_handful_of_spots_is_refused_in_words(sample):
    with pytest.raises(ParameterError, match="19 spots and 40 genes are too few for an autoencoder"):
        train(sample.expression[:19], sample.coordinates[np.arange(19)], QUICK)


def test_a_trained_code_is_found_again_and_clusters_as_before(sample, latent, tmp_path):
    first = pipeline.run(sample, latent, models=tmp_path)
    assert pipeline.has_model(sample, latent, tmp_path)
    assert not pipeline.has_model(sample, replaced(latent, ("embedding", "kind"), "code"), tmp_path)
    again = pipeline.run(sample, latent, models=tmp_path)
    assert np.array_equal(first.labels, again.labels)
    assert (first.autoencoder.reused, again.autoencoder.reused) == (False, True)
    assert again.autoencoder.losses == first.autoencoder.losses


def test_the_whole_run_is_the_same_whatever_the_order_of_the_spots(sample, latent):
    order = np.random.default_rng(5).permutation(sample.n_spots)
    straight, shuffled = pipeline.run(sample, latent), pipeline.run(shuffled_spots(sample, order), latent)
    assert np.array_equal(straight.labels[order], shuffled.labels)


def test_a_checkpoint_of_one_architecture_is_refused_for_the_other_in_words(sample, latent, tmp_path):
    pipeline.train(sample, latent, models=tmp_path)
    path = next(tmp_path.glob("*.pt"))
    assert json.loads(path.with_suffix(".json").read_text())["architecture"] == "small"
    with pytest.raises(CheckpointError, match="holds the small autoencoder, but the paper's autoencoder is asked for"):
        checkpoints.load(path, sample, latent.pooling, AutoencoderParams())
    papers = tmp_path / "papers"
    params = replaced(replaced(latent, ("embedding", "kind"), "code"), ("embedding", "autoencoder", "epochs"), 1)
    pipeline.train(sample, params, models=papers)
    with pytest.raises(CheckpointError, match="holds the paper's autoencoder, but the small autoencoder is asked for"):
        checkpoints.load(next(papers.glob("*.pt")), sample, params.pooling, QUICK)


def test_a_checkpoint_of_other_parameters_or_damaged_is_refused_in_words(sample, latent, tmp_path):
    pipeline.train(sample, latent, models=tmp_path)
    path = next(tmp_path.glob("*.pt"))
    with pytest.raises(CheckpointError, match="autoencoder size = 4, but 5 is asked for"):
        checkpoints.load(path, sample, latent.pooling, dataclasses.replace(QUICK, size=5))
    with pytest.raises(CheckpointError, match="pooling window = 6, but 3 is asked for"):
        checkpoints.load(path, sample, PoolingParams(window=3), QUICK)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(CheckpointError, match="delete it and train again"):
        checkpoints.load(path, sample, latent.pooling, QUICK)


def test_without_a_window_the_counts_themselves_are_read_and_with_one_pooled_counts(sample, latent):
    pooled = pool_window(sample.expression, sample.positions, PoolingParams(window=6, scale=1.0))
    assert pipeline.train(sample, latent).losses == train(pooled, sample.coordinates, QUICK).losses
    unpooled = replaced(latent, ("pooling", "window"), 1)
    assert pipeline.train(sample, unpooled).losses == train(sample.expression, sample.coordinates, QUICK).losses


def test_the_code_has_unit_noise_between_neighbours_and_its_smoothest_number_first(sample):
    code = code_of(sample)
    graph = neighbour_graph(sample.coordinates)
    means = (graph @ code) / np.maximum(graph.sum(axis=1), 1)[:, None]
    apart = np.square(code - means)[graph.sum(axis=1) > 0].mean(axis=0)
    assert np.allclose(apart, 1, atol=0.02)
    assert np.allclose(code.mean(axis=0), 0, atol=1e-6)
    assert code[:, 0].var() > code[:, -1].var()
