"""The method from end to end: pool, embed, find the direction, cluster, score.

Each step is kept under a key made of the sample's content and the parameters of that step and those before it, so that a
late knob (weight, angle, clusters, seed) never repeats an early step (pooling, training).
"""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import ParameterError
from core.evaluation.stability import confidence
from core.method.cache import StepCache
from core.method.guided_steps import GuidedSteps
from core.method.scoring import scores_of
from core.method.seeds import nth_start
from core.method.tree import DomainTree, domain_tree
from core.params import MethodParams
from core.result import AutoencoderReport, Result, Scores
from core.sample import Sample

if TYPE_CHECKING:
    from core.method.training import OnEpoch, TrainedModel


class Pipeline(GuidedSteps):
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
        with ThreadPoolExecutor(1) as beside:
            beside.submit(self._look_for_nearest)  # takes as long, and a direction is found on one thread
            found = self.direction(params)
        labels = self.labels(params, found)
        averaging, of_components = self.averaging(params), self.of_components(params, found)
        fits = None if params.clustering.by_kmeans else self._merged(params, found, of_components)
        return Result(
            sample_name=self.sample.name,
            labels=labels,
            params=params,
            scores=self._scores(
                params, labels, None if fits is None else self._steadiness(params, found, of_components)
            ),
            confidence=None if fits is None else confidence(labels, fits),
            direction=found and dataclasses.replace(found, set_aside=of_components),
            averaging=averaging and dataclasses.replace(averaging, of_components=of_components),
            autoencoder=None if model is None else _report(model),
        )

    def tree(self, params: MethodParams) -> DomainTree:
        """Make the tree of domains through the result; for a consensus of mixtures only.

        Parameters
        ----------
        params : MethodParams

        Returns
        -------
        DomainTree

        Raises
        ------
        ParameterError
            If the read-out is k-means, a single fit.
        """
        if params.clustering.by_kmeans:
            raise ParameterError(
                "k-means is a single fit, so nothing says which domains join first: choose the tied mixture as read-out."
            )
        self._prepared(params)
        found = self.direction(params)
        return self._kept(
            lambda: domain_tree(
                self.labels(params, found), list(self._fits(params, found, self.of_components(params, found))), params.clustering.random_state
            ),
            "tree", *self._labels_key(params, found), str(params.refinement.rounds),
        )  # fmt: skip

    def _scores(self, params: MethodParams, labels: np.ndarray, steadiness: float | None) -> Scores:
        n_clusters = params.clustering.n_clusters
        return scores_of(self.sample, labels, n_clusters, nearest=self._nearest(), steadiness=steadiness)


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
