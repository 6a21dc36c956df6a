"""The method from end to end: pool, embed, find the direction, cluster, score.

Each step is kept under a key made of the sample's content and the parameters of that step and those before it, so that a
late knob (weight, angle, clusters, seed) never repeats an early step (pooling, training).
"""

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from core.averaging import reaches
from core.depth import FoundDirection
from core.evaluation.stability import confidence
from core.method import direction as directions
from core.method import mixture
from core.method.bending import find_bend
from core.method.cache import StepCache
from core.method.clustering import cluster, sketch_of
from core.method.early_steps import LEARNT_BY, EarlySteps, embedding_key, unscaled
from core.method.neighbours import nearest_spots, neighbour_graph
from core.method.refinement import majority_vote
from core.method.scoring import scores_of
from core.method.seeds import nth_start
from core.params import MethodParams
from core.result import AutoencoderReport, Result, Scores
from core.sample import Sample

if TYPE_CHECKING:
    from core.method.training import OnEpoch, TrainedModel

_DEPTH_WIDTHS = (1.0, 0.25)
"""Of depth in the starts of the fits, by turns: as wide as the strongest factor, and less, so that fits start unlike."""

_FITS_OF_A_KIND = (
    6  # of one reach of averaging and one width of depth; more where these would be fewer than mixture.N_FITS
)


