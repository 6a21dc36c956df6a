"""Options of `train` and `cluster`."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.cli.options import (
    CLUSTERING_KNOBS,
    TRAINING_KNOBS,
    add_file,
    add_files,
    add_method,
    at_least_one,
    dest,
    joint_params,
    method_params,
    output_path,
)
from core.commands import clustering, joint
from core.commands.joint_outputs import JointOutputs
from core.commands.outputs import Outputs
from core.errors import ParameterError

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
    add_files(parser)
    parser.add_argument(
        "--joint",
        action="store_true",
        help="cluster several samples as one, matched by gene names: a label means the same in all. --labels, --loupe, --h5ad "
        "and --lab-h5 then name folders, which are made, with a file for each sample in them",
    )
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
    parser.add_argument("--labels", type=Path, metavar="OUT.csv", help="write each spot's cluster, in the file's order")
    parser.add_argument("--loupe", type=Path, metavar="OUT.csv", help="write each spot's cluster for Loupe Browser")
    parser.add_argument(
        "--h5ad", type=Path, metavar="OUT.h5ad", help="write sample and clusters for scanpy and squidpy"
    )
    parser.add_argument("--lab-h5", type=Path, metavar="OUT.h5", help="write sample and clusters in the lab's format")
    parser.add_argument(
        "--markers", type=Path, metavar="OUT.csv", help="rank the genes of every cluster by scanpy's Wilcoxon test"
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
    if options.joint:
        _run_joint(options)
    else:
        _run_alone(options)


def _run_joint(options: argparse.Namespace) -> None:
    if options.model is not None:
        raise ParameterError("Sections clustered together use no autoencoder: leave out --model.")
    if options.markers is not None:
        raise ParameterError("Marker genes are of one sample: leave out --joint, or --markers.")
    joint.cluster(
        options.files,
        lambda samples: joint_params(options, samples, TRAINING_KNOBS + CLUSTERING_KNOBS),
        n_starts=options.starts,
        out=JointOutputs(
            labels=options.labels,
            loupe=options.loupe,
            h5ad=options.h5ad,
            lab_h5=options.lab_h5,
            figure=options.figure,
            names=dict(options.rename),
        ),
        as_json=options.json,
    )


def _run_alone(options: argparse.Namespace) -> None:
    if len(options.files) > 1:
        raise ParameterError(
            f"{len(options.files)} samples were given, but `cluster` takes one at a time: add --joint to cluster them as one, "
            "with labels that mean the same in all, or run it once for each."
        )
    for flag, check in _ONE_FILE.items():
        _check_output(flag, getattr(options, dest(flag)), check)
    clustering.cluster(
        options.files[0],
        lambda sample: method_params(options, sample, TRAINING_KNOBS + CLUSTERING_KNOBS),
        n_starts=options.starts,
        models=options.models,
        model=options.model,
        out=Outputs(
            labels=options.labels,
            loupe=options.loupe,
            h5ad=options.h5ad,
            lab_h5=options.lab_h5,
            markers=options.markers,
            figure=options.figure,
            names=dict(options.rename),
        ),
        as_json=options.json,
    )


def _angle_help() -> str:
    return (
        "direction across the layers: radians; auto (found without labels, as the preset does); preclustering, "
        "expression or bending (found that way); off (both coordinates count)"
    )


def _direction(text: str) -> str | float:
    if text in ("auto", "off", "preclustering", "expression", "bending"):
        return text
    try:
        angle = float(text)
    except ValueError:
        angle = math.nan
    if not math.isfinite(angle):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither an angle in radians nor auto, preclustering, expression, bending or off"
        )
    return angle if abs(angle) <= math.pi else angle % math.pi


def _check_output(flag: str, path: Path | None, check: Callable[[str], Path]) -> None:
    """Not while options are read: with --joint the same options name folders."""
    try:
        if path is not None:
            check(str(path))
    except argparse.ArgumentTypeError as error:
        raise ParameterError(f"Argument {flag}: {error}.") from error


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


_ONE_FILE: dict[str, Callable[[str], Path]] = {
    "--labels": output_path,
    "--loupe": output_path,
    "--markers": output_path,
    "--h5ad": _h5ad_path,
    "--lab-h5": output_path,
}


def _new_name(text: str) -> tuple[int, str]:
    cluster, _, name = text.partition("=")
    if not cluster.isdecimal() or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form CLUSTER=NAME, such as 3=WM")
    return int(cluster), name
