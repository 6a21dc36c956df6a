"""The controls of the Tissue page: what the map shows, the gene, and the limits of the colour scale."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import streamlit as st

from core.sample import Sample
from core.text import shown as quoted
from ui.shell import fields, forms, gene_names, sample_view, session
from ui.shell.guards import as_markdown
from ui.shell.sample_view import Shown
from ui.tissue import genes, state


def find(sample: Sample, *, without: Sequence[str] = ()) -> Shown:
    """Decide what the map shows: what this session asks for, if the sample has it and it is not `without`."""
    view = state.view()
    view = dataclasses.replace(view, kind="gene", limits=None) if view.kind in without else view
    genes = view.pasted if view.kind == "set" else view.several
    return sample_view.find(
        sample, session.theme(), view.kind, view.gene, view.limits, raw=view.raw, genes=genes, beside=view.beside
    )


def kind_picker(sample: Sample, kind: str, *, without: Sequence[str] = ()) -> None:
    """Ask what the map shows."""
    sample_view.kind_picker(sample, kind, lambda chosen: state.change_view(kind=chosen), without=without)


def value_pickers(shown: Shown) -> None:
    """Ask for a gene, for its values, and for the limits of the colour scale."""
    if shown.kind == "several":
        genes.several_picker(shown.sample, shown.found, blended=shown.blends)
    elif shown.kind == "set":
        genes.set_picker(shown.found)
    else:
        _gene_picker(shown.sample, shown.gene)
    _values_picker(shown.raw, disabled=shown.kind not in ("gene", "several"))
    _limits_picker(shown.limits)


def _gene_picker(sample: Sample, gene: str | None) -> None:
    key, there = session.widget_key("gene"), gene_names.of_sample(sample)
    session.show_unless_shown(key, gene, sample.content_hash)
    st.selectbox(
        "Gene",
        there,
        index=None,
        key=key,
        format_func=gene_names.labels(sample),
        placeholder="" if there else "No names in the file",
        disabled=not there,
        help="Type a few letters of the name, or of Ensembl's identifier where the file has it. The map then shows the gene's expression.",
        on_change=lambda: state.change_view(kind="gene", gene=session.shown(key)),
    )
    asked = state.view().gene
    if there and asked is not None and not gene_names.find(sample, [asked]).columns:
        st.caption(as_markdown(f"This sample has no gene {quoted(asked, 40)}: choose another."))


def _values_picker(raw: bool, *, disabled: bool) -> None:
    key = session.widget_key("values")
    session.show_unless_shown(key, raw)
    st.segmented_control(
        "Values",
        [False, True],
        format_func={False: "Log-normalised", True: "Raw counts"}.__getitem__,
        required=True,
        key=key,
        width="stretch",
        disabled=disabled,
        help="Log-normalised: ln(1 + counts), with each spot's counts scaled to the median of all spots, so that spots with many counts "
        "do not resemble a layer.",
        on_change=lambda: state.change_view(raw=session.shown(key)),
    )


def _limits_picker(limits: tuple[float, float] | None) -> None:
    low, high = limits or (None, None)
    keys = session.widget_key("limit", "low"), session.widget_key("limit", "high")

    def take() -> None:
        chosen = session.shown(keys[0]), session.shown(keys[1])
        state.change_view(limits=None if None in chosen else chosen)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False):
        _limit_input("Minimum", keys[0], low, "below it have the first colour", take, at_most=high)
        _limit_input("Maximum", keys[1], high, "above it have the last colour", take, at_least=low)
        forms.back_button(
            "limits",
            "minimum and maximum",
            "Reset the limits: of a gene the lowest value and the 99th percentile, of other values the lowest and the highest",
            state.view().limits is None,
            state.change_view,
        )
    for key in keys:
        fields.refusal(key)


def _limit_input(
    label: str,
    key: str,
    value: float | None,
    effect: str,
    take: Callable[[], None],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> None:
    fields.number(
        label,
        key,
        value,
        -math.inf if at_least is None else at_least,
        math.inf if at_most is None else at_most,
        take,
        step=1.0,
        format="%.4g",
        placeholder="–",
        disabled=at_least is None and at_most is None,
        help=f"Spots at or {effect} of the scale. Clear the field to reset it.",
    )
