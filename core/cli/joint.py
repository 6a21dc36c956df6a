"""`cluster --joint`: several samples clustered together."""

import argparse
import dataclasses
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core import knobs, units
from core.cli import apart
from core.cli.console import coherence_words, factor_words, print_facts, score_words, share_bar
from core.cli.options import KNOBS, joint_params
from core.cli.outputs import JointOutputs
from core.cli.reading import read_compared
from core.depth import common_depth_in_words
from core.errors import ParameterError
from core.evaluation.in_common import apart_in_words, shared_in_words, tied_together
from core.expression_kinds import in_words
from core.method.seeds import nth_start
from core.params import MethodParams
from core.result import Result
from core.sample import Sample
from core.text import counted

if TYPE_CHECKING:
    from core.method.joint import JointPipeline

Run = Mapping[str, Result]
"""Results by name of the sample."""


def cluster(options: argparse.Namespace) -> None:
    """Cluster samples as one, write what was asked for, and print the scores of each.

    Parameters
    ----------
    options : argparse.Namespace
        Options of `cluster`; files hold the first start.

    Raises
    ------
    ParameterError
        If an option works only for one sample, or changes nothing.
    """
    if options.model is not None:
        raise ParameterError("Sections clustered together use no autoencoder: leave out --model.")
    if options.markers is not None:
        raise ParameterError("Marker genes are of one sample: leave out --joint, or --markers.")
    if options.tree is not None:
        raise ParameterError("A tree of domains is of one sample: leave out --joint, or --tree.")
    for name in ("xenium", "spatialdata"):
        if getattr(options, name) is not None:
            raise ParameterError(f"--{name} is of one sample: leave out --joint, or --{name}.")
    if options.thickness is not None:
        raise ParameterError(
            "Sections clustered together have no direction of their own: leave out --joint, or --thickness."
        )
    from core.method.joint import JointPipeline  # scikit-learn takes seconds to import, and most commands do without

    started = time.perf_counter()
    read = [read_compared(path, None) for path in options.files]
    samples = [sample for sample, _ in read]
    load_seconds = time.perf_counter() - started
    params = joint_params(options, samples, KNOBS)
    with share_bar() as progress:
        steps = JointPipeline(samples, on_step=progress)
        out = _outputs(options)
        out.check(samples, params.clustering.n_clusters)
        for sample in samples:
            apart.check(out.files(sample.name), options.files)
            apart.check_kept(out.files(sample.name), options)
        runs = list(_runs(steps, params, options.starts))
    out.write(steps, runs[0], {sample.name: annotations for sample, annotations in read})
    facts = _facts(steps, runs, load_seconds)
    print_facts(facts if options.json else _in_short(steps, runs, facts["seconds"]), as_json=options.json)


def _outputs(options: argparse.Namespace) -> JointOutputs:
    return JointOutputs(
        labels=options.labels,
        loupe=options.loupe,
        h5ad=options.h5ad,
        lab_h5=options.lab_h5,
        figure=options.figure,
        names=dict(options.rename),
    )


def _runs(steps: "JointPipeline", params: MethodParams, n_starts: int) -> Iterator[Run]:
    for number in range(n_starts):
        yield steps.run(nth_start(params, number))


def _facts(steps: "JointPipeline", runs: Sequence[Run], load_seconds: float) -> dict[str, Any]:
    first = next(iter(runs[0].values()))
    return {
        "sections": {
            sample.name: {
                "synthetic": sample.synthetic,
                "expression": in_words(sample.expression_kind),
                "n_spots": sample.n_spots,
                "n_genes": sample.n_genes,
                "n_domains": len(set(runs[0][sample.name].labels.tolist())),
                "scores": dataclasses.asdict(runs[0][sample.name].scores),
            }
            for sample in steps.samples
        },
        "n_shared_genes": len(steps.genes),
        "sharing_domains": tied_together(_labels(runs[0])),
        "params": knobs.in_use(first.params),
        "seconds": {step: round(value, 4) for step, value in {"load": load_seconds, **first.seconds}.items()},
        "repeats": [{"seed": _seed(run), "scores": _scores(run)} for run in runs],
    }


def _labels(run: Run) -> dict[str, np.ndarray]:
    return {name: result.labels for name, result in run.items()}


def _scores(run: Run) -> dict[str, dict[str, float | None]]:
    return {name: dataclasses.asdict(result.scores) for name, result in run.items()}


def _seed(run: Run) -> int:
    return next(iter(run.values())).params.clustering.random_state


def _in_short(steps: "JointPipeline", runs: Sequence[Run], seconds: Mapping[str, float]) -> dict[str, Any]:
    """Summarize a run in a few lines for people; the JSON has the rest."""
    params = next(iter(runs[0].values())).params
    rounds = params.refinement.rounds
    refined = f", refined {counted(rounds, 'time')}" if rounds else ""
    facts: dict[str, Any] = {
        "Sections": {sample.name: _sample_words(sample) for sample in steps.samples},
        "Expression": factor_words(params, f" of {len(steps.genes)} shared genes", steps.averaging(params)),
        "Direction": _direction_words(steps, params),
        "Clusters": f"{params.clustering.n_clusters} in all sections together, tied mixture{refined}",
    }
    labels = _labels(runs[0])
    facts["In common"] = apart_in_words(tied_together(labels)) or shared_in_words(labels)
    facts["Without annotation"] = {name: coherence_words(result.scores) for name, result in runs[0].items()}
    for run in runs:
        scores = {name: score_words(result) for name, result in run.items()}
        facts[f"Seed {_seed(run)}"] = scores | _mean_words(run)
    facts["Seconds"] = ", ".join(f"{step} {value:.2f}" for step, value in seconds.items())
    return facts


def _direction_words(steps: "JointPipeline", params: MethodParams) -> str:
    return common_depth_in_words(steps.directions(params)) if params.direction.method == "bending" else "off"


def _sample_words(sample: Sample) -> str:
    held = "" if sample.expression_kind == "counts" else f"; {in_words(sample.expression_kind)}"
    return f"{'synthetic tissue, ' * sample.synthetic}{counted(sample.n_spots, 'spot')}, {counted(sample.n_genes, 'gene')}{held}"


def _mean_words(run: Run) -> dict[str, str]:
    scored = [(result.scores.ari, result.scores.nmi) for result in run.values() if result.scores.ari is not None]
    if len(scored) < 2:
        return {}
    ari, nmi = (statistics.mean(float(value or 0.0) for value in values) for values in zip(*scored, strict=True))
    return {"mean": f"ARI {units.score('ari', ari)}, NMI {units.score('nmi', nmi)}"}
