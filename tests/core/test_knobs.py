"""Knobs by their short names."""

import pytest

from core import knobs, presets
from core.cli.options import KNOBS
from core.errors import ParameterError
from core.method import pipeline
from core.method.cache import StepCache
from core.params import PRESETS, preset, replaced
from tests.small_tissue import small_sample


def test_every_name_leads_back_to_its_knob_and_no_two_knobs_share_one():
    assert len(set(knobs.names().values())) == len(knobs.names())
    for path, name in knobs.names().items():
        assert knobs.path_of(name) == path
        assert knobs.path_of(name.replace("_", "-")) == path


@pytest.mark.parametrize("name", PRESETS)
def test_parameters_written_flat_are_read_back_as_they_were(name):
    assert knobs.from_flat(knobs.as_flat(preset(name, n_clusters=5))) == preset(name, n_clusters=5)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("window", "6", 6), ("window", "found", 0), ("x-weight", "0.5", 0.5), ("read_out", "mixture", "mixture")],
)
def test_values_are_read_as_a_person_writes_them(name, text, value):
    read = knobs.read_value(knobs.path_of(name), text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text"), [("window", "-1"), ("window", "2.5"), ("x_weight", "nan"), ("embedding", "best")]
)
def test_a_value_outside_its_limits_is_refused(name, text):
    with pytest.raises(ParameterError, match="must be"):
        knobs.read_value(knobs.path_of(name), text)


def test_an_unknown_knob_is_refused_with_the_names_that_there_are():
    with pytest.raises(ParameterError, match="x_weight"):
        knobs.path_of("wheight")


@pytest.mark.parametrize("name", ["paper", "recommended"])
def test_a_knob_that_takes_no_part_changes_no_label_whatever_its_value(name):
    sample, cache, params = small_sample("first"), StepCache(), preset(name, n_clusters=3)
    labels = pipeline.run(sample, params, cache=cache).labels
    idle = [path for path in knobs.names() if not knobs.takes_part(params, path)]
    assert len(idle) >= 12
    for path in idle:
        item = knobs.declared(path)
        for value in item.metadata["choices"] or (item.metadata["min"], item.metadata["max"]):
            kind: type = type(item.default)
            moved = replaced(params, path, kind(value))
            assert (pipeline.run(sample, moved, cache=cache).labels == labels).all(), knobs.names()[path]


@pytest.mark.parametrize("kind", knobs.declared(("embedding", "kind")).metadata["choices"])
def test_what_an_embedding_is_made_of_takes_part_and_nothing_else_of_that_step(kind):
    params = replaced(preset("paper"), ("embedding", "kind"), kind)
    assert knobs.takes_part(params, ("pooling", "window"))
    assert knobs.takes_part(params, ("pooling", "scale")) == (kind != "latent")
    assert knobs.takes_part(params, ("embedding", "n_components")) == (kind in ("pca", "factors"))
    networks = {"autoencoder": ("code", "reconstruction"), "latent": ("latent",)}
    for network, kinds in networks.items():
        assert knobs.takes_part(params, ("embedding", network, "epochs")) == (kind in kinds)
    assert any(kind in kinds for kinds in networks.values()) == params.embedding.needs_training


@pytest.mark.parametrize(
    ("name", "preset_without"),
    [
        ("n_init", "recommended"),
        ("degree", "paper"),
        ("components", "paper"),
        ("epochs", "paper"),
        ("angle", "paper"),
    ],
)
def test_a_knob_that_takes_no_part_is_refused_with_what_it_needs(name, preset_without):
    with pytest.raises(ParameterError, match=f"{name} changes nothing in these settings. It counts where"):
        knobs.check_takes_part(knobs.path_of(name), [preset(preset_without)])
    knobs.check_takes_part(knobs.path_of("window"), [preset("recommended"), preset("paper")])


def test_a_refusal_names_the_presets_that_use_the_knob():
    with pytest.raises(
        ParameterError, match=r"direction is bending \(preset recommended\): choose that, or leave degree out"
    ):
        knobs.check_takes_part(knobs.path_of("degree"), [preset("paper")])


@pytest.mark.parametrize("name", PRESETS)
def test_window_scale_and_x_weight_take_part_in_every_preset(name):
    for knob in ("window", "scale", "x_weight"):
        knobs.check_takes_part(knobs.path_of(knob), [preset(name)])


def test_the_x_weight_needs_a_distance_with_position_or_a_depth():
    alone = replaced(preset("recommended"), ("direction", "method"), "off")
    assert knobs.takes_part(replaced(alone, ("clustering", "read_out"), "kmeans"), ("clustering", "x_weight"))
    assert knobs.takes_part(replaced(alone, ("direction", "method"), "manual"), ("clustering", "x_weight"))
    with pytest.raises(
        ParameterError, match=r"It counts where read_out is kmeans or direction is preclustering, .* or"
    ):
        knobs.check_takes_part(("clustering", "x_weight"), [alone])


def test_hops_are_refused_with_what_takes_their_place():
    with pytest.raises(ParameterError, match="no knob 'hops' any more: use window, which is one more"):
        knobs.path_of("hops")


def test_the_names_that_links_and_records_hold_stay_as_they_are():
    assert {".".join(path): name for path, name in knobs.names().items()} == {
        "pooling.window": "window",
        "pooling.scale": "scale",
        "embedding.kind": "embedding",
        "embedding.n_components": "components",
        "embedding.autoencoder.width": "width",
        "embedding.autoencoder.epochs": "epochs",
        "embedding.autoencoder.learning_rate": "learning_rate",
        "embedding.autoencoder.weight_decay": "weight_decay",
        "embedding.autoencoder.batch_size": "batch_size",
        "embedding.autoencoder.random_state": "training_seed",
        "embedding.latent.size": "latent_size",
        "embedding.latent.units": "latent_units",
        "embedding.latent.hops": "latent_hops",
        "embedding.latent.epochs": "latent_epochs",
        "embedding.latent.learning_rate": "latent_learning_rate",
        "embedding.latent.random_state": "latent_seed",
        "direction.method": "direction",
        "direction.angle": "angle",
        "direction.degree": "degree",
        "clustering.x_weight": "x_weight",
        "clustering.n_clusters": "n_clusters",
        "clustering.read_out": "read_out",
        "clustering.init": "init",
        "clustering.n_init": "n_init",
        "clustering.max_iter": "max_iter",
        "clustering.random_state": "seed",
        "refinement.rounds": "refinement",
    }


def test_the_nearest_preset_counts_clusters_as_the_sample_suggests_or_not_at_all():
    params = preset("recommended", 5)
    assert presets.nearest_preset(params) == ("recommended", {})
    suggested = presets.nearest_preset(params, 7)
    assert suggested == ("recommended", {("clustering", "n_clusters"): 5})


def test_every_knob_has_an_option_but_the_direction_which_has_one_of_its_own():
    assert {*KNOBS, *knobs.in_groups("direction")} == set(knobs.names())
    assert len(KNOBS) == len(set(KNOBS))
