"""The order of a sweep's tasks: grouped by early steps, which one worker computes for the others.

The first task of a group makes the steps that the group shares; the others wait for it. Meanwhile workers begin other groups.
A grid hands out whole groups, since a worker keeps the steps of its last ones in memory. Where the groups cannot be dealt out
evenly, those left over are begun first and divided among all workers at the end, so that all of them end together.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from core.method.early_steps import early_steps_key, unscaled
from core.result import Scores
from core.work.sweep.plan import Setting, Sweep
from core.work.sweep.search import Searching

_STARTS_A_TASK = 5
_FEWEST_RUNS = 3  # handing out fewer takes longer than waiting for them
_ALL = 2**62


@dataclass(frozen=True, slots=True)
class Task:
    """Runs that one worker computes without a break.

    Parameters
    ----------
    settings : tuple of Setting
        Of one sample; the worker may stop before the last of them.
    group : str
        Tasks of one group share their early steps.
    alone : bool
        Whether it must not be joined with others: something in it may fail.
    to_itself : bool
        Whether no other task of the sweep pools as these runs do.
    """

    settings: tuple[Setting, ...]
    group: str
    alone: bool = False
    to_itself: bool = False

    def apart(self) -> "list[Task]":
        """Take it apart, into tasks of one setting each, as nobody knows which of them made it fail."""
        return [replace(task, alone=True) for task in in_tasks(self.settings)]


def in_tasks(settings: Sequence[Setting]) -> list[Task]:
    """Group runs of one setting each, which differ by their seeds.

    Returns
    -------
    list of Task
        Those of one group follow each other.
    """
    groups: dict[str, dict[tuple[int, ...], list[Setting]]] = {}
    for setting in settings:
        group = f"{setting.section}-{early_steps_key(unscaled(setting.params))}"
        groups.setdefault(group, {}).setdefault(setting.index, []).append(setting)
    return [
        Task(tuple(same_setting[first : first + _STARTS_A_TASK]), group)
        for group, by_setting in groups.items()
        for same_setting in by_setting.values()
        for first in range(0, len(same_setting), _STARTS_A_TASK)
    ]


class Waiting:
    """Tasks by group.

    Parameters
    ----------
    tasks : sequence of Task
    joins : bool
        Whether tasks of a group may be joined into one.
    """

    def __init__(self, tasks: Sequence[Task] = (), *, joins: bool = False) -> None:
        self._groups: dict[str, deque[Task]] = {}
        self._groups_by_pooling: dict[object, set[str]] = {}
        self._leading: set[str] = set()
        self._ready: set[str] = set()
        self._joins = joins
        self._divided: set[str] | None = None
        self.add(tasks)

    def __len__(self) -> int:
        """Count waiting tasks."""
        return sum(map(len, self._groups.values()))

    def add(self, tasks: Sequence[Task]) -> None:
        """Add tasks, at the end of their groups."""
        for task in tasks:
            self._groups.setdefault(task.group, deque()).append(task)
            self._groups_by_pooling.setdefault(_pooling(task), set()).add(task.group)

    def put_back(self, tasks: Sequence[Task]) -> None:
        """Put tasks back, at the beginning of their groups."""
        for task in reversed(tasks):
            self._groups[task.group].appendleft(task)

    def take(self, n_workers: int = 1) -> Task | None:
        """Take the next task, from a group whose shared steps are done or that is not begun.

        Parameters
        ----------
        n_workers : int
            How many tasks can run at once.

        Returns
        -------
        Task or None
            None if all waiting tasks need shared steps that are not done.
        """
        divided = self._to_divide(n_workers)
        able = [group for group, tasks in self._groups.items() if tasks and group not in self._leading]
        if not able:
            return None
        # What is begun is ended first; but the groups that all workers divide are begun first and ended last.
        group = min(able, key=lambda group: self._turn(group, divided))
        task = _joined(self._groups[group], self._n_runs_of_a_task(group, n_workers))
        if group in self._ready:
            return task
        self._leading.add(group)
        return replace(task, to_itself=not self._groups[group] and self._groups_by_pooling[_pooling(task)] == {group})

    def ended(self, task: Task) -> None:
        """Allow the rest of a task's group to begin."""
        self._leading.discard(task.group)
        self._ready.add(task.group)

    def _turn(self, group: str, divided: set[str]) -> int:
        if group in divided:
            return 2 if group in self._ready else -1
        return 0 if group in self._ready else 1

    def _to_divide(self, n_workers: int) -> set[str]:
        """Choose the groups that are left over when all workers have as many: none is known before there are workers."""
        if self._divided is None:
            n_left_over = len(self._groups) % n_workers if self._joins else 0
            self._divided = set(list(self._groups)[:n_left_over])
        return self._divided

    def _n_runs_of_a_task(self, group: str, n_workers: int) -> int:
        begun = group in self._ready
        if not self._joins or (group in self._to_divide(n_workers) and not begun):
            return 1
        others = any(tasks and one not in self._ready | self._leading for one, tasks in self._groups.items())
        if others or not begun:
            return _ALL
        n_left = sum(len(task.settings) for tasks in self._groups.values() for task in tasks)
        return max(_FEWEST_RUNS, math.ceil(n_left / (2 * n_workers)))


