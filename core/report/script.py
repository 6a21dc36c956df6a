"""A script that repeats a run from the command line, to the last label, and says whether it did.

The script is made of :data:`_TEMPLATE` and of values only. What users call things comes into it as Python literals of plain
ASCII, never as code or comment: a name cannot become a line of the program.
"""

import base64
import dataclasses
import hashlib
import math
import textwrap
import zlib
from datetime import UTC
from typing import Any

import numpy as np

from core.people import called
from core.report.reported import ReportedRun
from core.text import shown

_WIDTH = 110
_INDENT = 4 * " "


def reproduction_script(run: ReportedRun) -> str:
    """Write the script that repeats a run.

    Parameters
    ----------
    run : ReportedRun

    Returns
    -------
    str
        A Python program. Given the sample's file, it checks that the data are the run's, clusters them with the run's parameters,
        checks the labels against the run's, and writes them where it is asked to. It ends with status 0 where all labels
        are the run's, with 1 where they are not, and with 2 where it cannot tell.
    """
    result = run.result
    facts = {
        "RUN": shown(run.name),
        "MADE": f"{run.created.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        + (f" by {shown(called(run.who))}" if run.who else ""),
        "VERSION": shown(run.code_version),
        "UNKNOWN": tuple(map(shown, run.unknown)),
        "SAMPLE": shown(result.sample_name),
        "SOURCE": shown(run.source, 500),
        "TOGETHER": tuple(map(shown, run.together)),
        "CONTENT_HASH": run.content_hash,
        "ANNOTATION_HASH": run.annotation_hash,
        "N_SPOTS": len(result.labels),
        "GUIDED": "" if result.guidance is None else shown(result.guidance.in_words(), 200),
        "ARI": result.scores.ari,
        "NMI": result.scores.nmi,
        "TRAINING_SECONDS": round(result.seconds.get("train", 0.0)) if result.params.embedding.needs_training else None,
        "LABELS_SHA256": labels_sha256(result.labels),
    }
    return (
        _TEMPLATE.replace("@FACTS@", "\n".join(f"{name} = {_literal(value)}" for name, value in facts.items()))
        .replace("@CLASSES@", "\n".join(f"{2 * _INDENT}{name}," for name in sorted(_classes(result.params))))
        .replace("@PARAMETERS@", _construction(result.params, _INDENT))
        .replace("@LABELS@", _packed(np.ascontiguousarray(result.labels, dtype="<u2").tobytes()))
        .replace("@GUIDANCE@", "" if result.guidance is None else _packed(result.guidance.to_json()))
    )


def labels_sha256(labels: np.ndarray) -> str:
    """Digest labels in a way that every machine agrees on.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int

    Returns
    -------
    str
        SHA-256 of the labels as little-endian 64-bit integers, in hexadecimal.
    """
    return hashlib.sha256(np.ascontiguousarray(labels, dtype="<i8").tobytes()).hexdigest()


def _literal(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):  # whose names are no literals
        return f"float({str(float(value))!r})"
    # Escape the template's mark, so that no later replacement finds one inside a name.
    return ascii(value).replace("@", r"\x40")


def _classes(params: Any) -> set[str]:
    inner = [getattr(params, item.name) for item in dataclasses.fields(params)]
    nested = [_classes(value) for value in inner if dataclasses.is_dataclass(value)]
    return {type(params).__name__}.union(*nested)


def _construction(params: Any, indent: str) -> str:
    """Write a parameter object as the call that makes it, a line for each knob."""
    inside = indent + _INDENT
    lines = [
        f"{inside}{item.name}={_argument(getattr(params, item.name), inside)},\n" for item in dataclasses.fields(params)
    ]
    return f"{type(params).__name__}(\n{''.join(lines)}{indent})"


def _argument(value: Any, indent: str) -> str:
    return _construction(value, indent) if dataclasses.is_dataclass(value) else _literal(value)


def _packed(content: bytes) -> str:
    text = base64.b64encode(zlib.compress(content, 9)).decode()
    return "\n".join(textwrap.wrap(text, _WIDTH))


