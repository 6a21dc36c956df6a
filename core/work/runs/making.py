"""Making a run and its files from a result, and the result from both."""

import dataclasses
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.errors import RecordError
from core.method.version import code_version
from core.result import Domain, Result
from core.sample import Sample
from core.work.runs import artifacts as files
from core.work.runs.run import Run, checked_text

if TYPE_CHECKING:
    from core.evaluation.matching import Matching

COMPUTED = (
    "scores",
    "direction",
    "averaging",
    "autoencoder",
    "seconds",
    "labels_hash",
    "guided",
    "code_version",
    "domains",
    "artifacts",
)
"""Facts of a run that follow from its sample and its settings; all others are what people say of it."""


def new_run(sample: Sample, result: Result, *, who: str, sweep: str = "", domains: "Matching | None" = None) -> Run:
    """Make a run with a new id from a result.

    Parameters
    ----------
    sample : Sample
    result : Result
        Of that sample.
    who : str
        Who keeps it.
    sweep : str
        Id of the sweep that it is part of.
    domains : Matching, optional
        Names and colours of its domains, where they are decided already.
    """
    return Run(
        id=uuid.uuid4().hex,
        sample_name=sample.name,
        content_hash=sample.content_hash,
        annotation_hash=sample.annotation_hash,
        annotation=sample.annotation_name,
        annotation_id=sample.annotation_id,
        n_spots=sample.n_spots,
        params=result.params,
        scores=result.scores,
        direction=result.direction,
        averaging=result.averaging,
        autoencoder=result.autoencoder and dataclasses.replace(result.autoencoder, losses=()),
        seconds=dict(result.seconds),
        labels_hash=files.labels_hash(result.labels),
        domains=(domains or _domains(sample, result)).domains,
        guided="" if result.guidance is None else result.guidance.in_words(),
        who=checked_text("who", who),
        sweep=sweep,
        created=datetime.now(UTC),
        code_version=code_version(),
    )


def made_again(claimed: Run, sample: Sample, result: Result) -> tuple[Run, dict[str, bytes]]:
    """Make a run anew whose settings were run again.

    Parameters
    ----------
    claimed : Run
        As it came in; its domains keep the names that people gave them.
    sample : Sample
    result : Result
        Of that sample, with the labels of the run.

    Returns
    -------
    run : Run
        Whose facts `COMPUTED` hold for `claimed`, but for the ids of its files.
    contents : dict of str to bytes
        Its files by name.
    """
    given = {domain.cluster: domain.given for domain in claimed.domains}
    return with_names(new_run(sample, result, who=claimed.who), given), files_of(sample, result)


def with_names(run: Run, names: Mapping[int, str]) -> Run:
    """Give the domains of a run names by cluster, and all others their own.

    Parameters
    ----------
    run : Run
    names : mapping of int to str

    Returns
    -------
    Run
    """
    known = {domain.cluster: domain for domain in run.domains}
    for cluster in names:
        known.setdefault(cluster, Domain(cluster=cluster))  # an older version kept none
    domains = tuple(dataclasses.replace(domain, given=names.get(at, "")) for at, domain in known.items())
    return dataclasses.replace(run, domains=domains)


def files_of(sample: Sample, result: Result, domains: "Matching | None" = None) -> dict[str, bytes]:
    """Write the files of a run, its small map among them, in matched colours.

    Returns
    -------
    dict of str to bytes
        Contents by file name.
    """
    # Plotly, SciPy and Pillow take seconds to import, and reading does not need them.
    from core.figures.charts import colours_of_clusters
    from core.figures.thumbnail import map_png

    found = domains or _domains(sample, result)
    colours = colours_of_clusters(found, sample.labels_true, "light")
    return files.files_of(result, map_png(sample.coordinates, result.labels, colours))


def _domains(sample: Sample, result: Result) -> "Matching":
    from core.evaluation.matching import domains_of, guided_domains

    return domains_of(sample, result.labels) if result.guidance is None else guided_domains(sample, result)


def result_of(run: Run, contents: Mapping[str, bytes]) -> Result:
    """Rebuild the result that a run was made from.

    Parameters
    ----------
    run : Run
    contents : mapping of str to bytes
        Its files by name, labels at least.

    Raises
    ------
    RecordError
        If a file is damaged.
    """
    labels = files.read_labels(contents[files.LABELS], run.n_spots)
    if run.labels_hash and files.labels_hash(labels) != run.labels_hash:
        raise RecordError("The labels of this run are damaged: they are not those that were kept.")
    confidence = (
        files.read_confidence(contents[files.CONFIDENCE], run.n_spots) if files.CONFIDENCE in contents else None
    )
    guidance = files.read_guidance(contents[files.GUIDANCE], run.n_spots) if files.GUIDANCE in contents else None
    losses = files.read_losses(contents[files.LOSSES]) if files.LOSSES in contents else ()
    return Result(
        sample_name=run.sample_name,
        labels=labels,
        params=run.params,
        scores=run.scores,
        confidence=confidence,
        direction=run.direction,
        averaging=run.averaging,
        guidance=guidance,
        names=() if guidance is None else guidance.names(int(labels.max()) + 1),
        autoencoder=run.autoencoder and dataclasses.replace(run.autoencoder, losses=losses),
        seconds=dict(run.seconds),
    )
