"""The genes of a comparison: a table that can be searched and sorted, and violins of those that are chosen."""

import numpy as np
import pandas as pd
import streamlit as st

from core.evaluation.differential import COLUMNS, Differential
from core.evaluation.gene_sets import names_in
from core.figures import differential as figures
from core.figures.origin import of_several
from ui.shell import charts, gene_names, navigation, pictures, session, table_columns
from ui.shell.asking.groups import Asked
from ui.shell.sample_view import MOST_GENES
from ui.tissue_view import TissueMap

N_ROWS = 5_000
"""Most genes that the table shows; the file has all."""

_FEW = 3  # genes of the violins until somebody chooses
_LABELS = (
    ("Gene", ""),
    ("Score", "z of Wilcoxon's rank sum, corrected for ties: above 0 where the group has more of the gene."),
    ("log2 fold change", "log2 of the mean in the group over the mean in the other: 1 is twice as much."),
    ("Adjusted p", "Two-sided, adjusted over all genes (Benjamini and Hochberg)."),
    ("Spots", "Share of the group's spots that have counts of the gene."),
    ("Spots, other", "The same in the other group."),
    ("Mean", "Mean of ln(1 + normalised count) in the group."),
    ("Mean, other", "The same in the other group."),
)


def table(page: Asked, found: Differential, what: str) -> None:
    """Show the ranked genes, or those of the search; rows that are marked are drawn as violins."""
    key = session.widget_key("ask", "search")
    wanted = st.text_input(
        "Find genes",
        key=key,
        placeholder="Names or Ensembl's identifiers",
        icon=":material/search:",
        help="Shows the genes whose names contain what you type; of several, each whole name.",
        persist_state="session",
    )
    frame = _rows(page, found, wanted or "")
    if frame.empty:
        st.info("No gene of this sample has such a name.")
        return
    picked = st.dataframe(
        frame.assign(gene=table_columns.texts(frame["gene"].astype(str))),
        key=session.widget_key("ask", "table", what),
        height=318,
        hide_index=True,
        column_config=table_columns.of_ranked_genes(COLUMNS, _LABELS),
        on_select="rerun",
        selection_mode="multi-row",
        alt=f"Ranked genes of {what} of {page.sample.name}",
    )
    rows = picked.selection.rows[:MOST_GENES]
    st.session_state[_marked_key(page)] = [str(frame["gene"].iloc[row]) for row in rows if row < len(frame)]
    if len(found.genes) > N_ROWS and not wanted:
        st.caption(
            f"The {N_ROWS:,} genes of the largest differences are shown; the search and the file have all {len(found.genes):,}."
        )


def _marked_key(page: Asked) -> str:
    return f"ask marked {page.sample.name}"


def _rows(page: Asked, found: Differential, wanted: str) -> pd.DataFrame:
    frame = pd.DataFrame(found.table()).round({"share": 2, "share_against": 2})
    names = names_in(wanted)
    if not names:
        strongest = np.sort(np.argsort(-np.abs(frame["score"].to_numpy()), kind="stable")[:N_ROWS])
        return frame.iloc[strongest]
    order = found.ranked()
    exact = np.isin(order, gene_names.find(page.sample, names).columns)
    contained = frame["gene"].str.contains(names[0], case=False, regex=False) if len(names) == 1 else False
    return frame[exact | contained].head(N_ROWS)


def violins(page: Asked, found: Differential) -> None:
    """Draw the chosen genes by domain or layer: those marked in the table, or else those named."""
    if page.sample.gene_names is None or not page.partitions:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = _gene_picker(page, found)
        by = _partition_picker(page)
        if chosen and st.button(
            "Show on the map",
            key=session.widget_key("ask", "map"),
            icon=":material/map:",
            type="tertiary",
            help="Opens these genes on Tissue",
        ):
            navigation.open_genes(chosen)
    if not chosen:
        return
    values = {gene: pictures.values(page.sample, "gene", gene) for gene in chosen}
    figure = figures.violins(values, np.asarray(by.labels), by.names, by.colours, theme=page.theme)
    words = f"{', '.join(chosen)} by {by.title.lower()}"
    charts.show(figure, f"Log-normalised expression of {words} of {page.sample.name}.")
    charts.downloads(figure, f"{page.sample.name}_violins", of_several(page.sample.name, words), "violins")


def _gene_picker(page: Asked, found: Differential) -> list[str]:
    key, there = session.widget_key("ask", "genes"), gene_names.of_sample(page.sample)
    marked, last = st.session_state.get(_marked_key(page), []), f"{key} marked"
    if marked and marked != st.session_state.get(last):
        session.show(key, marked)
    st.session_state[last] = marked
    kept = [gene for gene in st.session_state.get(key, ()) if gene in there]
    session.show_unless_shown(key, kept or found.table(_FEW)["gene"].tolist(), page.sample.content_hash)
    return list(
        st.multiselect(
            "Genes of the violins",
            there,
            key=key,
            max_selections=MOST_GENES,
            format_func=gene_names.labels(page.sample),
            help="Mark rows of the table, or name genes here.",
            persist_state="session",
        )
    )


def _partition_picker(page: Asked) -> TissueMap:
    titles = [item.title for item in page.partitions]
    if len(titles) == 1:
        return page.partitions[0]
    chosen = st.segmented_control(
        "By", titles, required=True, default=titles[0], key=session.widget_key("ask", "by"), persist_state="session"
    )
    return page.partitions[titles.index(str(chosen or titles[0]))]
