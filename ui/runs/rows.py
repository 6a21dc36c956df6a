"""Rows of the list of runs: what was kept, a row for all other runs of a sweep, and names that say what differs."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core import knobs, presets
from core.knobs import declared, names, value_in_words
from core.report.settings import working_values
from core.text import counted
from core.work.runs import Run

# Ten thousand runs share few settings, so this cache makes the table quick to draw again.
values_of = functools.lru_cache(maxsize=20_000)(working_values)


_GUIDED = " (guided)"


@dataclass(frozen=True, slots=True)
class Fold:
    """Runs of one sweep that stand in one row of the list."""

    sweep: str
    runs: tuple[Run, ...]

    @property
    def title(self) -> str:
        """How many they are, and what was turned."""
        turned = ", ".join(declared(path).metadata["label"] for path in _differing(self.runs))
        return f"Sweep: {counted(len(self.runs), 'run')}" + f" over {turned}" * bool(turned)

    @property
    def best(self) -> Run:
        """The run with the highest ARI; the latest where none has one."""
        return max(self.runs, key=lambda run: -1.0 if run.scores.ari is None else run.scores.ari)


def folded(runs: Iterable[Run]) -> tuple[list[Run], list[Fold]]:
    """Take apart what somebody kept, and what a sweep recorded by itself."""
    kept: list[Run] = []
    of_sweeps: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_itself = run.sweep and not (run.starred or run.name or run.note)
        (of_sweeps[run.sweep] if by_itself else kept).append(run)
    return kept, [Fold(sweep, tuple(found)) for sweep, found in of_sweeps.items()]


def titles(runs: Sequence[Run]) -> dict[str, str]:
    """Name runs, by id: those without a name by what differs between them and the others of their sweep and sample."""
    groups: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.sweep, run.content_hash].append(run)
    found = {run: title for group in groups.values() for run, title in _titles(group).items()}
    return {run.id: found[run.id] + _GUIDED * bool(run.guided) for run in runs}


def _titles(group: Sequence[Run]) -> Mapping[str, str]:
    nameless = [run for run in group if not run.name]
    paths = _differing(nameless)
    return {run.id: run.name or _words(run, paths) or presets.in_words(run.params) for run in group}


def _differing(runs: Sequence[Run]) -> list[knobs.KnobPath]:
    found = {id(values): values for values in (values_of(run.params) for run in runs)}.values()
    return [path for path in names() if len({values[path] for values in found}) > 1]


def _words(run: Run, paths: Sequence[knobs.KnobPath]) -> str:
    values = values_of(run.params)
    told = (
        f"{declared(path).metadata['label']} {value_in_words(path, values[path])}"
        for path in paths
        if values[path] is not None
    )
    return ", ".join(told)
