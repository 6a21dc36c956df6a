"""New annotations: from nothing, from the predicted domains, from the file's annotation, as a copy, or from a file that is previewed first."""

import numpy as np
import streamlit as st

from core.annotation import Annotation, Region, new_annotation
from core.annotation_labels import from_labels
from core.figures import colours
from core.io.lab import SampleSummary
from core.layer_names import display_name
from core.params import PRESETS
from core.region_names import MAX_NAME
from core.sample import UNANNOTATED
from ui.annotate import beginning, taking_in
from ui.annotate.beside import Predicted
from ui.data import compute, truth, user
from ui.shell import session
from ui.shell.drawing import acting
from ui.shell.drawing.pictures import new_colour

_SOURCES = {
    "nothing": "Nothing",
    "predicted": "Predicted domains",
    "annotation": truth.OF_FILE,
    "file": "A file",
}


def form(summary: SampleSummary, found: Predicted, n_there: int) -> None:
    """Ask for a new annotation: its name, and what it starts from."""
    name = _name(f"Annotation {n_there + 1}")
    offered = [kind for kind in _SOURCES if kind != "annotation" or summary.annotated]
    source = st.radio(  # below one another: the column is narrow
        "Start from",
        offered,
        format_func=_SOURCES.__getitem__,
        key=session.widget_key("annotation", "source"),
    )
    if source == "file":
        taking_in.offer(summary, name)
        return
    missing = found.missing if source == "predicted" and found.result is None else ""
    st.button(
        "Create",
        key=session.widget_key("annotation", "create"),
        icon=":material/add:",
        disabled=bool(missing),
        help=missing or None,
        on_click=lambda: _start(summary, str(source), name, found),
    )


def _name(default: str) -> str:
    given = st.text_input(
        "Name of the annotation",
        placeholder=default,
        key=session.widget_key("annotation", "new name"),
        max_chars=MAX_NAME,
    )
    return str(given or "").strip() or default


def _start(summary: SampleSummary, source: str, name: str, found: Predicted) -> None:
    made = {"nothing": _from_nothing, "predicted": _from_domains, "annotation": _from_file}[source]
    acting.do(summary, lambda: beginning.begin(summary, made(summary, name, found)))


def _from_nothing(summary: SampleSummary, name: str, _: Predicted) -> Annotation:
    first = Region("Region 1", new_colour("Region 1", (), compute.file_sample(summary)))
    return new_annotation(compute.file_sample(summary).n_spots, name=name, author=user.who(), regions=(first,))


def _from_domains(_: SampleSummary, name: str, found: Predicted) -> Annotation:
    assert found.result is not None  # noqa: S101 - the button is disabled without it
    assert found.matching is not None  # noqa: S101
    matching, result = found.matching, found.result
    shades = colours.domain_colours(matching, found.sample.classes, "light")
    names = matching.names
    labels = np.array([names[cluster] for cluster in result.labels.tolist()])
    return from_labels(
        labels,
        name=name,
        author=user.who(),
        source=f"domains of {PRESETS[session.settings().preset]}, K={result.params.clustering.n_clusters}, seed "
        f"{result.params.clustering.random_state}",
        colours={names[cluster]: shade for cluster, shade in shades.items()},
        order=colours.in_order(set(names.values())),
    )


def _from_file(summary: SampleSummary, name: str, _: Predicted) -> Annotation:
    sample = compute.file_sample(summary)
    shades = colours.layer_colours(sample.classes, "light")
    return from_labels(
        np.array([display_name(label) if label != UNANNOTATED else label for label in map(str, sample.labels_true)]),  # type: ignore[arg-type]
        name=name,
        author=user.who(),
        source="file's annotation",
        colours={display_name(label): shade for label, shade in shades.items()},
        order=[display_name(label) for label in shades],
    )
