"""Options of `clusters`."""

import argparse
from typing import Any

from core.cli.clustering import add_angle, figure_path
from core.cli.options import CLUSTERING_KNOBS, TRAINING_KNOBS, add_file, add_method, at_least_one, method_params
from core.commands import clusters
from core.errors import ParameterError
from core.params import TRIED_FROM, TRIED_STARTS, TRIED_TO

_KNOBS = TRAINING_KNOBS + tuple(knob for knob in CLUSTERING_KNOBS if knob[0] != "--n-clusters")


def add_clusters(todo: Any) -> None:
    """Declare `clusters`: how many domains to ask for.

    Parameters
    ----------
    todo : argparse subparsers
    """
    parser = todo.add_parser(
        "clusters", help="suggest how many domains to ask for, without the annotation, and say why", allow_abbrev=False
    )
    add_file(parser)
    add_method(parser, _KNOBS, default_preset="recommended")
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
    parser.set_defaults(run=_run_clusters)


def _run_clusters(options: argparse.Namespace) -> None:
    if options.least >= options.most:
        raise ParameterError(f"--from is {options.least} and --to {options.most}: --from must be the smaller.")
    clusters.clusters(
        options.file,
        lambda sample: method_params(options, sample, _KNOBS),
        range(options.least, options.most + 1),
        n_starts=options.starts,
        models=options.models,
        figure=options.figure,
        as_json=options.json,
    )
