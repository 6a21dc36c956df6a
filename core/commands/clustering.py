"""`train` and `cluster`."""

import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.console import print_facts, start_bar, training_bar
from core.commands.outputs import Outputs
from core.depth import FoundDirection
from core.evaluation.stability import confidence, stability
from core.io import lab
from core.params import DEFAULT_N_CLUSTERS, MethodParams
from core.result import AutoencoderReport, Result, Scores
from core.sample import Sample

ParamsFor = Callable[[Sample], MethodParams]
"""Parameters depend on the sample: without `--n-clusters` there are as many as annotated classes."""

STEP_BYTES = 2**62
"""A run on the command line keeps every step, as one without a cache does."""

_DEAD = (
    "The autoencoder is dead: its reconstruction explains {share:.2f} of the variance of its input (1 is all, 0 no more than "
    "the gene means), so it hardly differs between spots and expression drops out of the distance. Try a smaller scale."
)


def train(path: Path, params_for: ParamsFor, *, models: Path, as_json: bool = False) -> None:
    """Train the autoencoder on a sample, or find it trained, and print how well it learned.

    Parameters
    ----------
    path : Path
    params_for : callable
    models : Path
        Folder for the checkpoint.
    as_json : bool
    """
    from core.method import checkpoints, pipeline  # brings torch

    sample = lab.read(path)
    params = params_for(sample)
    started = time.perf_counter()
    with training_bar() as on_epoch:
        report = pipeline.train(sample, params, models=models, on_epoch=on_epoch)
    facts = {
        "sample": sample.name,
        "params": {
            "pooling": dataclasses.asdict(params.pooling),
            "autoencoder": dataclasses.asdict(params.embedding.network),
        },
        "autoencoder": _autoencoder(report),
        "losses": list(report.losses),
        "checkpoint": str(checkpoints.checkpoint_path(models, sample, params.pooling, params.embedding.network)),
        "seconds": {"train": round(time.perf_counter() - started, 3)},
    }
    if not as_json:
        facts["losses"] = f"{report.losses[0]:.4g} in the first epoch, {report.losses[-1]:.4g} in the last"
    print_facts(facts, as_json=as_json)
    _warn_if_dead(report)


def cluster(
    path: Path,
    params_for: ParamsFor,
    *,
    n_starts: int = 1,
    models: Path,
    model: Path | None = None,
    out: Outputs,
    as_json: bool = False,
) -> None:
    """Cluster a sample, write what was asked for, and print the scores.

    Parameters
    ----------
    path : Path
    params_for : callable
    n_starts : int
        Runs, with seeds counted up; what is written is of the first.
    models : Path
        Folder of checkpoints.
    model : Path, optional
        One checkpoint to use instead.
    out : Outputs
        What to write, and where.
    as_json : bool
    """
    from core.method import pipeline
    from core.method.cache import StepCache

    started = time.perf_counter()
    sample = lab.read(path)
    load_seconds = time.perf_counter() - started
    params, steps = params_for(sample), StepCache(max_bytes=STEP_BYTES)
    out.check(sample, params.clustering.n_clusters)
    with training_bar() as on_epoch:
        work = pipeline.repeat(sample, params, n_starts, cache=steps, models=models, model=model, on_epoch=on_epoch)
        results = list(start_bar(work, n_starts))
    first = results[0] = _with_confidence(results)
    out.write(sample, first, pipeline.Pipeline(sample, cache=steps, models=models, model=model))
    facts = _cluster_facts(sample, results, load_seconds)
    print_facts(facts if as_json else _in_short(sample, results, facts["seconds"]), as_json=as_json)
    _warn_if_dead(first.autoencoder)


def _with_confidence(results: list[Result]) -> Result:
    """Hold the first run against the other starts, where its own fits tell nothing."""
    first, *others = results
    if first.confidence is not None or not others:
        return first
    return dataclasses.replace(first, confidence=confidence(first.labels, [other.labels for other in others]))


