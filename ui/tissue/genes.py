"""Several genes on the Tissue page: blended in one map or side by side, and sets of genes as a score."""

import streamlit as st

from core.evaluation.gene_sets import FoundGenes, names_in
from core.figures import blending
from core.sample import Sample
from core.text import counted, listed
from ui.shell import charts, gene_names, sample_view, session
from ui.shell.guards import as_markdown
from ui.shell.sample_view import MOST_GENES, Shown
from ui.tissue import address, state

_MOST_CHARACTERS = 500_000


def several_picker(sample: Sample, found: FoundGenes, *, blended: bool) -> None:
    """Ask for up to six genes, and whether one map blends them."""
    key, there = session.widget_key("several genes"), gene_names.of_sample(sample)
    session.show_unless_shown(key, list(found.names), sample.content_hash)
    st.multiselect(
        "Genes",
        there,
        key=key,
        max_selections=MOST_GENES,
        format_func=gene_names.labels(sample),
        help="Type a few letters of the name, or of Ensembl's identifier where the file has it. Two or three can be blended in one map; "
        f"up to {MOST_GENES} are shown side by side, with one camera.",
        on_change=lambda: state.change_view(several=tuple(session.shown(key))),
    )
    _how_picker(len(found.names), blended=blended)
    _say_missing(found)


def _how_picker(n_genes: int, *, blended: bool) -> None:
    key = session.widget_key("how")
    session.show_unless_shown(key, not blended)
    st.segmented_control(
        "Maps",
        [False, True],
        format_func={False: "Blended", True: "Side by side"}.__getitem__,
        required=True,
        key=key,
        width="stretch",
        disabled=not 2 <= n_genes <= blending.MOST_GENES,
        help="Blended: one map whose colours mix, for two or three genes. Colours are told apart by all eyes, the colour-blind "
        "among them: every gene that is added makes a spot darker, on the dark theme lighter.",
        on_change=lambda: state.change_view(beside=session.shown(key)),
    )


def set_picker(found: FoundGenes) -> None:
    """Ask for the names of a set, and say which of them the sample has."""
    key, pasted = session.widget_key("gene set"), state.view().pasted
    session.show(key, ", ".join(pasted))
    st.text_area(
        "Genes of the set",
        key=key,
        height=150,
        max_chars=_MOST_CHARACTERS,
        placeholder="PCP4, SNAP25, ...",
        help="Paste names or Ensembl's identifiers, with commas, spaces or ends of lines between them. Score: mean of the set minus mean of "
        "control genes that are as abundant (scanpy's score_genes, always with the same seed).",
        on_change=lambda: state.change_view(pasted=names_in(session.shown(key) or "")),
    )
    if found.names:
        st.caption(f"{counted(len(found.names), 'gene')} found.")
    _say_missing(found)
    if pasted and not address.fits(pasted):
        st.caption("These names are too long for a link: the address leaves them out.")


def _say_missing(found: FoundGenes) -> None:
    if words := found.missing_in_words():
        st.caption(f":material/error: {as_markdown(words)}")


def legend(shown: Shown) -> None:
    """Draw what the colours of a blend mean."""
    if not shown.blends:
        return
    figure = blending.legend(shown.found.names, sample_view.gene_limits(shown), theme=shown.theme)
    charts.show(figure, f"Colours of each mixture of {listed(shown.found.names)}.", fits=True)
