"""The method from end to end: pool, embed, find the direction, cluster, score.

Each step is kept under a key made of the sample's content and the parameters of that step and those before it, so that a
late knob (weight, angle, clusters, seed) never repeats an early step (pooling, training).
"""

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from scipy import sparse

from core.depth import FoundDirection
from core.evaluation.stability import confidence
from core.method import direction as directions
from core.method import mixture
from core.method.bending import find_bend
from core.method.cache import StepCache
from core.method.clustering import cluster, sketch_of
from core.method.embedding import principal_components
from core.method.factors import spatial_factors
from core.method.neighbours import nearest_spots, neighbour_graph
from core.method.pooling import pool_window
from core.method.refinement import majority_vote
from core.method.scoring import scores_of
from core.params import AutoencoderParams, EmbeddingParams, LatentParams, MethodParams, PoolingParams, params_key
from core.result import AutoencoderReport, Result, Scores
from core.sample import Expression, Sample

if TYPE_CHECKING:
    from core.method.autoencoder import Autoencoder
    from core.method.small_autoencoder import SmallAutoencoder
    from core.method.training import OnEpoch, TrainedModel

T = TypeVar("T")

_BENT_BY = MethodParams(embedding=EmbeddingParams(kind="factors", n_components=16))
"""Whose factors a bending depth is found from, whatever is clustered."""


