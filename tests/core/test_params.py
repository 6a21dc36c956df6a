import dataclasses
import math

import pytest

from core.errors import ParameterError
from core.params import (
    PRESETS,
    AutoencoderParams,
    ClusteringParams,
    DirectionParams,
    EmbeddingParams,
    LatentParams,
    PoolingParams,
    params_key,
    preset,
)

STEPS = [PoolingParams, AutoencoderParams, LatentParams, EmbeddingParams, DirectionParams, ClusteringParams]


def test_the_presets_are_the_papers():
    paper, with_autoencoder = preset("paper"), preset("paper-ae")
    assert (paper.pooling.window, paper.pooling.scale, paper.embedding.kind) == (6, 2.0, "none")
    assert (paper.clustering.init, paper.clustering.n_init, paper.clustering.max_iter) == ("random", 1, 100)
    assert (with_autoencoder.pooling.window, with_autoencoder.pooling.scale) == (10, 20_000.0)
    assert with_autoencoder.embedding.kind == "reconstruction"
    autoencoder = with_autoencoder.embedding.autoencoder
    assert (autoencoder.width, autoencoder.epochs, autoencoder.batch_size) == (800, 100, 128)
    assert (autoencoder.learning_rate, autoencoder.weight_decay) == (1e-2, 1e-5)
    assert {preset(name).clustering.x_weight for name in ("paper", "paper-ae")} == {1.0}


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_uses_an_angle_by_hand(name):
    assert preset(name).direction.method != "manual"


@pytest.mark.parametrize("step", STEPS)
def test_every_knob_has_words_and_a_default_inside_its_limits(step):
    for item in dataclasses.fields(step):
        if item.name not in ("autoencoder", "latent"):
            assert item.metadata["label"]
            assert item.metadata["help"].endswith(".")
    step()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: PoolingParams(window=-1), "`window` is -1, but must be between 0 and 40."),
        (lambda: PoolingParams(window=2.5), "`window` is 2.5, but must be a whole number."),  # type: ignore[arg-type]
        (lambda: PoolingParams(window=True), "`window` is True, but must be a whole number."),
        (lambda: PoolingParams(scale=math.nan), "`scale` is nan, but must be a finite number."),
        (lambda: ClusteringParams(n_clusters="7"), "`n_clusters` is '7', but must be a whole number."),  # type: ignore[arg-type]
        (lambda: EmbeddingParams(kind="umap"), "must be one of none, pca, factors, code, reconstruction, latent."),
        (lambda: preset("best"), "There is no preset 'best'"),
    ],
)
def test_values_outside_the_limits_are_refused_in_words(make, sentence):
    with pytest.raises(ParameterError) as refused:
        make()
    assert sentence in str(refused.value)


def test_keys_tell_parameters_apart_and_nothing_else():
    assert params_key("a", PoolingParams()) == params_key("a", PoolingParams(window=6))
    others = [("b", PoolingParams()), ("a", PoolingParams(window=7)), ("a", PoolingParams(scale=2.5)), ("a",)]
    keys = {params_key("a", PoolingParams()), *(params_key(*other) for other in others)}
    assert len(keys) == 5
