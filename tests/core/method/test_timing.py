import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.io import lab
from core.method import direction, early_steps, joint, label_free_steps, mixture, pipeline, timing, training
from core.method.cache import StepCache
from core.method.timing import StepClock
from core.params import AutoencoderParams, EmbeddingParams, preset, replaced
from core.work.sweep.tasks import make_runs
from core.work.tasks import SampleFile
from tests.sections import shipped_part
from tests.small_tissue import small_sample

COSTS = {
    (early_steps, "pool_window"): ("pool", 1.0),
    (early_steps, "raw_factors"): ("pool", 2.0),
    (joint, "raw_factors"): ("pool", 2.0),
    (training, "train"): ("train", 4.0),
    (early_steps, "principal_components"): ("cluster", 8.0),
    (label_free_steps, "find_bend"): ("cluster", 16.0),
    (label_free_steps, "cluster"): ("cluster", 32.0),
    (mixture, "fit_many"): ("cluster", 64.0),
    (pipeline, "confidence"): ("cluster", 128.0),
    (direction, "from_preclustering"): ("cluster", 256.0),
    (joint, "majority_vote"): ("cluster", 512.0),
}
"""What each part takes by the clock on the wall, and the step that it belongs to."""


@pytest.fixture
def wall(monkeypatch):
    """A clock that moves only when a part of the method is at work; `by_step` is what it should be counted under."""
    wall = SimpleNamespace(now=1000.0, by_step=dict.fromkeys(timing.STEPS, 0.0))

    def take_time(module, name, step, seconds):
        original = getattr(module, name)

        def taking_time(*args, **options):
            wall.now += seconds
            wall.by_step[step] += seconds
            return original(*args, **options)

        monkeypatch.setattr(module, name, taking_time)

    for (module, name), (step, seconds) in COSTS.items():
        take_time(module, name, step, seconds)
    monkeypatch.setattr(timing, "time", SimpleNamespace(perf_counter=lambda: wall.now))
    return wall


def bent_paper():
    return replaced(preset("paper", 4), ("direction", "method"), "bending")


def small_paper_ae():
    small = EmbeddingParams(kind="reconstruction", autoencoder=AutoencoderParams(epochs=1, width=4))
    return dataclasses.replace(preset("paper-ae", 4), embedding=small)


SETTINGS = {
    "paper": preset("paper", 4),
    "paper with a bending direction": bent_paper(),
    "paper with components": replaced(preset("paper", 4), ("embedding", "kind"), "pca"),
    "paper-ae": small_paper_ae(),
    "recommended": preset("recommended", 4),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_each_second_counts_under_one_step_so_that_steps_add_up_to_the_wall(name, wall):
    began = wall.now
    seconds = pipeline.run(shipped_part(200, 60), SETTINGS[name]).seconds
    assert seconds == wall.by_step
    assert sum(seconds.values()) == wall.now - began > 0


def test_seconds_of_every_run_are_its_own(wall):
    steps = pipeline.Pipeline(shipped_part(200, 60), cache=StepCache())
    first, again = steps.run(bent_paper()), steps.run(replaced(bent_paper(), ("clustering", "random_state"), 1))
    assert first.seconds == {"pool": 3.0, "train": 0.0, "cluster": 48.0}
    assert again.seconds == {"pool": 0.0, "train": 0.0, "cluster": 32.0}


def test_steps_of_several_sections_add_up_to_the_wall(wall):
    part = dataclasses.replace(shipped_part(200, 60), gene_names=np.array([f"G{number}" for number in range(60)]))
    deeper = dataclasses.replace(part, name="deeper", expression=part.expression * 2)
    began = wall.now
    results = joint.JointPipeline([part, deeper]).run(preset("recommended", 3))
    for result in results.values():
        assert result.seconds == wall.by_step
        assert sum(result.seconds.values()) == wall.now - began > 0


def test_the_first_run_of_a_sweep_counts_the_pooling_that_losses_are_measured_by(wall, tmp_path):
    lab.write(small_sample("swept"), tmp_path / "swept.h5")
    file = SampleFile.of(lab.read(tmp_path / "swept.h5"), tmp_path / "swept.h5")
    params = replaced(small_paper_ae(), ("embedding", "autoencoder", "batch_size"), 32)
    losses = []
    progress: Any = SimpleNamespace(report=lambda share, words, loss=None: losses.append(loss))
    results = make_runs(progress, file, (params,), tmp_path / "models", tmp_path / "steps")
    assert isinstance(results, list)
    assert results[0].seconds["pool"] == 1.0
    assert losses[0] > 0


def test_an_inner_step_takes_its_seconds_from_the_outer_one_however_deep_and_also_when_it_fails(wall):
    clock = StepClock()

    def fail_in_training():
        with clock.timed("train"):
            wall.now += 2
            raise ValueError("no memory")

    with clock.timed("cluster"):
        wall.now += 1
        with clock.timed("pool"):
            wall.now += 10
            with pytest.raises(ValueError, match="no memory"):
                fail_in_training()
            with clock.timed("pool"):
                wall.now += 20
        wall.now += 4
    wall.now += 100  # between two steps nothing is counted
    with clock.timed("pool"):
        wall.now += 0.5
    assert clock.seconds == {"pool": 30.5, "train": 2.0, "cluster": 5.0}
