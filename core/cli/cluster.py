"""`cluster`: find the domains of a sample, or with `--joint` of several samples together."""

import argparse
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core import knobs, units
from core.cli import guidance, guided, joint, naming, thicknesses
from core.cli.console import (
    autoencoder_facts,
    coherence_words,
    factor_words,
    print_facts,
    score_words,
    start_bar,
    training_bar,
    warn_if_dead,
)
from core.cli.options import (
    KNOBS,
    STEP_BYTES,
    OutputFile,
    add_angle,
    add_files,
    add_method,
    at_least_one,
    csv_path,
    figure_path,
    lab_path,
    method_params,
)
from core.cli.outputs import Outputs
from core.cli.reading import read_compared
from core.depth import FoundDirection, direction_in_full
from core.errors import ParameterError
from core.evaluation.matching import Matching
from core.evaluation.stability import confidence, stability
from core.expression_kinds import in_words
from core.params import DEFAULT_N_CLUSTERS, DEFAULT_PRESET
from core.result import Result
from core.sample import Sample
from core.text import counted


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser("cluster", help="find the domains of a sample and score them", allow_abbrev=False)
    add_files(parser)
    parser.add_argument(
        "--joint",
        action="store_true",
        help="cluster several samples as one, matched by gene names: a label means the same in all. --labels, --loupe, --h5ad "
        "and --lab-h5 then name folders, which are made, with a file for each sample in them",
    )
    add_method(parser, KNOBS, default_preset=DEFAULT_PRESET)
    add_angle(parser)
    guidance.add_options(parser)
    naming.add_option(parser)
    parser.add_argument(
        "--starts",
        type=at_least_one,
        default=1,
        metavar="N",
        help="runs, with seeds counted up from --seed (default 1)",
    )
    parser.add_argument(
        "--against",
        metavar="NAME",
        help="score against this annotation of the sample (name or id, see `annotations`) instead of the file's own; none for none",
    )
    parser.add_argument(
        "--model", type=Path, metavar="FILE.pt", help="use this trained model, or refuse it if it does not fit"
    )
    parser.add_argument(
        "--labels",
        type=Path,
        metavar="OUT.csv",
        help="write each spot's cluster and the name of its domain, in the file's order",
    )
    parser.add_argument("--loupe", type=Path, metavar="OUT.csv", help="write each spot's cluster for Loupe Browser")
    parser.add_argument(
        "--h5ad", type=Path, metavar="OUT.h5ad", help="write sample and clusters for scanpy and squidpy"
    )
    parser.add_argument(
        "--xenium", type=Path, metavar="OUT.csv", help="write each cell's domain for Xenium Explorer (cell_id,group)"
    )
    parser.add_argument(
        "--spatialdata",
        type=Path,
        metavar="OUT.zarr",
        help="write sample, clusters and outlines as a new SpatialData store",
    )
    parser.add_argument("--lab-h5", type=Path, metavar="OUT.h5", help="write sample and clusters in the lab's format")
    parser.add_argument(
        "--markers", type=Path, metavar="OUT.csv", help="rank the genes of every cluster by scanpy's Wilcoxon test"
    )
    parser.add_argument(
        "--thickness",
        type=Path,
        metavar="OUT.csv",
        help="write how thick each cluster and layer is across the layers; "
        f"above {thicknesses.MOST_UNASKED:,} spots it is measured only with this",
    )
    parser.add_argument(
        "--tree",
        type=Path,
        metavar="OUT.csv|json",
        help="write the tree of domains: every spot's domain at each number of domains (csv), or which join and how far apart (json)",
    )
    parser.add_argument(
        "--rename",
        type=_new_name,
        action="extend",
        nargs="+",
        default=[],
        metavar="CLUSTER=NAME",
        help="names of clusters in all of these, such as 3=WM 5=L1; two clusters of one name become one",
    )
    parser.add_argument(
        "--figure", type=figure_path, metavar="OUT.html|png|svg", help="draw predicted beside annotated"
    )
    parser.set_defaults(run=_cluster)


def _store_path(text: str) -> Path:
    if Path(text).exists():
        raise argparse.ArgumentTypeError(f"{text} exists: a store is never written over, name a new one")
    return OutputFile((".zarr",))(text)