def _joined(tasks: deque[Task], n_runs: int) -> Task:
    """Take tasks from a group until there are so many runs."""
    first = tasks.popleft()
    settings = list(first.settings)
    while tasks and not first.alone and not tasks[0].alone and len(settings) < n_runs:
        settings += tasks.popleft().settings
    return replace(first, settings=tuple(settings))


def _pooling(task: Task) -> object:
    """Name what a task pools: the small autoencoder reads counts at scale 1, and scales them later."""
    params = unscaled(task.settings[0].params)
    latent = params.embedding.kind == "latent"
    return task.settings[0].section, replace(params.pooling, scale=1.0) if latent else params.pooling


class Source(Protocol):
    """Where the tasks of a sweep come from."""

    @property
    def finished(self) -> bool:
        """Whether every run has ended."""

    def take(self, n_workers: int) -> Task | None:
        """Take the next task, where so many can run at once; None if there is none now."""

    def put_back(self, tasks: Sequence[Task]) -> None:
        """Put back what a worker has not made."""

    def scored(self, setting: Setting, scores: Scores | None) -> None:
        """Note the scores of a run; None if it failed or was given up."""

    def ended(self, task: Task) -> None:
        """Note the end of a task."""


class GridSource:
    """The runs of a grid.

    Parameters
    ----------
    settings : sequence of Setting
        Settings that are not done yet.
    """

    def __init__(self, settings: Sequence[Setting]) -> None:
        self._waiting = Waiting(in_tasks(settings), joins=True)
        self._left = len(settings)

    @property
    def finished(self) -> bool:
        """Whether every run has ended."""
        return self._left == 0

    def take(self, n_workers: int) -> Task | None:
        """Take the next task; None if there is none now."""
        return self._waiting.take(n_workers)

    def put_back(self, tasks: Sequence[Task]) -> None:
        """Put back what a worker has not made."""
        self._waiting.put_back(tasks)

    def scored(self, setting: Setting, scores: Scores | None) -> None:
        """Ignore the scores of a run."""
        del setting, scores  # a grid does not depend on scores
        self._left -= 1

    def ended(self, task: Task) -> None:
        """Note the end of a task."""
        self._waiting.ended(task)


class SearchSource:
    """The runs of a search, asked for one after another.

    Parameters
    ----------
    sweep : Sweep
        With a search.
    known : callable
        Returns `(whether it is done, its scores)` for a run. Called once for each.
    """

    def __init__(self, sweep: Sweep, known: Callable[[Setting], tuple[bool, Scores | None]]) -> None:
        if sweep.search is None:
            raise TypeError("This sweep is a grid.")
        self._sweep, self._search, self._known = sweep, sweep.search, known
        self.searching = Searching(sweep.search)
        self._waiting = Waiting()
        self._left: dict[int, int] = {}
        self._scores: dict[int, list[float | None]] = {}

    @property
    def finished(self) -> bool:
        """Whether every trial has ended."""
        return self.searching.n_asked == self._search.n_trials and not self._left

    def take(self, n_workers: int) -> Task | None:
        """Take the next task, asking for trials while that is possible."""
        task = self._waiting.take(n_workers)
        while task is None and self.searching.can_ask:
            self._ask()
            task = self._waiting.take(n_workers)
        return task

    def put_back(self, tasks: Sequence[Task]) -> None:
        """Put back what a worker has not made."""
        self._waiting.put_back(tasks)

    def scored(self, setting: Setting, scores: Scores | None) -> None:
        """Note the scores of a run; None if it failed or was given up."""
        trial = setting.index[0]
        self._scores[trial].append(None if scores is None else getattr(scores, self._search.objective))
        self._left[trial] -= 1
        self._settle(trial)

    def ended(self, task: Task) -> None:
        """Note the end of a task."""
        self._waiting.ended(task)

    def _ask(self) -> None:
        trial, values = self.searching.ask()
        settings = [
            setting
            for section in range(len(self._sweep.sections))
            for setting in self._sweep.starts(section, (trial,), values)
        ]
        self._left[trial], self._scores[trial] = len(settings), []
        todo = []
        for setting in settings:
            done, scores = self._known(setting)
            if done:
                self.scored(setting, scores)
            else:
                todo.append(setting)
        self._waiting.add(in_tasks(todo))

    def _settle(self, trial: int) -> None:
        if self._left[trial] == 0:
            del self._left[trial]
            values = self._scores.pop(trial)
            known = [value for value in values if value is not None]
            # A trial that fails on one sample gets no score.
            self.searching.tell(trial, float(np.mean(known)) if known and len(known) == len(values) else None)
