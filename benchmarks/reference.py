"""The paper's loops, written from its formulas: slow, plain, and the truth that the tests compare with.

Nothing here comes from `core`, and nothing in `core` uses it.
"""

import itertools

import numpy as np
import torch
from torch import nn


def pool(expression: np.ndarray, lattice: np.ndarray, window: int, scale: float) -> np.ndarray:
    """Pool with a dictionary of positions and a double loop over offsets.

    Parameters
    ----------
    expression : ndarray of shape (n_spots, n_genes)
    lattice : ndarray of shape (n_spots, 2), int
    window : int
        k: cells up to k - 1 away take part.
    scale : float
        alpha.

    Returns
    -------
    ndarray of shape (n_spots, n_genes)
    """
    spot_at = {(int(row), int(col)): spot for spot, (row, col) in enumerate(lattice)}
    offsets = range(-window + 1, window)
    pooled = np.empty(expression.shape, dtype=np.float64)
    for spot, (row, col) in enumerate(lattice):
        total = np.array(expression[spot], dtype=np.float64)
        n_terms = 0
        for d_row, d_col in itertools.product(offsets, offsets):
            neighbour = spot_at.get((int(row) + d_row, int(col) + d_col))
            if neighbour is not None:
                total += expression[neighbour]
                n_terms += 1
        pooled[spot] = scale * total / (1.0 + n_terms)
    return pooled


def rotated_distances(
    lattice: np.ndarray, expression: np.ndarray, centre_lattice: np.ndarray, centre_expression: np.ndarray, angle: float
) -> np.ndarray:
    """Squared distance of one centre to every spot, across the layers only, spot by spot.

    Parameters
    ----------
    lattice : ndarray of shape (n_spots, 2)
    expression : ndarray of shape (n_spots, n_genes)
        Already weighted.
    centre_lattice : ndarray of shape (2,)
    centre_expression : ndarray of shape (n_genes,)
    angle : float
        Radians.

    Returns
    -------
    ndarray of shape (n_spots,)
    """
    distances = np.empty(len(lattice))
    for spot in range(len(lattice)):
        across = np.cos(angle) * (lattice[spot, 0] - centre_lattice[0]) - np.sin(angle) * (
            lattice[spot, 1] - centre_lattice[1]
        )
        difference = expression[spot] - centre_expression
        distances[spot] = across**2 + difference @ difference
    return distances


def rotated_kmeans(
    lattice: np.ndarray, expression: np.ndarray, starts: np.ndarray, angle: float, max_iter: int = 100
) -> np.ndarray:
    """k-means with the rotated distance, from given spots, until no label changes.

    Parameters
    ----------
    lattice : ndarray of shape (n_spots, 2)
    expression : ndarray of shape (n_spots, n_genes)
        Already weighted.
    starts : ndarray of shape (n_clusters,), int
        Spots whose features are the first centres.
    angle : float
        Radians.
    max_iter : int
        At most so many updates of the centres.

    Returns
    -------
    ndarray of shape (n_spots,), int
    """
    centres = [(lattice[spot].astype(float), expression[spot].astype(float)) for spot in starts]
    labels = np.full(len(lattice), -1)
    for _ in range(max_iter + 1):
        distances = [rotated_distances(lattice, expression, where, what, angle) for where, what in centres]
        nearest = np.argmin(distances, axis=0)
        if np.array_equal(nearest, labels):
            break
        labels = nearest
        centres = [
            (lattice[labels == cluster].mean(axis=0), expression[labels == cluster].mean(axis=0))
            for cluster in range(len(starts))
        ]
    return labels


class Autoencoder(nn.Module):
    """Linear, Tanh, Linear, ReLU, as the paper writes it."""

    def __init__(self, n_genes: int, width: int = 800) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n_genes, width), nn.Tanh())
        self.decoder = nn.Sequential(nn.Linear(width, n_genes), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Reconstruct a batch of shape (n_spots, n_genes)."""
        reconstruction: torch.Tensor = self.decoder(self.encoder(x))
        return reconstruction


def train_autoencoder(pooled: np.ndarray, epochs: int = 100, width: int = 800, random_state: int = 0) -> Autoencoder:
    """Train as the paper does: Adam, batches of 128 in file order, two drops of the learning rate.

    Parameters
    ----------
    pooled : ndarray of shape (n_spots, n_genes)
    epochs, width : int
    random_state : int
        Seed of torch's global generator, which makes the first weights.

    Returns
    -------
    Autoencoder
    """
    torch.manual_seed(random_state)
    model = Autoencoder(pooled.shape[1], width)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [epochs // 4, epochs // 2], gamma=0.1)
    data = torch.utils.data.TensorDataset(torch.tensor(pooled, dtype=torch.float32))
    loader = torch.utils.data.DataLoader(data, batch_size=128, shuffle=False, drop_last=True)
    loss_of = nn.MSELoss()
    for _ in range(epochs):
        for (batch,) in loader:
            optimiser.zero_grad()
            loss = loss_of(model(batch), batch)
            loss.backward()
            optimiser.step()
        schedule.step()
    return model