_FILES: dict[str, Callable[[str], Path]] = {
    "labels": csv_path,
    "loupe": csv_path,
    "xenium": csv_path,
    "spatialdata": _store_path,
    "markers": csv_path,
    "thickness": csv_path,
    "tree": OutputFile((".csv", ".json")),
    "h5ad": OutputFile((".h5ad",)),
    "lab_h5": lab_path,
}


def _new_name(text: str) -> tuple[int, str]:
    cluster, _, name = text.partition("=")
    if not cluster.isdecimal() or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form CLUSTER=NAME, such as 3=WM")
    return int(cluster), name


def _cluster(options: argparse.Namespace) -> None:
    if options.joint and options.against is not None:
        raise ParameterError("--against names an annotation of one sample: leave it out with --joint.")
    if options.joint:
        guidance.check_unguided(options)
        naming.check_alone(options)
        joint.cluster(options)
        return
    if len(options.files) > 1:
        raise ParameterError(
            f"{len(options.files)} samples were given, but `cluster` takes one at a time: add --joint to cluster them as one, "
            "with labels that mean the same in all, or run it once for each."
        )
    for name, check in _FILES.items():
        _check_output(name, getattr(options, name), check)
    out = Outputs(
        **{name: getattr(options, name) for name in _FILES}, figure=options.figure, names=dict(options.rename)
    )
    if guidance.guides(options):
        guided.cluster(options, options.files[0], out)
    else:
        guidance.check_unguided(options)
        _cluster_alone(options, options.files[0], out)


def _check_output(name: str, path: Path | None, check: Callable[[str], Path]) -> None:
    """Check output files after all options are read, since with --joint they are folders."""
    try:
        if path is not None:
            check(str(path))
    except argparse.ArgumentTypeError as error:
        raise ParameterError(f"Argument --{name.replace('_', '-')}: {error}.") from error


def _cluster_alone(options: argparse.Namespace, file: Path, out: Outputs) -> None:
    """Cluster a sample, write what was asked for, and print the scores."""
    from core.method import pipeline
    from core.method.cache import StepCache

    started = time.perf_counter()
    sample, annotations = read_compared(file, options.against)
    load_seconds = time.perf_counter() - started
    params, steps = method_params(options, sample, KNOBS), StepCache(max_bytes=STEP_BYTES)
    out.check(sample, params)
    with training_bar() as on_epoch:
        work = pipeline.repeat(
            sample, params, options.starts, cache=steps, models=options.models, model=options.model, on_epoch=on_epoch
        )
        results = list(start_bar(work, options.starts))
    first = results[0] = _with_confidence(results)
    steps_of = pipeline.Pipeline(sample, cache=steps, models=options.models, model=options.model)
    named = naming.named(options, steps_of, first)
    out = dataclasses.replace(out, names={**naming.names_of(named), **out.names})
    found, asked = out.domains(sample, first), options.thickness is not None
    thick = thicknesses.measured(sample, first, found, asked=asked)
    is_left_out = thicknesses.left_out(sample, first, asked=asked)
    out.write(sample, first, steps_of, annotations, thick)
    of_thickness = thicknesses.facts(thick, is_left_out=is_left_out)
    facts = {
        **_cluster_facts(sample, results, found, load_seconds, options.against),
        **of_thickness,
        **naming.facts(named),
    }
    thickness_words = thicknesses.LEFT_OUT if is_left_out else None if thick is None else thicknesses.in_words(thick)
    short = {**_in_short(sample, results, thickness_words, facts["seconds"]), **naming.in_short(named)}
    print_facts(facts if options.json else short, as_json=options.json)
    warn_if_dead(first.autoencoder)


def _with_confidence(results: list[Result]) -> Result:
    """Compare the first run with the other starts, unless its own fits give a confidence."""
    first, *others = results
    if first.confidence is not None or not others:
        return first
    return dataclasses.replace(first, confidence=confidence(first.labels, [other.labels for other in others]))


