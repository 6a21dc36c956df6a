"""The command line: `python -m core info | train | cluster | import | attach | fetch | synthesise`.

Here are the options and the way errors leave; what each command does is in `core/commands.py`. Options, their defaults and
their help come from the parameter dataclasses.
"""

import argparse
import dataclasses
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from core import __version__, commands
from core.errors import DomainsError
from core.io.incoming import ImportChoices
from core.params import (
    PRESETS,
    AutoencoderParams,
    ClusteringParams,
    DirectionParams,
    EmbeddingParams,
    MethodParams,
    PoolingParams,
    RefinementParams,
    preset,
    replaced,
)
from core.sample import Sample

MODELS = Path(__file__).resolve().parents[1] / "save_model"
SAMPLES = Path(__file__).resolve().parents[1] / "spca_dat"

BAD_INPUT = 2
"""Exit status after a sentence about what was given."""

_INTERRUPTED = 130
_FIGURE_SUFFIXES = (".html", ".png", ".svg")

# Option, dataclass that declares it, field, and where that dataclass sits in MethodParams.
_TRAINING_KNOBS = (
    ("--window", PoolingParams, "window", "pooling"),
    ("--scale", PoolingParams, "scale", "pooling"),
    ("--width", AutoencoderParams, "width", "embedding.autoencoder"),
    ("--epochs", AutoencoderParams, "epochs", "embedding.autoencoder"),
    ("--learning-rate", AutoencoderParams, "learning_rate", "embedding.autoencoder"),
    ("--weight-decay", AutoencoderParams, "weight_decay", "embedding.autoencoder"),
    ("--batch-size", AutoencoderParams, "batch_size", "embedding.autoencoder"),
    ("--training-seed", AutoencoderParams, "random_state", "embedding.autoencoder"),
)
_CLUSTERING_KNOBS = (
    ("--embedding", EmbeddingParams, "kind", "embedding"),
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
_IMPORT_KNOBS = (
    ("--genes", ImportChoices, "genes"),
    ("--n-genes", ImportChoices, "n_genes"),
    ("--um-per-unit", ImportChoices, "um_per_unit"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Words after `python -m core`; those of the process by default.

    Returns
    -------
    int
        Exit status: 0, or 2 after a sentence about bad input on standard error.
    """
    try:
        options = _parser().parse_args(argv)
        options.run(options)
        sys.stdout.flush()
    except DomainsError as error:
        return _refuse(str(error))
    except BrokenPipeError:
        # The reader (`| head`) has gone: nothing more to say, and nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        return _refuse(f"{error.filename or 'A file'} cannot be read or written: {error.strerror or error}.")
    except MemoryError:
        return _refuse("This needs more memory than there is: choose a smaller sample, or fewer genes.")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return _INTERRUPTED
    return 0


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return BAD_INPUT


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without the usage in front."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{message[:1].upper()}{message[1:]}. See `{self.prog} --help`.\n")
        sys.exit(BAD_INPUT)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m core", description="Find spatial domains in tissue.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=__version__)
    todo = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_info(todo)
    _add_train(todo)
    _add_cluster(todo)
    _add_import(todo)
    _add_attach(todo)
    _add_fetch(todo)
    _add_synthesise(todo)
    return parser


def _add_info(todo: Any) -> None:
    parser = todo.add_parser("info", help="say what a sample holds", allow_abbrev=False)
    _add_file(parser)
    parser.set_defaults(run=lambda options: commands.info(options.file, as_json=options.json))


def _add_train(todo: Any) -> None:
    parser = todo.add_parser("train", help="train the autoencoder and keep it", allow_abbrev=False)
    _add_file(parser)
    _add_method(parser, _TRAINING_KNOBS, default_preset="paper-ae")
    parser.set_defaults(run=_run_train)


def _add_cluster(todo: Any) -> None:
    parser = todo.add_parser("cluster", help="find the domains of a sample and score them", allow_abbrev=False)
    _add_file(parser)
    _add_method(parser, _TRAINING_KNOBS + _CLUSTERING_KNOBS, default_preset="recommended")
    parser.add_argument("--angle", type=_direction, metavar="RADIANS|auto|off", help=_angle_help())
    parser.add_argument(
        "--starts",
        type=_at_least_one,
        default=1,
        metavar="N",
        help="runs, with seeds counted up from --seed (default 1)",
    )
    parser.add_argument(
        "--model", type=Path, metavar="FILE.pt", help="use this trained model, or refuse it if it does not fit"
    )
    parser.add_argument(
        "--labels", type=_output_path, metavar="OUT.csv", help="write each spot's cluster, in the file's order"
    )
    parser.add_argument(
        "--loupe", type=_output_path, metavar="OUT.csv", help="write each spot's cluster for Loupe Browser"
    )
    parser.add_argument(
        "--h5ad", type=_h5ad_path, metavar="OUT.h5ad", help="write sample and clusters for scanpy and squidpy"
    )
    parser.add_argument(
        "--lab-h5", type=_output_path, metavar="OUT.h5", help="write sample and clusters in the lab's format"
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
        "--figure", type=_figure_path, metavar="OUT.html|png|svg", help="draw predicted beside annotated"
    )
    parser.set_defaults(run=_run_cluster)


def _add_import(todo: Any) -> None:
    parser = todo.add_parser("import", help="bring in your own tissue, and say what was found", allow_abbrev=False)
    parser.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="Space Ranger output (a folder, zip or tar.gz, or its .h5 with `spatial/` beside it) or a sample (.h5)",
    )
    parser.add_argument(
        "--annotation",
        metavar="CSV|COLUMN",
        help="table of barcodes and labels, or a column of the source; none for none (default: the likeliest column)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--name", help="name of the sample in spca_dat/ (default: as the source suggests)")
    where.add_argument("--out", type=_output_path, metavar="FILE.h5", help="where to write instead; replaced")
    for flag, owner, name in _IMPORT_KNOBS:
        _add_knob(parser, flag, owner, name)
    parser.add_argument("--layer", metavar="LAYER", help="matrix of counts to read, where there are several")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run_import)


def _add_attach(todo: Any) -> None:
    parser = todo.add_parser("attach", help="put the H&E image and pixel positions into a sample", allow_abbrev=False)
    parser.add_argument("file", type=Path, metavar="FILE", help="a sample in the lab's format (.h5)")
    parser.add_argument(
        "folder", type=Path, metavar="SPATIAL_FOLDER", help="the `spatial` folder that Space Ranger wrote for it"
    )
    parser.add_argument(
        "--out", type=_output_path, metavar="FILE.h5", help="where to write (default: FILE is replaced)"
    )
    parser.set_defaults(run=lambda options: commands.attach(options.file, options.folder, options.out or options.file))


def _add_fetch(todo: Any) -> None:
    parser = todo.add_parser("fetch", help="bring public samples", allow_abbrev=False)
    parser.add_argument(
        "collection",
        choices=["paste2", "dlpfc"],
        help="paste2: parts of four DLPFC sections, BSD-3, through pip (47 MB). dlpfc: the twelve whole sections, resumed where "
        "a connection broke off",
    )
    parser.add_argument("section", nargs="*", help="only these sections, such as 151673; all by default")
    parser.add_argument(
        "--out", type=Path, default=SAMPLES, metavar="FOLDER", help="where to write (default spca_dat/)"
    )
    parser.set_defaults(run=lambda options: commands.fetch(options.collection, options.out, options.section or None))


def _add_synthesise(todo: Any) -> None:
    parser = todo.add_parser("synthesise", help="make laminar tissue; synthetic, and called so", allow_abbrev=False)
    parser.add_argument("--n-spots", type=int, default=10_000, help="1,000 to 1,000,000 (default 10000)")
    parser.add_argument("--n-genes", type=int, default=500, help="default 500")
    parser.add_argument("--n-layers", type=int, default=6, help="cortical layers above the white matter (default 6)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same tissue (default 0)")
    parser.add_argument("--cells", action="store_true", help="cells off the lattice, with positions in um")
    parser.add_argument("--out", type=_output_path, metavar="FILE.h5", help="default spca_dat/synthetic_<spots>.h5")
    parser.set_defaults(run=_run_synthesise)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a sample in the lab's format (.h5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_method(
    parser: argparse.ArgumentParser, knobs: tuple[tuple[str, type, str, str], ...], *, default_preset: str
) -> None:
    parser.add_argument(
        "--preset",
        choices=list(PRESETS),
        default=default_preset,
        help=f"where options start from (default {default_preset})",
    )
    parser.add_argument(
        "--models", type=Path, default=MODELS, metavar="FOLDER", help="trained models (default save_model/)"
    )
    for flag, owner, name, _ in knobs:
        _add_knob(parser, flag, owner, name)


def _add_knob(parser: argparse.ArgumentParser, flag: str, owner: type[Any], name: str) -> None:
    declared = next(item for item in dataclasses.fields(owner) if item.name == name)
    choices = declared.metadata["choices"]
    parser.add_argument(
        flag,
        dest=_dest(flag),
        type=str if choices else type(declared.default),
        choices=list(choices) if choices else None,
        metavar=None if choices else flag.removeprefix("--").replace("-", "_").upper(),
        help=declared.metadata["help"].replace("%", "%%"),
    )


def _dest(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")


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


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _output_path(text: str) -> Path:
    """Refuse a place that cannot be written before the work is done, not after."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}: make it first")
    return path


def _figure_path(text: str) -> Path:
    path = _output_path(text)
    if path.suffix.lower() not in _FIGURE_SUFFIXES:
        raise argparse.ArgumentTypeError(f"{text} must end in one of {', '.join(_FIGURE_SUFFIXES)}")
    return path


def _h5ad_path(text: str) -> Path:
    path = _output_path(text)
    if path.suffix.lower() != ".h5ad":
        raise argparse.ArgumentTypeError(f"{text} must end in .h5ad")
    return path


def _new_name(text: str) -> tuple[int, str]:
    cluster, _, name = text.partition("=")
    if not cluster.isdecimal() or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form CLUSTER=NAME, such as 3=WM")
    return int(cluster), name


def _run_train(options: argparse.Namespace) -> None:
    commands.train(
        options.file,
        lambda sample: _method_params(options, sample, _TRAINING_KNOBS),
        models=options.models,
        as_json=options.json,
    )


def _run_cluster(options: argparse.Namespace) -> None:
    commands.cluster(
        options.file,
        lambda sample: _method_params(options, sample, _TRAINING_KNOBS + _CLUSTERING_KNOBS),
        n_starts=options.starts,
        models=options.models,
        model=options.model,
        out=commands.Outputs(
            labels=options.labels,
            loupe=options.loupe,
            h5ad=options.h5ad,
            lab_h5=options.lab_h5,
            figure=options.figure,
            names=dict(options.rename),
        ),
        as_json=options.json,
    )


def _run_import(options: argparse.Namespace) -> None:
    given = {name: getattr(options, _dest(flag)) for flag, _, name in _IMPORT_KNOBS}
    commands.import_sample(
        options.source,
        ImportChoices(layer=options.layer, **{name: value for name, value in given.items() if value is not None}),
        annotation=options.annotation,
        name=options.name,
        folder=SAMPLES,
        out=options.out,
        as_json=options.json,
    )


def _run_synthesise(options: argparse.Namespace) -> None:
    commands.synthesise(
        n_spots=options.n_spots,
        n_genes=options.n_genes,
        n_layers=options.n_layers,
        random_state=options.seed,
        cells=options.cells,
        path=options.out or SAMPLES / f"synthetic_{'cells_' * options.cells}{options.n_spots}.h5",
    )


def _method_params(
    options: argparse.Namespace, sample: Sample, knobs: tuple[tuple[str, type, str, str], ...]
) -> MethodParams:
    """Start from the preset, and put in what the options say instead."""
    params = preset(options.preset, n_clusters=sample.suggested_n_clusters(options.preset))
    for flag, _, name, step in knobs:
        value = getattr(options, _dest(flag))
        if value is not None:
            params = replaced(params, [*step.split("."), name], value)
    angle = getattr(options, "angle", None)
    if angle is None or angle == "auto":
        return params
    by_hand = isinstance(angle, float)
    direction = DirectionParams(method="manual", angle=angle) if by_hand else DirectionParams(method=angle)
    return dataclasses.replace(params, direction=direction)