class Pipeline(EarlySteps):
    """All steps on one sample; see :class:`core.method.early_steps.EarlySteps` for the parameters."""

    def run(self, params: MethodParams) -> Result:
        """Do all steps.

        Parameters
        ----------
        params : MethodParams

        Returns
        -------
        Result
        """
        self._clock.reset()
        with self._clock.timed("cluster"):
            result = self._run(params)
        return dataclasses.replace(result, seconds=self._clock.seconds)

    def _run(self, params: MethodParams) -> Result:
        model = self._prepared(params)
        found = self.direction(params)
        labels = self.labels(params, found)
        fits = None if params.clustering.by_kmeans else self._merged(params, found)
        return Result(
            sample_name=self.sample.name,
            labels=labels,
            params=params,
            scores=self._scores(labels, fits, params.clustering.n_clusters),
            confidence=None if fits is None else confidence(labels, fits),
            direction=found,
            averaging=self.averaging(params),
            autoencoder=None if model is None else _report(model),
        )

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
                lambda: find_bend(self.factors(LEARNT_BY), sample.coordinates, params.direction.degree),
                "direction",
                "bending",
                str(params.direction.degree),
                *embedding_key(LEARNT_BY),
            )
        if method == "expression":
            return self._kept(
                lambda: directions.from_expression(sample.expression, sample.positions), "direction", "expression"
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
            lambda: majority_vote(self._unrefined(params, found), self._neighbours(), rounds),
            "labels",
            *_labels_key(params, found),
            str(rounds),
        )

    def _unrefined(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        read_out = self._by_kmeans if params.clustering.by_kmeans else self._by_mixture
        # Half the bytes: on a lab's server it is labels that fill the cache.
        return self._kept(lambda: read_out(params, found).astype(np.int32), "unrefined", *_labels_key(params, found))

    def _by_kmeans(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        params = unscaled(params)
        expression, positions = self.embedded(params), self.sample.positions
        sketched = self._kept(lambda: sketch_of(expression, positions), "sketch", *embedding_key(params))
        return cluster(expression, positions, params.clustering, depths=self._depths(found), sketched=sketched)

    def _by_mixture(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        clustering = params.clustering
        merged = self._merged(params, found)
        return mixture.consensus(merged, self.sample.positions, clustering.n_clusters, clustering.random_state)

    def _merged(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        """Fits of unlike mixtures, merged to the number of clusters by both rules; ndarray of shape (n_partitions, n_spots), int."""
        return self._kept(
            lambda: np.concatenate(list(self._merged_by_kind(params, found))),
            "merged",
            *_labels_key(params, found),
        )

    def _merged_by_kind(self, params: MethodParams, found: FoundDirection | None) -> Iterator[np.ndarray]:
        kinds = self._kinds(params, found)
        n_fits = max(_FITS_OF_A_KIND, mixture.N_FITS // len(kinds))
        for number, (hops, share) in enumerate(kinds):
            yield self._merged_of_a_kind(params, found, (number, hops, share), n_fits)

    def _kinds(self, params: MethodParams, found: FoundDirection | None) -> list[tuple[int | None, float]]:
        """List the reaches of averaging (None for what is not made of factors) and the widths of depth that fits have by turns."""
        averaged = (None,) if params.embedding.pools else reaches(params.pooling.window, self.averaging(params))
        shares = _DEPTH_WIDTHS if found is not None and found.takes_part else (0.0,)
        return list(itertools.product(averaged, shares))

    def _merged_of_a_kind(
        self, params: MethodParams, found: FoundDirection | None, kind: tuple[int, int | None, float], n_fits: int
    ) -> np.ndarray:
        number, hops, share = kind
        features, positions = self._features(params, found, hops, share), self.sample.positions
        n_clusters, seed = params.clustering.n_clusters, params.clustering.random_state
        weight = params.clustering.x_weight if share else 1.0
        widths = np.full(features.shape[1], weight)
        widths[: int(share > 0)] = 1.0  # depth comes first
        depth = repr(found) if share else ""
        fits = self._shared(
            lambda: mixture.fit_many(features, positions, n_clusters, (seed, number), widths, n_fits=n_fits),
            "fits", *embedding_key(params), depth, repr(kind), str(n_fits), str(seed), str(weight), repr(mixture.sizes(n_clusters)),
        )  # fmt: skip
        return mixture.merge_each(fits, features, positions, n_clusters, widths)

    def _features(
        self, params: MethodParams, found: FoundDirection | None, hops: int | None, share: float
    ) -> np.ndarray:
        """Depth, as wide as a share of the strongest feature, where it takes part, beside what stands for expression."""
        few = self._reduced(params, hops)
        u = self._depths(found)
        if u is None:
            return few
        width = share * float(few.std(axis=0).max()) / max(float(u.std()), 1e-12)
        return np.column_stack((width * (u - u.mean()), few))

    def _reduced(self, params: MethodParams, hops: int | None) -> np.ndarray:
        expression = self.embedded(params) if hops is None else self.factors_averaged(params, hops)
        return self._shared(
            lambda: mixture.reduced(expression, self.sample.positions), "reduced", *embedding_key(params), str(hops)
        )

    def _depths(self, found: FoundDirection | None) -> np.ndarray | None:
        """Coordinate that distances are measured in, where a direction takes part; ndarray of shape (n_spots,)."""
        return found.depth(self.sample.coordinates) if found is not None and found.takes_part else None

    def _scores(self, labels: np.ndarray, fits: np.ndarray | None, n_clusters: int) -> Scores:
        return scores_of(self.sample, labels, n_clusters, nearest=self._nearest(), fits=fits)

    def _neighbours(self) -> sparse.csr_array:
        return self._kept(lambda: neighbour_graph(self.sample.coordinates), "neighbours")

    def _nearest(self) -> np.ndarray:
        return self._kept(lambda: nearest_spots(self.sample.coordinates), "nearest")


def _labels_key(params: MethodParams, found: FoundDirection | None) -> tuple[object, ...]:
    return *embedding_key(params), params.clustering, repr(found)


def _report(model: "TrainedModel") -> AutoencoderReport:
    return AutoencoderReport(explained_variance=model.explained_variance, losses=model.losses, reused=model.reused)


def run(
    sample: Sample,
    params: MethodParams,
    *,
    cache: StepCache | None = None,
    models: Path | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> Result:
    """Cluster a sample; see :class:`Pipeline` for the parameters.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
    cache : StepCache, optional
    models : Path, optional
    on_epoch : callable, optional

    Returns
    -------
    Result

    Examples
    --------
    >>> from core.io import lab
    >>> from core.params import preset
    >>> sample = lab.read("spca_dat/151673.h5")
    >>> result = run(sample, preset("paper", n_clusters=sample.suggested_n_clusters()))
    """
    return Pipeline(sample, cache=cache, models=models, on_epoch=on_epoch).run(params)


def repeat(
    sample: Sample,
    params: MethodParams,
    n_starts: int,
    *,
    cache: StepCache | None = None,
    models: Path | None = None,
    model: Path | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> Iterator[Result]:
    """Run again with seeds counted up (:mod:`core.method.seeds`); what does not depend on the seed is done once.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
        `clustering.random_state` is the first seed.
    n_starts : int
    cache, models, model, on_epoch
        As in :class:`Pipeline`.

    Yields
    ------
    Result
        One for each seed, in order.
    """
    pipeline = Pipeline(sample, cache=cache, models=models, model=model, on_epoch=on_epoch)
    for number in range(n_starts):
        yield pipeline.run(nth_start(params, number))


def train(
    sample: Sample,
    params: MethodParams,
    *,
    models: Path | None = None,
    cache: StepCache | None = None,
    on_epoch: "OnEpoch | None" = None,
) -> AutoencoderReport:
    """Train the autoencoder of a run, or find it trained, without clustering.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
        `pooling` and `embedding.network` count.
    models, cache, on_epoch
        As in :class:`Pipeline`.

    Returns
    -------
    AutoencoderReport
    """
    return _report(Pipeline(sample, cache=cache, models=models, on_epoch=on_epoch).model(params))


def has_model(sample: Sample, params: MethodParams, models: Path) -> bool:
    """Whether a model of this sample and these parameters was trained before.

    Parameters
    ----------
    sample : Sample
    params : MethodParams
    models : Path
        `save_model/`.

    Returns
    -------
    bool
    """
    from core.method import checkpoints

    return (
        checkpoints.checkpoint_path(models, sample, params.pooling, params.embedding.network)
        .with_suffix(".json")
        .exists()
    )
