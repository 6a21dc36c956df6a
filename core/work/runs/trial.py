"""A run as Optuna has it: the study that it belongs to, its value, its trial; and the small map that goes with it."""

import dataclasses
import json
from typing import TYPE_CHECKING

from core.params import params_key
from core.result import Result, Scores
from core.sample import Sample
from core.work.runs import artifacts as files
from core.work.runs import knobs
from core.work.runs.run import Run, facts_of

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


def study_name(run: Run) -> str:
    """Name the study of a sample.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        The sample's name, and a digest of its contents, its annotation and the choices that knobs offer: values of one study
        can be compared, and Optuna takes all its trials.
    """
    return f"{run.sample_name} {params_key(run.content_hash, run.annotation_hash, knobs.choices_digest())[:8]}"


def objective(scores: Scores) -> float:
    """Choose the value by which Optuna compares runs; higher is better.

    Parameters
    ----------
    scores : Scores

    Returns
    -------
    float
        ARI, else the share of spots that most of their neighbours agree with, else 0, as a finished trial needs a value.
    """
    if scores.ari is not None:
        return scores.ari
    return 0.0 if scores.pas is None else 1 - scores.pas


def trial_of(run: Run) -> "FrozenTrial":
    """Write a run as a finished trial, its files among its artifacts.

    Parameters
    ----------
    run : Run

    Returns
    -------
    optuna.trial.FrozenTrial
    """
    from optuna.artifacts import ArtifactMeta
    from optuna.trial import create_trial

    meta = [ArtifactMeta(key, name, files.MIME_TYPES[name], None) for name, key in run.artifacts.items()]
    return create_trial(
        value=objective(run.scores),
        params=knobs.trial_params(run.params),
        distributions=knobs.distributions(),
        user_attrs={"run": facts_of(run), "name": run.name},
        # As `optuna.artifacts.upload_artifact` writes them, which wants a trial that is there already.
        system_attrs={f"artifacts:{entry.artifact_id}": json.dumps(dataclasses.asdict(entry)) for entry in meta},
    )


def picture_of(sample: Sample, result: Result) -> bytes:
    """Draw the small map of a run, in matched colours.

    Parameters
    ----------
    sample : Sample
    result : Result

    Returns
    -------
    bytes
        PNG.
    """
    # Plotly, SciPy and Pillow take seconds to import, and reading does without.
    from core.evaluation.matching import match_steadily
    from core.figures.charts import colours_of_clusters
    from core.figures.thumbnail import map_png

    matching = match_steadily(result.labels, sample.labels_true)
    return map_png(sample.places, result.labels, colours_of_clusters(matching, sample.labels_true, "light"))