_TEMPLATE = '''#!/usr/bin/env python3
"""Repeats one clustering of a section of tissue, to the last label, and says whether it did.

    python THIS_SCRIPT SAMPLE.h5 [OTHER.h5 ...] [--labels LABELS.csv] [--project FOLDER] [--models FOLDER]

It needs the project that wrote it ("spatial domains": the folder with `app.py` and `core/`) with its requirements installed.
Run it inside that folder, or name the folder with --project.
SAMPLE.h5 is the sample that the run was made on, in the lab's format: it is known by its content, whatever its name.
Of sections clustered as one, OTHER.h5 are all the others, which TOGETHER names.

Status: 0 where every label is the run's, 1 where some are not, 2 where that is unknown.
"""

import argparse
import base64
import hashlib
import sys
import zlib
from pathlib import Path

@FACTS@


def parameters():
    """Every knob of the run."""
    from core.params import (
@CLASSES@
    )

    return @PARAMETERS@


def main():
    arguments = read_arguments()
    sys.path.insert(0, str(arguments.project.resolve()))
    check_project(arguments.project)
    from core.errors import DomainsError

    try:
        sample = read_sample(arguments.sample)
        result = cluster(sample, arguments.others, arguments.models or arguments.project / "save_model")
        if arguments.labels:
            write_labels(sample, result, arguments.labels)
    except (DomainsError, OSError) as error:
        stop(error)
    sys.exit(compare(sample, result))


def read_arguments():
    parser = argparse.ArgumentParser(description="Repeats one clustering, and checks its labels.")
    parser.add_argument("sample", type=Path, help="file of the sample, in the lab's format")
    parser.add_argument("others", type=Path, nargs="*", help="files of the sections that it was clustered as one with")
    parser.add_argument("--labels", type=Path, help="file to write the labels to, as CSV")
    parser.add_argument("--project", type=Path, default=Path(), help="folder of the project (default: this one)")
    parser.add_argument("--models", type=Path, help="folder of trained models (default: save_model/ of the project)")
    return parser.parse_args()


def check_project(folder):
    if not (folder / "core" / "params.py").is_file():
        stop(f"There is no `core` in {folder.resolve()}: run this inside the project's folder, or name it with --project.")
    from core.method.version import code_version, same_method

    print(f"Run      {RUN}, {MADE}")
    print(f"Version  {code_version()}" + (", the run's" if same_method(VERSION) else f"; the run's was {VERSION}, so labels may differ"))
    if UNKNOWN:
        print(f"         it did not know these knobs of the run, so labels may differ: {', '.join(UNKNOWN)}")


def read_sample(path):
    from core.io import lab

    sample = lab.read(path)
    if sample.content_hash != CONTENT_HASH:
        stop(
            f"{path} holds other data than the run was made on: {sample.n_spots} spots and the content hash "
            f"{sample.content_hash}, not {N_SPOTS} and {CONTENT_HASH}. Ask for the file of {SAMPLE} that was used"
            + (f" ({SOURCE})." if SOURCE else ".")
        )
    print(f"Data     {path.name}: {sample.n_spots} spots, {sample.n_genes} genes; content hash {CONTENT_HASH}, the run's")
    if sample.annotation_hash != ANNOTATION_HASH:
        print("         its annotation is another one than the run's: scores differ, labels do not")
    return sample


def cluster(sample, others, models):
    from core.io import lab
    from core.method import pipeline
    from core.method.joint import JointPipeline

    try:
        params = parameters()
    except (ImportError, TypeError) as error:
        stop(f"This version of the project does not know every knob of the run ({error}): take version {VERSION} or newer.")
    if len(others) != len(TOGETHER):
        stop(f"The run was clustered as one with {', '.join(TOGETHER) or 'no other section'}: name their files after its own.")
    if GUIDED:
        return follow(sample, params, models)
    if TOGETHER:
        return JointPipeline([sample, *map(lab.read, others)]).run(params)[sample.name]
    if params.embedding.needs_training and not pipeline.has_model(sample, params, models):
        print(f"Model    none of this run in {models}: it is trained now, which took {TRAINING_SECONDS} s for the run.")
        print("         Should some labels differ, copy the run's model (two files, .pt and .json) there, and try again.")
    return pipeline.run(sample, params, models=models)


def follow(sample, params, models):
    from core.guidance import from_json
    from core.method.pipeline import Pipeline

    print(f"Guided   {GUIDED}: not label-free; scores are on spots that were not painted")
    guidance = from_json(zlib.decompress(base64.b64decode(GUIDANCE)), sample.n_spots)
    return Pipeline(sample, models=models).run_guided(params, guidance)


def write_labels(sample, result, path):
    from core.io.export import labels_csv

    path.write_text(labels_csv(sample, result), encoding="utf-8")
    print(f"Written  {path}")


def compare(sample, result):
    import numpy as np

    labels = np.ascontiguousarray(result.labels, dtype="<i8")
    digest = hashlib.sha256(labels.tobytes()).hexdigest()
    if result.scores.ari is not None:
        print(f"Scores   ARI {result.scores.ari:.6f}, NMI {result.scores.nmi:.6f}; the run's: ARI {ARI}, NMI {NMI}")
    if digest == LABELS_SHA256:
        print(f"Labels   all {len(labels)} are the run's (sha256 {digest})")
        return 0
    expected = np.frombuffer(zlib.decompress(base64.b64decode(LABELS)), dtype="<u2")
    n_other = int((labels != expected).sum())
    print(f"Labels   {n_other} of {len(labels)} are not the run's (sha256 {digest}, not {LABELS_SHA256})")
    return 1


def stop(message):
    print(message, file=sys.stderr)
    sys.exit(2)


# The run's labels in the order of the file: 16-bit whole numbers, compressed.
LABELS = """
@LABELS@
"""

# What people gave to a guided run, as compressed JSON; empty for a run that is label-free.
GUIDANCE = """
@GUIDANCE@
"""

if __name__ == "__main__":
    main()
'''
