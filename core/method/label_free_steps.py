"""Domains of one sample without guidance: the direction across the layers, and labels by either read-out.

Where fits of factors hardly agree, as on small and noisy pieces of tissue, fits of principal components take their place
(`docs/decisions/0015-what-fits-the-tissue.md`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np

from core.coordinates import canonical_order
from core.depth import FoundDirection
from core.evaluation.common_spots import common_spots
from core.evaluation.stability import confidence, stability
from core.method import direction as directions
from core.method import mixture
from core.method.bending import find_bend
from core.method.clustering import cluster, sketch_of
from core.method.early_steps import LEARNT_BY, embedding_key, unscaled
from core.method.factors import averaged_components
from core.method.listening import Listening, listening
from core.method.mixture_steps import MixtureSteps
from core.method.neighbours import nearest_spots
from core.method.refinement import majority_vote
from core.method.settling import MOST_LISTENING, settled, to_alike, to_neighbours
from core.method.tree import Fitted
from core.params import MethodParams, preset

STEADY_FROM: Final = 0.58
"""Mean adjusted Rand index between fits of factors below which components take their place (`docs/accuracy.md`, "Unsteady fits")."""

N_COMPONENTS: Final = 20
_N_FITS: Final = 24
_OF_COMPONENTS: Final = 7  # of the seed: other starts than those of factors


class LabelFreeSteps(MixtureSteps):
    """The steps from factors to labels."""

    _factors_alone = False

    def direction(self, params: MethodParams) -> FoundDirection | None:
        """Direction across the layers: given, found, or None when it is off.

        Parameters
        ----------
        params : MethodParams
        """
        method, sample = params.direction.method, self.sample
        if method == "off":
            return None
        if method == "manual":
            return FoundDirection(angle=params.direction.angle % np.pi, method="manual")
        if method == "bending":
            return self._kept(
                lambda: find_bend(
                    self.factors(LEARNT_BY), sample.coordinates, params.direction.degree, self.neighbours()
                ),
                "direction",
                "bending",
                str(params.direction.degree),
                *embedding_key(LEARNT_BY),
            )
        if method == "expression":
            return self._kept(
                lambda: directions.from_expression(sample.expression, sample.positions, logged=sample.is_logged),
                "direction",
                "expression",
            )
        return self._kept(
            lambda: directions.from_preclustering(self._unrefined(params, None), sample.positions),
            "direction",
            *embedding_key(params),
            params.clustering,
        )

    def labels(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        """Cluster; ndarray of shape (n_spots,), int.

        Parameters
        ----------
        params : MethodParams
        found : FoundDirection or None
            None lets both coordinates enter the distance of k-means.
        """
        rounds = params.refinement.rounds
        if rounds == 0:
            return self._unrefined(params, found)
        return self._kept(
            lambda: majority_vote(self._unrefined(params, found), self.neighbours(), rounds),
            "labels",
            *self._labels_key(params, found),
            str(rounds),
        )

    def _unrefined(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        read_out = self._by_kmeans if params.clustering.by_kmeans else self._by_mixture
        # Half the bytes: on a lab's server it is labels that fill the cache.
        return self._kept(
            lambda: read_out(params, found).astype(np.int32), "unrefined", *self._labels_key(params, found)
        )

    def _by_kmeans(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        params = unscaled(params)
        expression, positions = self.embedded(params), self.sample.positions
        sketched = self._kept(lambda: sketch_of(expression, positions), "sketch", *embedding_key(params))
        return cluster(expression, positions, params.clustering, depths=self._depths(found), sketched=sketched)

    def _by_mixture(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        clustering, n_clusters = params.clustering, params.clustering.n_clusters
        of_components = self.of_components(params, found)
        merged, common = self._merged(params, found, of_components), self._common(params, found, of_components)
        labels = mixture.consensus(merged, self.sample.positions, n_clusters, clustering.random_state, common)
        order = canonical_order(self.sample.positions)
        if self.sample.n_spots > MOST_LISTENING:
            return settled(labels, merged, n_clusters, to_neighbours(self.neighbours()), order)
        return settled(labels, merged, n_clusters, to_alike(self._listening(params, found), order), order)

    def _listening(self, params: MethodParams, found: FoundDirection | None) -> Listening:
        """Find out which spots listen to which: those that factors and components say are alike, whichever of them is clustered."""
        hops = [hops for hops, _ in self._kinds(params, found)]
        return self._kept(
            lambda: listening(
                self._strongest_first(params, hops[-1]),
                self._strongest_first(params, hops[0]),
                self._components(params),
                self._depths(found),
                self.neighbours(),
                x_weight=params.clustering.x_weight,
            ),
            "listening", *embedding_key(params), repr(found), str(params.clustering.x_weight),
        )  # fmt: skip

    def _label_free(self, params: MethodParams) -> tuple[np.ndarray, np.ndarray]:
        """Find domains without guidance, and how sure each spot is of its own."""
        found = self.direction(params)
        labels = self.labels(params, found)
        if params.clustering.by_kmeans:
            return labels, np.ones(self.sample.n_spots)
        key = (*self._labels_key(params, found), str(params.refinement.rounds))
        return labels, self._kept(
            lambda: confidence(labels, self._merged(params, found, self.of_components(params, found))),
            "confidence",
            *key,
        )

    def of_components(self, params: MethodParams, found: FoundDirection | None) -> bool:
        """Whether principal components stand for expression, because fits of factors hardly agree.

        Never where the window, the factors, the direction or the X weight are set by hand: that asks for factors and depth.

        Parameters
        ----------
        params : MethodParams
        found : FoundDirection or None
        """
        if self._factors_alone or not _left_to_the_tissue(params):
            return False
        return self._steadiness(params, found, of_components=False) < STEADY_FROM

    @contextmanager
    def of_factors_alone(self) -> Iterator[None]:
        """Let nothing take the place of factors for as long as runs at different numbers of clusters are compared."""
        self._factors_alone = True
        try:
            yield
        finally:
            self._factors_alone = False

    def _labels_key(self, params: MethodParams, found: FoundDirection | None) -> tuple[object, ...]:
        return (*labels_key(params, found), *["factors alone"] * self._factors_alone)

    def _fits(self, params: MethodParams, found: FoundDirection | None, of_components: bool) -> Iterator[Fitted]:
        if not of_components:
            yield from self._fitted(params, found)
            return
        features = self._components(params)
        n_clusters, seed = params.clustering.n_clusters, params.clustering.random_state
        positions = self.sample.positions
        labels = self._shared(
            lambda: mixture.fit_many(features, positions, n_clusters, (seed, _OF_COMPONENTS), n_fits=_N_FITS),
            "fits of components", *embedding_key(params), str(seed), repr(mixture.sizes(n_clusters)),
        )  # fmt: skip
        yield Fitted(labels=labels, features=features, positions=positions, widths=np.ones(features.shape[1]))

    def _strongest_first(self, params: MethodParams, hops: int | None) -> np.ndarray:
        """Order features as factors are; by the first few of those of an autoencoder or of counts, spots would be alike by chance."""
        features = self._reduced(params, hops)
        return features if hops is not None else mixture.components_of(features, self.sample.positions)

    def _components(self, params: MethodParams) -> np.ndarray:
        return self._shared(lambda: self._averaged_components(params), "components", *embedding_key(params))

    def _averaged_components(self, params: MethodParams) -> np.ndarray:
        rings = self._with_found_window(params.pooling).window - 1
        sample, scale = self.sample, params.pooling.scale
        expression, logged = sample.expression, sample.is_logged
        components = self._log_components(scale)
        return averaged_components(
            expression, sample.coordinates, N_COMPONENTS, rings, scale, logged=logged, components=components
        )

    def _merged(self, params: MethodParams, found: FoundDirection | None, of_components: bool) -> np.ndarray:
        """Fits of unlike mixtures, merged to the number of clusters by both rules; ndarray of shape (n_partitions, n_spots), int."""
        n_clusters = params.clustering.n_clusters
        return self._kept(
            lambda: np.concatenate([
                mixture.merge_each(fitted.labels, fitted.features, fitted.positions, n_clusters, fitted.widths)
                for fitted in self._fits(params, found, of_components)
            ]),
            "merged", *labels_key(params, found), str(of_components),
        )  # fmt: skip

    def _common(self, params: MethodParams, found: FoundDirection | None, of_components: bool) -> np.ndarray:
        """How many spots the domains of merged fits have in common: what both the consensus and its stability are made of."""

        def counted() -> np.ndarray:
            merged = self._merged(params, found, of_components)
            return common_spots(merged, merged)

        return self._kept(counted, "common", *labels_key(params, found), str(of_components))

    def _steadiness(self, params: MethodParams, found: FoundDirection | None, of_components: bool) -> float:
        """How well merged fits agree, from -1 to 1."""

        def counted() -> float:
            merged = self._merged(params, found, of_components)
            return stability(merged, self._common(params, found, of_components))

        return self._kept(counted, "stability", *labels_key(params, found), str(of_components))

    def _nearest(self) -> np.ndarray:
        return self._kept(lambda: nearest_spots(self.sample.coordinates), "nearest")

    def _look_for_nearest(self) -> None:
        """Do so beside another step, and tell nobody, who would take that one to be over."""
        self._cache.get(self._key("nearest"), lambda: nearest_spots(self.sample.coordinates))


def _left_to_the_tissue(params: MethodParams) -> bool:
    standard = preset("recommended", params.clustering.n_clusters)
    return not params.clustering.by_kmeans and _asked_of_expression(params) == _asked_of_expression(standard)


def _asked_of_expression(params: MethodParams) -> tuple[object, ...]:
    """List what asks for factors and depth when it is set by hand; what takes no part in them, as an autoencoder's seed, does not."""
    embedding = params.embedding
    return params.pooling.window, embedding.kind, embedding.n_components, params.direction, params.clustering.x_weight


def labels_key(params: MethodParams, found: FoundDirection | None) -> tuple[object, ...]:
    """List what labels depend on, but for the rounds of refinement.

    Parameters
    ----------
    params : MethodParams
    found : FoundDirection or None

    Returns
    -------
    tuple
        For :func:`core.params.params_key`.
    """
    return *embedding_key(params), params.clustering, repr(found)
