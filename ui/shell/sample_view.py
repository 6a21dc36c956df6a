"""The map and the facts of a sample, for Tissue and for the preview of Add data."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.figures.charts import colour_scale
from core.figures.colours import Theme
from core.sample import Sample
from core.text import counted
from ui.shell import maps, pictures, session
from ui.shell.guards import as_markdown
from ui.tissue_view import TissueMap

KINDS = {"annotation": "Annotation", "gene": "Gene", "counts": "Counts per spot", "genes": "Genes per spot"}
_UNITS = {"gene": "log-normalised", "raw gene": "counts", "counts": "counts", "genes": "genes"}
_UPPER_PERCENTILE = 99
"""A few bright spots above it would leave all others dark."""
_MARKERS = ("PCP4", "MOBP", "SNAP25", "GFAP")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A sample, and what its map shows: the annotation, or values between two limits; of a gene log-normalised ones or raw counts."""

    sample: Sample
    theme: Theme
    kind: str
    gene: str | None
    raw: bool
    limits: tuple[float, float] | None


def find(
    sample: Sample,
    theme: Theme,
    kind: str,
    gene: str | None = None,
    limits: tuple[float, float] | None = None,
    *,
    raw: bool = False,
) -> Shown:
    """Decide what the map shows: the requested kind and gene if the sample has them, or else a default."""
    kinds, gene = _kinds(sample), _gene(sample, gene)
    kind = kind if kind in kinds else kinds[0]
    if kind == "annotation":
        return Shown(sample=sample, theme=theme, kind=kind, gene=gene, raw=raw, limits=None)
    limits = limits or _limits(pictures.values(sample, kind, gene, raw=raw), of_gene=kind == "gene")
    return Shown(sample=sample, theme=theme, kind=kind, gene=gene, raw=raw, limits=limits)


def _limits(values: np.ndarray, *, of_gene: bool) -> tuple[float, float]:
    low, most = float(values.min()), float(values.max())
    high = float(np.percentile(values, _UPPER_PERCENTILE)) if of_gene else most
    return low, high if high > low else most  # a gene of few spots is seen, too


def genes(sample: Sample) -> list[str]:
    """Name the genes of a sample, sorted; empty if its file has no names."""
    return [] if sample.gene_names is None else sorted(set(sample.gene_names.tolist()))


def _kinds(sample: Sample) -> list[str]:
    missing = {"annotation": sample.labels_true is None, "gene": sample.gene_names is None}
    return [kind for kind in KINDS if not missing.get(kind)]


def _gene(sample: Sample, wanted: str | None) -> str | None:
    there = genes(sample)
    return next((gene for gene in (wanted, *_MARKERS, *there[:1]) if gene in there), None)


def kind_picker(sample: Sample, kind: str, take: Callable[[str], None]) -> None:
    """Ask what the map shows."""
    key = session.widget_key("view kind")
    session.show(key, kind)
    st.segmented_control(
        "Show",
        _kinds(sample),
        required=True,
        format_func=KINDS.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: take(session.shown(key)),
    )


def badges(sample: Sample, *, with_size: bool = False) -> None:
    """Show badges in a row: the sample's name, its size, and whether it is synthetic."""
    st.badge(as_markdown(sample.name), color="blue", help=as_markdown(sample.source) or None)
    if with_size:
        help_text = f"Spots under tissue, with {counted(sample.n_genes, 'gene')} each."
        st.badge(counted(sample.n_spots, "spot"), color="gray", help=help_text)
    if sample.synthetic:
        st.badge("Synthetic tissue", color="orange", help="Made by a program, not measured.")


def picture(shown: Shown, camera: str = "") -> np.ndarray | None:
    """Draw the map, with its camera in an entry of the address; return the spots selected by the lasso, None if none."""
    sample = shown.sample
    annotated = [] if sample.labels_true is None else [maps.annotated(sample, shown.theme)]
    in_sight, hover_only = (annotated, []) if shown.kind == "annotation" else ([_map_of_values(shown)], annotated)
    return maps.draw(session.widget_key("tissue"), sample, in_sight, shown.theme, hover_only, camera=camera)


def _map_of_values(shown: Shown) -> TissueMap:
    title = str(shown.gene) if shown.kind == "gene" else KINDS[shown.kind]
    return TissueMap(
        title=maps.titled(title, shown.sample),
        description=f"{title} of {shown.sample.name}, by spot.",
        values=pictures.values(shown.sample, shown.kind, shown.gene, raw=shown.raw),
        scale=[colour for _, colour in colour_scale(shown.theme)],
        limits=shown.limits,
        unit=_UNITS["raw gene" if shown.kind == "gene" and shown.raw else shown.kind],
    )


def card(sample: Sample) -> None:
    """Show how large a sample is, and where it comes from."""
    n_layers = len(sample.layer_names)
    counts = counted(sample.n_spots, "spot"), counted(sample.n_genes, "gene"), counted(n_layers, "layer")
    size = ", ".join("**{}** {}".format(*count.split(" ")) for count in counts)
    help_text = (
        "Spots: measured locations under tissue, or cells. Genes: those in the file, often only the most variable ones. Layers: "
        "annotated classes, not counting unannotated spots."
    )
    with st.container(border=True, gap="xsmall"):
        st.markdown(size, help=help_text)
        made = "**Synthetic:** made by a program, not measured. " * sample.synthetic
        st.caption(made + (as_markdown(sample.source) or "The file does not say where it comes from."))
