"""What is shown beside the drawn map: predicted domains of the present settings, the file's annotation, a gene, or depth."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.evaluation.matching import Matching
from core.figures.charts import colour_scale
from core.io.lab import SampleSummary
from core.result import Result
from core.sample import Sample
from ui.annotate import state
from ui.data import compute, truth
from ui.shell import domain_names, forms, gene_names, known_runs, maps, sample_view, session
from ui.tissue_view import TissueMap

_KINDS = {
    "predicted": "Domains",
    "annotation": truth.OF_FILE,
    "gene": "Gene",
    "depth": "Depth",
    "nothing": "Nothing",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predicted:
    """The domains of the present settings: a result with its names, or why there is none yet."""

    sample: Sample
    result: Result | None = None
    matching: Matching | None = None
    missing: str = ""
    can_be_found: bool = True


def predicted(summary: SampleSummary, *, wait: bool) -> Predicted:
    """Look up the domains of the present settings, or find them if the page may `wait`; they do not depend on what is drawn."""
    own, sample = compute.file_sample(summary), compute.sample(summary)
    params = forms.params(sample)
    if not compute.ready(own, params):
        return Predicted(
            sample=sample, missing="These settings ask for training: start it on Tune.", can_be_found=False
        )
    if not wait and not compute.is_found(own, params):
        return Predicted(sample=sample, missing="Domains are being found.")
    result = compute.cluster(own, params)
    run = known_runs.kept(sample, params, summary.path.name)
    return Predicted(sample=sample, result=result, matching=domain_names.domains(sample, result.labels, run))


def picker(sample: Sample) -> None:
    """Ask what is shown beside the drawn map."""
    key, shown = session.widget_key("beside"), state.beside()
    kinds = [kind for kind in state.BESIDE_KINDS if _has(sample, kind)]
    session.show_unless_shown(key, shown.kind if shown.kind in kinds else "predicted", *kinds)
    st.segmented_control(
        "Beside it",
        kinds,
        required=True,
        format_func=_KINDS.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: state.show_beside(dataclasses.replace(shown, kind=session.shown(key))),
    )
    if shown.kind == "gene" and _has(sample, "gene"):
        _gene_picker(sample, shown.gene)


def _gene_picker(sample: Sample, gene: str | None) -> None:
    key = session.widget_key("beside gene")
    session.show_unless_shown(key, sample_view.find(sample, session.theme(), "gene", gene).gene, sample.content_hash)
    st.selectbox(
        "Gene",
        gene_names.of_sample(sample),
        key=key,
        label_visibility="collapsed",
        width=180,
        on_change=lambda: state.show_beside(state.Beside("gene", session.shown(key))),
    )


def _has(sample: Sample, kind: str) -> bool:
    missing = {"annotation": sample.labels_true is None, "gene": sample.gene_names is None}
    return not missing.get(kind, False)


def maps_beside(summary: SampleSummary, found: Predicted) -> list[TissueMap]:
    """Make the map beside the drawn one; none where nothing is asked for."""
    own, theme, shown = compute.file_sample(summary), session.theme(), state.beside()
    kind = shown.kind if _has(own, shown.kind) else "predicted"
    if kind == "nothing":
        return []
    if kind == "annotation":
        return [maps.annotated(own, theme, truth.OF_FILE)]
    if kind == "gene":
        return [sample_view.map_of_values(sample_view.find(own, theme, "gene", shown.gene))]
    if found.result is None or found.matching is None:
        description = f"The predicted domains of {own.name} are not found yet."
        return [TissueMap(title=maps.titled("Predicted", own), description=description, message=found.missing)]
    if kind == "depth":
        return [_depth(own, found.result)]
    return [maps.predicted(found.sample, found.result, found.matching, theme)]


def _depth(sample: Sample, result: Result) -> TissueMap:
    values = compute.positions_um(sample, compute.shown_direction(sample, result))
    return TissueMap(
        title=maps.titled("Depth", sample),
        description=f"Depth of {sample.name}, by spot.",
        values=np.asarray(values, dtype=float),
        scale=[colour for _, colour in colour_scale(session.theme())],
        unit="µm" if sample.unit_known else "units",
    )
