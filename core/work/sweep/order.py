"""The order of a sweep's tasks: grouped by early steps, which one worker computes for the others.

The first task of a group makes the steps that the group shares; the others wait for it. Meanwhile workers begin other groups.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.method.early_steps import early_steps_key
from core.result import Scores
from core.work.sweep.plan import Setting, Sweep
from core.work.sweep.search import Searching

_STARTS_A_TASK = 5  # after a task the worker is free for other jobs


@dataclass(frozen=True, slots=True)
class Task:
    """Runs that one worker computes without a break.

    Parameters
    ----------
    settings : tuple of Setting
        Of one sample and one setting; only their seeds differ.
    group : str
        Tasks of one group share their early steps.
    """

    settings: tuple[Setting, ...]
    group: str


def in_tasks(settings: Sequence[Setting]) -> list[Task]:
    """Group runs that one worker computes without a break.

    Returns
    -------
    list of Task
        Those of one group follow each other.
    """
    groups: dict[str, dict[tuple[int, ...], list[Setting]]] = {}
    for setting in settings:
        group = f"{setting.section}-{early_steps_key(setting.params)}"
        groups.setdefault(group, {}).setdefault(setting.index, []).append(setting)
    return [
        Task(tuple(same_setting[first : first + _STARTS_A_TASK]), group)
        for group, by_setting in groups.items()
        for same_setting in by_setting.values()
        for first in range(0, len(same_setting), _STARTS_A_TASK)
    ]


class Waiting:
    """Tasks by group."""

    def __init__(self, tasks: Sequence[Task] = ()) -> None:
        self._groups: dict[str, deque[Task]] = {}
        self._leading: set[str] = set()
        self._ready: set[str] = set()
        self.add(tasks)

    def __len__(self) -> int:
        """Count waiting tasks."""
        return sum(map(len, self._groups.values()))

    def add(self, tasks: Sequence[Task]) -> None:
        """Add tasks, at the end of their groups."""
        for task in tasks:
            self._groups.setdefault(task.group, deque()).append(task)

    def take(self) -> Task | None:
        """Take the next task, from the first group whose shared steps are done or that is not begun.

        Returns
        -------
        Task or None
            None if all waiting tasks need shared steps that are not done.
        """
        for group, tasks in self._groups.items():
            if tasks and group not in self._leading:
                if group not in self._ready:
                    self._leading.add(group)
                return tasks.popleft()
        return None

    def ended(self, task: Task) -> None:
        """Allow the rest of a task's group to begin."""
        self._leading.discard(task.group)
        self._ready.add(task.group)


class Source(Protocol):
    """Where the tasks of a sweep come from."""

    @property
    def finished(self) -> bool:
        """Whether every run has ended."""

    def take(self) -> Task | None:
        """Take the next task; None if there is none now."""

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
        self._waiting = Waiting(in_tasks(settings))
        self._left = len(settings)

    @property
    def finished(self) -> bool:
        """Whether every run has ended."""
        return self._left == 0

    def take(self) -> Task | None:
        """Take the next task; None if there is none now."""
        return self._waiting.take()

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

    def take(self) -> Task | None:
        """Take the next task, asking for trials while that is possible."""
        task = self._waiting.take()
        while task is None and self.searching.can_ask:
            self._ask()
            task = self._waiting.take()
        return task

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
