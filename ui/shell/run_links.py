"""Links to kept runs: `?run=<id>`, which opens a run wherever its record can be read."""

from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from core import knobs
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
    """What a link to a run leads to.

    Parameters
    ----------
    run : Run or None
        None where there is no such run here.
    file : str
        Of the sample; empty where it is not here.
    settings : Settings
        By which the workbench comes to the parameters of the run.
    sentences : list of str
        What is not as it was when the run was kept.
    """

    run: Run | None = None
    file: str = ""
    settings: Settings = field(default_factory=Settings)
    sentences: list[str] = field(default_factory=list)


def link_to(run_id: str) -> str:
    """Write the link that opens a run, with the address under which the reader sees the app, if that is known."""
    server = urlsplit(st.context.url or "")
    # Tune is the first page: it has the server's own address, whichever page asks.
    path = "/".join(["", *filter(None, [st.get_option("server.baseUrlPath").strip("/")]), ""])
    return urlunsplit((server.scheme, server.netloc, path, urlencode({"run": run_id}), ""))


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
    """Express parameters as Tune does: the preset from which fewest knobs are moved on this sample, and these knobs."""
    return Settings(*knobs.nearest_preset(params, sample.suggested_n_clusters))


_N_CLUSTERS = ("clustering", "n_clusters")


def _settings(run: Run, sample: Sample | None) -> Settings:
    if sample is not None:
        return settings_for(run.params, sample)
    name, changes = knobs.nearest_preset(run.params)
    # How many clusters a preset has depends on the sample.
    return Settings(preset=name, changes={**changes, _N_CLUSTERS: run.params.clustering.n_clusters})


def _without_its_sample(run: Run) -> tuple[str, str]:
    """Name the file to show instead of a run's own, if there is one of that name, and say why."""
    of_that_name = [summary.path.name for summary in compute.samples() if summary.name == run.sample_name]
    if of_that_name:
        return of_that_name[0], (
            f"The run {run.title} was made on other data than {run.sample_name} holds now: its settings are here, but they "
            "were computed anew."
        )
    return "", (
        f"The run {run.title} was made on {run.sample_name}, which is not here: bring it in on Add data, then open the link "
        "again. Its settings are here, on another sample."
    )


def _what_changed(run: Run) -> list[str]:
    sentences = []
    if run.deleted:
        sentences.append(f"The run {run.title} was deleted; the Runs page can restore it.")
    if run.aside:
        named = ", ".join(f"{name} = {value}" for name, value in run.aside.items())
        sentences.append(
            f"Another version of this program made the run {run.title}, with {named}, which this one does not know."
        )
    return sentences
