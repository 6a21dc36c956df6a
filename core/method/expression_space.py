"""Spots placed by expression instead of by tissue: spatial factors, and UMAP of them.

For looking only: no step of the method reads it.
"""

import warnings
from collections.abc import Callable

import numpy as np

from core.errors import ParameterError
from core.method.early_steps import LEARNT_BY, embedding_key
from core.method.pipeline import Pipeline
from core.params import MethodParams, params_key
from core.text import counted

SEED = 0
"""Of UMAP, so that everybody sees the same picture."""

N_NEIGHBOURS = 15

OnEpoch = Callable[[int, int], None]
"""Told of epochs of the layout that are done, and of all; what it raises ends the layout."""


def space_params(params: MethodParams) -> MethodParams:
    """Choose the factors that stand for expression: those of the run, or else those that its direction is found from.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    MethodParams
    """
    return params if params.embedding.kind == "factors" else LEARNT_BY


def space_key(params: MethodParams) -> str:
    """Name the space: the same for all runs that see expression by the same factors.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    str
    """
    return params_key("space", *embedding_key(space_params(params)))


def factor_space(steps: Pipeline, params: MethodParams) -> np.ndarray:
    """Place spots by their factors.

    Parameters
    ----------
    steps : Pipeline
    params : MethodParams

    Returns
    -------
    ndarray of shape (n_spots, n_factors)
        The factor that changes most smoothly over the tissue comes first.
    """
    return steps.factors(space_params(params))


def umap(factors: np.ndarray, on_epoch: OnEpoch | None = None) -> np.ndarray:
    """Lay spots out in a plane so that those of like expression lie near each other.

    Parameters
    ----------
    factors : ndarray of shape (n_spots, n_factors)
    on_epoch : callable, optional

    Returns
    -------
    ndarray of shape (n_spots, 2), float32
        The same for the same factors on one machine.

    Raises
    ------
    ParameterError
        If there are too few spots for neighbours.

    Notes
    -----
    McInnes et al. 2018, doi 10.21105/joss.00861, through umap-learn, with its defaults. Distances between groups and their
    sizes mean little.
    """
    if len(factors) <= N_NEIGHBOURS:
        raise ParameterError(
            f"UMAP joins each spot to {N_NEIGHBOURS} others, but there is {counted(len(factors), 'spot')}: choose two factors instead."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own imports, and words on isolated spots
        from umap import UMAP  # compiles for seconds

        bar = {"disable": on_epoch is None, "file": _Heard(on_epoch), "bar_format": "{n}/{total}", "ascii": True}
        layout = UMAP(n_neighbors=N_NEIGHBOURS, random_state=SEED, n_jobs=1, tqdm_kwds=bar).fit_transform(factors)
    return np.asarray(layout, dtype=np.float32)


class _Heard:
    """Stands for the file that umap-learn writes its progress to, its only way to tell it."""

    def __init__(self, on_epoch: OnEpoch | None) -> None:
        self._on_epoch = on_epoch

    def write(self, text: str) -> None:
        done, _, of = text.strip().partition("/")
        if self._on_epoch is not None and done.isdecimal() and of.isdecimal():
            self._on_epoch(int(done), int(of))

    def flush(self) -> None:
        """Nothing is kept back."""
