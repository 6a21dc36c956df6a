"""Training of the small autoencoder, and what a trained one gives.

Arrays in, arrays out. Spots are gone through in an order fixed by their positions, on one thread: the same tissue gives the
same code, however its file is sorted and however many processors there are.
"""

import copy

import numpy as np
import torch
from scipy import sparse
from torch import nn

from core.coordinates import Coordinates, canonical_order
from core.errors import ParameterError
from core.method.factors import leading_directions, noise_scaled_directions
from core.method.neighbours import averaged, neighbour_graph
from core.method.normalisation import library_sizes, log_normalised, median_library
from core.method.small_autoencoder import N_INPUTS, Basis, SmallAutoencoder
from core.method.threads import one_thread, one_torch_thread
from core.method.training import OnEpoch, TrainedModel, check_finite, explained_variance
from core.params import LatentParams
from core.sample import Expression
from core.text import counted

_BATCH = 256
_HELD_OUT_EVERY = 10  # spots, in the order of their positions
_PATIENCE = 2  # epochs without a gain before the step gets smaller
_GAIN = 1e-3  # of the loss; less is none
_LEAST_GAIN = 1e-5  # of the variance; or a loss that goes to nothing would gain for ever
_DROPS = 3
_DROP = 0.25
_FEWEST_SPOTS = 20


def train(
    expression: Expression,
    coordinates: Coordinates,
    params: LatentParams,
    *,
    on_epoch: OnEpoch | None = None,
    logged: bool = False,
) -> TrainedModel:
    """Train the small autoencoder.

    Parameters
    ----------
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts, pooled or not; pooled ones at scale 1, since log(1 + count) depends on the unit. Not modified.
    coordinates : Coordinates
    params : LatentParams
    on_epoch : callable, optional
        Told of every epoch, with the loss of the spots held out; whatever it raises ends the training.
    logged : bool
        Whether expression holds logarithms already.

    Returns
    -------
    TrainedModel
        Its losses are those of the spots held out: mean squared errors, where the inputs have unit variance on average. The
        weights are those of the best epoch. Explained variance is that of the inputs, over all spots.

    Raises
    ------
    ParameterError
        If there are fewer than 20 spots or 2 genes, or the loss grows beyond all numbers.

    Notes
    -----
    Every tenth spot, in order of position, is held out. Where they gain less than a thousandth in two epochs, training goes
    back to its best weights with a quarter of the step size; the fourth time it ends.
    """
    _check_enough(*expression.shape)
    order = canonical_order(coordinates.positions)
    with one_thread(), one_torch_thread():
        basis, inputs = _basis(expression[order], coordinates[order], params.hops, logged=logged)
        network = SmallAutoencoder(basis, min(params.size, inputs.shape[1]), params.units, params.random_state)
        losses = _fit(network, inputs, params, on_epoch)
        explained = explained_variance(inputs, _applied(network, inputs))
    return TrainedModel(network=network.eval(), params=params, losses=losses, explained_variance=explained)


def encode(
    network: SmallAutoencoder, expression: Expression, coordinates: Coordinates, hops: int, *, logged: bool = False
) -> np.ndarray:
    """Code of each spot.

    Parameters
    ----------
    network : SmallAutoencoder
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        What it was trained on.
    coordinates : Coordinates
    hops : int
    logged : bool
        As in training.

    Returns
    -------
    ndarray of shape (n_spots, size)
        Centred, and turned as spatial factors are: the smoothest number first, each in standard deviations of the noise
        between neighbours. Training leaves the code in no such order, and the mixture counts on one.
    """
    order = canonical_order(coordinates.positions)
    codes = np.empty((len(order), network.straight_in.out_features))
    with one_thread(), one_torch_thread(), torch.no_grad():
        graph = neighbour_graph(coordinates[order])
        inputs = _inputs(network, expression[order], graph, hops, logged=logged)
        code = network.encode(torch.tensor(inputs, dtype=torch.float32)).numpy().astype(np.float64)
        code -= code.mean(axis=0)
        codes[order] = code @ noise_scaled_directions(code, graph)
    return codes


def reconstruct(network: SmallAutoencoder, expression: Expression, coordinates: Coordinates, hops: int) -> np.ndarray:
    """Reconstruction of each spot's counts, from its code and its library size.

    Parameters
    ----------
    network : SmallAutoencoder
    expression : ndarray or csr_array of shape (n_spots, n_genes)
    coordinates : Coordinates
    hops : int
        As in training.

    Returns
    -------
    ndarray of shape (n_spots, n_genes)
        In the units of `expression`.
    """
    inputs = _inputs(network, expression, neighbour_graph(coordinates), hops)
    logs = _applied(network, inputs) @ network.back.numpy() + network.mean.numpy()
    shares = np.expm1(np.maximum(logs, 0)) / float(network.library)
    return np.asarray(shares * library_sizes(expression)[:, None])


