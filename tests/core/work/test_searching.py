"""What a search asks for and gives up, without a cluster: outcomes are put in by hand."""

import pytest

from core.work.sweep.search import AHEAD, Searching
from core.work.sweep.varied import Range, Search

RATES = Range(knob="latent_learning_rate", low=1e-4, high=1e-1, log=True)


def searching(objective="ari"):
    return Searching(Search(objective=objective, n_trials=40, ranges=(RATES,), prune=True))


def after_trials(objective, n_trials=10, n_epochs=20):
    """Let trials end whose loss falls from 1 to 0.05."""
    found = searching(objective)
    for number in range(n_trials):
        found.ask()
        for epoch in range(n_epochs):
            assert not found.hopeless(number, epoch, 1 - epoch / n_epochs)
        found.tell(number, 0.5)
    found.ask()
    return found, n_trials


@pytest.mark.parametrize("objective", ["ari", "pas"])  # high is good, and low is
def test_a_training_that_stays_worse_than_most_is_given_up_after_some_epochs_and_a_better_one_is_not(objective):
    found, number = after_trials(objective)
    gives_up = [found.hopeless(number, epoch, 2.0) for epoch in range(20)]
    assert not any(gives_up[:5])
    assert all(gives_up[5:])
    found.tell(number, None)
    found.ask()
    assert not any(found.hopeless(number + 1, epoch, 0.5 - epoch / 40) for epoch in range(20))


def test_nothing_is_given_up_before_there_is_something_to_compare_with():
    found = searching()
    found.ask()
    assert not any(found.hopeless(0, epoch, 1e6) for epoch in range(100))


def test_so_many_trials_are_asked_for_at_once_and_no_more_than_the_search_has():
    found = searching()
    for _ in range(AHEAD):
        assert found.can_ask
        found.ask()
    assert not found.can_ask
    found.tell(2, 0.5)
    assert not found.can_ask  # the first is still missing
    found.tell(0, 0.5)
    assert found.can_ask
