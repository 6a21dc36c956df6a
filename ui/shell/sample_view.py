"""The map and the facts of a sample, for Tissue and for the preview of Add data."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import expression_kinds
from core.evaluation.gene_sets import MIN_GENES, FoundGenes
from core.figures import blending
from core.figures.charts import colour_scale
from core.figures.colours import Theme
from core.sample import Sample
from core.text import counted, listed
from ui.shell import gene_names, maps, pictures, session
from ui.shell.guards import as_markdown
from ui.tissue_view import TissueMap
from ui.tissue_view.component import MAX_MAPS

KINDS = {
    "annotation": "Annotation",
    "gene": "Gene",
    "several": "Several genes",
    "set": "Gene set",
    "counts": "Counts per spot",
    "genes": "Genes per spot",
}
OF_SEVERAL = ("several", "set")
"""Kinds that need fields of their own for their genes."""
_OF_GENES = ("gene", *OF_SEVERAL)
MOST_GENES = MAX_MAPS
"""Most genes side by side."""
_UNITS = {"gene": "log-normalised", "raw gene": "counts", "counts": "counts", "genes": "genes", "set": "score"}
_UPPER_PERCENTILE = 99
"""A few bright spots above it would leave all others dark."""
_NO_GENES = FoundGenes((), (), ())
_MARKERS = ("PCP4", "MOBP", "SNAP25", "GFAP")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A sample, and what its maps show: the annotation, or values between two limits; of genes log-normalised ones or raw counts.

    Of several genes `found` names those of the maps, blended in one or (`beside`) each in its own; of a set it names the genes that
    are scored.
    """

    sample: Sample
    theme: Theme
    kind: str
    gene: str | None
    raw: bool
    limits: tuple[float, float] | None
    found: FoundGenes = _NO_GENES
    beside: bool = False

    @property
    def blends(self) -> bool:
        """Whether the map blends genes."""
        return self.kind == "several" and not self.beside and 2 <= len(self.found.names) <= blending.MOST_GENES


def find(
    sample: Sample,
    theme: Theme,
    kind: str,
    gene: str | None = None,
    limits: tuple[float, float] | None = None,
    *,
    raw: bool = False,
    genes: Sequence[str] = (),
    beside: bool = False,
) -> Shown:
    """Decide what the map shows: the requested kind and genes if the sample has them, or else a default."""
    kinds, gene = _kinds(sample), _gene(sample, gene)
    kind = kind if kind in kinds else kinds[0]
    found = _found(sample, kind, genes)
    shown = Shown(sample=sample, theme=theme, kind=kind, gene=gene, raw=raw, limits=None, found=found, beside=beside)
    if kind in ("annotation", "several") or (kind == "set" and len(found.names) < MIN_GENES):
        return shown
    return dataclasses.replace(shown, limits=limits or limits_of(values(shown), of_gene=kind in _OF_GENES))


def values(shown: Shown) -> np.ndarray:
    """Look up what colours the spots of a map of values."""
    if shown.kind == "set":
        return pictures.set_score(shown.sample, shown.found.columns)
    return pictures.values(shown.sample, shown.kind, shown.gene, raw=shown.raw)


def _found(sample: Sample, kind: str, genes: Sequence[str]) -> FoundGenes:
    if kind == "several":
        found = gene_names.find(sample, genes)
        if not found.names:
            found = dataclasses.replace(gene_names.find(sample, _default_genes(sample)), missing=found.missing)
        return dataclasses.replace(found, names=found.names[:MOST_GENES], columns=found.columns[:MOST_GENES])
    return gene_names.find(sample, genes) if kind == "set" else _NO_GENES


def _default_genes(sample: Sample) -> list[str]:
    there = gene_names.of_sample(sample)
    return list(dict.fromkeys([*(gene for gene in _MARKERS if gene in there), *there[:2]]))[:2]