def _check_enough(n_spots: int, n_genes: int) -> None:
    if n_spots < _FEWEST_SPOTS or n_genes < 2:
        raise ParameterError(
            f"{counted(n_spots, 'spot')} and {counted(n_genes, 'gene')} are too few for an autoencoder: choose another embedding."
        )


def _basis(
    expression: Expression, coordinates: Coordinates, hops: int, *, logged: bool = False
) -> tuple[Basis, np.ndarray]:
    """Find the directions of log counts that stand out from the noise between neighbours, and the inputs along them."""
    logs, graph = log_normalised(expression, logged=logged), neighbour_graph(coordinates)
    mean, leading = leading_directions(logs, N_INPUTS)
    components = logs @ leading - mean @ leading
    turned = noise_scaled_directions(components, graph)
    inputs = averaged(components @ turned, graph, hops)
    unit = max(float(np.sqrt(inputs.var(axis=0).mean())), 1e-12)
    back = unit * np.linalg.solve(turned, leading.T)
    basis = Basis(library=median_library(expression), mean=mean, onto=leading @ turned / unit, back=back)
    return basis, inputs / unit


def _inputs(
    network: SmallAutoencoder, expression: Expression, graph: sparse.csr_array, hops: int, *, logged: bool = False
) -> np.ndarray:
    onto = network.onto.numpy()
    logs = log_normalised(expression, logged=logged)
    return averaged(logs @ onto - network.mean.numpy() @ onto, graph, hops)


def _fit(
    network: SmallAutoencoder, inputs: np.ndarray, params: LatentParams, on_epoch: OnEpoch | None
) -> tuple[float, ...]:
    data = torch.tensor(inputs, dtype=torch.float32)
    out = torch.arange(len(data)) % _HELD_OUT_EVERY == 0
    held_out, learnt = data[out], data[~out]
    optimiser = torch.optim.Adam(network.parameters(), lr=params.learning_rate)
    generator = torch.Generator().manual_seed(params.random_state)
    losses: list[float] = []
    watch = _Watch(network, optimiser)
    for epoch in range(1, params.epochs + 1):
        _train_epoch(network, optimiser, learnt[torch.randperm(len(learnt), generator=generator)])
        losses.append(_loss(network, held_out))
        check_finite(losses[-1], epoch)
        if on_epoch is not None:
            on_epoch(epoch, params.epochs, losses[-1])
        if watch.done(losses[-1]):
            break
    watch.take_best()
    return tuple(losses)


class _Watch:
    """Keeps the best weights, makes steps smaller where nothing is gained, and says when to stop."""

    def __init__(self, network: SmallAutoencoder, optimiser: torch.optim.Optimizer) -> None:
        self._network, self._optimiser = network, optimiser
        self._least, self._best = float("inf"), copy.deepcopy(network.state_dict())
        self._waited = self._drops = 0

    def done(self, loss: float) -> bool:
        if loss < min(self._least * (1 - _GAIN), self._least - _LEAST_GAIN):
            self._least, self._best = loss, copy.deepcopy(self._network.state_dict())
            self._waited = 0
            return False
        self._waited += 1
        return self._waited >= _PATIENCE and self._smaller_steps()

    def _smaller_steps(self) -> bool:
        self.take_best()
        self._waited, self._drops = 0, self._drops + 1
        for group in self._optimiser.param_groups:
            group["lr"] *= _DROP
        return self._drops > _DROPS

    def take_best(self) -> None:
        self._network.load_state_dict(self._best)


def _train_epoch(network: SmallAutoencoder, optimiser: torch.optim.Optimizer, data: torch.Tensor) -> None:
    for batch in data.split(_BATCH):
        optimiser.zero_grad()
        nn.functional.mse_loss(network(batch), batch).backward()
        optimiser.step()


@torch.no_grad()
def _loss(network: SmallAutoencoder, data: torch.Tensor) -> float:
    return float(nn.functional.mse_loss(network(data), data))


@torch.no_grad()
def _applied(network: SmallAutoencoder, inputs: np.ndarray) -> np.ndarray:
    return np.asarray(network(torch.tensor(inputs, dtype=torch.float32)).numpy(), dtype=np.float64)
