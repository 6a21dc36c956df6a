"""A small autoencoder of normalised expression: the model apart from its training.

Its first and last layers are fixed: log counts of median library size, projected on a few directions and back. What is
learned lies between them, in so few dimensions that training takes seconds, however many genes there are.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

N_INPUTS = 32
"""Directions of expression that the network sees; fewer where spots or genes are fewer."""

_FIRST_BENDS = 0.1  # how strong the curved half is beside the straight one before training


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """How expression becomes what the network sees, and back.

    Parameters
    ----------
    library : float
        Counts that every spot is scaled to.
    mean : ndarray of shape (n_genes,)
        Of normalised log counts.
    onto : ndarray of shape (n_genes, n_inputs)
        Projects centred log counts on the network's inputs.
    back : ndarray of shape (n_inputs, n_genes)
        From there to centred log counts.
    """

    library: float
    mean: np.ndarray
    onto: np.ndarray
    back: np.ndarray

    @classmethod
    def empty(cls, n_genes: int, n_inputs: int) -> "Basis":
        """Make room for one that is read from a file.

        Parameters
        ----------
        n_genes, n_inputs : int

        Returns
        -------
        Basis
        """
        onto = np.zeros((n_genes, n_inputs))
        return cls(library=1.0, mean=np.zeros(n_genes), onto=onto, back=onto.T)


class SmallAutoencoder(nn.Module):
    """Encoder and decoder, each the sum of a straight half and of a curved one with a hidden layer.

    Parameters
    ----------
    basis : Basis
        Kept with the weights, and not trained.
    size : int
        Of the code.
    units : int
        Of each hidden layer.
    random_state : int
        Seed of the first weights of the curved halves. The straight ones begin with the first `size` inputs, unchanged.
    """

    mean: torch.Tensor
    onto: torch.Tensor
    back: torch.Tensor
    library: torch.Tensor

    def __init__(self, basis: Basis, size: int, units: int, random_state: int = 0) -> None:
        super().__init__()
        n_inputs = basis.onto.shape[1]
        for name in ("library", "mean", "onto", "back"):
            self.register_buffer(name, torch.tensor(getattr(basis, name), dtype=torch.float64))
        generator = torch.Generator().manual_seed(random_state)
        self.straight_in, self.straight_out = _identity(n_inputs, size), _identity(size, n_inputs)
        self.curved_in = _curved(n_inputs, units, size, generator)
        self.curved_out = _curved(size, units, n_inputs, generator)

    def encode(self, inputs: torch.Tensor) -> torch.Tensor:
        """Squeeze inputs of shape (n_spots, n_inputs) into codes of shape (n_spots, size)."""
        code: torch.Tensor = self.straight_in(inputs) + self.curved_in(inputs)
        return code

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Reconstruct inputs of shape (n_spots, n_inputs)."""
        code = self.encode(inputs)
        reconstruction: torch.Tensor = self.straight_out(code) + self.curved_out(code)
        return reconstruction


def _identity(n_in: int, n_out: int) -> nn.Linear:
    layer = nn.Linear(n_in, n_out, bias=False)
    nn.init.eye_(layer.weight)
    return layer


def _curved(n_in: int, units: int, n_out: int, generator: torch.Generator) -> nn.Sequential:
    first, last = nn.Linear(n_in, units), nn.Linear(units, n_out)
    # A generator of its own, since the global one is shared by all threads of a server.
    for layer, gain in ((first, 1.0), (last, _FIRST_BENDS)):
        nn.init.normal_(layer.weight, std=gain / layer.in_features**0.5, generator=generator)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(first, nn.GELU(), last)