class Pipeline:
    """The steps on one sample.

    Parameters
    ----------
    sample : Sample
    cache : StepCache, optional
        Shared between runs; without one, nothing is kept after a run.
    models : Path, optional
        Folder of checkpoints (`save_model/`): a model found there is used, a new one is saved there.
    model : Path, optional
        One checkpoint to use instead of those; refused if it does not fit the sample and the parameters.
    on_epoch : callable, optional
        Told of every epoch of training; see `core.method.training.OnEpoch`.
    """

    def __init__(
        self,
        sample: Sample,
        *,
        cache: StepCache | None = None,
        models: Path | None = None,
        model: Path | None = None,
        on_epoch: "OnEpoch | None" = None,
    ) -> None:
        self.sample = sample
        self._cache = StepCache(max_bytes=2**62) if cache is None else cache
        self._models = models
        self._model_file = model
        self._on_epoch = on_epoch
        self._seconds = {"pool": 0.0, "train": 0.0, "cluster": 0.0}

    def run(self, params: MethodParams) -> Result:
        """Do all steps.

        Parameters
        ----------
        params : MethodParams

        Returns
        -------
        Result
        """
        self._seconds = dict.fromkeys(self._seconds, 0.0)
        if not params.embedding.pools:
            self.factors(params)
        elif params.embedding.kind != "latent":
            self.pooled(params.pooling)
        model = self.model(params) if params.embedding.needs_training else None
        with self._timed("cluster"):
            found = self.direction(params)
            labels = self.labels(params, found)
            fits = None if params.clustering.by_kmeans else self._merged(params, found)
            scores = self._scores(labels, fits, params.clustering.n_clusters)
        return Result(
            sample_name=self.sample.name,
            labels=labels,
            params=params,
            scores=scores,
            confidence=None if fits is None else confidence(labels, fits),
            direction=found,
            autoencoder=None if model is None else _report(model),
            seconds=dict(self._seconds),
        )

    def pooled(self, pooling: PoolingParams) -> np.ndarray:
        """Pool expression; ndarray of shape (n_spots, n_genes).

        Parameters
        ----------
        pooling : PoolingParams
        """
        with self._timed("pool"):
            return self._kept(
                lambda: pool_window(self.sample.expression, self.sample.positions, pooling), "pooled", pooling
            )

    def factors(self, params: MethodParams) -> np.ndarray:
        """Find spatial factors; ndarray of shape (n_spots, n_components).

        Parameters
        ----------
        params : MethodParams
        """
        sample, embedding = self.sample, params.embedding
        with self._timed("pool"):
            return self._kept(
                lambda: spatial_factors(sample.expression, sample.places, embedding.n_components, embedding.hops),
                "embedded",
                *_embedding_key(params),
            )

    def model(self, params: MethodParams) -> "TrainedModel":
        """Trained autoencoder: kept, loaded from its checkpoint, or trained now and saved.

        Parameters
        ----------
        params : MethodParams
        """
        pooled = self._read_by_network(params)
        with self._timed("train"):
            return self._kept(
                lambda: self._load_or_train(pooled, params), "model", params.pooling, params.embedding.network
            )

    def _load_or_train(self, pooled: Expression, params: MethodParams) -> "TrainedModel":
        from core.method import checkpoints  # torch takes seconds to import, and most runs do without

        network = params.embedding.network
        if self._model_file is not None:
            return checkpoints.load(self._model_file, self.sample, params.pooling, network)
        if self._models is None:
            return self._train(pooled, network)
        path = checkpoints.checkpoint_path(self._models, self.sample, params.pooling, network)
        if path.with_suffix(".json").exists():
            return checkpoints.load(path, self.sample, params.pooling, network)
        model = self._train(pooled, network)
        checkpoints.save(model, path, self.sample, params.pooling)
        return model

    def _train(self, pooled: Expression, network: AutoencoderParams | LatentParams) -> "TrainedModel":
        from core.method import small_training, training

        if isinstance(network, LatentParams):
            return small_training.train(pooled, self.sample.places, network, on_epoch=self._on_epoch)
        return training.train(np.asarray(pooled), network, on_epoch=self._on_epoch)

    def _read_by_network(self, params: MethodParams) -> Expression:
        """Pooled counts; for the small autoencoder at scale 1, and without a window the counts themselves."""
        pooling = params.pooling
        if params.embedding.kind != "latent":
            return self.pooled(pooling)
        if pooling.window == 1:
            return self.sample.expression
        return self.pooled(dataclasses.replace(pooling, scale=1.0))

    def embedded(self, params: MethodParams) -> np.ndarray:
        """Make what stands for expression in the distance; ndarray of shape (n_spots, n_features).

        Parameters
        ----------
        params : MethodParams
        """
        embedding = params.embedding
        if embedding.kind == "factors":
            return self.factors(params)
        if embedding.kind == "latent":
            return self._kept(lambda: self._latent(params), "embedded", *_embedding_key(params))
        pooled = self.pooled(params.pooling)
        if embedding.kind == "none":
            return pooled
        if embedding.kind == "pca":
            return self._kept(
                lambda: principal_components(pooled, self.sample.positions, embedding.n_components),
                "embedded",
                *_embedding_key(params),
            )
        model = self.model(params)
        return self._kept(lambda: _apply_model(model, embedding.kind, pooled), "embedded", *_embedding_key(params))

    def _latent(self, params: MethodParams) -> np.ndarray:
        from core.method import small_training

        network = cast("SmallAutoencoder", self.model(params).network)
        expression, hops = self._read_by_network(params), params.embedding.latent.hops
        return small_training.encode(network, expression, self.sample.places, hops)

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
                lambda: find_bend(self.factors(_BENT_BY), sample.places),
                "direction",
                "bending",
                *_embedding_key(_BENT_BY),
            )
        if method == "expression":
            return self._kept(
                lambda: directions.from_expression(sample.expression, sample.positions), "direction", "expression"
            )
        return self._kept(
            lambda: directions.from_preclustering(self._unrefined(params, None), sample.positions),
            "direction",
            *_embedding_key(params),
            params.clustering,
        )

    def labels(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        """Cluster; ndarray of shape (n_spots,), int.

        Parameters
        ----------
        params : MethodParams
        found : FoundDirection or None
            None lets both coordinates enter the distance.
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
        expression, positions = self.embedded(params), self.sample.positions
        sketched = self._kept(lambda: sketch_of(expression, positions), "sketch", *_embedding_key(params))
        return cluster(expression, positions, params.clustering, depths=self._depths(found), sketched=sketched)

    def _by_mixture(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        clustering = params.clustering
        merged = self._merged(params, found)
        return mixture.consensus(merged, self.sample.positions, clustering.n_clusters, clustering.random_state)

    def _merged(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        """Fits of the mixture, merged down to the number of clusters; ndarray of shape (n_fits, n_spots), int."""
        features, positions = self._features(params, found), self.sample.positions
        n_clusters, seed = params.clustering.n_clusters, params.clustering.random_state
        key = (*_embedding_key(params), repr(found), str(seed))
        fits = self._kept(
            lambda: mixture.fit_many(features, positions, n_clusters, seed),
            "fits",
            *key,
            repr(mixture.sizes(n_clusters)),
        )
        return self._kept(
            lambda: mixture.merge_each(fits, features, positions, n_clusters), "merged", *key, str(n_clusters)
        )

    def _features(self, params: MethodParams, found: FoundDirection | None) -> np.ndarray:
        """Depth, as wide as the strongest feature, where there is a direction, beside what stands for expression."""
        expression, positions = self.embedded(params), self.sample.positions
        few = self._kept(lambda: mixture.reduced(expression, positions), "reduced", *_embedding_key(params))
        u = self._depths(found)
        if u is None:
            return few
        width = float(few.std(axis=0).max()) / max(float(u.std()), 1e-12)
        return np.column_stack((width * (u - u.mean()), few))

    def _depths(self, found: FoundDirection | None) -> np.ndarray | None:
        """Coordinate that distances are measured in, where a direction takes part; ndarray of shape (n_spots,)."""
        return found.depth(self.sample.places) if found is not None and found.takes_part else None

    def _scores(self, labels: np.ndarray, fits: np.ndarray | None, n_clusters: int) -> Scores:
        return scores_of(self.sample, labels, n_clusters, nearest=self._nearest(), fits=fits)

    def _neighbours(self) -> sparse.csr_array:
        return self._kept(lambda: neighbour_graph(self.sample.places), "neighbours")

    def _nearest(self) -> np.ndarray:
        return self._kept(lambda: nearest_spots(self.sample.places), "nearest")

    def _kept(self, compute: Callable[[], T], step: str, *parts: object) -> T:
        return self._cache.get(params_key(step, self.sample.content_hash, *parts), compute)

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[step] += time.perf_counter() - started


def early_steps_key(params: MethodParams) -> str:
    """Name the early steps of a run: runs of one sample with equal keys share what takes longest.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    str
        Of pooling and training, or pooling and embedding; for mixtures, with the seed that their fits start from.
    """
    early = _embedding_key(params)
    if params.embedding.needs_training:
        early = params.pooling, params.embedding.network
    if not params.clustering.by_kmeans:
        early = *early, str(params.clustering.random_state)
    return params_key("early", *early)


def _embedding_key(params: MethodParams) -> tuple[object, ...]:
    """Only what the embedding depends on: the number of components matters to PCA and factors alone, and so on."""
    embedding = params.embedding
    if embedding.kind == "factors":
        return embedding.kind, str(embedding.n_components), str(embedding.hops)
    relevant: dict[str, tuple[object, ...]] = {"none": (), "pca": (str(embedding.n_components),)}
    return params.pooling, embedding.kind, *relevant.get(embedding.kind, (embedding.network,))


def _labels_key(params: MethodParams, found: FoundDirection | None) -> tuple[object, ...]:
    return *_embedding_key(params), params.clustering, repr(found)


def _apply_model(model: "TrainedModel", kind: str, pooled: np.ndarray) -> np.ndarray:
    from core.method import training

    apply = training.encode if kind == "code" else training.reconstruct
    return apply(cast("Autoencoder", model.network), pooled)


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
    """Run again with seeds counted up; what does not depend on the seed is done once.

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
    for offset in range(n_starts):
        seed = params.clustering.random_state + offset
        clustering = dataclasses.replace(params.clustering, random_state=seed)
        yield pipeline.run(dataclasses.replace(params, clustering=clustering))


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
