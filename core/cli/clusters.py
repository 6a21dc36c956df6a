"""`clusters`: suggest how many domains to ask for."""

import argparse
import dataclasses
from typing import Any

from core import units
from core.cli.console import print_facts, share_bar
from core.cli.options import (
    KNOBS,
    STEP_BYTES,
    add_angle,
    add_file,
    add_method,
    at_least_one,
    figure_path,
    method_params,
)
from core.cli.reading import read_sample
from core.errors import ParameterError
from core.params import DEFAULT_PRESET, TRIED_FROM, TRIED_STARTS, TRIED_TO
from core.sample import Sample

_KNOBS = tuple(path for path in KNOBS if path != ("clustering", "n_clusters"))


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser(
        "clusters", help="suggest how many domains to ask for, without the annotation, and say why", allow_abbrev=False
    )
    add_file(parser)
    add_method(parser, _KNOBS, default_preset=DEFAULT_PRESET)
    add_angle(parser)
    parser.add_argument(
        "--from", dest="least", type=at_least_one, default=TRIED_FROM, metavar="K", help=f"default {TRIED_FROM}"
    )
    parser.add_argument(
        "--to", dest="most", type=at_least_one, default=TRIED_TO, metavar="K", help=f"default {TRIED_TO}"
    )
    parser.add_argument(
        "--starts",
        type=at_least_one,
        default=TRIED_STARTS,
        metavar="N",
        help=f"runs at each number (default {TRIED_STARTS})",
    )
    parser.add_argument("--figure", type=figure_path, metavar="OUT.html|png|svg", help="draw the curve")
    parser.set_defaults(run=_clusters)


def _clusters(options: argparse.Namespace) -> None:
    """Run at each number of clusters, print how much runs agree, and suggest a number."""
    if options.least >= options.most:
        raise ParameterError(f"--from is {options.least} and --to {options.most}: --from must be the smaller.")
    from core.method.cache import StepCache
    from core.method.how_many import try_numbers
    from core.method.pipeline import Pipeline

    numbers = range(options.least, options.most + 1)
    sample = read_sample(options.file)
    steps = Pipeline(sample, cache=StepCache(max_bytes=STEP_BYTES), models=options.models)
    with share_bar() as progress:
        curve = try_numbers(
            steps,
            method_params(options, sample, _KNOBS),
            numbers,
            options.starts,
            lambda done, of: progress(done / of, f"Run {done} of {of}"),
        )
    if options.figure is not None:
        from core.figures.export import write_figure
        from core.figures.how_many import how_many
        from core.figures.origin import of_several

        tried = f"{options.starts} starts of each of {options.least} to {options.most} clusters"
        write_figure(how_many(curve), options.figure, of_several(sample.name, tried))
    facts = dataclasses.asdict(curve)
    print_facts({"sample": sample.name, **facts} if options.json else _in_short(sample, facts), as_json=options.json)


def _in_short(sample: Sample, curve: dict[str, Any]) -> dict[str, Any]:
    columns = "stability  agreement  PAS     CHAOS   smallest"
    table = {"Clusters": columns} | {f"{point['n_clusters']:8}": _row(point) for point in curve["points"]}
    return {"Sample": sample.name, "Starts": curve["n_starts"], **table, "Suggestion": curve["reason"]}


def _row(point: dict[str, Any]) -> str:
    names = {"stability": 9, "agreement": 9, "pas": 6, "chaos": 6, "smallest_share": 0}
    return "  ".join(f"{units.score(name, point[name]):<{width}}" for name, width in names.items())
