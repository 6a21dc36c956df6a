"""Links to kept runs: `?run=<id>` opens a run on any server that can read its record."""

from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from core import presets
from core.errors import RecordError
from core.params import MethodParams
from core.sample import Sample
from core.work.runs import Run
from ui.data import compute
from ui.data.kept_runs import sample_of
from ui.data.record import record
from ui.shell.session import Settings


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link to a run opens.

    Parameters
    ----------
    run : Run or None
        None if there is no such run here.
    file : str
        Name of the sample's file; empty if the sample is not here.
    settings : Settings
        The settings that give the parameters of the run.
    sentences : list of str
        What has changed since the run was kept.
    """

    run: Run | None = None
    file: str = ""
    settings: Settings = field(default_factory=Settings)
    sentences: list[str] = field(default_factory=list)


def link_to(run: Run) -> str:
    """Write the link that opens a run, with the server's name as the user's browser has it, if that is known."""
    server = urlsplit(st.context.url or "")
    # Tune is the default page, so its path is that of the server, on whichever page this is; guided runs are Guide's.
    path = "/".join(
        ["", *filter(None, [st.get_option("server.baseUrlPath").strip("/")]), "guide" if run.guided else ""]
    )
    return urlunsplit((server.scheme, server.netloc, path, urlencode({"run": run.id}), ""))


def open_run(run_id: str) -> Opened:
    """Find the run that a link names, and its sample."""
    try:
        run = record().run(run_id)
    except RecordError as error:
        return Opened(sentences=[str(error)])
    found = sample_of(run)
    if found is None:
        file, sentence = _without_its_sample(run)
        return Opened(run, file, _settings(run, None), [sentence, *_what_changed(run)])
    summary, sample = found
    return Opened(run, summary.path.name, _settings(run, sample), _what_changed(run))


def settings_for(params: MethodParams, sample: Sample) -> Settings:
    """Express parameters as settings: the preset with the fewest moved knobs on this sample, and these knobs."""
    return Settings(*presets.nearest_preset(params, sample.suggested_n_clusters()))


_N_CLUSTERS = ("clustering", "n_clusters")


def _settings(run: Run, sample: Sample | None) -> Settings:
    if sample is not None:
        return settings_for(run.params, sample)
    name, changes = presets.nearest_preset(run.params)
    # The number of clusters of a preset depends on the sample.
    return Settings(preset=name, changes={**changes, _N_CLUSTERS: run.params.clustering.n_clusters})


def _without_its_sample(run: Run) -> tuple[str, str]:
    """Name the file to show instead of a run's own sample, if there is one of that name, and say why."""
    of_that_name = [summary.path.name for summary in compute.samples() if summary.name == run.sample_name]
    if of_that_name:
        return of_that_name[0], (
            f"The run {run.title} was made on other data than {run.sample_name} now holds, so its settings were "
            "computed again."
        )
    return "", (
        f"The run {run.title} was made on {run.sample_name}, which is not here: import it on Add data, then open the link "
        "again. Its settings are shown on another sample."
    )


def _what_changed(run: Run) -> list[str]:
    sentences = []
    if run.deleted:
        sentences.append(f"The run {run.title} was deleted; the Runs page can restore it.")
    if run.aside:
        named = ", ".join(f"{name} = {value}" for name, value in run.aside.items())
        sentences.append(
            f"Another version of this program made the run {run.title}, with {named}, which this version does not know."
        )
    return sentences
