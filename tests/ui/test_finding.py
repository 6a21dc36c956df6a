"""A run of the method in a thread of its own: what it tells of the time left, and how it ends before it is done."""

import threading

import pytest

from core.method import pipeline
from core.method.cache import StepCache
from core.params import preset, replaced
from tests.small_tissue import small_sample
from ui.data import finding as findings
from ui.data.finding import Finding, NotWantedError

SAMPLE, PAPER = small_sample("first"), preset("paper", n_clusters=3)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(findings, "_took", {})


def real(cache, sample=SAMPLE, params=PAPER):
    return lambda tell: pipeline.Pipeline(sample, cache=cache, on_step=tell).run(params)


def test_a_run_beside_the_page_gives_the_result_of_one_in_it():
    finding = Finding("key", SAMPLE, PAPER, real(StepCache()))
    assert finding.wait().labels.tolist() == pipeline.run(SAMPLE, PAPER).labels.tolist()


def test_a_run_that_nobody_wants_ends_before_its_next_step_and_keeps_what_it_did():
    cache, began, go_on, told = StepCache(), threading.Event(), threading.Event(), []

    def run(tell):
        def heard(step):
            tell(step)
            told.append(step)
            if len(told) == 1:
                began.set()
                go_on.wait(30)

        return pipeline.Pipeline(SAMPLE, cache=cache, on_step=heard).run(PAPER)

    finding = Finding("key", SAMPLE, PAPER, run)
    assert began.wait(30)
    finding.leave()
    go_on.set()
    with pytest.raises(NotWantedError):
        finding.wait()
    assert finding.ended_unwanted
    assert told == ["pooled"]
    later: list[str] = []
    pipeline.Pipeline(SAMPLE, cache=cache, on_step=later.append).run(PAPER)
    assert "pooled" not in later


def halted(sample, params, seconds, monkeypatch):
    """A run of steps that take so long each on a clock of our own, and its time left in the middle of each."""
    seconds = seconds.items() if isinstance(seconds, dict) else seconds
    clock, left = [0.0], []
    monkeypatch.setattr("ui.data.finding.time.monotonic", lambda: clock[0])

    def run(tell):
        for step, spent in seconds:
            tell(step)
            clock[0] += spent / 2
            left.append(finding_of[0].seconds_left if finding_of else None)
            clock[0] += spent / 2
        return pipeline.run(SAMPLE, PAPER)

    finding_of: list[Finding] = []
    ready = threading.Event()

    def run_when_ready(tell):
        assert ready.wait(30)
        return run(tell)

    finding_of.append(Finding("key", sample, params, run_when_ready))
    ready.set()
    finding_of[0].wait()
    return left


def test_the_time_left_is_that_of_the_same_steps_before_scaled_by_spots_and_genes(monkeypatch):
    steps = {"pooled": 8.0, "unrefined": 4.0}
    assert halted(SAMPLE, PAPER, steps, monkeypatch) == [None, None]
    assert halted(SAMPLE, PAPER, steps, monkeypatch) == [4.0 + 4.0, 2.0]
    larger = small_sample("larger", n_rows=32)
    assert larger.n_spots == 2 * SAMPLE.n_spots
    assert halted(larger, PAPER, {"pooled": 16.0, "unrefined": 8.0}, monkeypatch) == [8.0 + 8.0, 4.0]


def test_a_step_that_comes_several_times_counts_once_in_all(monkeypatch):
    steps = [("fits", 4.0), ("reduced", 2.0), ("fits", 4.0)]
    halted(SAMPLE, PAPER, steps, monkeypatch)
    first, _, last = halted(SAMPLE, PAPER, steps, monkeypatch)
    assert first == (8.0 - 2.0) + 2.0
    assert last == (8.0 - 4.0 - 2.0) + 2.0  # `reduced` was met after the first fits, and counts as ahead of them


def test_nothing_is_said_of_a_run_of_another_kind_or_one_that_is_slower_than_those_before(monkeypatch):
    halted(SAMPLE, PAPER, {"pooled": 2.0}, monkeypatch)
    assert halted(SAMPLE, preset("recommended", 3), {"pooled": 2.0}, monkeypatch) == [None]
    assert halted(SAMPLE, PAPER, {"pooled": 100.0}, monkeypatch) == [None]
    many = replaced(PAPER, ("clustering", "n_init"), 10)
    halted(SAMPLE, PAPER, {"unrefined": 1.0}, monkeypatch)
    assert halted(SAMPLE, many, {"unrefined": 10.0}, monkeypatch) == [5.0]


def test_who_asks_for_what_is_being_found_joins_the_run_which_goes_on_until_the_last_one_leaves():
    began, go_on, cache = threading.Event(), threading.Event(), StepCache()

    def run(tell):
        tell("first")
        began.set()
        assert go_on.wait(30)
        return real(cache)(tell)

    def ask(by):
        return findings.begun("key", by, lambda: Finding("key", SAMPLE, PAPER, run, by))

    one = ask("one")
    assert began.wait(30)
    assert ask("other") is one
    one.leave("one")
    go_on.set()
    assert one.wait().labels.tolist() == pipeline.run(SAMPLE, PAPER).labels.tolist()
    later = ask("one")
    assert later is not one
    later.wait()


def test_a_run_that_all_who_asked_for_it_have_left_ends():
    began, go_on = threading.Event(), threading.Event()

    def run(tell):
        tell("first")
        began.set()
        assert go_on.wait(30)
        return real(StepCache())(tell)

    one = findings.begun("key", "one", lambda: Finding("key", SAMPLE, PAPER, run, "one"))
    assert began.wait(30)
    findings.begun("key", "other", lambda: pytest.fail("It is running already."))
    one.leave("one")
    one.leave("other")
    go_on.set()
    with pytest.raises(NotWantedError):
        one.wait()
    again = findings.begun("key", "other", lambda: Finding("key", SAMPLE, PAPER, real(StepCache()), "other"))
    assert again.wait().labels.tolist() == pipeline.run(SAMPLE, PAPER).labels.tolist()