def limits_of(values: np.ndarray, *, of_gene: bool) -> tuple[float, float]:
    """Find the ends of the colour scale: of genes the 99th percentile is the upper one."""
    low, most = float(values.min()), float(values.max())
    high = float(np.percentile(values, _UPPER_PERCENTILE)) if of_gene else most
    return low, high if high > low else most  # a gene of few spots is seen, too


def _kinds(sample: Sample) -> list[str]:
    missing = {"annotation": sample.labels_true is None} | dict.fromkeys(_OF_GENES, sample.gene_names is None)
    return [kind for kind in KINDS if not missing.get(kind)]


def _gene(sample: Sample, wanted: str | None) -> str | None:
    there = gene_names.of_sample(sample)
    if wanted is not None and wanted not in there:
        wanted = next(iter(gene_names.find(sample, [wanted]).names), None)
    return next((gene for gene in (wanted, *_MARKERS, *there[:1]) if gene in there), None)


def kind_picker(sample: Sample, kind: str, take: Callable[[str], None], *, without: Sequence[str] = ()) -> None:
    """Ask what the map shows; `without` are kinds that are not offered."""
    key, kinds = session.widget_key("view kind"), [name for name in _kinds(sample) if name not in without]
    session.show_unless_shown(key, kind, *kinds)
    st.segmented_control(
        "Show",
        kinds,
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
    if sample.expression_kind not in ("counts", "restored"):
        st.badge("No raw counts", color="orange", help=expression_kinds.note(sample.expression_kind).strip())


def picture(shown: Shown, camera: str = "") -> np.ndarray | None:
    """Draw the map, with its camera in an entry of the address; return the spots selected by the lasso, None if none."""
    sample = shown.sample
    annotated = [] if sample.labels_true is None else [maps.annotated(sample, shown.theme)]
    in_sight, hover_only = (annotated, []) if shown.kind == "annotation" else _maps_of_numbers(shown)
    hover_only = hover_only if shown.kind == "annotation" else [*hover_only, *annotated]
    return maps.draw(session.widget_key("tissue"), sample, in_sight, shown.theme, hover_only, camera=camera)


def _maps_of_numbers(shown: Shown) -> tuple[list[TissueMap], list[TissueMap]]:
    """Make a map of values, or one for each of several genes, or one that blends them; each gene has its line in the hover text."""
    if shown.kind != "several":
        return [map_of_values(shown)], []
    each = [
        map_of_values(dataclasses.replace(one, limits=ends))
        for one, ends in zip(alone(shown), gene_limits(shown), strict=True)
    ]
    if not shown.blends:
        return each, []
    names = listed(shown.found.names)
    codes, shades = blending.coded(
        [item.values for item in each if item.values is not None], gene_limits(shown), shown.theme
    )
    blend = TissueMap(
        title=maps.titled(names, shown.sample),
        description=f"{names} of {shown.sample.name}, blended by spot.",
        labels=codes,
        colours=shades,
    )
    return [blend], each


def alone(shown: Shown) -> list[Shown]:
    """Show each of several genes by itself."""
    return [dataclasses.replace(shown, kind="gene", gene=gene) for gene in shown.found.names]


def gene_limits(shown: Shown) -> list[tuple[float, float]]:
    """Find the ends of each gene's scale."""
    return [limits_of(values(one), of_gene=True) for one in alone(shown)]


def map_of_values(shown: Shown) -> TissueMap:
    """Make the map of a gene, or of counts."""
    title = str(shown.gene) if shown.kind == "gene" else KINDS[shown.kind]
    if shown.limits is None:
        message = f"A score needs at least {MIN_GENES} genes of this sample: name them at the left."
        return TissueMap(title=maps.titled(title, shown.sample), description=message, message=message)
    return TissueMap(
        title=maps.titled(title, shown.sample),
        description=f"{title} of {shown.sample.name}, by spot.",
        values=values(shown),
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
        made += expression_kinds.note(sample.expression_kind)
        st.caption(made + (as_markdown(sample.source) or "The file does not say where it comes from."))
