"""Options that several commands share, and what may be written after them."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.folders import models_folder
from core.knobs import Address, check_takes_part
from core.params import (
    PRESETS,
    AutoencoderParams,
    ClusteringParams,
    DirectionParams,
    EmbeddingParams,
    LatentParams,
    MethodParams,
    PoolingParams,
    RefinementParams,
    preset,
    replaced,
)
from core.sample import Sample

Knobs = tuple[tuple[str, type, str, str], ...]
"""Option, dataclass that declares it, field, and where that dataclass sits in `MethodParams`."""

TRAINING_KNOBS: Knobs = (
    ("--embedding", EmbeddingParams, "kind", "embedding"),
    ("--window", PoolingParams, "window", "pooling"),
    ("--scale", PoolingParams, "scale", "pooling"),
    ("--width", AutoencoderParams, "width", "embedding.autoencoder"),
    ("--epochs", AutoencoderParams, "epochs", "embedding.autoencoder"),
    ("--learning-rate", AutoencoderParams, "learning_rate", "embedding.autoencoder"),
    ("--weight-decay", AutoencoderParams, "weight_decay", "embedding.autoencoder"),
    ("--batch-size", AutoencoderParams, "batch_size", "embedding.autoencoder"),
    ("--training-seed", AutoencoderParams, "random_state", "embedding.autoencoder"),
    ("--latent-size", LatentParams, "size", "embedding.latent"),
    ("--latent-units", LatentParams, "units", "embedding.latent"),
    ("--latent-hops", LatentParams, "hops", "embedding.latent"),
    ("--latent-epochs", LatentParams, "epochs", "embedding.latent"),
    ("--latent-learning-rate", LatentParams, "learning_rate", "embedding.latent"),
    ("--latent-seed", LatentParams, "random_state", "embedding.latent"),
)

CLUSTERING_KNOBS: Knobs = (
    ("--components", EmbeddingParams, "n_components", "embedding"),
    ("--hops", EmbeddingParams, "hops", "embedding"),
    ("--x-weight", ClusteringParams, "x_weight", "clustering"),
    ("--n-clusters", ClusteringParams, "n_clusters", "clustering"),
    ("--read-out", ClusteringParams, "read_out", "clustering"),
    ("--init", ClusteringParams, "init", "clustering"),
    ("--n-init", ClusteringParams, "n_init", "clustering"),
    ("--max-iter", ClusteringParams, "max_iter", "clustering"),
    ("--seed", ClusteringParams, "random_state", "clustering"),
    ("--refinement", RefinementParams, "rounds", "refinement"),
)


def add_file(parser: argparse.ArgumentParser) -> None:
    """Ask for a sample, and offer `--json`.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    """
    parser.add_argument("file", type=Path, metavar="FILE", help="a sample in the lab's format (.h5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_files(parser: argparse.ArgumentParser) -> None:
    """Ask for one sample or more, and offer `--json`.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    """
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a sample in the lab's format (.h5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_method(parser: argparse.ArgumentParser, knobs: Knobs, *, default_preset: str) -> None:
    """Declare the preset, the folder of models and knobs of the method.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    knobs : tuple of (flag, dataclass, field, step)
        `TRAINING_KNOBS` and `CLUSTERING_KNOBS`.
    default_preset : str
    """
    parser.add_argument(
        "--preset",
        choices=list(PRESETS),
        default=default_preset,
        help=f"where options start from (default {default_preset})",
    )
    parser.add_argument(
        "--models",
        type=Path,
        default=models_folder(),
        metavar="FOLDER",
        help="trained models (default save_model/, or SPCA_MODELS)",
    )
    for flag, owner, name, _ in knobs:
        add_knob(parser, flag, owner, name)


def add_knob(parser: argparse.ArgumentParser, flag: str, owner: type[Any], name: str) -> None:
    """Declare an option as a parameter dataclass does its field.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    flag : str
    owner : type
        Dataclass of :func:`core.params.knob` fields.
    name : str
        Of the field.
    """
    declared = next(item for item in dataclasses.fields(owner) if item.name == name)
    choices = declared.metadata["choices"]
    parser.add_argument(
        flag,
        dest=dest(flag),
        type=str if choices else type(declared.default),
        choices=list(choices) if choices else None,
        metavar=None if choices else flag.removeprefix("--").replace("-", "_").upper(),
        help=declared.metadata["help"].replace("%", "%%"),
    )


def dest(flag: str) -> str:
    """Name the value of an option: `x_weight` for `--x-weight`.

    Parameters
    ----------
    flag : str

    Returns
    -------
    str
    """
    return flag.removeprefix("--").replace("-", "_")


def at_least_one(text: str) -> int:
    """Read a whole number of 1 or more.

    Parameters
    ----------
    text : str

    Returns
    -------
    int
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def output_path(text: str) -> Path:
    """Read where to write, and refuse a place that cannot be written before the work is done, not after.

    Parameters
    ----------
    text : str

    Returns
    -------
    Path
    """
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}: make it first")
    return path


def method_params(options: argparse.Namespace, sample: Sample, knobs: Knobs) -> MethodParams:
    """Start from the preset, and put in what the options say instead.

    Parameters
    ----------
    options : argparse.Namespace
    sample : Sample
        Suggests the number of clusters.
    knobs : tuple of (flag, dataclass, field, step)

    Returns
    -------
    MethodParams

    Raises
    ------
    ParameterError
        If a value lies outside its limits, or changes nothing.
    """
    return _all_in_use(options, knobs, sample.suggested_n_clusters(options.preset))


def joint_params(options: argparse.Namespace, samples: Sequence[Sample], knobs: Knobs) -> MethodParams:
    """Do so for samples that are clustered together.

    Parameters
    ----------
    options : argparse.Namespace
    samples : sequence of Sample
        Suggest the number of clusters.
    knobs : tuple of (flag, dataclass, field, step)

    Returns
    -------
    MethodParams
    """
    from core.method.joint import suggested_n_clusters

    return _all_in_use(options, knobs, suggested_n_clusters(samples))


def _all_in_use(options: argparse.Namespace, knobs: Knobs, n_clusters: int) -> MethodParams:
    params = start_params(options, knobs, n_clusters)
    for address in given(options, knobs):
        check_takes_part(address, [params])
    return params


def given(options: argparse.Namespace, knobs: Knobs) -> dict[Address, Any]:
    """List the values that options give to knobs.

    Parameters
    ----------
    options : argparse.Namespace
    knobs : tuple of (flag, dataclass, field, step)

    Returns
    -------
    dict of Address to object
    """
    values = {(*step.split("."), name): getattr(options, dest(flag)) for flag, _, name, step in knobs}
    return {address: value for address, value in values.items() if value is not None}


def start_params(options: argparse.Namespace, knobs: Knobs, n_clusters: int) -> MethodParams:
    """Give the preset with what the options say instead, also where that changes nothing yet: a sweep may bring it in.

    Parameters
    ----------
    options : argparse.Namespace
    knobs : tuple of (flag, dataclass, field, step)
    n_clusters : int
        Where the options say nothing of it.

    Returns
    -------
    MethodParams
    """
    params = preset(options.preset, n_clusters=n_clusters)
    for address, value in given(options, knobs).items():
        params = replaced(params, address, value)
    angle = getattr(options, "angle", None)
    if angle is None or angle == "auto":
        return params
    by_hand = isinstance(angle, float)
    direction = DirectionParams(method="manual", angle=angle) if by_hand else DirectionParams(method=angle)
    return dataclasses.replace(params, direction=direction)
