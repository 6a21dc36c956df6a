"""How long a sweep takes: the arithmetic, with expected values computed by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from core.params import preset
from core.work.runs import Run
from core.work.sweep import estimate as estimating
from core.work.sweep.estimate import START_SECONDS, Estimate
from core.work.sweep.plan import Section, Sweep
from core.work.sweep.varied import Axis

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
SECTION = Section(name="a", path="a.h5", content_hash="c", annotation_hash="", params=preset("paper", 4))
GRID = Sweep(
    sections=(SECTION,),
    axes=(Axis(knob="window", values=(2, 6)), Axis(knob="x_weight", values=(0.5, 1.0, 2.0))),
    n_starts=2,
)


def recorded(sweep, at, params=SECTION.params):
    created = MONDAY + timedelta(seconds=at)
    return Run(id="", sample_name="a", content_hash="c", n_spots=100, params=params, created=created, sweep=sweep)


def test_a_timed_run_gives_the_time_of_workers_that_do_not_slow_one_another_and_that_of_a_single_one():
    # Two windows are pooled and searched once each, twelve runs are clustered: 2 x 3 s + 12 x 2 s = 30 s.
    found = estimating.estimate(GRID, {"pool": 3.0, "cluster": 2.0}, n_workers=2, paces=[])
    assert found == Estimate(15.0, 30.0 + START_SECONDS)


def test_earlier_sweeps_of_this_machine_count_more_than_a_timed_run():
    found = estimating.estimate(GRID, {"pool": 3.0, "cluster": 2.0}, n_workers=2, paces=[2.5, 3.0])
    assert found == Estimate(12 * 2.5 / 1.25, 12 * 3.0 * 1.25 + START_SECONDS)
    assert found.low < 32 < found.high  # 12 runs one every 2.67 s


def test_without_a_measure_nothing_is_promised():
    assert estimating.estimate(GRID, None, n_workers=2, paces=[]) is None


def test_the_pace_is_the_mean_gap_between_runs_without_pauses():
    # Settings of two starts come 4 s after one another; an hour's pause is no pace: (0 + 4 + 0 + 4 + 0) / 5.
    seconds = [0, 0, 4, 4, 8, 8, 3608, 3608]
    assert estimating.pace(MONDAY + timedelta(seconds=at) for at in seconds) == pytest.approx(8 / 6)
    assert estimating.pace([MONDAY, MONDAY + timedelta(seconds=1)]) is None


def test_only_sweeps_of_this_machine_that_did_the_same_work_count_and_grow_with_the_number_of_spots():
    here = [recorded("here", at) for at in (0, 2, 4, 6)]
    elsewhere = [recorded("elsewhere", at) for at in (0, 9, 18, 27)]
    other = [recorded("mixtures", at, preset("recommended", 4)) for at in (0, 5, 10, 15)]
    found = estimating.paces_like(GRID, 300, [*here, *elsewhere, *other], ["here", "mixtures"])
    assert found == [pytest.approx(2.0 * 3)]
