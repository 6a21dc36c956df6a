"""What a sweep hands out at a time, and what becomes of the rest."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from core.io import lab
from core.method import pipeline
from core.params import DirectionParams, MethodParams
from core.work.sweep import tasks
from core.work.sweep.order import GridSource, in_tasks
from core.work.sweep.plan import Section, Sweep
from core.work.sweep.varied import Axis
from core.work.tasks import SampleFile
from tests.small_tissue import small_sample

PLAIN = MethodParams(direction=DirectionParams(method="off"))


def grid(windows, weights=(0.5, 1.0, 2.0, 4.0), n_starts=1):
    section = Section(name="a", path="a.h5", content_hash="0" * 32, annotation_hash="", params=PLAIN)
    axes = Axis(knob="window", values=windows), Axis(knob="x_weight", values=weights)
    return Sweep(sections=(section,), axes=axes, n_starts=n_starts)


def windows_of(task):
    return {setting.params.pooling.window for setting in task.settings}


def test_a_worker_gets_all_runs_of_a_window_and_no_other_needs_its_pooling():
    source = GridSource(grid((1, 2, 3, 4)).settings())
    taken = [source.take(2) for _ in range(4)]
    assert [(windows_of(task), len(task.settings), task.to_itself) for task in taken] == [
        ({window}, 4, True) for window in (1, 2, 3, 4)
    ]
    assert source.take(2) is None


def test_a_window_left_over_is_begun_first_and_divided_at_the_end_once_its_pooling_is_there():
    source = GridSource(grid((1, 2, 3), n_starts=2).settings())
    first, second, third = (source.take(2) for _ in range(3))
    assert [(windows_of(task), len(task.settings)) for task in (first, second, third)] == [({1}, 2), ({2}, 8), ({3}, 8)]
    assert [task.to_itself for task in (first, second, third)] == [False, True, True]
    assert source.take(2) is None
    source.ended(first)
    rest = [source.take(2), source.take(2)]
    assert [len(task.settings) for task in rest] == [4, 2]
    assert {setting.index for task in (first, *rest) for setting in task.settings} == {
        (0, weight) for weight in range(4)
    }


def test_what_a_worker_did_not_get_to_is_next():
    settings = grid((1, 2, 3, 4)).settings()
    source = GridSource(list(settings))
    first = source.take(2)
    source.put_back(in_tasks(first.settings[1:]))
    source.ended(first)
    again = source.take(2)
    assert (again.settings, again.to_itself) == (first.settings[1:], False)


def test_no_task_is_joined_with_one_that_may_fail():
    source = GridSource(grid((1, 2)).settings())
    first = source.take(2)
    source.put_back(first.apart())
    source.ended(first)
    assert [len(source.take(2).settings) for _ in range(4)] == [1, 1, 1, 1]


@pytest.mark.parametrize(("seconds", "n_made"), [(0.0, 1), (1e9, 3)])
def test_a_task_ends_after_a_while_and_leaves_its_pooling_to_others_only_if_runs_are_left(
    seconds, n_made, tmp_path, monkeypatch
):
    monkeypatch.setattr(tasks, "SECONDS_A_TASK", seconds)
    lab.write(small_sample("swept"), tmp_path / "swept.h5")
    sample = lab.read(tmp_path / "swept.h5")
    clustering = dataclasses.replace(PLAIN.clustering, n_clusters=4)
    settings = tuple(
        dataclasses.replace(PLAIN, clustering=dataclasses.replace(clustering, random_state=seed)) for seed in range(3)
    )
    progress: Any = SimpleNamespace(report=lambda share, words, loss=None: None)
    file = SampleFile.of(sample, tmp_path / "swept.h5")
    results = tasks.make_runs(progress, file, settings, tmp_path / "models", tmp_path / f"steps{n_made}", True)
    assert isinstance(results, list)
    assert len(results) == n_made
    for result, params in zip(results, settings, strict=False):
        assert result.labels.tolist() == pipeline.run(sample, params).labels.tolist()
    assert len(list((tmp_path / f"steps{n_made}").glob("*.npy"))) == (n_made < 3)
