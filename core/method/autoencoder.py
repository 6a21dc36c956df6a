"""The paper's autoencoder: the model apart from its training.

Source: "Optimising AE + k-means for clustering spatial transcriptomics": Linear, Tanh, Linear, ReLU.
"""

import math

import torch
from torch import nn


class Autoencoder(nn.Module):
    """One hidden layer, whose values are the code.

    Parameters
    ----------
    n_genes : int
        Size of the input and of the reconstruction.
    width : int
        Size of the code.
    random_state : int
        Seed of the first weights: those that `torch.manual_seed` and `nn.Linear` would give.
    """

    def __init__(self, n_genes: int, width: int, random_state: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(random_state)
        self.encoder = nn.Sequential(_linear(n_genes, width, generator), nn.Tanh())
        self.decoder = nn.Sequential(_linear(width, n_genes, generator), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Reconstruct spots.

        Parameters
        ----------
        x : Tensor of shape (n_spots, n_genes)

        Returns
        -------
        Tensor of shape (n_spots, n_genes)
        """
        reconstruction: torch.Tensor = self.decoder(self.encoder(x))
        return reconstruction


def _linear(n_in: int, n_out: int, generator: torch.Generator) -> nn.Linear:
    # The global generator is shared by all threads of a server; a generator of its own keeps each model's start its own.
    layer = nn.Linear(n_in, n_out)
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    bound = 1 / math.sqrt(n_in)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer
