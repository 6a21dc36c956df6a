"""Parameters as version 0.1 wrote them, with hops, are read as the windows that do the same."""

from typing import Any

import pytest

from core import knobs
from core.errors import ParameterError
from core.params import MethodParams, preset, replaced
from core.version_0_1 import as_then, renewed, renewed_steps, shifted
from core.work.runs.knobs import method_params

FLAT = {"window": 6, "scale": 2.0, "embedding": "factors", "components": 16, "hops": 1, "direction": "bending",
        "n_clusters": 5, "read_out": "mixture", "refinement": 1}  # fmt: skip
BY_PATH = {".".join(knobs.path_of(name)): value for name, value in FLAT.items() if name != "hops"} | {
    "embedding.hops": 1
}


def recommended_then(n_clusters: int) -> MethodParams:
    """What the preset of 0.1 averaged once, today's leaves to the tissue; and neighbours voted once."""
    return replaced(replaced(preset("recommended", n_clusters), ("pooling", "window"), 2), ("refinement", "rounds"), 1)


def test_the_recommended_preset_of_0_1_is_todays_with_a_window_and_a_vote_by_hand():
    assert knobs.from_flat(FLAT) == recommended_then(5)
    assert method_params(BY_PATH) == (recommended_then(5), {})


@pytest.mark.parametrize("hops", [0, 1, 20])
def test_hops_of_factors_are_a_window_of_one_more(hops):
    assert knobs.from_flat({**FLAT, "hops": hops}).pooling.window == hops + 1
    assert method_params({**BY_PATH, "embedding.hops": hops})[0].pooling.window == hops + 1


def test_hops_of_other_embeddings_took_no_part_and_leave_the_window():
    read = knobs.from_flat({"embedding": "pca", "hops": 4, "window": 3, "scale": 5.0})
    assert (read.pooling.window, read.pooling.scale) == (3, 5.0)
    assert renewed({"window": 3, "hops": 4}) == {"window": 3}


def test_an_x_weight_that_took_no_part_in_mixtures_still_takes_none():
    assert knobs.from_flat({**FLAT, "x_weight": 7.0}).clustering.x_weight == 1
    assert knobs.from_flat({**FLAT, "read_out": "kmeans", "x_weight": 7.0}).clustering.x_weight == 7


def test_parameters_of_today_are_read_as_they_stand():
    params = replaced(preset("recommended"), ("clustering", "x_weight"), 7.0)
    assert knobs.from_flat(knobs.as_flat(params)) == params


@pytest.mark.parametrize(("hops", "window"), [(-1, -1), (99, 100)])
def test_more_hops_than_a_window_holds_are_refused_or_put_aside(hops, window):
    with pytest.raises(ParameterError, match="window"):
        knobs.from_flat({**FLAT, "hops": hops})
    assert method_params({**BY_PATH, "embedding.hops": hops})[1] == {"pooling.window": window}


@pytest.mark.parametrize("hops", ["many", 1.5, None, True])
def test_what_is_no_number_of_hops_is_left_for_the_reader(hops):
    assert renewed({**FLAT, "hops": hops}) == {**FLAT, "hops": hops}


def test_an_address_says_hops_as_text_and_may_leave_the_embedding_to_its_preset():
    assert renewed({"hops": "2"}, "factors") == {"window": "3", "scale": 1.0}
    assert renewed({"hops": "2"}, "none") == {}
    assert renewed({"hops": "2", "embedding": "pca"}, "factors") == {"embedding": "pca"}


def test_steps_are_renewed_wherever_they_lie():
    steps = {"pooling": {"window": 6, "scale": 2.0}, "embedding": {"kind": "factors", "hops": 2, "latent": {"hops": 1}},
             "clustering": {"read_out": "mixture", "x_weight": 3.0}}  # fmt: skip
    [[read]] = renewed_steps([[steps]])
    assert read["pooling"] == {"window": 3, "scale": 1.0}
    assert read["embedding"] == {"kind": "factors", "latent": {"hops": 1}}
    assert read["clustering"]["x_weight"] == 1


def test_what_0_1_could_have_written_is_named_as_it_named_it_and_nothing_else_is():
    now = knobs.as_flat(recommended_then(5))
    then = as_then(now)
    assert (then["hops"], then["window"], then["scale"], "degree" in then) == (1, 6, 2.0, False)
    assert knobs.from_flat(then) == recommended_then(5)
    for knob, value in {"scale": 2.0, "x_weight": 2.0, "degree": 2, "window": 0}.items():
        assert as_then({**now, knob: value}) == {**now, knob: value}


def test_turned_hops_are_shifted_there_and_back():
    then: list[dict[str, Any]] = [
        {"knob": "hops", "low": 0, "high": 2},
        {"knob": "seed", "values": [1]},
        {"knob": "hops", "values": [0, 4]},
    ]
    now = shifted(then, 1)
    assert now == [
        {"knob": "window", "low": 1, "high": 3}, {"knob": "seed", "values": [1]}, {"knob": "window", "values": [1, 5]}
    ]  # fmt: skip
    assert shifted(now, -1) == then