def _cluster_facts(sample: Sample, results: list[Result], load_seconds: float) -> dict[str, Any]:
    first = results[0]
    return {
        "sample": sample.name,
        "synthetic": sample.synthetic,
        "n_spots": sample.n_spots,
        "n_genes": sample.n_genes,
        "params": first.params.as_dict(),
        "scores": dataclasses.asdict(first.scores),
        "confidence": _confidence_facts(first),
        "autoencoder": None if first.autoencoder is None else _autoencoder(first.autoencoder),
        "direction": None if first.direction is None else _direction(first.direction),
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


def _in_short(sample: Sample, results: list[Result], seconds: dict[str, float]) -> dict[str, Any]:
    """Say on a few lines what a person wants to know of a run; the JSON has the rest."""
    first = results[0]
    clustering = first.params.clustering
    kind = "synthetic tissue, " if sample.synthetic else ""
    facts: dict[str, Any] = {
        "Sample": f"{sample.name} ({kind}{sample.n_spots} spots, {sample.n_genes} genes)",
        "Expression": _expression_words(first),
        "Direction": _direction_words(first),
        "Clusters": f"{clustering.n_clusters}{_number_words(sample)}, {_read_out_words(first)}",
    }
    for result in results:
        facts[f"Seed {result.params.clustering.random_state}"] = score_words(result)
    facts["Without annotation"] = coherence_words(first.scores)
    facts["Confidence"] = _confidence_words(results)
    facts["Seconds"] = ", ".join(f"{step} {value:.2f}" for step, value in seconds.items())
    return facts


def _expression_words(result: Result) -> str:
    pooling, embedding = result.params.pooling, result.params.embedding
    if not embedding.pools:
        return (
            f"{embedding.n_components} spatial factors, averaged over {embedding.hops} hop{'s' * (embedding.hops != 1)}"
        )
    kind = embedding.kind
    words = f"pooled with window {pooling.window}, scale {pooling.scale:g}"
    if result.autoencoder is not None and kind == "latent":
        share, epochs = result.autoencoder.explained_variance, len(result.autoencoder.losses)
        return f"{words}; code of the small autoencoder, {epochs} epochs, which explains {share:.2f}"
    if result.autoencoder is not None:
        return f"{words}; {kind} of the autoencoder, which explains {result.autoencoder.explained_variance:.2f}"
    return words if kind == "none" else f"{words}; {result.params.embedding.n_components} principal components"


def _number_words(sample: Sample) -> str:
    if sample.layer_names:
        return ""
    return f" (no annotation to count; {DEFAULT_N_CLUSTERS} where none is asked for, `python -m core clusters` suggests a number)"


def _read_out_words(result: Result) -> str:
    clustering, rounds = result.params.clustering, result.params.refinement.rounds
    words = f"X weight {clustering.x_weight:g}" if clustering.by_kmeans else "tied mixture"
    return f"{words}, refined {rounds} time{'s' * (rounds != 1)}" if rounds else words


def _direction(found: FoundDirection) -> dict[str, Any]:
    return {**dataclasses.asdict(found), "takes_part": found.takes_part}


def _direction_words(result: Result) -> str:
    found = result.direction
    if found is None:
        return "off"
    ways = {"manual": "by hand", "preclustering": "found by pre-clustering", "expression": "found from expression"}
    if found.bend is not None:
        part = "" if found.takes_part else ", too little to take part"
        return f"bending, explains {found.support or 0:.0%} of the structure of expression{part}"
    return f"{found.angle:.3f} rad, {ways[found.method]}"


def score_words(result: Result) -> str:
    """Say how a run agrees with the annotation.

    Parameters
    ----------
    result : Result

    Returns
    -------
    str
    """
    scores = result.scores
    if scores.ari is None:
        return "no annotation to score against"
    return f"ARI {scores.ari:.3f}, NMI {scores.nmi:.3f} (all spots: ARI {scores.ari_all:.3f}, NMI {scores.nmi_all:.3f})"


def coherence_words(scores: Scores) -> str:
    """Say what can be said without an annotation.

    Parameters
    ----------
    scores : Scores

    Returns
    -------
    str
    """
    empty = f", {scores.n_empty:.0f} empty" if scores.n_empty else ""
    stability = "" if scores.stability is None else f"stability {scores.stability:.3f}, "
    return (
        f"{stability}PAS {scores.pas:.4f}, CHAOS {scores.chaos:.4f}, domains of {scores.smallest_share:.1%} to "
        f"{scores.largest_share:.1%} of the spots{empty}"
    )


def _confidence_words(results: list[Result]) -> str | None:
    first = results[0]
    if first.confidence is None:
        return None
    over = f"{len(results) - 1} other starts" if first.params.clustering.by_kmeans else "the fits of the consensus"
    return f"spots keep their domain in {first.confidence.mean():.0%} of {over}; {(first.confidence == 1).mean():.0%} in all"


def _autoencoder(report: AutoencoderReport) -> dict[str, Any]:
    return {"explained_variance": report.explained_variance, "dead": report.dead, "reused": report.reused}


def _warn_if_dead(report: AutoencoderReport | None) -> None:
    if report is not None and report.dead:
        sys.stderr.write(_DEAD.format(share=report.explained_variance) + "\n")
