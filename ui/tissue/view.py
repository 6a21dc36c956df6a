"""Parts of the Tissue page: facts of a sample, the choice of what to see, its map, and what a lasso holds."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from core.evaluation.quality import composition
from core.figures.charts import colour_scale
from core.figures.comparison import spot_names
from core.figures.layers import spots_per_layer
from core.io.export import spots_csv
from core.sample import Sample
from core.text import shown
from ui.shell import maps, pictures, session
from ui.shell.guards import as_markdown
from ui.tissue_view import TissueMap, tissue_view

KINDS = {"annotation": "Annotation", "gene": "Gene", "counts": "Counts per spot", "genes": "Genes per spot"}
_UNITS = {"gene": "counts", "counts": "counts", "genes": "genes"}
_MARKERS = ("PCP4", "MOBP", "SNAP25", "GFAP")
_CHART_CONFIG = {"displayModeBar": False}


def header(sample: Sample) -> None:
    """Say what page this is and what sample it shows, and ask what the colours of the map mean."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Tissue", anchor=False, width="content")
        st.badge(as_markdown(sample.name), color="primary", help=as_markdown(sample.source) or None)
        if sample.synthetic:
            st.badge("Synthetic tissue", color="orange", help="Made by a program, not measured.")
        st.space("stretch")
        kind_picker(sample)


def kind_picker(sample: Sample) -> None:
    """Ask what the colours of the map mean."""
    key = session.widget_key("view kind")
    session.show(key, _kind(sample))
    st.segmented_control(
        "Show",
        _kinds(sample),
        required=True,
        format_func=KINDS.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: session.change_view(kind=session.shown(key)),
    )


def card(sample: Sample) -> None:
    """Show how large a sample is, how its spots spread over the layers, and where it comes from."""
    n_layers = len(sample.layer_names)
    size = f"**{sample.n_spots:,}** spots, **{sample.n_genes:,}** genes, **{n_layers}** layer{'s' * (n_layers != 1)}"
    words = (
        "Spots: places of the array under tissue, or cells. Genes: those in the file, often the most variable ones only. Layers: "
        "annotated classes, without the spots that the experts left out."
    )
    with st.container(border=True, gap="xsmall"):
        st.markdown(size, help=words)
        made = "**Synthetic:** made by a program, not measured. " * sample.synthetic
        st.caption(made + (as_markdown(sample.source) or "The file does not say where it comes from."))


def value_pickers(sample: Sample) -> None:
    """Ask for a gene, and between which values the colours run."""
    _gene_picker(sample)
    _limits_picker(sample, _kind(sample))


def _kinds(sample: Sample) -> list[str]:
    missing = {"annotation": sample.labels_true is None, "gene": sample.gene_names is None}
    return [kind for kind in KINDS if not missing.get(kind)]


def _kind(sample: Sample) -> str:
    wanted, there = session.view().kind, _kinds(sample)
    return wanted if wanted in there else there[0]


def _genes(sample: Sample) -> list[str]:
    return [] if sample.gene_names is None else sorted(set(sample.gene_names.tolist()))


def _gene(sample: Sample) -> str | None:
    there = _genes(sample)
    wanted = [session.view().gene, *_MARKERS, *there[:1]]
    return next((gene for gene in wanted if gene in there), None)


def _gene_picker(sample: Sample) -> None:
    key, there = session.widget_key("gene"), _genes(sample)
    session.show(key, _gene(sample))
    st.selectbox(
        "Gene",
        there,
        index=None,
        key=key,
        placeholder="" if there else "No names in the file",
        disabled=not there,
        help="Type a few letters of its name: the map then shows its counts.",
        on_change=lambda: session.change_view(kind="gene", gene=session.shown(key)),
    )
    asked = session.view().gene
    if there and asked is not None and asked not in there:
        st.caption(as_markdown(f"This section has no gene {shown(asked, 40)}: choose another."))


def _limits(sample: Sample, kind: str) -> tuple[float, float]:
    found = pictures.values(sample, kind, _gene(sample))
    return session.view().limits or (float(found.min()), float(found.max()))


