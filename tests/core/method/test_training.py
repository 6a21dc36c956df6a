import numpy as np
import pytest
import torch

from benchmarks import reference
from core.errors import CancelledError, ParameterError
from core.method.autoencoder import Autoencoder
from core.method.pooling import pool_window
from core.method.training import encode, explained_variance, reconstruct, train
from core.params import AutoencoderParams, PoolingParams
from tests.sections import shipped_part


@pytest.fixture(scope="module")
def pooled():
    sample = shipped_part(500, 40)
    return pool_window(sample.expression, sample.lattice, PoolingParams())


def test_the_first_weights_are_those_of_torch_with_the_same_seed():
    ours = Autoencoder(30, 8, random_state=5)
    torch.manual_seed(5)
    theirs = reference.Autoencoder(30, 8)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("scale", [1.0, 10_000.0])
def test_training_gives_the_weights_of_the_papers_loop(pooled, scale):
    params = AutoencoderParams(epochs=8, width=32, random_state=3)
    ours = train(scale * pooled, params).network
    theirs = reference.train_autoencoder(scale * pooled, epochs=8, width=32, random_state=3)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one.cpu(), other, rtol=0, atol=1e-5)


def test_training_twice_gives_the_same_model_whatever_else_draws_random_numbers(pooled):
    params = AutoencoderParams(epochs=2, width=16)
    first = train(pooled, params)
    torch.rand(100)
    assert train(pooled, params).losses == first.losses


def test_explained_variance_by_hand():
    values = np.array([[0.0], [2.0]])
    assert explained_variance(values, values) == 1.0
    assert explained_variance(values, np.array([[1.0], [1.0]])) == 0.0
    assert explained_variance(values, np.array([[3.0], [3.0]])) == pytest.approx(1 - 10 / 2)
    assert explained_variance(np.ones((3, 1)), np.ones((3, 1))) == 0.0


def test_pooled_counts_are_learned_and_those_times_20000_are_not(pooled):
    params = AutoencoderParams(epochs=12, width=64)
    assert train(pooled, params).explained_variance > 0.05
    assert train(10_000 * pooled, params).explained_variance < 0.05


def test_every_epoch_is_told_and_any_of_them_can_end_the_training(pooled):
    told = []

    def stop_after_three(epoch, n_epochs, loss):
        told.append((epoch, n_epochs, loss > 0))
        if epoch == 3:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        train(pooled, AutoencoderParams(epochs=50, width=4), on_epoch=stop_after_three)
    assert told == [(1, 50, True), (2, 50, True), (3, 50, True)]


def test_code_and_reconstruction_are_the_two_halves_of_the_network(pooled):
    network = train(pooled, AutoencoderParams(epochs=1, width=16)).network
    assert isinstance(network, Autoencoder)
    assert isinstance(network.decoder, torch.nn.Sequential)
    code = encode(network, pooled)
    assert code.shape == (500, 16)
    assert np.abs(code).max() <= 1
    weights, bias = (value.detach().cpu().numpy() for value in network.decoder[0].parameters())
    np.testing.assert_allclose(
        np.maximum(code @ weights.T + bias, 0), reconstruct(network, pooled), rtol=1e-3, atol=1e-4
    )


def test_a_sample_smaller_than_a_batch_is_refused_in_words(pooled):
    with pytest.raises(ParameterError, match="100 spots, fewer than one batch of 128"):
        train(pooled[:100], AutoencoderParams())


def test_training_that_runs_away_is_refused_in_words(pooled):
    with pytest.raises(ParameterError, match="no longer a number"):
        train(1e30 * pooled, AutoencoderParams(epochs=2, width=8))
