"""Marker genes on Tune: a background job finds them; a dot plot and a table for each domain show them."""

import functools

import pandas as pd
import streamlit as st

from core.evaluation.markers import COLUMNS, Markers, as_csv
from core.figures import charts
from core.figures.markers import dot_plot
from core.result import Result
from core.sample import Sample
from core.text import counted
from core.work.board.board import Job, JobStatus
from ui.data import jobs
from ui.shell import address, navigation, session, table_columns
from ui.shell.charts import Chart
from ui.shell.downloads import download
from ui.shell.guards import as_markdown
from ui.shell.job_progress import offer, watch
from ui.tune import state
from ui.tune.address import PART
from ui.tune.shown import ShownResult

N_ROWS = 200
"""Most genes that a table shows; the file has all."""

_CLICK = "Click a gene to see it on the tissue."
_LABELS = (
    ("Gene", ""),
    ("Score", "z of Wilcoxon's rank sum: how clearly the gene is higher in the domain than in all other spots."),
    ("log2 fold change", "log2 of the mean in the domain over the mean elsewhere: 1 is twice as much."),
    ("Adjusted p", "Two-sided, adjusted over all genes (Benjamini and Hochberg)."),
    ("Spots inside", "Share of the domain's spots that have counts of the gene."),
    ("Spots outside", "The same in all other spots."),
    ("Mean inside", "Mean of ln(1 + normalised count) in the domain."),
    ("Mean outside", "The same in all other spots."),
)


def dots(shown: ShownResult) -> Chart | None:
    """Draw the leading genes of all domains, or offer to search for them."""
    sample, result = shown.sample, shown.result
    job = jobs.markers(sample, result)
    if job is None or job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
        _offer(sample, result, job)
    elif not job.finished:
        watch(job.id, "search for markers")
    else:
        st.caption(
            "Leading genes of each domain. Area: share of the domain's spots that have the gene. Colour: its mean, scaled from the "
            "domain with the lowest to the one with the highest."
        )
        figure = dot_plot(job.result, shown.matching, sample.labels_true, theme=shown.theme)
        return figure, f"Leading genes of each domain of {sample.name}, by share of spots and by mean."
    return None


def _offer(sample: Sample, result: Result, ended: Job | None) -> None:
    offer(
        "Find markers",
        "markers",
        lambda: jobs.find_markers(sample, result),
        ended,
        "The last search was cancelled.",
        "Ranks all genes by how well they distinguish each domain from the others (Wilcoxon test of scanpy).",
    )


def tables(shown: ShownResult) -> None:
    """Show the ranked genes of a chosen domain; a click on a gene shows it on the tissue."""
    sample, matching = shown.sample, shown.matching
    job = jobs.markers(sample, shown.result)
    if job is None or job.status is not JobStatus.DONE:
        return
    found: Markers = job.result
    names = matching.told_apart
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cluster = _domain_picker([c for c in charts.ordered_clusters(matching) if c in found.clusters], names)
        _download(sample, found, names)
        # Last, because the table's own tools open above its right end.
        st.caption(_CLICK if sample.gene_names is not None else "", width="stretch")
    _table(sample, found, cluster, names[cluster])
    _say_what_is_left_out(found, names)


def _domain_picker(clusters: list[int], names: dict[int, str]) -> int:
    key, wanted = session.widget_key("markers of"), state.domain_of_markers()
    session.show(key, wanted if wanted in clusters else clusters[0])
    chosen = st.selectbox(
        "Domain",
        clusters,
        format_func=lambda cluster: names.get(cluster, str(cluster)),
        key=key,
        width=280,
        help="The table compares its spots with all other spots.",
        on_change=lambda: state.choose_domain_of_markers(session.shown(key)),
    )
    address.write(address.shown_file(), PART)
    return int(chosen)


def _download(sample: Sample, found: Markers, names: dict[int, str]) -> None:
    download(
        "All genes as CSV",
        functools.partial(as_csv, found, names),
        f"{sample.name}_markers.csv",
        "text/csv",
        "Every gene of every domain, ranked, with the columns of this table.",
        icon=":material/download:",
    )


def _table(sample: Sample, found: Markers, cluster: int, name: str) -> None:
    frame = pd.DataFrame(found.table(cluster, N_ROWS)).round({"share_inside": 2, "share_outside": 2})
    named = sample.gene_names is not None
    picked = st.dataframe(
        frame.assign(gene=table_columns.texts(frame["gene"].astype(str))),
        key=session.widget_key("marker table"),
        height=388,
        hide_index=True,
        column_config=table_columns.of_ranked_genes(COLUMNS, _LABELS, shares_as_bars=True),
        on_select="rerun",
        selection_mode="single-cell",
        alt=f"Ranked genes of {name} of {sample.name}",
    )
    if named and picked.selection.cells:
        row, _ = picked.selection.cells[0]
        navigation.open_gene(str(frame["gene"].iloc[row]))


def _say_what_is_left_out(found: Markers, names: dict[int, str]) -> None:
    few = [f"{names[cluster]} has {counted(size, 'spot')}" for cluster, size in found.too_small.items()]
    left_out = f"Not tested, because a test needs two spots inside and two outside: {'; '.join(few)}. " if few else ""
    shown = f"The {N_ROWS} highest scores are shown; the file has all {len(found.genes):,} genes. " * (
        len(found.genes) > N_ROWS
    )
    st.caption(
        f"{as_markdown(left_out)}{shown}Wilcoxon's rank sum test on logarithms of counts normalised by each spot's total. "
        "The domains were found in the same counts, so p only ranks genes; it proves nothing."
    )
