"""What a run fits mixtures to, and the fits of unlike kinds that its consensus, its tree and its guide are made of."""

import itertools
from collections.abc import Iterator

import numpy as np

from core.averaging import reaches
from core.depth import FoundDirection
from core.method import mixture
from core.method.early_steps import EarlySteps, embedding_key
from core.method.tree import Fitted
from core.params import MethodParams

DEPTH_WIDTHS = (1.0, 0.25)
"""Of depth in the starts of the fits, by turns: as wide as the strongest factor, and less, so that fits start unlike."""

FITS_OF_A_KIND = 6
"""Of one reach of averaging and one width of depth; more where these would be fewer than `mixture.N_FITS`."""


class MixtureSteps(EarlySteps):
    """The steps between expression and the consensus, on one sample."""

    def _fitted(self, params: MethodParams, found: FoundDirection | None) -> Iterator[Fitted]:
        kinds = self._kinds(params, found)
        n_fits = max(FITS_OF_A_KIND, mixture.N_FITS // len(kinds))
        for number, (hops, share) in enumerate(kinds):
            yield self._fitted_of_a_kind(params, found, (number, hops, share), n_fits)

    def _kinds(self, params: MethodParams, found: FoundDirection | None) -> list[tuple[int | None, float]]:
        """List the reaches of averaging (None for what is not made of factors) and the widths of depth that fits have by turns."""
        averaged = (None,) if params.embedding.pools else reaches(params.pooling.window, self.averaging(params))
        shares = DEPTH_WIDTHS if found is not None and found.takes_part else (0.0,)
        return list(itertools.product(averaged, shares))

    def _fitted_of_a_kind(
        self, params: MethodParams, found: FoundDirection | None, kind: tuple[int, int | None, float], n_fits: int
    ) -> Fitted:
        number, hops, share = kind
        features, positions = self._features(params, found, hops, share), self.sample.positions
        n_clusters, seed = params.clustering.n_clusters, params.clustering.random_state
        weight = params.clustering.x_weight
        widths = widths_beside_depth(features.shape[1], share, weight)
        depth = repr(found) if share else ""
        labels = self._shared(
            lambda: mixture.fit_many(features, positions, n_clusters, (seed, number), widths, n_fits=n_fits),
            "fits", *embedding_key(params), depth, repr(kind), str(n_fits), str(seed), str(weight if share else 1.0), repr(mixture.sizes(n_clusters)),
        )  # fmt: skip
        return Fitted(labels=labels, features=features, positions=positions, widths=widths)

    def _features(
        self, params: MethodParams, found: FoundDirection | None, hops: int | None, share: float
    ) -> np.ndarray:
        """Depth, as wide as a share of the strongest feature, where it takes part, beside what stands for expression."""
        few, u = self._reduced(params, hops), self._depths(found)
        return few if u is None else beside_depth(few, u, share)

    def _reduced(self, params: MethodParams, hops: int | None) -> np.ndarray:
        if hops is not None:
            return self.factors_averaged(params, hops)  # few by themselves, and kept already
        expression = self.embedded(params)
        return self._shared(
            lambda: mixture.reduced(expression, self.sample.positions), "reduced", *embedding_key(params)
        )

    def _depths(self, found: FoundDirection | None) -> np.ndarray | None:
        """Coordinate that distances are measured in, where a direction takes part; ndarray of shape (n_spots,)."""
        if found is None or not found.takes_part:
            return None
        return self._kept(lambda: found.depth(self.sample.coordinates), "depths", repr(found))


def beside_depth(features: np.ndarray, u: np.ndarray, share: float) -> np.ndarray:
    """Put depth before features.

    Parameters
    ----------
    features : ndarray of shape (n_spots, n_features)
    u : ndarray of shape (n_spots,)
        Depth, in any unit.
    share : float
        How wide it becomes, as a share of the widest feature.

    Returns
    -------
    ndarray of shape (n_spots, 1 + n_features)
    """
    width = share * float(features.std(axis=0).max()) / max(float(u.std()), 1e-12)
    return np.column_stack((width * (u - u.mean()), features))


def widths_beside_depth(n_features: int, share: float, x_weight: float) -> np.ndarray:
    """Say how wide mixtures take each feature: those of expression as the X weight says, where depth stands before them.

    Parameters
    ----------
    n_features : int
        With depth.
    share : float
        Of depth, as for :func:`beside_depth`; 0 where there is none.
    x_weight : float

    Returns
    -------
    ndarray of shape (n_features,)
    """
    if not share:
        return np.ones(n_features)
    widths = np.full(n_features, x_weight)
    widths[0] = 1.0  # depth comes first
    return widths
