"""`train`: train the autoencoder of a sample."""

import argparse
import dataclasses
import time
from typing import Any

from core.cli.console import autoencoder_facts, print_facts, training_bar, warn_if_dead
from core.cli.options import TRAINING_KNOBS, add_file, add_method, method_params
from core.cli.reading import read_sample


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser("train", help="train the autoencoder and save it", allow_abbrev=False)
    add_file(parser)
    add_method(parser, TRAINING_KNOBS, default_preset="paper-ae")
    parser.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> None:
    """Train the autoencoder on a sample, or load it, and print how well it learned."""
    from core.method import checkpoints, pipeline  # brings torch

    sample = read_sample(options.file)
    params = method_params(options, sample, TRAINING_KNOBS)
    started = time.perf_counter()
    with training_bar() as on_epoch:
        report = pipeline.train(sample, params, models=options.models, on_epoch=on_epoch)
    facts = {
        "sample": sample.name,
        "params": {
            "pooling": dataclasses.asdict(params.pooling),
            "autoencoder": dataclasses.asdict(params.embedding.network),
        },
        "autoencoder": autoencoder_facts(report),
        "losses": list(report.losses),
        "checkpoint": str(
            checkpoints.checkpoint_path(options.models, sample, params.pooling, params.embedding.network)
        ),
        "seconds": {"train": round(time.perf_counter() - started, 3)},
    }
    if not options.json:
        facts["losses"] = f"{report.losses[0]:.4g} in the first epoch, {report.losses[-1]:.4g} in the last"
    print_facts(facts, as_json=options.json)
    warn_if_dead(report)
