"""Parts of the Sections page: the picker, the knobs, the clustering job, and its maps and scores."""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core import units
from core.averaging import chosen_in_words
from core.depth import common_depth_in_words
from core.errors import DomainsError
from core.evaluation.in_common import apart_in_words, shared_in_words, tied_together
from core.evaluation.matching import Matching
from core.figures import charts as figure_charts
from core.figures import sections as figures
from core.figures.colours import Theme
from core.figures.origin import of_run
from core.io.joint_export import h5ad_zip, labels_zip
from core.io.lab import SampleSummary
from core.knobs import KnobPath, changed, value_at
from core.knobs import joint as joint_knobs
from core.method import joint
from core.params import MethodParams, preset
from core.result import Result, Scores
from core.sample import Sample
from core.text import counted
from ui.data import annotations, compute
from ui.sections import address as sections_address
from ui.sections import choice, finding, giving, keeping, state
from ui.sections.finding import Results
from ui.shell import camera, charts, domain_names, forms, maps, navigation, page_style, table_columns, truth_picker
from ui.shell.domain_names import Named
from ui.shell.downloads import download
from ui.shell.guards import as_markdown


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of a clustering: its results and their domains, or what these wait for."""

    results: Results | None
    named: Named | None
    awaited: str


# Measured: docs/accuracy.md, "Several sections together".
_BESIDE_ALONE = (
    "Together, a label means the same in all sections. Whether they then agree with experts as well as each alone on Tune depends on "
    "the tissue: ARI 0.59 instead of 0.64 on two sections of human cortex, 0.81 instead of 0.70 on two of mouse, 0.57 instead of 0.47 "
    "on halves of two."
)


def picker() -> list[SampleSummary]:
    """Ask in the sidebar for two or more sections; with fewer, say what to do and stop the page."""
    navigation.only_through_app()
    readable = {summary.path.name: summary for summary in compute.samples() if not summary.problem}
    sections_address.follow()
    with st.sidebar:
        choice.pick(readable)
        chosen = [readable[file] for file in state.together().files if file in readable]
        truth_picker.pickers(chosen)
        giving.box(readable, chosen)
    sections_address.write()
    for sentence in sections_address.ignored(readable):
        st.warning(as_markdown(sentence))
    if len(chosen) < 2:
        _too_few(len(readable))
    return chosen


def _too_few(n_readable: int) -> None:
    page_style.title("Sections")
    message = (
        "Choose two or more sections in the sidebar. They are clustered as one, so that a domain has the same label and colour in "
        "all of them. Or let one section get the layers of annotated ones, by name: Give layers, in the sidebar."
    )
    if n_readable < 2:
        message += " There is only one sample here that can be read: import another on Add data." * n_readable
    st.info(message)
    st.stop()


def read(summaries: Sequence[SampleSummary]) -> list[Sample]:
    """Read the chosen sections; where they do not go together, the reason stands below the title of the page."""
    try:
        samples = [compute.sample(summary) for summary in summaries]
        joint.check_samples(samples)
    except DomainsError:
        page_style.title("Sections")
        raise
    sections_address.ignore(
        [sentence for sample in samples for sentence in camera.refused(sample, maps.camera_entry(sample.name))]
    )
    return samples


def knobs(samples: Sequence[Sample]) -> None:
    """Ask for the knobs of a joint clustering."""
    default, shown = _standard(samples), _params(samples)
    for step, paths in itertools.groupby(joint_knobs(), key=lambda path: path[:-1]):
        names = [path[-1] for path in paths]
        take = functools.partial(_take, step, names, value_at(default, step))
        forms.record(
            ".".join(("sections", *step)), value_at(shown, step), names, take, defaults=value_at(default, step)
        )


def _take(step: KnobPath, names: Sequence[str], default: Any, new: Any) -> None:
    here = {(*step, name): getattr(new, name) for name in names}
    moved = {path: value for path, value in here.items() if value != getattr(default, path[-1])}
    others = {path: value for path, value in state.together().changes.items() if path not in here}
    state.change_together(changes=others | moved)


def _standard(samples: Sequence[Sample]) -> MethodParams:
    return preset("recommended", joint.suggested_n_clusters(samples))


def _params(samples: Sequence[Sample]) -> MethodParams:
    return changed(_standard(samples), state.together().changes)


def header(samples: Sequence[Sample], theme: Theme) -> Shown:
    """Show the title; start the clustering, show its progress, and offer its results, with the names of their domains, as files."""
    params = _params(samples)
    job = finding.job(samples, params)
    results, of_before = finding.found(samples, job)
    named = None if results is None else _named(samples, results)
    new = results if named is not None and not of_before else None  # what can be taken home
    found = None if new is None or named is None else named.found
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Sections", anchor=False, width="content")
        st.badge(counted(len(samples), "section"), color="blue")
        st.badge(
            counted(sum(sample.n_spots for sample in samples), "spot"), color="gray", help="In all sections together."
        )
        n_genes = len(compute.shared_genes(samples))
        st.badge(counted(n_genes, "shared gene"), color="gray", help="Genes that all sections have, matched by name.")
        st.space("stretch")
        # To a new row together, where one is too narrow.
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            finding.start_button(samples, params, job)
            keeping.popover(samples, new or {}, found)
            _export(samples, new, found, theme)
    finding.progress(job, of_before=of_before)
    return Shown(results, named, finding.awaited(job))


def _named(samples: Sequence[Sample], results: Results) -> Named:
    return domain_names.of_sections(samples, figures.match_together(samples, results), state.kept())


def scores(samples: Sequence[Sample], results: Results | None) -> None:
    """Show the scores of each section in a table."""
    rows = [_row(sample, None if results is None else results[sample.name]) for sample in samples]
    helps = {
        "Domains": "Number of domains with spots in this section.",
        "ARI": "Adjusted Rand index on annotated spots: 1 is full agreement, 0 is chance.",
        "NMI": "Normalised mutual information on annotated spots: 1 if either labelling determines the other.",
        "ARI, all spots": "Unannotated spots count as a class of their own, as in the paper.",
        "NMI, all spots": "Unannotated spots count as a class of their own, as in the paper.",
        "Stability": "Mean adjusted Rand index between every two fits of the consensus, on this section; 1 is best.",
        "PAS": "Share of spots whose ten nearest spots mostly have other labels; 0 is best.",
        "CHAOS": "Mean distance from a spot to the nearest one of its domain, in standard deviations of position; lower is better.",
    }
    columns = {name: st.column_config.TextColumn(help=text) for name, text in helps.items()}
    st.dataframe(rows, hide_index=True, column_config=columns)
    if results is None:
        return
    if apart := apart_in_words(tied_together(_labels(results))):
        st.warning(f"{as_markdown(apart)} Compare them by what marks their domains, or each on Tune.")
    if words := _chosen(results):
        st.caption(words)
    st.caption(_BESIDE_ALONE)


def _labels(results: Results) -> dict[str, np.ndarray]:
    return {name: result.labels for name, result in results.items()}


def _chosen(results: Results) -> str:
    """Say in Markdown what was chosen for these sections: how far to average, and whether depth takes part."""
    first = next(iter(results.values()))
    sentences = [chosen_in_words(first.averaging, None)]
    if first.params.direction.method == "bending":
        directions = {name: result.direction for name, result in results.items() if result.direction is not None}
        sentences.append(f"Depth: {as_markdown(common_depth_in_words(directions))}.")
    sentences.append(f"{shared_in_words(_labels(results))}.")
    return " ".join(filter(None, sentences))


def _row(sample: Sample, result: Result | None) -> dict[str, Any]:
    found = Scores() if result is None else result.scores
    return {
        "Section": table_columns.texts([sample.name])[0],
        "Spots": f"{sample.n_spots:,}",
        "Genes": f"{sample.n_genes:,}",
        "Domains": units.UNKNOWN if result is None else str(len(set(result.labels.tolist()))),
        "ARI": units.score("ari", found.ari),
        "NMI": units.score("nmi", found.nmi),
        "ARI, all spots": units.score("ari_all", found.ari_all),
        "NMI, all spots": units.score("nmi_all", found.nmi_all),
        "Stability": units.score("stability", found.stability),
        "PAS": units.score("pas", found.pas),
        "CHAOS": units.score("chaos", found.chaos),
    }


def _export(samples: Sequence[Sample], results: Results | None, found: Matching | None, theme: Theme) -> None:
    help_text = "Download maps, labels and sections."
    with st.popover("Export", icon=":material/download:", type="tertiary", disabled=results is None, help=help_text):
        if results is not None and found is not None:
            _files(samples, results, found, theme)


def _files(samples: Sequence[Sample], results: Results, found: Matching, theme: Theme) -> None:
    make_labels = functools.partial(labels_zip, samples, results, found.names)
    help_text = "One table for each section, zipped."
    download("Labels as CSV", make_labels, "sections_labels.zip", "application/zip", help_text)
    shades = figure_charts.colours_of_clusters(found, figures.annotation(samples), "light")
    drawn = {sample.name: annotations.reader_beside(sample) for sample in samples}
    make = functools.partial(h5ad_zip, samples, results, shades, found.names, drawn)
    help_text = "Each section with its labels and annotations, for scanpy and squidpy, zipped."
    download("Sections as h5ad", make, "sections_h5ad.zip", "application/zip", help_text)
    figure = figures.sections_figure(samples, results, found, theme=theme)
    refused, origin = charts.refused_kinds(), of_run(", ".join(results), _params(samples))
    for kind in ("png", "svg", "html"):
        charts.figure_button(f"Maps as {kind.upper()}", figure, "sections_maps", kind, origin, disabled=kind in refused)
    st.caption("Domains have the names that Names, below the maps, shows.")