def _cluster_facts(
    sample: Sample, results: list[Result], found: Matching, load_seconds: float, against: str | None
) -> dict[str, Any]:
    first = results[0]
    return {
        "sample": sample.name,
        "against": against,
        "synthetic": sample.synthetic,
        "expression": in_words(sample.expression_kind),
        "n_spots": sample.n_spots,
        "n_genes": sample.n_genes,
        "params": knobs.in_use(first.params),
        "scores": dataclasses.asdict(first.scores),
        "confidence": _confidence_facts(first),
        "autoencoder": None if first.autoencoder is None else autoencoder_facts(first.autoencoder),
        "direction": None if first.direction is None else _direction(first.direction),
        "averaging": None if first.averaging is None else dataclasses.asdict(first.averaging),
        "domains": {str(cluster): name for cluster, name in found.names.items()},
        "seconds": {step: round(value, 4) for step, value in {"load": load_seconds, **first.seconds}.items()},
        "repeats": [
            {"seed": result.params.clustering.random_state, **dataclasses.asdict(result.scores)} for result in results
        ],
        "agreement_between_starts": stability([run.labels for run in results]) if len(results) > 1 else None,
    }


def _confidence_facts(first: Result) -> dict[str, Any] | None:
    if first.confidence is None:
        return None
    deciles = np.quantile(first.confidence, np.linspace(0, 1, 11))
    return {
        "over": "starts" if first.params.clustering.by_kmeans else "fits",
        "mean": round(float(first.confidence.mean()), 4),
        "deciles": [round(value, 4) for value in deciles.tolist()],
    }


def _in_short(
    sample: Sample, results: list[Result], thickness_words: dict[str, str] | str | None, seconds: dict[str, float]
) -> dict[str, Any]:
    """Summarize a run in a few lines for people; the JSON has the rest."""
    first = results[0]
    clustering = first.params.clustering
    kind = "synthetic tissue, " if sample.synthetic else ""
    held = "" if sample.expression_kind == "counts" else f"; {in_words(sample.expression_kind)}"
    facts: dict[str, Any] = {
        "Sample": f"{sample.name} ({kind}{counted(sample.n_spots, 'spot')}, {counted(sample.n_genes, 'gene')}{held})",
        "Expression": _expression_words(first),
        "Direction": _direction_words(first),
        "Clusters": f"{clustering.n_clusters}{_number_words(sample)}, {_read_out_words(first)}",
    }
    for result in results:
        facts[f"Seed {result.params.clustering.random_state}"] = score_words(result)
    facts["Without annotation"] = coherence_words(first.scores)
    facts["Confidence"] = _confidence_words(results)
    facts["Thickness"] = thickness_words
    facts["Seconds"] = ", ".join(f"{step} {value:.2f}" for step, value in seconds.items())
    return facts


def _expression_words(result: Result) -> str:
    pooling, embedding = result.params.pooling, result.params.embedding
    if not embedding.pools:
        return factor_words(result.params, averaging=result.averaging)
    kind = embedding.kind
    pooled = f"pooled with window {result.window}, scale {pooling.scale:g}"
    if result.autoencoder is not None and kind == "latent":
        share, epochs = result.autoencoder.explained_variance, len(result.autoencoder.losses)
        return f"{pooled}; code of the small autoencoder, {epochs} epochs, which explains {units.percent(share)}"
    if result.autoencoder is not None:
        return f"{pooled}; {kind} of the autoencoder, which explains {units.percent(result.autoencoder.explained_variance)}"
    return pooled if kind == "none" else f"{pooled}; {result.params.embedding.n_components} principal components"


def _number_words(sample: Sample) -> str:
    if sample.layer_names:
        return ""
    return f" (no annotation to count; {DEFAULT_N_CLUSTERS} where none is asked for, `python -m core clusters` suggests a number)"


def _read_out_words(result: Result) -> str:
    clustering, rounds = result.params.clustering, result.params.refinement.rounds
    weight = f"X weight {clustering.x_weight:g}"
    read_out = weight if clustering.by_kmeans else "tied mixture" + f", {weight}" * (clustering.x_weight != 1)
    return f"{read_out}, refined {counted(rounds, 'time')}" if rounds else read_out


def _direction(found: FoundDirection) -> dict[str, Any]:
    return {**dataclasses.asdict(found), "takes_part": found.takes_part}


def _direction_words(result: Result) -> str:
    return direction_in_full(result.direction)


def _confidence_words(results: list[Result]) -> str | None:
    first = results[0]
    if first.confidence is None:
        return None
    over = f"{len(results) - 1} other starts" if first.params.clustering.by_kmeans else "the fits of the consensus"
    return f"spots keep their domain in {first.confidence.mean():.0%} of {over}; {(first.confidence == 1).mean():.0%} in all"
