"""Training of the paper's autoencoder, and what a trained one gives.

Arrays in, arrays out. Checkpoints are in `checkpoints.py`, the small autoencoder's training in `small_training.py`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from core.errors import ParameterError
from core.method.autoencoder import Autoencoder
from core.method.small_autoencoder import SmallAutoencoder
from core.params import AutoencoderParams, LatentParams
from core.text import counted

OnEpoch = Callable[[int, int, float], None]
"""Called after each epoch with its number from 1, the number of epochs, and the mean loss; may raise to stop."""

_ROWS = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedModel:
    """A network with the record of its training.

    Parameters
    ----------
    network : Autoencoder or SmallAutoencoder
        In evaluation mode; the paper's on the CPU or a CUDA device, the small one on the CPU.
    params : AutoencoderParams or LatentParams
    losses : tuple of float
        Mean squared error per epoch: the paper's averaged over its batches, the small one's over the spots held out.
    explained_variance : float
        1 - residual / variance about the means of what the network reads, over all spots.
    reused : bool
        Whether it came from a checkpoint.
    """

    network: Autoencoder | SmallAutoencoder
    params: AutoencoderParams | LatentParams
    losses: tuple[float, ...]
    explained_variance: float
    reused: bool = False

    @property
    def nbytes(self) -> int:
        """Memory of the weights, in bytes."""
        return sum(weight.nbytes for weight in self.network.parameters())


def train(pooled: np.ndarray, params: AutoencoderParams, *, on_epoch: OnEpoch | None = None) -> TrainedModel:
    """Train the paper's autoencoder.

    Parameters
    ----------
    pooled : ndarray of shape (n_spots, n_genes)
        In the order of the file: batches are read in that order, so another order gives another model.
    params : AutoencoderParams
        The learning rate drops to a tenth at epoch floor(E / 4) and again at floor(E / 2).
    on_epoch : callable, optional
        Told of every epoch; whatever it raises ends the training.

    Returns
    -------
    TrainedModel

    Raises
    ------
    ParameterError
        If there are fewer spots than one batch holds, or the loss grows beyond all numbers.
    """
    _check_one_batch(len(pooled), params.batch_size)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = Autoencoder(pooled.shape[1], params.width, params.random_state).to(device)
    optimiser = torch.optim.Adam(network.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay)
    drops = [params.epochs // 4, params.epochs // 2]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, drops, gamma=0.1)
    data = torch.tensor(pooled, dtype=torch.float32, device=device)
    losses = []
    for epoch in range(1, params.epochs + 1):
        losses.append(_train_epoch(network, optimiser, data, params.batch_size))
        check_finite(losses[-1], epoch)
        schedule.step()
        if on_epoch is not None:
            on_epoch(epoch, params.epochs, losses[-1])
    network.eval()
    return TrainedModel(
        network=network,
        params=params,
        losses=tuple(losses),
        explained_variance=explained_variance(pooled, reconstruct(network, pooled)),
    )


def _check_one_batch(n_spots: int, batch_size: int) -> None:
    if n_spots < batch_size:
        raise ParameterError(
            f"The sample has {counted(n_spots, 'spot')}, fewer than one batch of {batch_size}, and incomplete batches are left out: "
            f"choose a batch size of at most {n_spots}."
        )


def check_finite(loss: float, epoch: int) -> None:
    """Refuse a loss that ran away.

    Parameters
    ----------
    loss : float
    epoch : int
        From 1.

    Raises
    ------
    ParameterError
        If it is not a finite number.
    """
    if not math.isfinite(loss):
        raise ParameterError(
            f"Training broke off in epoch {epoch}: the loss is no longer a number. Choose a lower learning rate or scale."
        )


def _train_epoch(network: Autoencoder, optimiser: torch.optim.Optimizer, data: torch.Tensor, batch_size: int) -> float:
    batches = [data[first : first + batch_size] for first in range(0, len(data) - batch_size + 1, batch_size)]
    total = torch.zeros((), device=data.device)
    for batch in batches:
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(network(batch), batch)
        loss.backward()
        optimiser.step()
        total += loss.detach()
    return float(total) / len(batches)


def encode(network: Autoencoder, pooled: np.ndarray) -> np.ndarray:
    """Code of each spot.

    Parameters
    ----------
    network : Autoencoder
    pooled : ndarray of shape (n_spots, n_genes)

    Returns
    -------
    ndarray of shape (n_spots, width), float32
        Between -1 and 1.
    """
    return _apply(network, network.encoder, pooled)


def reconstruct(network: Autoencoder, pooled: np.ndarray) -> np.ndarray:
    """Reconstruction of each spot, which is what the paper clusters.

    Parameters
    ----------
    network : Autoencoder
    pooled : ndarray of shape (n_spots, n_genes)

    Returns
    -------
    ndarray of shape (n_spots, n_genes), float32
        In the units of `pooled`.
    """
    return _apply(network, network, pooled)


@torch.no_grad()
def _apply(network: Autoencoder, part: nn.Module, pooled: np.ndarray) -> np.ndarray:
    device = next(network.parameters()).device
    blocks = (pooled[first : first + _ROWS] for first in range(0, len(pooled), _ROWS))
    return np.concatenate([part(torch.tensor(b, dtype=torch.float32, device=device)).cpu().numpy() for b in blocks])


def explained_variance(values: np.ndarray, reconstruction: np.ndarray) -> float:
    """Share of the variance about the gene means that a reconstruction keeps.

    Parameters
    ----------
    values, reconstruction : ndarray of shape (n_spots, n_genes)

    Returns
    -------
    float
        1 is perfect, 0 is no better than the gene means, below 0 is worse. 0 where the values do not vary at all.
    """
    residual = float(np.square(values - reconstruction, dtype=np.float64).sum())
    total = float(np.square(values - values.mean(axis=0), dtype=np.float64).sum())
    return 1.0 - residual / total if total > 0 else 0.0
