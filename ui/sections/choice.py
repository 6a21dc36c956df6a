"""Which sections to cluster as one: the picker, which says before choosing which of them cannot go together, and why."""

from collections.abc import Mapping

import streamlit as st

from core.errors import DomainsError
from core.io.lab import SampleSummary
from core.method.shared_genes import obstacle
from core.text import listed
from ui.data import compute
from ui.sections import state
from ui.shell import session
from ui.shell.guards import as_markdown

Readable = Mapping[str, SampleSummary]
"""Samples that can be read, by the names of their files."""


def pick(readable: Readable) -> None:
    """Ask for sections; those that cannot join the chosen ones are marked, with the reason below."""
    key = session.widget_key("sections")
    chosen = [file for file in state.together().files if file in readable]
    refused = _refused(readable, chosen)
    session.show_unless_shown(key, chosen, *readable, *refused)
    st.multiselect(
        "Sections",
        list(readable),
        format_func=lambda file: _called(readable[file]) + " (cannot join)" * (file in refused),
        key=key,
        placeholder="Choose two or more",
        help="Samples to cluster as one. Genes are matched by name, and only genes that all sections share are used.",
        on_change=lambda: state.change_together(files=tuple(session.shown(key))),
    )
    if refused:
        st.caption(_sentence(readable, chosen, refused))


def _called(summary: SampleSummary) -> str:
    return summary.name + " (synthetic)" * summary.synthetic


def _refused(readable: Readable, chosen: list[str]) -> dict[str, str]:
    """Give the reason for each section that cannot join the chosen ones."""
    genes = {file: compute.gene_names_in(summary) for file, summary in readable.items()}
    those = [found for file in chosen if (found := genes[file]) is not None]
    names = {readable[file].name for file in chosen}
    reasons = {}
    for file in readable.keys() - set(chosen):
        same_name = readable[file].name in names
        reasons[file] = "has the name of a chosen one" if same_name else obstacle(genes[file], those)
        if not reasons[file] and _is_one_of(readable[file], [readable[other] for other in chosen]):
            reasons[file] = "holds the same counts as a chosen one"
    return {file: reasons[file] for file in readable if reasons.get(file)}


def _is_one_of(summary: SampleSummary, chosen: list[SampleSummary]) -> bool:
    """Whether a sample is a chosen one under another name; counts are read only where both are of one size."""
    size = summary.n_spots, summary.n_genes
    alike = [other for other in chosen if (other.n_spots, other.n_genes) == size]
    try:
        return any(compute.sample(other).content_hash == compute.sample(summary).content_hash for other in alike)
    except DomainsError:  # who chooses it is told why it cannot be read
        return False


def _sentence(readable: Readable, chosen: list[str], refused: Mapping[str, str]) -> str:
    """Say once for each reason which sections it keeps out."""
    met = listed([as_markdown(readable[file].name) for file in chosen])
    kept_out: dict[str, list[str]] = {}
    for file, reason in refused.items():
        kept_out.setdefault(reason, []).append(f"**{as_markdown(readable[file].name)}**")
    reasons = "; ".join(f"{listed(names)}: {reason}" for reason, names in kept_out.items())
    return f"Cannot join{' ' + met if met else ''}: {reasons}."
