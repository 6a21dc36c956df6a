"""Golden labels: what this version of the method makes of a piece of the shipped section.

After METHOD_VERSION (core/method/version.py) was raised, `python -m tests.core.method.golden` writes them anew.

Only whole numbers are compared: labels, and in how many fits a spot keeps its own. They came out the same with and without
AVX in OpenBLAS, NumPy and torch, on one thread and on several; and none is written that changes with counts that are off by
a billionth, so that another machine's rounding changes none of them. That is why networks learn from few spots here.
"""

import dataclasses
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.guidance import Guidance
from core.method import mixture, pipeline
from core.method.cache import StepCache
from core.method.joint import JointPipeline
from core.method.pipeline import Pipeline
from core.method.version import METHOD_VERSION
from core.params import DirectionParams, EmbeddingParams, MethodParams, preset, replaced
from core.result import Result
from core.sample import Sample
from core.strokes import strokes_of
from tests.sections import shipped_part

FILE = Path(__file__).with_name("golden_labels.json")
COMMAND = "python -m tests.core.method.golden"

_N_CLUSTERS = 4
_ALL, _TRAINED_ON = 10_000, 500  # spots; training on all would let the last digits decide


def _choices(step: Any, name: str) -> tuple[str, ...]:
    return tuple(step.__dataclass_fields__[name].metadata["choices"])


def settings() -> dict[str, MethodParams]:
    """Every preset, and every kind of embedding, direction, read-out and first centres, each on the way that is quickest."""
    paper, recommended = preset("paper", _N_CLUSTERS), preset("recommended", _N_CLUSTERS)
    few = replaced(paper, ("embedding", "n_components"), 3)
    found = {"paper": paper, "paper-ae": _quick(preset("paper-ae", _N_CLUSTERS)), "recommended": recommended}
    found |= {
        f"embedding {kind}": _quick(replaced(few, ("embedding", "kind"), kind))
        for kind in _choices(EmbeddingParams, "kind")
    }
    # As version 0.1 ran them, whose factors had one hop and no scale.
    found["embedding factors"] = dataclasses.replace(found["embedding factors"], pooling=recommended.pooling)
    found |= {
        f"direction {method}": replaced(replaced(paper, ("direction", "method"), method), ("direction", "angle"), 0.38)
        for method in _choices(DirectionParams, "method")
    }
    found["mixture of pooled counts"] = replaced(paper, ("clustering", "read_out"), "mixture")
    found["k-means of factors, twice refined"] = replaced(
        replaced(recommended, ("clustering", "read_out"), "kmeans"), ("refinement", "rounds"), 2
    )
    found["k-means++, best of three"] = replaced(
        replaced(paper, ("clustering", "init"), "k-means++"), ("clustering", "n_init"), 3
    )
    return found


def _quick(params: MethodParams) -> MethodParams:
    for address, value in {("autoencoder", "epochs"): 3, ("autoencoder", "width"): 16, ("latent", "epochs"): 3}.items():
        params = replaced(params, ("embedding", *address), value)
    return params


def digests(rounding: float = 0.0) -> dict[str, str]:
    """Make every case, and digest what it gives; counts can be made a little wrong, as by another machine's rounding."""
    whole, part = (_rounded(shipped_part(n_spots, 60), rounding) for n_spots in (_ALL, _TRAINED_ON))
    cache, found = StepCache(), {}
    for name, params in settings().items():
        sample = part if params.embedding.needs_training else whole
        found[name] = _digest(pipeline.run(sample, params, cache=cache))
    found["guided by strokes"] = _digest(_guided(whole))
    return found | {f"together, {name}": _digest(result) for name, result in _together(whole).items()}


def _guided(sample: Sample) -> Result:
    """Some spots of each layer, and what follows them; how sure the others are hangs on a solver's last digits."""
    shown = np.where(np.arange(sample.n_spots) % 20 == 0, np.asarray(sample.labels_true), "NA")
    found = Pipeline(sample).run_guided(preset("recommended", _N_CLUSTERS), Guidance(strokes=strokes_of(shown)))
    return dataclasses.replace(found, confidence=None)


def _rounded(sample: Sample, rounding: float) -> Sample:
    noise = np.random.default_rng(0).normal(size=sample.expression.shape)
    return dataclasses.replace(sample, expression=np.asarray(sample.expression) * (1 + rounding * noise))


def _together(sample: Sample) -> dict[str, Result]:
    names = np.array([f"G{number}" for number in range(sample.n_genes)])
    return JointPipeline([_rows(sample, 0, names), _rows(sample, 1, names)]).run(preset("recommended", 3))


def _rows(sample: Sample, first: int, names: np.ndarray) -> Sample:
    """Every second row of the array, as a section of its own."""
    spots = np.flatnonzero(sample.lattice[:, 0] // 2 % 2 == first)
    return Sample(
        name=("even", "odd")[first],
        expression=sample.expression[spots],
        lattice=sample.lattice[spots],
        gene_names=names,
    )


def _digest(result: Result) -> str:
    digest = hashlib.sha256(result.labels.astype("<i8").tobytes())
    if result.confidence is not None:
        digest.update(np.rint(result.confidence * mixture.N_FITS).astype("<i8").tobytes())
    return digest.hexdigest()[:16]


def complaint(stored: Mapping[str, Any], found: Mapping[str, str], version: int) -> str:
    """Say what is wrong between the stored labels and those found by a version of the method; nothing where they agree."""
    before = stored["labels"]
    changed = sorted(name for name in {*before, *found} if before.get(name) != found.get(name))
    if stored["method_version"] != version:
        return f"METHOD_VERSION is {version}, but the golden labels are of {stored['method_version']}: run `{COMMAND}`."
    if changed:
        return (
            f"Labels or confidence changed in: {', '.join(changed)}; but METHOD_VERSION is still {version}, so that results "
            "stored before would be taken for results of this code. If they were meant to change, raise METHOD_VERSION in "
            f"core/method/version.py and run `{COMMAND}`; if not, the change is a fault. A case that is new or gone needs "
            f"`{COMMAND}` alone."
        )
    return ""


def stored() -> dict[str, Any]:
    """Read the golden labels."""
    read: dict[str, Any] = json.loads(FILE.read_text())
    return read


def refusal(
    stored: Mapping[str, Any] | None, found: Mapping[str, str], rounded: Mapping[str, str], version: int
) -> str:
    """Say why labels must not become golden: others of the same version are, or rounding decides them; nothing where they may."""
    if unsteady := sorted(name for name in found if found[name] != rounded[name]):
        return (
            f"These hang on the last digits of the counts, and would differ on another machine: {', '.join(unsteady)}."
        )
    if stored is None or stored["method_version"] != version:
        return ""
    old = {name: digest for name, digest in stored["labels"].items() if name in found}
    return complaint({**stored, "labels": old}, {name: found[name] for name in old}, version)


def main() -> None:
    """Write the golden labels anew."""
    found = digests()
    if words := refusal(stored() if FILE.exists() else None, found, digests(rounding=1e-9), METHOD_VERSION):
        raise SystemExit(words)
    FILE.write_text(json.dumps({"method_version": METHOD_VERSION, "labels": found}, indent=1) + "\n")
    sys.stdout.write(f"Wrote {FILE.name} of METHOD_VERSION {METHOD_VERSION}.\n")


if __name__ == "__main__":
    main()
