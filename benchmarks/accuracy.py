"""Presets and peers side by side on every annotated sample below a folder: agreement, spread, seconds, memory.

As many clusters as annotated classes, unannotated spots not counted; they are clustered with the others and dropped for the
scores. Nothing else of the annotation is used.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.accuracy_figure import accuracy_figure
from benchmarks.accuracy_table import Accuracy, heading, line, row_of, summary, write_csv
from benchmarks.cases import Asked, Case, cases
from benchmarks.peers import PEERS
from core import codec
from core.errors import ParameterError, SampleFileError, WorkError
from core.figures.export import check_path, write_figure
from core.method import joint
from core.params import preset

__all__ = ["Accuracy", "accuracy_figure", "report"]

_Job = tuple[Case, str, int]
"""What is measured, the preset or peer, and how many shuffles it takes."""


def report(
    folder: Path,
    *,
    presets: Sequence[str],
    n_seeds: int,
    n_shuffles: int,
    asked: Asked = Asked(),  # noqa: B008 - frozen
    peers: bool = False,
    csv_path: Path | None = None,
    figure_path: Path | None = None,
) -> bool:
    """Measure all samples, print a table as it grows, and write what is asked for.

    Parameters
    ----------
    folder : Path
    presets : sequence of str
    n_seeds, n_shuffles : int
        Runs from other seeds, and runs on the same spots in another order.
    asked : Asked
        What is measured besides whole sections.
    peers : bool
        Whether the peers have rows of their own. They are not shuffled, and take no part where several sections are one.
    csv_path, figure_path : Path, optional
        The table is written after each row, so that a run that is broken off leaves what it has.

    Returns
    -------
    bool
        Whether the order of the spots changed nothing; the autoencoder, which reads batches in file order, is let off.

    Raises
    ------
    SampleFileError
        If the folder holds no annotated sample, or the table cannot be written.
    FigureError
        If the figure cannot be written; what can be known of that is said before anything runs.
    DomainsError
        If sections that are named cannot be clustered together.
    WorkError
        If a run fails.
    """
    _check_writable(csv_path, figure_path)
    for name in presets:
        preset(name)  # a name that is none is refused before anything runs
    methods = [*dict.fromkeys(presets), *(PEERS if peers else ())]
    planned = _planned(folder, asked, methods, n_shuffles)
    if not planned:
        raise SampleFileError(f"There is no annotated sample below {folder}: name a folder with one.")
    rows: list[Accuracy] = []
    for row in _measured(planned, n_seeds):
        rows.append(row)
        if csv_path is not None:
            write_csv(rows, csv_path)
    if not rows:
        raise SampleFileError(f"Nothing below {folder} could be measured, for the reasons above: ask for other rows.")
    print("", *summary(rows), sep="\n", flush=True)
    if figure_path is not None:
        write_figure(accuracy_figure(rows), figure_path)
    return all(
        not row.n_moved for row in rows if row.preset in PEERS or not preset(row.preset).embedding.needs_training
    )


def _planned(folder: Path, asked: Asked, methods: Sequence[str], n_shuffles: int) -> list[_Job]:
    planned: list[_Job] = []
    for found in tqdm(cases(folder, asked), desc="Reads sections", file=sys.stderr, disable=None, leave=False):
        if isinstance(found, str):
            _print(found)
            continue
        planned += [(found, method, 0 if method in PEERS else n_shuffles) for method in _fitting(found, methods)]
    return planned


def _fitting(case: Case, methods: Sequence[str]) -> Iterator[str]:
    for method in methods:
        if len(case.parts) == 1:
            yield method
        elif method not in PEERS:
            try:
                joint.check_params(preset(method))
            except ParameterError:
                _print(f"{method} is passed over on {case.name}: it clusters one section at a time.")
            else:
                yield method


def _measured(planned: Sequence[_Job], n_seeds: int) -> Iterator[Accuracy]:
    print(heading(), flush=True)
    n_runs = sum(n_seeds + n_shuffles for _, _, n_shuffles in planned)
    with tqdm(total=n_runs, unit="run", file=sys.stderr, disable=None, leave=False) as bar:
        refused: set[str] = set()
        for number, (case, method, n_shuffles) in enumerate(planned, start=1):
            if case.name in refused:
                continue
            bar.set_description(f"{case.name}, {method}")
            seen = _seen(case, method, n_seeds, n_shuffles, lambda: bar.update())
            if "refused" in seen:
                refused.add(case.name)
                _print(f"{case.name} is passed over: {seen['refused']}")
                continue
            row = row_of(case, method, seen)
            _print(line(row, f"{number}/{len(planned)}"))
            yield row


def _seen(case: Case, method: str, n_seeds: int, n_shuffles: int, on_run: Callable[[], object]) -> dict[str, Any]:
    """Measure in a process of its own; what it says on standard error goes to a file, which no pipe holds up."""
    child = [sys.executable, "-m", "benchmarks.accuracy_run"]
    command = [*child, codec.encode(case).decode(), method, str(n_seeds), str(n_shuffles)]
    seen: dict[str, Any] = {}
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as running,  # noqa: S603
    ):
        for told in running.stdout or ():
            seen = json.loads(told)
            if "done" in seen:
                on_run()
        if running.wait():
            said.seek(0)
            raise WorkError(f"{method} failed on {case.name}; the last it said was: {said.read()[-500:]}")
    return seen


def _print(text: str) -> None:
    with tqdm.external_write_mode(file=sys.stdout):  # lines stand above the bar
        print(text, flush=True)


def _check_writable(csv_path: Path | None, figure_path: Path | None) -> None:
    """Refuse before minutes of work what would fail after it."""
    if csv_path is not None and not csv_path.parent.is_dir():
        raise SampleFileError(
            f"{csv_path.name} cannot be written: there is no folder {csv_path.parent}. Make it first."
        )
    if figure_path is not None:
        check_path(figure_path)
