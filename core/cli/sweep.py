"""Options of `sweep`."""

import argparse
import os
from pathlib import Path
from typing import Any

from core import knobs
from core.cli.clustering import add_angle
from core.cli.options import CLUSTERING_KNOBS, TRAINING_KNOBS, add_method, at_least_one, given, start_params
from core.errors import ParameterError
from core.work.sweep import suggestions as sweep_suggestions
from core.work.sweep.plan import Axis, Range, Search, Section, Sweep, objectives

_KNOBS = TRAINING_KNOBS + CLUSTERING_KNOBS


def add_sweep(todo: Any) -> None:
    """Declare `sweep`: many settings at once.

    Parameters
    ----------
    todo : argparse subparsers
    """
    parser = todo.add_parser(
        "sweep", help="try many settings, keep every run; the same command goes on after a stop", allow_abbrev=False
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="samples in the lab's format (.h5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_method(parser, _KNOBS, default_preset="recommended")
    add_angle(parser)
    parser.add_argument(
        "--grid",
        type=_axis,
        action="append",
        default=[],
        metavar="KNOB=V,V,...",
        help="try these values of a knob, such as window=2,6,10; once or twice",
    )
    parser.add_argument(
        "--starts",
        type=at_least_one,
        default=1,
        metavar="N",
        help="runs of each setting, from as many seeds (default 1)",
    )
    _add_search(parser)
    parser.set_defaults(run=_run_sweep)


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--search", type=at_least_one, metavar="N", help="instead of a grid, let so many trials be chosen"
    )
    parser.add_argument(
        "--objective",
        choices=objectives(),
        help="score that the search looks for (default ari, which looks at the annotation; pas and chaos need none)",
    )
    parser.add_argument(
        "--range",
        dest="ranges",
        type=_range,
        action="append",
        default=[],
        metavar="KNOB=LOW:HIGH[:log]",
        help="where the search looks, such as x-weight=0.5:20:log; a knob alone takes its usual range. Several may be given",
    )
    parser.add_argument(
        "--search-seed", type=int, default=0, metavar="SEED", help="the same one asks for the same trials"
    )
    parser.add_argument("--prune", action="store_true", help="give up trainings that do worse than most others")


def _run_sweep(options: argparse.Namespace) -> None:
    _check_kind(options)
    # Before Dask is imported: its warnings are for a server's log, not for a terminal. Workers inherit it.
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "error")
    from core.commands import sweep

    sweep.sweep(
        options.files,
        lambda sample: start_params(options, _KNOBS, sample.suggested_n_clusters(options.preset)),
        lambda sections: _sweep(options, sections),
        models=options.models,
        as_json=options.json,
    )


def _check_kind(options: argparse.Namespace) -> None:
    if bool(options.grid) == (options.search is not None):
        raise ParameterError("Give either --grid, once or twice, or --search with the number of trials.")
    if options.search is None and (options.ranges or options.objective or options.prune):
        raise ParameterError(
            "--range, --objective and --prune are for a search: add --search with the number of trials."
        )


def _sweep(options: argparse.Namespace, sections: tuple[Section, ...]) -> Sweep:
    sweep = Sweep(
        sections=sections, axes=tuple(options.grid), search=_search(options, sections), n_starts=options.starts
    )
    sweep.check_knobs(given(options, _KNOBS))
    return sweep


def _search(options: argparse.Namespace, sections: tuple[Section, ...]) -> Search | None:
    if options.search is None:
        return None
    params = sections[0].params
    usual = [(knob, None) for knob in sweep_suggestions.to_search(params)]
    return Search(
        objective=options.objective or "ari",
        n_trials=options.search,
        ranges=tuple(given or sweep_suggestions.search_range(knob, params) for knob, given in options.ranges or usual),
        random_state=options.search_seed,
        prune=options.prune,
    )


def _axis(text: str) -> Axis:
    name, _, values = text.partition("=")
    try:
        address = knobs.address_of(name)
        read = tuple(knobs.read_value(address, value.strip()) for value in values.split(",") if value.strip())
        return Axis(knob=knobs.names()[address], values=read)
    except ParameterError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _range(text: str) -> tuple[str, Range | None]:
    """Read a range; None stands for the usual one, which depends on the other parameters."""
    name, given, ends = text.partition("=")
    try:
        knob = knobs.names()[knobs.address_of(name)]
        return knob, _ends(knob, ends) if given else None
    except ParameterError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _ends(knob: str, text: str) -> Range:
    low, high, *log = text.split(":") if ":" in text else (text, "")
    if log not in ([], ["log"]) or knobs.declared(knobs.address_of(knob)).metadata["choices"]:
        raise ParameterError(f"{text!r} is not of the form LOW:HIGH or LOW:HIGH:log, with two numbers.")
    try:
        return Range(knob=knob, low=float(low), high=float(high), log=bool(log))
    except ValueError as error:
        raise ParameterError(f"{text!r} is not of the form LOW:HIGH or LOW:HIGH:log, with two numbers.") from error
