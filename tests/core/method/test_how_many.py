import dataclasses

import pytest

from core.errors import ParameterError
from core.method import mixture
from core.method.cache import StepCache
from core.method.how_many import AtNumber, _suggestion, try_numbers
from core.method.pipeline import Pipeline
from core.params import preset
from tests.small_tissue import small_sample

PAPER = preset("paper")


def made(stabilities, first=2):
    rest = {"agreement": 1.0, "chaos": 0.1, "pas": 0.1, "smallest_share": 0.1}
    return [AtNumber(n_clusters=first + at, stability=value, **rest) for at, value in enumerate(stabilities)]


def test_the_highest_peak_from_three_on_is_suggested_and_lower_ones_are_named():
    suggested, reason = _suggestion(made([0.99, 0.8, 0.7, 0.9, 0.85, 0.88, 0.6]))
    assert suggested == 5
    assert reason.startswith("5: ")
    assert "0.900" in reason
    assert "Lower peaks are at 7 (0.880)." in reason


def test_numbers_that_are_nearly_as_good_are_named_and_a_clear_one_is_said_to_be_clear():
    assert (
        "within 0.05 of it 2 numbers lie as well, 6, 7." in _suggestion(made([0.99, 0.8, 0.7, 0.9, 0.85, 0.88, 0.6]))[1]
    )
    assert "No other number comes within 0.05." in _suggestion(made([0.99, 0.8, 0.7, 0.95, 0.85, 0.88, 0.6]))[1]


@pytest.mark.parametrize("stabilities", [[0.99, 0.9, 0.8, 0.7], [0.6, 0.7, 0.8, 0.9]])
def test_where_agreement_only_falls_or_rises_nothing_is_suggested_and_the_sentence_says_so(stabilities):
    suggested, reason = _suggestion(made(stabilities))
    assert suggested is None
    assert "No number from 3 to 4 stands out" in reason


@pytest.fixture(scope="module")
def layers():
    """Four layers that expression tells apart, and nothing else."""
    sample = small_sample("layers", n_rows=24, n_layers=4)
    return sample, try_numbers(Pipeline(sample, cache=StepCache()), preset("recommended"), range(2, 8), n_starts=3)


def test_fits_agree_on_four_equal_layers_and_not_on_which_two_of_them_to_join(layers):
    _, curve = layers
    assert [point.n_clusters for point in curve.points] == list(range(2, 8))
    assert curve.points[2].agreement == pytest.approx(1)
    assert curve.points[1].stability < curve.points[2].stability


def test_the_annotation_plays_no_part(layers):
    sample, curve = layers
    bare = dataclasses.replace(sample, labels_true=None)
    assert try_numbers(Pipeline(bare, cache=StepCache()), preset("recommended"), range(2, 8), n_starts=3) == curve


def test_numbers_that_share_their_fits_cost_them_once_for_each_start(monkeypatch):
    calls, fit_many = [], mixture.fit_many
    monkeypatch.setattr(
        mixture, "fit_many", lambda *args, **options: calls.append(args[3]) or fit_many(*args, **options)
    )
    try_numbers(Pipeline(small_sample("few"), cache=StepCache()), preset("recommended"), range(3, 6), n_starts=2)
    assert len(calls) == len(set(calls))
    assert {start for start, _ in calls} == {0, 1}


def test_every_run_is_told_of_in_order():
    told = []
    steps = Pipeline(small_sample("told"), cache=StepCache())
    try_numbers(steps, PAPER, range(2, 4), 2, lambda done, of: told.append((done, of)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(("numbers", "n_starts"), [(range(3, 4), 4), (range(2, 6), 1)])
def test_less_than_two_of_either_is_refused_in_words(numbers, n_starts):
    with pytest.raises(ParameterError, match="at least two of each"):
        try_numbers(Pipeline(small_sample("one")), PAPER, numbers, n_starts)
