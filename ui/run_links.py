"""Links to kept runs: `?run=<id>`, which opens a run wherever its record can be read."""

from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from core import knobs
from core.errors import RecordError, SampleError
from core.io.lab_h5 import SampleSummary
from core.work.runs import Run
from ui import compute
from ui.record import record
from ui.state import Settings


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
    """Write the link that opens a run.

    Parameters
    ----------
    run_id : str

    Returns
    -------
    str
        With the address under which the reader sees the app; without a server's name where that is unknown.
    """
    server = urlsplit(st.context.url or "")
    # Tune is the first page: it has the server's own address, whichever page asks.
    path = "/".join(["", *filter(None, [st.get_option("server.baseUrlPath").strip("/")]), ""])
    return urlunsplit((server.scheme, server.netloc, path, urlencode({"run": run_id}), ""))


def open_run(run_id: str) -> Opened:
    """Find the run that a link names, and its sample.

    Parameters
    ----------
    run_id : str
        As it stands in the address.

    Returns
    -------
    Opened
    """
    try:
        run = record().run(run_id)
    except RecordError as error:
        return Opened(sentences=[str(error)])
    file, sentences = _sample_of(run)
    if run.deleted:
        sentences.append(f"The run {_name(run)} was deleted; the Runs page can restore it.")
    if run.aside:
        named = ", ".join(f"{name} = {value}" for name, value in run.aside.items())
        sentences.append(
            f"Another version of this program made the run {_name(run)}, with {named}, which this one does not know."
        )
    return Opened(run, file, settings_of(run, file), sentences)


def settings_of(run: Run, file: str) -> Settings:
    """Say by which preset and which moved knobs the workbench comes to the parameters of a run.

    Parameters
    ----------
    run : Run
    file : str
        Of the sample that it is shown on; empty where that is not known.

    Returns
    -------
    Settings
    """
    name, changes = knobs.nearest_preset(run.params)
    n_clusters = run.params.clustering.n_clusters
    # How many clusters a preset has depends on the sample.
    shown = next((summary for summary in compute.samples() if file and summary.path.name == file), None)
    if shown is None or compute.sample(shown).suggested_n_clusters(name) != n_clusters:
        changes[_N_CLUSTERS] = n_clusters
    return Settings(preset=name, changes=changes)


_N_CLUSTERS = ("clustering", "n_clusters")


def _sample_of(run: Run) -> tuple[str, list[str]]:
    """Find the file with the data of a run: first under its name, then under any; else say what there is instead."""
    readable = [summary for summary in compute.samples() if not summary.problem]
    readable.sort(key=lambda summary: summary.name != run.sample_name)
    for summary in (summary for summary in readable if summary.n_spots == run.n_spots):
        if _content_hash(summary) == run.content_hash:
            return summary.path.name, []
    of_that_name = [summary.path.name for summary in readable if summary.name == run.sample_name]
    if of_that_name:
        return of_that_name[0], [
            f"The run {_name(run)} was made on other data than {run.sample_name} holds now: its settings are here, but they "
            "were computed anew."
        ]
    return "", [
        f"The run {_name(run)} was made on {run.sample_name}, which is not here: bring it in on Add data, then open the link "
        "again. Its settings are here, on another sample."
    ]


def _content_hash(summary: SampleSummary) -> str:
    try:
        return compute.sample(summary).content_hash
    except SampleError:
        return ""  # the list of samples says what is wrong with it


def _name(run: Run) -> str:
    return run.name or run.id[:8]
