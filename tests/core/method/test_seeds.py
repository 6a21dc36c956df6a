"""Wherever seeds are counted up, the one after the largest is 0."""

from typing import Any

import pytest
from optuna.samplers import TPESampler

from core.cli import joint
from core.method import pipeline
from core.method.cache import StepCache
from core.method.how_many import try_numbers
from core.method.pipeline import Pipeline
from core.method.seeds import nth_start, wrapped
from core.params import MAX_SEED, preset, replaced
from core.work.sweep.plan import Section, Sweep
from core.work.sweep.search import new_study
from core.work.sweep.varied import Axis, Range, Search
from tests.small_tissue import small_sample
from ui.data import compute

LAST = replaced(preset("paper", 3), ("clustering", "random_state"), MAX_SEED)
SAMPLE = small_sample("last seed")


class Noting(Pipeline):
    """Notes the seeds that it is asked for."""

    def run(self, params):
        self.seeds = [*getattr(self, "seeds", []), params.clustering.random_state]
        return super().run(params)


def repeated(n_starts):
    return [result.params.clustering.random_state for result in pipeline.repeat(SAMPLE, LAST, n_starts)]


def tried_at_two_numbers(n_starts):
    steps = Noting(SAMPLE, cache=StepCache())
    try_numbers(steps, LAST, range(2, 4), n_starts)
    assert steps.seeds[:n_starts] == steps.seeds[n_starts:]
    return steps.seeds[:n_starts]


def swept(n_starts):
    section = Section(name="s", path="s.h5", content_hash="", annotation_hash="", params=LAST)
    sweep = Sweep(sections=(section,), axes=(Axis(knob="window", values=(6,)),), n_starts=n_starts)
    return [setting.params.clustering.random_state for setting in sweep.settings()]


def clustered_together(n_starts):
    class Steps:
        def run(self, params):
            return params.clustering.random_state

    steps: Any = Steps()
    return list(joint._runs(steps, LAST, n_starts))


def on_the_page(n_starts, monkeypatch):
    monkeypatch.setattr(compute, "cluster", lambda sample, params: params.clustering.random_state)
    return [compute.start(SAMPLE, LAST, number) for number in range(n_starts)]


@pytest.mark.parametrize("seeds_of", [repeated, tried_at_two_numbers, swept, clustered_together])
def test_the_seed_after_the_largest_is_0(seeds_of):
    assert seeds_of(3) == [MAX_SEED, 0, 1]


def test_the_seed_after_the_largest_is_0_on_the_page_too(monkeypatch):
    assert on_the_page(3, monkeypatch) == [MAX_SEED, 0, 1]


def test_the_first_start_is_the_run_itself_and_only_seeds_differ():
    assert nth_start(LAST, 0) == LAST
    assert replaced(nth_start(LAST, 5), ("clustering", "random_state"), MAX_SEED) == LAST


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 10**12])
def test_a_search_takes_any_whole_number_for_its_seed(seed):
    weights = Range(knob="x_weight", low=1.0, high=2.0)
    study = new_study(Search(objective="chaos", n_trials=1, ranges=(weights,), random_state=seed))
    assert isinstance(study.sampler, TPESampler)
    assert 0 <= wrapped(seed) <= MAX_SEED
