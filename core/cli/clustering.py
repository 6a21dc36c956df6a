"""Options of `train` and `cluster`."""

import argparse
import math
from pathlib import Path
from typing import Any

from core.cli.options import (
    CLUSTERING_KNOBS,
    TRAINING_KNOBS,
    add_file,
    add_method,
    at_least_one,
    method_params,
    output_path,
)
from core.commands import clustering
from core.commands.outputs import Outputs

_FIGURE_SUFFIXES = (".html", ".png", ".svg")


def add_train(todo: Any) -> None:
    """Declare `train`: train the autoencoder of a sample.

    Parameters
    ----------
    todo : argparse subparsers
    """
    parser = todo.add_parser("train", help="train the autoencoder and keep it", allow_abbrev=False)
    add_file(parser)
    add_method(parser, TRAINING_KNOBS, default_preset="paper-ae")
    parser.set_defaults(run=_run_train)


def add_cluster(todo: Any) -> None:
    """Declare `cluster`: find domains.

    Parameters
    ----------
    todo : argparse subparsers
    """
    parser = todo.add_parser("cluster", help="find the domains of a sample and score them", allow_abbrev=False)
    add_file(parser)
    add_method(parser, TRAINING_KNOBS + CLUSTERING_KNOBS, default_preset="recommended")
    add_angle(parser)
    parser.add_argument(
        "--starts",
        type=at_least_one,
        default=1,
        metavar="N",
        help="runs, with seeds counted up from --seed (default 1)",
    )
    parser.add_argument(
        "--model", type=Path, metavar="FILE.pt", help="use this trained model, or refuse it if it does not fit"
    )
    parser.add_argument(
        "--labels", type=output_path, metavar="OUT.csv", help="write each spot's cluster, in the file's order"
    )
    parser.add_argument(
        "--loupe", type=output_path, metavar="OUT.csv", help="write each spot's cluster for Loupe Browser"
    )
    parser.add_argument(
        "--h5ad", type=_h5ad_path, metavar="OUT.h5ad", help="write sample and clusters for scanpy and squidpy"
    )
    parser.add_argument(
        "--lab-h5", type=output_path, metavar="OUT.h5", help="write sample and clusters in the lab's format"
    )
    parser.add_argument(
        "--rename",
        type=_new_name,
        action="extend",
        nargs="+",
        default=[],
        metavar="CLUSTER=NAME",
        help="names of clusters in these files, such as 3=WM 5=L1; two clusters of one name become one",
    )
    parser.add_argument(
        "--figure", type=figure_path, metavar="OUT.html|png|svg", help="draw predicted beside annotated"
    )
    parser.set_defaults(run=_run_cluster)


def add_angle(parser: argparse.ArgumentParser) -> None:
    """Ask for the direction across the layers.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    """
    parser.add_argument("--angle", type=_direction, metavar="RADIANS|auto|off", help=_angle_help())


def _run_train(options: argparse.Namespace) -> None:
    clustering.train(
        options.file,
        lambda sample: method_params(options, sample, TRAINING_KNOBS),
        models=options.models,
        as_json=options.json,
    )


def _run_cluster(options: argparse.Namespace) -> None:
    clustering.cluster(
        options.file,
        lambda sample: method_params(options, sample, TRAINING_KNOBS + CLUSTERING_KNOBS),
        n_starts=options.starts,
        models=options.models,
        model=options.model,
        out=Outputs(
            labels=options.labels,
            loupe=options.loupe,
            h5ad=options.h5ad,
            lab_h5=options.lab_h5,
            figure=options.figure,
            names=dict(options.rename),
        ),
        as_json=options.json,
    )


def _angle_help() -> str:
    return (
        "direction across the layers: radians; auto (found without labels, as the preset does); preclustering or "
        "expression (found that way); off (both coordinates count)"
    )


def _direction(text: str) -> str | float:
    if text in ("auto", "off", "preclustering", "expression"):
        return text
    try:
        angle = float(text)
    except ValueError:
        angle = math.nan
    if not math.isfinite(angle):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither an angle in radians nor auto, preclustering, expression or off"
        )
    return angle if abs(angle) <= math.pi else angle % math.pi


def figure_path(text: str) -> Path:
    """Read where to draw, and refuse what cannot be drawn before the work is done.

    Parameters
    ----------
    text : str

    Returns
    -------
    Path
    """
    path = output_path(text)
    if path.suffix.lower() not in _FIGURE_SUFFIXES:
        raise argparse.ArgumentTypeError(f"{text} must end in one of {', '.join(_FIGURE_SUFFIXES)}")
    return path


def _h5ad_path(text: str) -> Path:
    path = output_path(text)
    if path.suffix.lower() != ".h5ad":
        raise argparse.ArgumentTypeError(f"{text} must end in .h5ad")
    return path


def _new_name(text: str) -> tuple[int, str]:
    cluster, _, name = text.partition("=")
    if not cluster.isdecimal() or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form CLUSTER=NAME, such as 3=WM")
    return int(cluster), name
