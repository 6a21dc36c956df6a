"""`clusters`: how many domains to ask for."""

import dataclasses
from pathlib import Path
from typing import Any

from core.commands.clustering import STEP_BYTES, ParamsFor
from core.commands.console import print_facts, share_bar
from core.io import lab
from core.sample import Sample


def clusters(
    path: Path,
    params_for: ParamsFor,
    numbers: range,
    *,
    n_starts: int,
    models: Path,
    figure: Path | None = None,
    as_json: bool = False,
) -> None:
    """Run at each number of clusters, print how far runs agree, and suggest a number.

    Parameters
    ----------
    path : Path
    params_for : callable
        Its number of clusters does not count.
    numbers : range
    n_starts : int
        Runs at each number.
    models : Path
        Folder of checkpoints.
    figure : Path, optional
        Where to draw the curve.
    as_json : bool
    """
    from core.method.cache import StepCache
    from core.method.how_many import try_numbers
    from core.method.pipeline import Pipeline

    sample = lab.read(path)
    steps = Pipeline(sample, cache=StepCache(max_bytes=STEP_BYTES), models=models)
    with share_bar() as progress:
        curve = try_numbers(
            steps, params_for(sample), numbers, n_starts, lambda done, of: progress(done / of, f"Run {done} of {of}")
        )
    if figure is not None:
        from core.figures.export import write_figure
        from core.figures.how_many import how_many

        write_figure(how_many(curve), figure)
    facts = dataclasses.asdict(curve)
    print_facts({"sample": sample.name, **facts} if as_json else _in_short(sample, facts), as_json=as_json)


def _in_short(sample: Sample, curve: dict[str, Any]) -> dict[str, Any]:
    columns = "stability  agreement  PAS     CHAOS   smallest"
    table = {"Clusters": columns} | {f"{point['n_clusters']:8}": _row(point) for point in curve["points"]}
    return {"Sample": sample.name, "Starts": curve["n_starts"], **table, "Suggestion": curve["reason"]}


def _row(point: dict[str, Any]) -> str:
    return (
        f"{point['stability']:<9.3f}  {point['agreement']:<9.3f}  {point['pas']:<6.1%}  {point['chaos']:.4f}  "
        f"{point['smallest_share']:.1%}"
    )
