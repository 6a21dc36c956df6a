"""Tasks by name, with the types that they take and return, so that requests and results are read without pickles."""

import importlib
import inspect
import types
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from core.errors import WorkError
from core.work.board.progress import Progress
from core.work.cluster.depot import Delivery

_TASKS = "core.work."
_MOVED = {"core.work.sweep_tasks": "core.work.sweep.tasks"}  # since version 0.1

Task = Callable[..., Any]


def name_of(task: Task) -> str:
    """Name a task, for :func:`task_named`."""
    return f"{task.__module__}:{task.__qualname__}"


def task_named(name: str) -> Task:
    """Look up a task.

    Parameters
    ----------
    name : str
        As :func:`name_of` gives, of this version or of an earlier one.

    Raises
    ------
    WorkError
        If it is no task of this program.
    """
    module, _, function = name.partition(":")
    try:
        if not module.startswith(_TASKS) or not function.isidentifier():
            raise ImportError
        found: Task = getattr(importlib.import_module(_MOVED.get(module, module)), function)
        if get_type_hints(found)[_parameters(found)[0]] is Progress:
            return found
    except (ImportError, AttributeError, TypeError, ValueError, LookupError):
        pass
    raise WorkError(f"{name!r} is no task of this program.")


def arguments_of(task: Task) -> Any:
    """Look up the types of a task's arguments, but for its `Progress` and those that may be left out.

    Parameters
    ----------
    task : callable
        With annotations.

    Returns
    -------
    type
        A tuple.
    """
    hints = get_type_hints(task)
    given = inspect.signature(task).parameters.values()
    kinds = tuple(hints[one.name] for one in list(given)[1:] if one.default is inspect.Parameter.empty)
    return types.GenericAlias(tuple, kinds)


def result_of(task: Task) -> Any:
    """Look up the type of a task's result, without the `Delivery` that it may travel in.

    Returns
    -------
    type or None
        None where there is no annotation.
    """
    given = get_type_hints(task).get("return")
    if isinstance(given, types.UnionType):
        [given] = [kind for kind in get_args(given) if kind is not Delivery]
    return given


def _parameters(task: Task) -> list[str]:
    return list(inspect.signature(task).parameters)