def _limits_picker(sample: Sample, kind: str) -> None:
    low, high = (None, None) if kind == "annotation" else _limits(sample, kind)
    keys = session.widget_key("limit", "low"), session.widget_key("limit", "high")
    for key, value in zip(keys, (low, high), strict=True):
        session.show(key, value)

    def take() -> None:
        chosen = session.shown(keys[0]), session.shown(keys[1])
        session.change_view(limits=None if None in chosen else chosen)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False):
        _limit_input("Minimum", keys[0], "below it have the first colour", take, at_most=high)
        _limit_input("Maximum", keys[1], "above it have the last colour", take, at_least=low)
        st.button(
            ":material/undo:",
            key=session.widget_key("limit", "reset"),
            type="tertiary",
            help="Back to the ends of the values",
            disabled=session.view().limits is None,
            on_click=session.change_view,
        )


def _limit_input(
    label: str,
    key: str,
    words: str,
    take: Callable[[], None],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> None:
    st.number_input(
        label,
        min_value=at_least,
        max_value=at_most,
        value=None,
        step=1.0,
        format="%.10g",
        key=key,
        placeholder="–",
        disabled=at_least is None and at_most is None,
        help=f"Spots at or {words} of the scale. Empty it to go back to the ends of the values.",
        on_change=take,
    )


def picture(sample: Sample) -> np.ndarray | None:
    """Draw the map."""
    kind = _kind(sample)
    hover_only = [] if kind == "annotation" or sample.labels_true is None else [maps.annotated(sample)]
    return tissue_view(
        session.widget_key("tissue"),
        places=sample.places,
        maps=[maps.annotated(sample) if kind == "annotation" else _map_of_values(sample, kind)],
        hover_only=hover_only,
        spot_names=spot_names(sample),
        theme=session.theme(),
        stain=sample.spot_rgb,
        image=pictures.underlay(sample),
    )


def _map_of_values(sample: Sample, kind: str) -> TissueMap:
    gene = _gene(sample)
    title = str(gene) if kind == "gene" else KINDS[kind]
    return TissueMap(
        title=title + " (synthetic tissue)" * sample.synthetic,
        description=f"{title} of {sample.name}, by spot.",
        values=pictures.values(sample, kind, gene),
        scale=[colour for _, colour in colour_scale(session.theme())],
        limits=_limits(sample, kind),
        unit=_UNITS[kind],
    )


def selection(sample: Sample, spots: np.ndarray | None) -> None:
    """Show which layers the selected spots, or all of them, belong to, and offer their barcodes."""
    chosen = range(sample.n_spots) if spots is None else spots.tolist()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Spots per layer" if spots is None else f"{len(chosen):,} spots selected", anchor=False)
        st.space("stretch")
        _download(sample, chosen, all_of_them=spots is None)
    _bars(sample, spots)
    _mean(sample, spots)


def _download(sample: Sample, spots: Sequence[int], *, all_of_them: bool) -> None:
    st.download_button(
        "Barcodes",
        lambda: spots_csv(sample, list(spots)),
        file_name=f"{sample.name}_{'spots' if all_of_them else 'selected'}.csv",
        mime="text/csv",
        key=session.widget_key("barcodes"),
        icon=":material/download:",
        type="tertiary",
        help="Barcodes, positions and layers of "
        + ("all spots" if all_of_them else "the selected spots")
        + ", as CSV.",
        on_click="ignore",
    )


def _bars(sample: Sample, spots: np.ndarray | None) -> None:
    if sample.labels_true is None:
        st.caption("The file has no annotation, so there are no layers to count.")
        return
    figure = spots_per_layer(composition(sample.labels_true, spots), list(sample.classes), theme=session.theme())
    st.plotly_chart(figure, theme=None, config=_CHART_CONFIG, alt="Spots of each layer")


def _mean(sample: Sample, spots: np.ndarray | None) -> None:
    if spots is None:
        st.caption("Press Lasso on the map and draw around some spots to see what they are.")
        return
    kind = "gene" if sample.gene_names is not None else "counts"
    found = pictures.values(sample, kind, _gene(sample))
    name = f"counts of {as_markdown(str(_gene(sample)))}" if kind == "gene" else KINDS[kind].lower()
    st.caption(f"Mean {name}: **{_plain(found[spots].mean())}** in the selection, {_plain(found.mean())} in all spots.")


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
