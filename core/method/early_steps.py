"""What a run does before it clusters: pooling, training, and what stands for expression.

Each step is kept under a key made of the method's version, the sample's content and the parameters of that step and those
before it.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from scipy import sparse

from core.averaging import Averaging
from core.knobs import declared
from core.method.cache import StepCache
from core.method.embedding import principal_components
from core.method.factors import RawFactors, log_components, raw_factors
from core.method.neighbours import neighbour_graph
from core.method.pooling import pool_window
from core.method.reach import find_averaging
from core.method.settling import MOST_LISTENING
from core.method.timing import StepClock
from core.method.version import METHOD_VERSION
from core.params import (
    FOUND_WINDOW,
    AutoencoderParams,
    EmbeddingParams,
    LatentParams,
    MethodParams,
    PoolingParams,
    params_key,
)
from core.sample import Expression, Sample

if TYPE_CHECKING:
    from core.method.autoencoder import Autoencoder
    from core.method.small_autoencoder import SmallAutoencoder
    from core.method.training import OnEpoch, TrainedModel

T = TypeVar("T")

OnStep = Callable[[str], None]
"""Told of each step that is computed, before it begins; not of steps that are kept. What it raises ends the run."""

LEARNT_BY = MethodParams(
    pooling=PoolingParams(window=2, scale=1.0), embedding=EmbeddingParams(kind="factors", n_components=16)
)
"""Whose factors a bending depth and the reach of averaging are found from, whatever is clustered."""

_LARGEST_WEIGHT = float(declared(("clustering", "x_weight")).metadata["max"])


class EarlySteps:
    """The steps before clustering, on one sample.

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
    on_step : callable, optional
        See :data:`OnStep`.
    """

    def __init__(
        self,
        sample: Sample,
        *,
        cache: StepCache | None = None,
        models: Path | None = None,
        model: Path | None = None,
        on_epoch: "OnEpoch | None" = None,
        on_step: OnStep | None = None,
    ) -> None:
        self.sample = sample
        self._cache = StepCache(max_bytes=2**62) if cache is None else cache
        self._models = models
        self._model_file = model
        self._on_epoch = on_epoch
        self._on_step = on_step
        self._clock = StepClock()

    def _prepared(self, params: MethodParams) -> "TrainedModel | None":
        """Do what takes longest first; gives the model, where one takes part."""
        # Once: a late knob that finds its own steps kept needs none of these, and they are too large to be kept for long.
        self._cache.get(self._key("prepared", *embedding_key(params)), lambda: self._prepare(params))
        return self.model(params) if params.embedding.needs_training else None

    def _prepare(self, params: MethodParams) -> bool:
        if not params.embedding.pools:
            self.factors(params)
        elif params.embedding.kind != "latent":
            self.pooled(unscaled(params).pooling)
        return True

    def pooled(self, pooling: PoolingParams) -> np.ndarray:
        """Pool expression; ndarray of shape (n_spots, n_genes).

        Parameters
        ----------
        pooling : PoolingParams
        """
        with self._clock.timed("pool"):
            return self._shared(
                lambda: pool_window(self.sample.expression, self.sample.positions, self._with_found_window(pooling)),
                "pooled",
                pooling,
                bulky=True,
            )

    def factors(self, params: MethodParams) -> np.ndarray:
        """Find spatial factors, averaged as far as the window says; ndarray of shape (n_spots, n_components).

        Parameters
        ----------
        params : MethodParams
        """
        return self.factors_averaged(params, self._with_found_window(params.pooling).window - 1)

    def factors_averaged(self, params: MethodParams, hops: int) -> np.ndarray:
        """Find spatial factors, averaged so many times; ndarray of shape (n_spots, n_components).

        Parameters
        ----------
        params : MethodParams
            Its window does not count.
        hops : int
        """
        by_hand = dataclasses.replace(params, pooling=dataclasses.replace(params.pooling, window=hops + 1))
        with self._clock.timed("pool"):
            return self._shared(lambda: self._raw_factors(params).averaged(hops), "embedded", *embedding_key(by_hand))

    def averaging(self, params: MethodParams) -> Averaging | None:
        """Find how far to average on this tissue; None where the window is given.

        Parameters
        ----------
        params : MethodParams
        """
        if params.pooling.window != FOUND_WINDOW:
            return None
        with self._clock.timed("pool"):
            return self._kept(
                lambda: find_averaging(self._raw_factors(LEARNT_BY), self.sample.coordinates),
                "averaging", *embedding_key(LEARNT_BY), str(self.sample.unit_known),
            )  # fmt: skip

    def _with_found_window(self, pooling: PoolingParams) -> PoolingParams:
        found = self.averaging(MethodParams(pooling=pooling))
        return pooling if found is None else dataclasses.replace(pooling, window=found.window)

    def _raw_factors(self, params: MethodParams) -> RawFactors:
        n_factors, scale = params.embedding.n_components, params.pooling.scale
        return self._kept(lambda: self._raw(n_factors, scale), "raw factors", str(n_factors), str(scale))

    def _raw(self, n_factors: int, scale: float) -> RawFactors:
        sample, graphs, components = self.sample, [self.neighbours()], self._log_components(scale)
        logged, known = [sample.is_logged], None if components is None else [components]
        return raw_factors(
            [sample.expression], [sample.coordinates], n_factors, scale, logged, graphs=graphs, components=known
        )[0]

    def _log_components(self, scale: float) -> np.ndarray | None:
        """Find what factors and averaged components begin at; None for very many spots, of which they would not find room."""
        sample = self.sample
        if sample.n_spots > MOST_LISTENING:
            return None
        return self._kept(
            lambda: log_components([sample.expression], [sample.coordinates], scale, [sample.is_logged])[0],
            "log components", str(scale),
        )  # fmt: skip

    def neighbours(self) -> sparse.csr_array:
        """Who is whose neighbour: (n_spots, n_spots), from :func:`core.method.neighbours.neighbour_graph`."""
        return self._kept(lambda: neighbour_graph(self.sample.coordinates), "neighbours")

    def model(self, params: MethodParams) -> "TrainedModel":
        """Trained autoencoder: kept, loaded from its checkpoint, or trained now and saved.

        Parameters
        ----------
        params : MethodParams
        """
        pooled = self._read_by_network(params)
        with self._clock.timed("train"):
            return self._shared(
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
            logged = self.sample.is_logged
            return small_training.train(
                pooled, self.sample.coordinates, network, on_epoch=self._on_epoch, logged=logged
            )
        return training.train(np.asarray(pooled), network, on_epoch=self._on_epoch)

    def _read_by_network(self, params: MethodParams) -> Expression:
        """Pooled counts; for the small autoencoder at scale 1, and without a window the counts themselves."""
        pooling = params.pooling
        if params.embedding.kind != "latent":
            return self.pooled(pooling)
        if self._with_found_window(pooling).window == 1:
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
            return self._shared(lambda: self._latent(params), "embedded", *embedding_key(params))
        pooled = self.pooled(params.pooling)
        if embedding.kind == "none":
            return pooled
        if embedding.kind == "pca":
            return self._shared(
                lambda: principal_components(pooled, self.sample.positions, embedding.n_components),
                "embedded",
                *embedding_key(params),
            )
        model = self.model(params)
        return self._shared(lambda: _apply_model(model, embedding.kind, pooled), "embedded", *embedding_key(params))

    def _latent(self, params: MethodParams) -> np.ndarray:
        from core.method import small_training

        network = cast("SmallAutoencoder", self.model(params).network)
        expression, hops = self._read_by_network(params), params.embedding.latent.hops
        logged = self.sample.is_logged
        return small_training.encode(network, expression, self.sample.coordinates, hops, logged=logged)

    def _kept(self, compute: Callable[[], T], step: str, *parts: object) -> T:
        return self._cache.get(self._key(step, *parts), self._told(step, compute))

    def _shared(self, compute: Callable[[], T], step: str, *parts: object, bulky: bool = False) -> T:
        """Keep what is worth more than a file: where several processes make runs, one computes it for all."""
        return self._cache.share(self._key(step, *parts), self._told(step, compute), bulky=bulky)

    def _told(self, step: str, compute: Callable[[], T]) -> Callable[[], T]:
        tell = self._on_step
        if tell is None:
            return compute

        def computed() -> T:
            tell(step)
            return compute()

        return computed

    def _key(self, step: str, *parts: object) -> str:
        return params_key(str(METHOD_VERSION), step, self.sample.content_hash, *parts)


def unscaled(params: MethodParams) -> MethodParams:
    """Move the scale of pooled counts into the X weight, where it means the same: distances between the counts themselves.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    MethodParams
        With scale 1 where nothing stands between counts and distance, and the weight is not too large to be declared; else as given.
    """
    pooling, clustering = params.pooling, params.clustering
    weight = clustering.x_weight * pooling.scale
    if params.embedding.kind != "none" or not clustering.by_kmeans or weight > _LARGEST_WEIGHT:
        return params
    return dataclasses.replace(
        params,
        pooling=dataclasses.replace(pooling, scale=1.0),
        clustering=dataclasses.replace(clustering, x_weight=weight),
    )


def early_steps_key(params: MethodParams) -> str:
    """Name the early steps of a run: runs of one sample with equal keys share what takes longest.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    str
        Of pooling and training, or pooling and embedding; for mixtures, with the seed and the X weight of their fits.
    """
    early = embedding_key(params)
    if params.embedding.needs_training:
        early = params.pooling, params.embedding.network
    if not params.clustering.by_kmeans:
        early = *early, str(params.clustering.random_state), str(params.clustering.x_weight)
    return params_key("early", *early)


def embedding_key(params: MethodParams) -> tuple[object, ...]:
    """List only what the embedding depends on: the number of components matters to PCA and factors alone, and so on.

    Parameters
    ----------
    params : MethodParams

    Returns
    -------
    tuple
        For :func:`core.params.params_key`.
    """
    embedding = params.embedding
    if embedding.kind == "factors":
        return embedding.kind, str(embedding.n_components), params.pooling
    relevant: dict[str, tuple[object, ...]] = {"none": (), "pca": (str(embedding.n_components),)}
    return params.pooling, embedding.kind, *relevant.get(embedding.kind, (embedding.network,))


def _apply_model(model: "TrainedModel", kind: str, pooled: np.ndarray) -> np.ndarray:
    from core.method import training

    apply = training.encode if kind == "code" else training.reconstruct
    return apply(cast("Autoencoder", model.network), pooled)
