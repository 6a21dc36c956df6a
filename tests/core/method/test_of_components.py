"""Fits of principal components where fits of factors hardly agree."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from benchmarks import parts
from benchmarks.parts import Part
from core.averaging import chosen_in_words
from core.cli.console import factor_words
from core.depth import direction_in_full
from core.evaluation.stability import stability
from core.method import label_free_steps, pipeline
from core.method.pipeline import Pipeline
from core.params import preset, replaced
from tests.named_tissue import named_sample


@pytest.fixture(scope="module")
def noise():
    """Counts that do not know where they lie, in which fits find nothing to agree on."""
    sample = named_sample("noise")
    return dataclasses.replace(
        sample, expression=np.random.default_rng(3).poisson(3.0, sample.expression.shape).astype(float)
    )


def test_layers_that_all_fits_find_are_of_factors():
    assert not pipeline.run(named_sample("clear"), preset("recommended", 3)).averaging.of_components


def test_where_fits_of_factors_hardly_agree_components_take_their_place_and_it_is_told(noise):
    steps, params = Pipeline(noise), preset("recommended", 3)
    found = steps.direction(params)
    assert stability(steps._merged(params, found, of_components=False)) < label_free_steps.STEADY_FROM
    result = steps.run(params)
    assert result.averaging.of_components
    words = "principal components without depth, because fits of spatial factors hardly agreed"
    assert words in chosen_in_words(result.averaging, result.direction)
    assert "since fits of 16 spatial factors hardly agreed" in factor_words(params, averaging=result.averaging)
    assert not result.direction.takes_part
    assert "fits of spatial factors hardly agreed, so it takes no part" in direction_in_full(result.direction)
    assert adjusted_rand_score(steps.tree(params).cut(3), result.labels) == 1
    assert pipeline.run(noise, params).labels.tolist() == result.labels.tolist()


@pytest.mark.parametrize(
    ("step", "value"),
    [
        (("pooling", "window"), 2),
        (("direction", "method"), "off"),
        (("clustering", "x_weight"), 2.0),
        (("embedding", "n_components"), 12),
    ],
)
def test_what_is_set_by_hand_asks_for_factors(noise, step, value):
    params = replaced(preset("recommended", 3), step, value)
    steps = Pipeline(noise)
    assert not steps.of_components(params, steps.direction(params))


def test_another_seed_is_nothing_set_by_hand(noise):
    params = replaced(preset("recommended", 3), ("clustering", "random_state"), 1)
    params = replaced(params, ("embedding", "autoencoder", "random_state"), 1)
    steps = Pipeline(noise)
    assert steps.of_components(params, steps.direction(params))


@pytest.mark.slow
def test_a_piece_of_cortex_whose_factors_are_unsteady_gets_its_layers_by_components(shared_data):
    piece = parts.read(Part(source=shared_data / "tissues" / "mpfc_1.h5ad", half="right"))
    found = pipeline.run(piece, preset("recommended", len(piece.layer_names)))
    assert found.averaging.of_components
    assert found.scores.ari > 0.6  # 0.12 by factors; 0.58 by twenty lines of scikit-learn
