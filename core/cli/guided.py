"""`cluster --strokes`, `--reference` and `--markers-of`: domains that follow what people gave."""

import argparse
import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import knobs, units
from core.cli.console import print_facts
from core.cli.guidance import guidance_of
from core.cli.options import KNOBS, STEP_BYTES, method_params
from core.cli.outputs import Outputs
from core.cli.reading import read_compared
from core.errors import ParameterError
from core.expression_kinds import in_words
from core.guidance import Guidance
from core.params import MethodParams, replaced
from core.result import Result
from core.sample import Sample
from core.text import counted, shown

if TYPE_CHECKING:
    from core.method.pipeline import Pipeline

SCORED_ON = "spots that were not painted"


def cluster(options: argparse.Namespace, file: Path, out: Outputs) -> None:
    """Let domains follow what guides, write what was asked for, and print the scores."""
    from core.method.cache import StepCache
    from core.method.pipeline import Pipeline

    _check(options, out)
    started = time.perf_counter()
    sample, annotations = read_compared(file, options.against)
    load_seconds = time.perf_counter() - started
    guidance = guidance_of(options, sample)
    params = with_known_number(method_params(options, sample, KNOBS), guidance)
    out.check(sample, params)
    steps = Pipeline(sample, cache=StepCache(max_bytes=STEP_BYTES), models=options.models, model=options.model)
    result = steps.run_guided(params, guidance)
    out.write(sample, result, steps, annotations)
    taught = _taught(steps, result)
    facts = {"against": options.against, **_facts(sample, result, guidance, load_seconds), **taught}
    print_facts(facts if options.json else _in_short(sample, result, guidance, taught), as_json=options.json)


def _check(options: argparse.Namespace, out: Outputs) -> None:
    if options.starts > 1:
        raise ParameterError(
            "Guided domains are found from one seed here: leave out --starts, or what guides; `sweep` takes several starts."
        )
    if out.names:
        raise ParameterError(
            "Guided domains have the names that were painted or taught: leave out --rename, or paint other names."
        )
    if options.name_by is not None:
        raise ParameterError("Guided domains have names already: leave out --name-by.")
    if out.tree is not None:
        raise ParameterError(
            "Guided domains follow what was given, so there is no tree of them: leave out --tree, or what guides."
        )


def with_known_number(params: MethodParams, guidance: Guidance) -> MethodParams:
    """Where domains are known, their number is not that of the sample's own annotation."""
    return replaced(params, ("clustering", "n_clusters"), len(guidance.domains)) if guidance.known else params


def _taught(steps: "Pipeline", result: Result) -> dict[str, Any]:
    guidance = result.guidance
    if guidance is None:
        return {}
    if guidance.reference is not None:
        found = steps.transferred(result.params, guidance.reference, guidance.painted_known(len(result.labels)))
        return {
            "reference": {
                "samples": list(guidance.reference.samples),
                "species": guidance.reference.species,
                "n_genes": guidance.reference.n_genes,
                "n_shared_genes": found.n_shared,
                "n_unlike": int(np.count_nonzero(result.labels == len(guidance.domains))),
            }
        }
    if (table := guidance.markers) is None:
        return {}
    scores = steps.marker_scores(result.params, table)
    return {
        "markers": {
            "source": table.source,
            "genes": {name: list(genes) for name, genes in scores.genes.items()},
            "missing": list(scores.missing),
            "notes": [*table.notes, *scores.notes_on(result.names, result.labels)],
        }
    }


def _facts(sample: Sample, result: Result, guidance: Guidance, load_seconds: float) -> dict[str, Any]:
    return {
        "sample": sample.name,
        "synthetic": sample.synthetic,
        "expression": in_words(sample.expression_kind),
        "n_spots": sample.n_spots,
        "guided_by": guidance.kind,
        "n_painted": guidance.n_painted,
        "painted": {} if guidance.strokes is None else guidance.strokes.sizes,
        "params": knobs.in_use(result.params),
        "scores": dataclasses.asdict(result.scores),
        "scored_on": SCORED_ON,
        "domains": {str(number): name for number, name in enumerate(result.names)},
        "seconds": {step: round(value, 4) for step, value in {"load": load_seconds, **result.seconds}.items()},
    }


def _in_short(sample: Sample, result: Result, guidance: Guidance, taught: dict[str, Any]) -> dict[str, Any]:
    sizes = np.bincount(result.labels, minlength=len(result.names))
    sure = result.confidence if result.confidence is not None else np.ones(sample.n_spots)
    facts: dict[str, Any] = {
        "Sample": f"{sample.name} ({counted(sample.n_spots, 'spot')}, {counted(sample.n_genes, 'gene')})",
        "Made": f"{guidance.in_words()}; not label-free",
    }
    if (told := taught.get("reference")) is not None:
        facts["Compared"] = (
            f"by {counted(told['n_shared_genes'], 'shared gene')}; {counted(told['n_unlike'], 'spot')} unlike anything in the reference"
        )
    if (told := taught.get("markers")) is not None:
        facts["Markers"] = f"{told['source'] or 'of a table'}"
        facts["Left out"] = " ".join(told["notes"]) or None
    return facts | {
        "Domains": ", ".join(
            f"{shown(name)} {size:,}" for name, size in zip(result.names, sizes.tolist(), strict=True) if size
        ),
        "Agreement": _agreement(result),
        "Sure": f"a spot gives its domain {np.median(sure):.0%} at the median",
    }


def _agreement(result: Result) -> str:
    ari, nmi = result.scores.ari, result.scores.nmi
    if ari is None or nmi is None:
        return "no annotation on spots that were not painted"
    return f"ARI {units.score('ari', ari)}, NMI {units.score('nmi', nmi)} on annotated spots that were not painted"
